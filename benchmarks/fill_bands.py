"""Holes shaped like what a moved eye uncovers, in photos: the far side of depth edges is hidden, its truth is known."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from benchmarks.fill_case import Case

from multiplane.arrays import Floats, Mask
from multiplane.depth import load_depth
from multiplane.pixels.levels import from_levels
from multiplane.pixels.nearest import from_nearest
from multiplane.scene import Camera, Photo

PARALLAX = 0.04
"""How far near moves against far, in picture widths: half as much again as clips do unless told otherwise."""
NARROWEST = 3
"""Bands of fewer pixels are noise of the depth map."""
UNSURE = 2
"""Pixels beside the nearer thing whose truth may be mixed with it: hidden, but not scored."""


def bands(root: Path, most: int, held: bool) -> Iterator[Case]:
    """Two cases a photo, one for each direction of the eye: eval/depth with its truth, or photos with built-in depth.

    `held` chooses eval/depth, on which nothing is ever tuned.
    """
    for name, rgb, disparity in measured(root) if held else estimated(root, most):
        for side, turn in (("left", False), ("right", True)):
            case = band_case(f"{name}_{side}", rgb, disparity, turn)
            if np.count_nonzero(case.scored) >= 200:
                yield case


def measured(root: Path) -> Iterator[tuple[str, Floats, Floats]]:
    """Name, picture and true disparity of every picture in eval/depth; 0 is unknown."""
    for path in sorted((root / "eval" / "depth").glob("*.png")):
        yield path.stem, read(path), np.load(path.with_suffix(".npz"))["disparity"]


def estimated(root: Path, most: int) -> Iterator[tuple[str, Floats, Floats]]:
    """Name, picture and the built-in disparity of `most` photos, taken evenly from all folders."""
    paths = sorted(path for path in (root / "photos").rglob("*") if path.suffix.lower() in {".jpg", ".png"})
    estimate = load_depth("builtin")
    for path in paths[:: max(1, len(paths) // max(most, 1))][:most]:
        rgb = read(path)
        height, width = rgb.shape[:2]
        yield path.stem, rgb, np.reciprocal(estimate(Photo(rgb, Camera.from_focal_35mm(width, height))).z)


def read(path: Path) -> Floats:
    """The picture (H, W, 3) at `path`."""
    levels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if levels is None:
        raise SystemExit(f"{path} is not a picture that can be read; move it out of the benchmark's folder")
    return from_levels(np.ascontiguousarray(levels[..., ::-1]))


def band_case(name: str, rgb: Floats, disparity: Floats, turn: bool) -> Case:
    """The band that an eye moving sideways (to the other side if `turn`) sees vanish behind nearer things."""
    if turn:
        case = band_case(name, np.ascontiguousarray(rgb[:, ::-1]), np.ascontiguousarray(disparity[:, ::-1]), False)
        return turned(case)
    known = disparity > 0
    d, _ = from_nearest(disparity, known)
    low, high = np.quantile(d[known], [0.02, 0.98])
    shift = np.clip((d - low) / max(high - low, 1e-9), 0.0, 1.0).astype(np.float32) * (PARALLAX * rgb.shape[1])
    vanished, cover = occluded(shift)
    vanished &= known
    # Between the thing in front and what it covers; each pixel takes the boundary of the nearest covered one.
    boundary, distance = from_nearest(((cover + shift) / 2).astype(np.float32), vanished)
    near = (shift > boundary) & (distance < 8 * PARALLAX * rgb.shape[1])
    near &= ~vanished
    mixed = grown(near, UNSURE)
    hole = vanished | (mixed & grown(vanished, UNSURE) & ~near)
    surface = np.where(near, np.int32(-1), np.int32(0))
    return Case(name, "bands", rgb, hole, surface, vanished & ~mixed, near)


def turned(case: Case) -> Case:
    """The case seen in a mirror."""
    return replace(
        case,
        truth=np.ascontiguousarray(case.truth[:, ::-1]),
        hole=np.ascontiguousarray(case.hole[:, ::-1]),
        surface=np.ascontiguousarray(case.surface[:, ::-1]),
        scored=np.ascontiguousarray(case.scored[:, ::-1]),
        near=np.ascontiguousarray(case.near[:, ::-1]),
    )


def occluded(shift: Floats) -> tuple[Mask, Floats]:
    """Pixels (H, W) that disappear where each one moves right by `shift` (H, W), and the shift of what covers them."""
    width = shift.shape[1]
    across = np.arange(width, dtype=np.float32)
    reached = across + shift
    front = np.maximum.accumulate(reached, axis=1)
    vanished = reached < front - 1.0
    first = np.where(reached >= front, np.arange(width), 0)
    cover = np.take_along_axis(shift, np.maximum.accumulate(first, axis=1), axis=1)
    kernel = np.ones((NARROWEST, NARROWEST), np.uint8)
    opened = cv2.morphologyEx(vanished.view(np.uint8), cv2.MORPH_OPEN, kernel) > 0
    return opened, cover


def grown(mask: Mask, pixels: int) -> Mask:
    """`mask` (H, W) and all within so many pixels of it."""
    return np.asarray(cv2.dilate(mask.view(np.uint8), np.ones((2 * pixels + 1, 2 * pixels + 1), np.uint8)) > 0)
