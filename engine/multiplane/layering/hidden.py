"""What lies behind a sheet that is taken off: which farther sheet each uncovered pixel belongs to."""

import cv2
import numpy as np

from multiplane.arrays import Ints, Mask


def owners_behind(owner: Ints, hole: Mask, surface: list[bool], reach: float) -> Ints:
    """Give every pixel of `hole` to the nearest farther sheet that can go on behind it.

    owner (H, W) holds sheet indices, near to far; pixels in `hole` are ignored. `surface[k]` says that sheet k goes on
    behind others without end (a floor, a wall, a sky); any other sheet goes on for `reach` pixels only, since nobody
    knows how a hidden object ends and a short continuation is all that parallax shows. The farthest sheet of all must
    be a surface. Returns owners (H, W), changed inside `hole` only.
    """
    endless = np.array(surface)[np.maximum(owner, 0)]
    any_sheet, distance = _nearest(owner, hole)
    endless_sheet, _ = _nearest(owner, hole | ~endless)
    keep = np.array(surface)[any_sheet] | (distance <= reach)
    found = np.where(keep, any_sheet, endless_sheet)
    found = np.where(found < 0, len(surface) - 1, found)
    return np.where(hole, found, owner).astype(np.int32)


def _nearest(owner: Ints, unknown: Mask) -> tuple[Ints, np.ndarray[tuple[int, int], np.dtype[np.float32]]]:
    """The owner of the nearest pixel outside `unknown`, and how far it is; -1 where there is none at all."""
    if unknown.all():
        return np.full(owner.shape, -1, np.int32), np.zeros(owner.shape, np.float32)
    distance, index = cv2.distanceTransformWithLabels(
        unknown.view(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    known = ~unknown
    table = np.zeros(int(index.max()) + 1, np.int32)
    table[index[known]] = owner[known]
    return table[index], distance
