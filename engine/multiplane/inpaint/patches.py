"""Fill a hole with patches of the photo itself, each surface from its own known pixels, sharp at any size."""

from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import cv2
import numpy as np

from multiplane.arrays import Floats, Ints, Mask, check_unit
from multiplane.inpaint.blend import blend
from multiplane.inpaint.blocks import any_in_block, block_means
from multiplane.inpaint.exemplar import fill_from_exemplars
from multiplane.inpaint.shares import Share, shares
from multiplane.inpaint.smooth import fill_smoothly
from multiplane.inpaint.structure import continue_structure
from multiplane.inpaint.transfer import transfer
from multiplane.pixels.boxes import bounds, window

Box: TypeAlias = tuple[int, int, int, int]
"""Top, bottom, left, right; the ends are not in it."""

THIN = 5
"""Parts of the hole in which no square of this side (pixels) fits are filled smoothly: nobody sees a texture there."""
WORKING_PIXELS = 120_000
"""Most hole pixels that are solved for; larger holes are solved at a whole fraction of their size."""
CONTEXT = 0.75
"""What surrounds a hole on every side, as a share of its longer side."""
MARGIN = 24
"""And so many pixels more, for small holes."""
FEWEST_SOURCES = 64
"""Known pixels below which a surface has no texture to speak of, and is continued smoothly."""
WORKING_AREA = 1_500_000
"""Most pixels of the crop around a part that is worked on, which bounds the memory."""
WORKERS = 2
"""Parts filled at the same time: the compiled loops let go of the interpreter. More would cost memory."""
GRID = 128
"""Parts of the hole that touch on a grid of about so many cells along the longer side are filled together."""


def inpaint_patches(rgb: Floats, hole: Mask, surface: Ints, seed: int) -> Floats:
    """Fill `hole` (H, W) of `rgb` (H, W, 3) with patches of known pixels of the same `surface` (H, W).

    Contract as in the stage's door. Each connected part of each surface's hole is one problem, solved on a crop.
    """
    check_unit(rgb, "rgb", (*hole.shape, 3))
    out = rgb.copy()
    problems: list[tuple[Box, Mask, Mask]] = []
    for share in shares(hole, surface):
        if np.count_nonzero(share.source) < FEWEST_SOURCES:
            fill_smoothly(out, share)
            continue
        thick, rest = _parts(share.target)
        fill_smoothly(out, Share(rest, share.source))
        problems += [(box, part, share.source) for box, part in thick]
    # Each reads only known pixels and writes only its own, so their order, and who solves which, changes nothing.
    with ThreadPoolExecutor(WORKERS) as pool:
        tasks = [pool.submit(_fill_part, out, *problem, seed) for problem in problems]
    for task in tasks:
        task.result()
    return out


def _parts(target: Mask) -> tuple[list[tuple[Box, Mask]], Mask]:
    """The parts of `target` that are worth patches, each with its box, and a mask (H, W) of the rest."""
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


def _fill_part(out: Floats, box: Box, part: Mask, source: Mask, seed: int) -> None:
    """Fill one connected part (its `box`, and its mask in there) of the hole in place."""
    pixels = int(np.count_nonzero(part))
    margin = int(CONTEXT * max(part.shape)) + MARGIN
    view = window(box, margin, margin, source.shape)
    enough = min(2 * pixels, int(np.count_nonzero(source)))
    while np.count_nonzero(source[view]) < enough:
        margin *= 2
        view = window(box, margin, margin, source.shape)
    rows, columns = view
    target = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.bool_)
    target[box[0] - rows.start : box[1] - rows.start, box[2] - columns.start : box[3] - columns.start] = part
    crop, known = out[view], source[view]
    size = int(np.ceil(np.sqrt(max(pixels / WORKING_PIXELS, target.size / WORKING_AREA))))
    means, share = block_means(crop, known, size)
    low_target = any_in_block(target, size)
    low_source = (share >= 0.5) & ~low_target
    low = fill_from_exemplars(means, low_source, low_target, seed)
    structure = continue_structure(low.rgb, low_source, low_target)
    low = low._replace(rgb=blend(low.rgb, structure, low.error, low_source, low_target))
    crop[target] = transfer(crop, known, target, low, size)
