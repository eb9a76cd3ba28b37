"""Pictures to judge fills by: each case a sheet of photo, truth and every method's fill, captioned, at full size."""

from pathlib import Path

import cv2
import numpy as np
from benchmarks.fill_case import Case

from multiplane.arrays import Floats
from multiplane.pixels.boxes import bounds, window
from multiplane.pixels.levels import to_levels

COLUMNS = 3
MARGIN = 64
"""Pixels of the surroundings that are shown on every side of the hole."""
STRIP = 22
"""Height of a caption in pixels."""
OUTLINED = np.array([1.0, 0.0, 1.0], np.float32)


def write_look(folder: Path, part: str, case: Case, fills: dict[str, Floats]) -> None:
    """Write `folder`/PART_CASE.png: photo, photo with the hole's outline, truth, and `fills` (H, W, 3) by method."""
    folder.mkdir(parents=True, exist_ok=True)
    view = window(bounds(case.hole), MARGIN, MARGIN, case.hole.shape)
    rim = cv2.morphologyEx(case.hole.view(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    shown = {
        "photo": case.before,
        "hole": np.where(rim[..., None], OUTLINED, case.before),
        "truth": case.truth,
        **fills,
    }
    cells = [_captioned(to_levels(picture[view]), name) for name, picture in shown.items()]
    cells += [np.full_like(cells[0], 255)] * (-len(cells) % COLUMNS)
    rows = [np.hstack(cells[start : start + COLUMNS]) for start in range(0, len(cells), COLUMNS)]
    cv2.imwrite(str(folder / f"{part}_{case.name}.png"), np.vstack(rows)[..., ::-1])


def _captioned(picture: np.ndarray, name: str) -> np.ndarray:
    """`picture` (h, w, 3) of levels with `name` above it, and a white line on its right and below."""
    strip = np.full((STRIP, picture.shape[1], 3), 255, np.uint8)
    cv2.putText(strip, name, (4, STRIP - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return np.pad(np.vstack([strip, picture]), ((0, 4), (0, 4), (0, 0)), constant_values=255)
