"""How far a layer was moved in the editor: the offset at which most of what it showed is found again."""

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Levels
from multiplane.formats.edited import EditedLayer
from multiplane.pixels.boxes import bounds
from multiplane.pixels.levels import to_levels
from multiplane.scene import Layer

Offset = tuple[int, int]

MOST_SAMPLES = 20_000
CLEARLY_MORE = 0.02
"""What a move must find again more than staying does, as a share of the layer ..."""
LEAST_FOUND = 0.2
"""... and what it must find at all; else the layer was painted anew where it is."""
SEARCH_SIDE = 512
"""Longer side at which a move is searched for that no corner gives away."""


def moved_by(layer: Layer, row: EditedLayer, tolerance: int) -> Offset:
    """The move (x, y) of the row's pixels from where the layer had them; (0, 0) where it was not moved.

    `tolerance` is the difference in levels of the file that counts as none.
    """
    bits = 8 if row.rgba.dtype == np.uint8 else 16
    solid = np.asarray(layer.rgba[..., 3] > 0)
    if not solid.any() or row.rgba.size == 0 or not (row.rgba[..., 3] > 0).any():
        return 0, 0
    ys, xs = np.nonzero(solid)
    step = max(1, len(ys) // MOST_SAMPLES)
    ys, xs = ys[::step], xs[::step]
    wanted = to_levels(layer.rgba[ys, xs], bits).astype(np.int32)

    def found(offset: Offset) -> float:
        return _found_again(wanted, ys + layer.corner[1] + offset[1], xs + layer.corner[0] + offset[0], row, tolerance)

    staying = found((0, 0))
    if staying >= 1.0 - CLEARLY_MORE:
        return 0, 0
    best = max(_corners(layer, row), key=found)
    if found(best) < LEAST_FOUND:
        best = max(_searched(layer, row), key=found)
    share = found(best)
    return best if share >= LEAST_FOUND and share > staying + CLEARLY_MORE else (0, 0)


def _found_again(
    wanted: NDArray[np.int32], ys: NDArray[np.int64], xs: NDArray[np.int64], row: EditedLayer, tolerance: int
) -> float:
    """The share of the colours `wanted` (N, 4) that the row shows at the canvas positions ys, xs."""
    down, across = ys - row.corner[1], xs - row.corner[0]
    height, width = row.rgba.shape[:2]
    inside = (down >= 0) & (down < height) & (across >= 0) & (across < width)
    got = row.rgba[down[inside], across[inside]].astype(np.int32)
    return float((np.abs(got - wanted[inside]) <= tolerance).all(axis=1).sum()) / len(wanted)


def _corners(layer: Layer, row: EditedLayer) -> list[Offset]:
    """Moves that lay a corner of what is seen on the same corner, and the one of the rectangles."""
    mine, theirs = bounds(np.asarray(layer.rgba[..., 3] > 0)), bounds(np.asarray(row.rgba[..., 3] > 0))
    (x, y), (left, top) = layer.corner, row.corner
    downs = [theirs[side] + top - mine[side] - y for side in (0, 1)]
    acrosses = [theirs[side] + left - mine[side] - x for side in (2, 3)]
    return [(row.declared[0] - x, row.declared[1] - y), *((across, down) for down in downs for across in acrosses)]


def _searched(layer: Layer, row: EditedLayer) -> list[Offset]:
    """Moves around the best one by correlation of what is seen, worked out on small pictures."""
    left, top = min(layer.corner[0], row.corner[0]), min(layer.corner[1], row.corner[1])
    right = max(layer.corner[0] + layer.width, row.corner[0] + row.rgba.shape[1])
    bottom = max(layer.corner[1] + layer.height, row.corner[1] + row.rgba.shape[0])
    scale = min(1.0, SEARCH_SIDE / max(right - left, bottom - top))
    size = (max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale)))
    pictures = []
    for corner, rgba in ((layer.corner, to_levels(layer.rgba, 8)), (row.corner, row.rgba)):
        pictures.append(_small(rgba, corner, (left, top, right, bottom), size))
    (across, down), _ = cv2.phaseCorrelate(pictures[0], pictures[1])
    reach = int(np.ceil(1.0 / scale))
    near = range(-reach, reach + 1) if reach <= 8 else range(-8, 9)
    centre = round(across / scale), round(down / scale)
    return [(centre[0] + x, centre[1] + y) for x in near for y in near]


def _small(rgba: Levels, corner: Offset, box: tuple[int, int, int, int], size: Offset) -> NDArray[np.float64]:
    """What is seen, as brightness times alpha, on the box (left, top, right, bottom) at `size`."""
    top_level = float(np.iinfo(rgba.dtype).max)
    seen = (
        rgba[..., 3].astype(np.float32) / top_level * (rgba[..., :3].mean(axis=-1, dtype=np.float32) / top_level + 0.5)
    )
    left, top, right, bottom = box
    x, y = corner[0] - left, corner[1] - top
    whole = cv2.copyMakeBorder(
        seen, y, bottom - top - y - seen.shape[0], x, right - left - x - seen.shape[1], cv2.BORDER_CONSTANT
    )
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.float64)
