"""A second, sharper look: parts of the photo are seen larger, and their detail is added to what was seen first."""

from collections.abc import Iterator

import cv2
import numpy as np

from multiplane.arrays import Floats
from multiplane.perception.perceive import perceive

TILES = 2
"""Rows and columns of parts."""
SHARE = 0.6
"""Sides of a part, in shares of the photo's: neighbours overlap."""
LEAST_GAIN = 1.25
"""How much finer a part must be seen than the whole was, at least, to be worth a look."""
COARSE = 1 / 24
"""Detail is what varies faster than a Gaussian of this standard deviation, in shares of the long side: the slower
parts are for the first look to tell, which saw what stands where."""
ALIKE = 0.5
"""A part whose disparities correlate less than this with the first look's saw another scene, and is left out."""


def with_detail(disparity: Floats, rgb: Floats) -> Floats:
    """`disparity` (h, w), the network's of the whole of `rgb` (H, W, 3), on a finer grid, with finer outlines.

    Miangoleh et al. (CVPR 2021) merge looks at several sizes by a network; here each part's disparity is brought to the
    first look's scale and shift by least squares, and what it has of fast change replaces the first look's.
    """
    gain = min(1.0 / SHARE, rgb.shape[1] / (2 * disparity.shape[1]))
    if gain < LEAST_GAIN:
        return disparity
    height, width = (round(side * gain) for side in disparity.shape)
    first = np.asarray(cv2.resize(disparity, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
    added, weight = np.zeros_like(first), np.full_like(first, 1e-6)
    for rows, columns in _windows():
        part = _cut(rgb, rows, columns)
        box = _box(height, rows), _box(width, columns)
        seen = perceive(part).disparity
        base = first[box]
        detail = _detail(np.asarray(cv2.resize(seen, base.shape[::-1], interpolation=cv2.INTER_CUBIC)), base)
        if detail is not None:
            share = _feather(base.shape, rows, columns)
            added[box] += share * detail
            weight[box] += share
    return first + added / weight


def _windows() -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    starts = np.linspace(0, 1 - SHARE, TILES)
    for top in starts:
        for left in starts:
            yield (float(top), float(top + SHARE)), (float(left), float(left + SHARE))


def _box(length: int, ends: tuple[float, float]) -> slice:
    return slice(round(length * ends[0]), round(length * ends[1]))


def _cut(rgb: Floats, rows: tuple[float, float], columns: tuple[float, float]) -> Floats:
    return rgb[_box(rgb.shape[0], rows), _box(rgb.shape[1], columns)]


def _detail(part: Floats, base: Floats) -> Floats | None:
    """What `part` (h, w), at the scale and shift of `base`, has of fast change more than that; None if unlike it."""
    correlation = np.corrcoef(part.ravel(), base.ravel())[0, 1]
    if not correlation > ALIKE:
        return None
    scale = correlation * base.std() / max(float(part.std()), 1e-9)
    change = (part - part.mean()) * np.float32(scale) - (base - base.mean())
    deviation = COARSE * max(base.shape) / SHARE
    return np.asarray(change - cv2.GaussianBlur(change, (0, 0), deviation), np.float32)


def _feather(shape: tuple[int, ...], rows: tuple[float, float], columns: tuple[float, float]) -> Floats:
    """Weight (h, w) of a part: falling to nothing at its inner sides, whole at the photo's own."""

    def ramp(length: int, ends: tuple[float, float]) -> Floats:
        place = (np.arange(length, dtype=np.float32) + 0.5) / length
        overlap = (2 * SHARE - 1) / SHARE
        falls = np.ones(length, np.float32)
        if ends[0] > 0:
            falls = np.minimum(falls, place / overlap)
        if ends[1] < 1:
            falls = np.minimum(falls, (1 - place) / overlap)
        return falls

    return np.outer(ramp(shape[0], rows), ramp(shape[1], columns)).astype(np.float32)
