"""What lies behind a sheet that is taken off: which farther sheet each uncovered pixel belongs to.

The border between two surfaces goes on behind what hides it about as straight as it came. Each surface spreads into
the hole like heat: u_k solves Laplace's equation with u_k = 1 on sheet k and 0 on the others, and a pixel belongs to
the sheet that is warmest there. The line of equal warmth joins the two points where the border meets the hole; the
nearest sheet alone would let a thin strip at the rim spread into a wedge. Where a floor meets a wall the planes of both
know better: the further from what is seen, the more their line counts.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Ints, Mask
from multiplane.layering.creases import Stances, leaning
from multiplane.layering.warmth import spread
from multiplane.pixels.nearest import from_nearest

WORKING_SIDE = 128
"""Longer side of the grid on which heat spreads: a hidden border is smooth, since nobody has seen it."""
LEANS = 0.02
"""How strongly the line of two planes draws: over about seven cells it wins against what is seen at the rim."""


def owners_behind(
    owner: Ints,
    hole: Mask,
    surface: list[bool],
    reach: NDArray[np.floating],
    z: Floats | None = None,
    lie: Stances | None = None,
) -> Ints:
    """Give every pixel of `hole` to a farther sheet that can go on behind it.

    owner (H, W) holds sheet indices, near to far; pixels in `hole` are ignored. `surface[k]` says that sheet k spreads
    behind others (a floor, a wall, a sky); any other goes on for `reach[k]` pixels only, since nobody
    knows how a hidden object ends and a short continuation is all that parallax shows. The farthest sheet of all must
    be a surface. With depth `z` (H, W), known outside `hole`, and `lie`, a floor and a wall meet where their planes
    cut. Returns owners (H, W), changed inside `hole` only.
    """
    endless = np.array(surface)
    nearest, distance = _nearest(owner, hole)
    # -1, where nothing at all is seen, indexes the farthest sheet, which is a surface.
    short = ~endless[nearest] & (distance <= reach[nearest])
    found = np.where(short, nearest, _warmest(owner, hole, endless, z, lie))
    return np.where(hole, found, owner).astype(np.int32)


def _nearest(owner: Ints, unknown: Mask) -> tuple[Ints, NDArray[np.float32]]:
    """The owner of the nearest pixel outside `unknown`, and how far it is; -1 where there is none at all."""
    if unknown.all():
        return np.full(owner.shape, -1, np.int32), np.zeros(owner.shape, np.float32)
    return from_nearest(owner, ~unknown)


def _warmest(owner: Ints, hole: Mask, endless: NDArray[np.bool_], z: Floats | None, lie: Stances | None) -> Ints:
    """For every pixel (H, W) the endless sheet that is warmest; on the rim of the hole, the nearest one."""
    unknown = hole | ~endless[owner]
    nearest, distance = _nearest(owner, unknown)
    candidates = [int(k) for k in np.unique(owner[~unknown])]
    if len(candidates) < 2:
        return np.where(nearest < 0, len(endless) - 1, nearest)
    height, width = owner.shape
    cell = max(1.0, max(height, width) / WORKING_SIDE)
    size = (max(1, round(width / cell)), max(1, round(height / cell)))
    seen = [np.asarray(~unknown & (owner == k)) for k in candidates]
    shares = [_cells(mask.astype(np.float32), size) for mask in seen]
    known = _cells((~unknown).astype(np.float32), size)
    warmth = spread(shares, known)
    if z is not None and lie is not None:
        disparity = [_mean_disparity(z, mask, share) for mask, share in zip(seen, shares, strict=True)]
        planes = leaning(disparity, shares, warmth, candidates, lie)
        if planes.told.any():
            warmth = spread(shares, known, planes.target, np.where(planes.told, np.float32(LEANS), np.float32(0)))
    best, warmest = np.full(owner.shape, -1.0, np.float32), np.zeros(owner.shape, np.int32)
    for k, heat in zip(candidates, warmth, strict=True):
        full = cv2.resize(heat, (width, height), interpolation=cv2.INTER_LINEAR)
        np.copyto(warmest, np.int32(k), where=full > best)
        np.maximum(best, full, out=best)
    # Closer to the rim than a cell of the grid, the rim itself knows better.
    return np.where(distance <= 1.5 * cell, nearest, warmest)


def _cells(values: Floats, size: tuple[int, int]) -> Floats:
    """The mean of `values` (H, W) in each cell of a grid of `size`."""
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def _mean_disparity(z: Floats, mask: Mask, share: Floats) -> Floats:
    """The mean disparity of `mask` (H, W) in each cell, of which it is the `share`."""
    height, width = share.shape
    summed = _cells(np.where(mask, 1.0 / z, 0.0).astype(np.float32), (width, height))
    return np.asarray(summed / np.maximum(share, 1e-6))
