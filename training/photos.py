"""The list of training photos with their checksums: `python training/photos.py ROOT [ROOT ...] > photos.csv`."""

import csv
import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

SUFFIXES = {".jpg", ".jpeg", ".png"}
UNKNOWN = 255
"""In the labels of a photo: nobody said."""
HELD_OUT = 16
"""One photo in so many is held out, chosen by its content's checksum."""


@dataclass(frozen=True)
class Entry:
    """One photo: its path under the data's root, its SHA-256, and whether it is held out of the training."""

    path: str
    sha256: str

    @property
    def held_out(self) -> bool:
        """Whether it measures and never trains."""
        return int(self.sha256[:8], 16) % HELD_OUT == 0

    @property
    def key(self) -> str:
        """What its labels are filed under."""
        return str(Path(self.path).with_suffix(""))


def find_photos(root: Path) -> list[Entry]:
    """Every photo below `root`, in the order of their paths."""
    files = sorted(path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES)
    return [Entry(str(path.relative_to(root)), hashlib.sha256(path.read_bytes()).hexdigest()) for path in files]


def read_table(annotations: Path) -> dict[str, Any]:
    """A table in COCO's format."""
    table: dict[str, Any] = json.loads(annotations.read_text())
    return table


def outlined_photos(annotations: Path, photos: Path) -> Iterator[tuple[Path, list[dict[str, Any]]]]:
    """The photos of a table in COCO's format that are there, each with its annotations."""
    table = read_table(annotations)
    of_image: dict[int, list[dict[str, Any]]] = {}
    for entry in table["annotations"]:
        of_image.setdefault(entry["image_id"], []).append(entry)
    for image in table["images"]:
        path = photos / image["file_name"]
        if path.exists():
            yield path, of_image.get(image["id"], [])


def rings_of(segmentation: list[list[float]], scale: NDArray[np.floating] | float = 1.0) -> list[NDArray[np.int32]]:
    """The polygons of an outlined thing as `cv2.fillPoly` takes them, in a photo `scale` (x, y) times as large."""
    return [np.rint(np.reshape(ring, (-1, 2)) * scale).astype(np.int32) for ring in segmentation]


def main() -> int:
    """Print the list of the photos below the folders named on the command line, as CSV."""
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["path", "sha256", "held_out"])
    for root in map(Path, sys.argv[1:]):
        table.writerows([entry.path, entry.sha256, int(entry.held_out)] for entry in find_photos(root))
    return 0


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """RGB (H, W, 3) of a photo."""
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise SystemExit(f"{path} is no readable picture")
    return np.ascontiguousarray(bgr[..., ::-1], np.uint8)


def save(path: Path, **arrays: NDArray[np.generic]) -> None:
    """An NPZ that is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.npz")
    np.savez(part, allow_pickle=False, **arrays)
    part.replace(path)


if __name__ == "__main__":
    sys.exit(main())
