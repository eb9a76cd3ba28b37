"""Splits a hole into the parts that are filled each on a crop of its own, and what is too thin to be worth it."""

from collections.abc import Iterator
from typing import TypeAlias

import cv2
import numpy as np

from multiplane.arrays import Floats, Ints, Mask
from multiplane.inpaint.blocks import any_in_block
from multiplane.inpaint.shares import Share, shares
from multiplane.inpaint.smooth import fill_smoothly
from multiplane.pixels.boxes import bounds, window

Box: TypeAlias = tuple[int, int, int, int]
"""Top, bottom, left, right; the ends are not in it."""

THIN = 5
"""Parts of the hole in which no square of this side (pixels) fits are filled smoothly: nobody sees a texture there."""
GRID = 128
"""Parts of the hole that touch on a grid of about so many cells along the longer side are filled together."""
CONTEXT = 0.75
"""What surrounds a part on every side, as a share of its longer side."""
MARGIN = 24
"""And so many pixels more, for small holes."""
FEWEST_SOURCES = 64
"""Known pixels below which a surface has no texture to speak of, and is continued smoothly."""


def fill_plain_parts(out: Floats, hole: Mask, surface: Ints) -> Iterator[tuple[Box, Mask, Mask]]:
    """Fill smoothly, in `out` (H, W, 3), what of `hole` (H, W) has no texture; each part that is left, its box first
    and what it may be filled from last.
    """
    for share in shares(hole, surface):
        if np.count_nonzero(share.source) < FEWEST_SOURCES:
            fill_smoothly(out, share)
            continue
        thick, rest = parts_of(share.target)
        fill_smoothly(out, Share(rest, share.source))
        yield from ((box, part, share.source) for box, part in thick)


def parts_of(target: Mask) -> tuple[list[tuple[Box, Mask]], Mask]:
    """The parts of `target` (H, W) that are worth more than a smooth fill, each with its box; the rest as a mask."""
    rest = target.copy()
    thick = cv2.erode(target.view(np.uint8), np.ones((THIN, THIN), np.uint8))
    if not thick.any():
        return [], rest
    cell = max(1, max(target.shape) // GRID)
    touched, core = any_in_block(target, cell), any_in_block(thick > 0, cell)
    count, labels = cv2.connectedComponents(touched.view(np.uint8), connectivity=8)
    worthy = np.zeros(count, bool)
    worthy[labels[core]] = True
    parts = []
    for label in np.flatnonzero(worthy):
        cells = labels == label
        top, bottom, left, right = (edge * cell for edge in bounds(cells))
        view = np.s_[top:bottom, left:right]
        grown = np.repeat(
            np.repeat(cells[top // cell : bottom // cell, left // cell : right // cell], cell, 0), cell, 1
        )
        part = target[view] & grown[: target[view].shape[0], : target[view].shape[1]]
        parts.append(((top, min(bottom, target.shape[0]), left, min(right, target.shape[1])), part))
        rest[view] &= ~part
    return parts, rest


def surroundings(box: Box, part: Mask, source: Mask) -> tuple[slice, slice]:
    """The crop around a part of the hole in which there is enough of `source` (H, W), not empty, to fill it from."""
    margin = int(CONTEXT * max(part.shape)) + MARGIN
    view = window(box, margin, margin, source.shape)
    enough = min(2 * int(np.count_nonzero(part)), int(np.count_nonzero(source)))
    while np.count_nonzero(source[view]) < enough:
        margin *= 2
        view = window(box, margin, margin, source.shape)
    return view


def placed(box: Box, part: Mask, view: tuple[slice, slice]) -> Mask:
    """The `part` that lies in `box`, as a mask of the crop `view`, which holds the box."""
    rows, columns = view
    target = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.bool_)
    target[box[0] - rows.start : box[1] - rows.start, box[2] - columns.start : box[3] - columns.start] = part
    return target
