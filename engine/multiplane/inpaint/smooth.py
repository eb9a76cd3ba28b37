"""Fill a hole smoothly: each surface's membrane, for thin bands, smooth surroundings and as a first guess."""

import numpy as np

from multiplane.arrays import Floats, Ints, Mask, check_unit
from multiplane.inpaint.membrane import membrane
from multiplane.inpaint.shares import Share, shares
from multiplane.pixels.boxes import bounds, window

MID_GREY = np.float32(0.5)
CONTEXT = 2
"""Pixels around the hole that the membrane hangs on."""


def inpaint_smooth(rgb: Floats, hole: Mask, surface: Ints, seed: int) -> Floats:  # noqa: ARG001 (the stage's signature)
    """Fill `hole` (H, W) of `rgb` (H, W, 3) harmonically from known pixels of the same `surface` (H, W).

    Contract as in the stage's door; `seed` changes nothing, as nothing is random here.
    """
    check_unit(rgb, "rgb", (*hole.shape, 3))
    out = rgb.copy()
    for share in shares(hole, surface):
        fill_smoothly(out, share)
    return out


def fill_smoothly(out: Floats, share: Share) -> None:
    """Write the membrane over `share.source` into the pixels `share.target` of `out` (H, W, 3)."""
    if not share.target.any():
        return
    if not share.source.any():
        out[share.target] = MID_GREY
        return
    box, margin = bounds(share.target), CONTEXT
    view = window(box, margin, margin, share.target.shape)
    while not share.source[view].any():
        margin *= 2
        view = window(box, margin, margin, share.target.shape)
    target = share.target[view]
    filled = membrane(out[view], share.source[view], target)
    out[view][target] = np.clip(filled[target], 0.0, 1.0)
