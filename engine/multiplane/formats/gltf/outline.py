"""The outline of what a layer shows, as polygons a little outside of it: where a relief is cut."""

import math
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Mask

Points = NDArray[np.float64]
"""(n, 2): x and y in pixels of the layer's own crop, the first pixel's centre at (0.5, 0.5)."""
MARGIN = 1
"""Pixels from the last one that shows to the outline: bilinear filtering fades out within one."""


def grown(visible: Mask, tolerance: float) -> Mask:
    """What the polygons of `outlines` hold: `visible` and MARGIN more, gaps narrower than 2 tolerances closed.

    The result is padded by `padding(tolerance)` on all sides.
    """
    pad = padding(tolerance)
    closing = math.ceil(tolerance)
    wide = np.pad(visible, pad).view(np.uint8)
    wide = cv2.dilate(wide, np.ones((2 * (MARGIN + 2 * closing) + 1,) * 2, np.uint8))
    return np.asarray(cv2.erode(wide, np.ones((2 * closing + 1,) * 2, np.uint8)) > 0)


def padding(tolerance: float) -> int:
    """Pixels around a crop that `grown` may reach into, and one more that stays empty."""
    return MARGIN + 2 * math.ceil(tolerance) + 1


def outlines(shape: Mask, tolerance: float) -> list[Points]:
    """Closed polygons around `shape`, as `grown` gives it, holes too, that stray from it by up to `tolerance`."""
    found, _ = cv2.findContours(shape.view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    pad, (rows, columns) = padding(tolerance), shape.shape
    limit = (columns - 2 * pad, rows - 2 * pad)
    polygons = []
    for contour in found:
        simple = cv2.approxPolyDP(contour, tolerance, True)[:, 0].astype(np.float64)
        polygons.append(np.clip(simple + 0.5 - pad, 0, limit))
    return polygons


def spaced(polygon: Points, sizes: Floats, to_cell: tuple[float, float, int]) -> Points:
    """The polygon with points added so that none of its edges is longer than the squares it passes.

    `sizes` (rows, columns) are those of the squares, in cells; pixel x lies in cell (x + to_cell[0]) / to_cell[2].
    """
    closed = np.concatenate([polygon, polygon[:1]])
    dx, dy, step = to_cell
    out = []
    for start, end in pairwise(closed):
        length = float(np.hypot(*(end - start)))
        count = max(1, math.ceil(length / step))
        share = (np.arange(count) + 0.5) / count
        along = start + share[:, None] * (end - start)
        columns = np.clip((along[:, 0] + dx) / step, 0, sizes.shape[1] - 1).astype(np.intp)
        rows = np.clip((along[:, 1] + dy) / step, 0, sizes.shape[0] - 1).astype(np.intp)
        # How many squares' sides are passed up to each piece; a point stands wherever another one is complete.
        passed = np.floor(np.concatenate([[0], np.cumsum(length / count / (sizes[rows, columns] * step))]) + 1e-9)
        at = np.flatnonzero(np.diff(passed) > 0) + 1
        at = at[at < count]
        out.append(np.concatenate([start[None], start + (at / count)[:, None] * (end - start)]))
    return np.concatenate(out)
