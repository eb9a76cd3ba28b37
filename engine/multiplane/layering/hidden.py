"""What lies behind a sheet that is taken off: which farther sheet each uncovered pixel belongs to.

The border between two surfaces goes on behind what hides it about as straight as it came. Each surface spreads into
the hole like heat: u_k solves Laplace's equation with u_k = 1 on sheet k and 0 on the others, and a pixel belongs to
the sheet that is warmest there. The line of equal warmth joins the two points where the border meets the hole; the
nearest sheet alone would let a thin strip at the rim spread into a wedge.
"""

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import splu

from multiplane.arrays import Floats, Ints, Mask
from multiplane.pixels.nearest import from_nearest

WORKING_SIDE = 128
"""Longer side of the grid on which heat spreads: a hidden border is smooth, since nobody has seen it."""


def owners_behind(owner: Ints, hole: Mask, surface: list[bool], reach: NDArray[np.floating]) -> Ints:
    """Give every pixel of `hole` to a farther sheet that can go on behind it.

    owner (H, W) holds sheet indices, near to far; pixels in `hole` are ignored. `surface[k]` says that sheet k goes on
    behind others without end (a floor, a wall, a sky); any other goes on for `reach[k]` pixels only, since nobody
    knows how a hidden object ends and a short continuation is all that parallax shows. The farthest sheet of all must
    be a surface. Returns owners (H, W), changed inside `hole` only.
    """
    endless = np.array(surface)
    nearest, distance = _nearest(owner, hole)
    # -1, where nothing at all is seen, indexes the farthest sheet, which is a surface.
    short = ~endless[nearest] & (distance <= reach[nearest])
    found = np.where(short, nearest, _warmest(owner, hole, endless))
    return np.where(hole, found, owner).astype(np.int32)


def _nearest(owner: Ints, unknown: Mask) -> tuple[Ints, NDArray[np.float32]]:
    """The owner of the nearest pixel outside `unknown`, and how far it is; -1 where there is none at all."""
    if unknown.all():
        return np.full(owner.shape, -1, np.int32), np.zeros(owner.shape, np.float32)
    return from_nearest(owner, ~unknown)


def _warmest(owner: Ints, hole: Mask, endless: NDArray[np.bool_]) -> Ints:
    """For every pixel (H, W) the endless sheet that is warmest; on the rim of the hole, the nearest one."""
    unknown = hole | ~endless[owner]
    nearest, distance = _nearest(owner, unknown)
    candidates = np.unique(owner[~unknown])
    if len(candidates) < 2:
        return np.where(nearest < 0, len(endless) - 1, nearest)
    height, width = owner.shape
    cell = max(1.0, max(height, width) / WORKING_SIDE)
    size = (max(1, round(width / cell)), max(1, round(height / cell)))
    warmth = _spread([_shares(owner == k, ~unknown, size) for k in candidates], _shares(~unknown, None, size))
    best, warmest = np.full(owner.shape, -1.0, np.float32), np.zeros(owner.shape, np.int32)
    for k, heat in zip(candidates, warmth, strict=True):
        full = cv2.resize(heat, (width, height), interpolation=cv2.INTER_LINEAR)
        np.copyto(warmest, np.int32(k), where=full > best)
        np.maximum(best, full, out=best)
    # Closer to the rim than a cell of the grid, the rim itself knows better.
    return np.where(distance <= 1.5 * cell, nearest, warmest)


def _shares(mask: Mask, within: Mask | None, size: tuple[int, int]) -> Floats:
    """The share of `mask` in each cell of a grid of `size`."""
    chosen = mask if within is None else mask & within
    return np.asarray(cv2.resize(chosen.astype(np.float32), size, interpolation=cv2.INTER_AREA), np.float32)


def _spread(sources: list[Floats], known_share: Floats) -> list[Floats]:
    """Solve Laplace's equation on the cells that hold nothing known, with each of `sources` as the boundary's heat."""
    known = known_share > 0
    cold = np.flatnonzero(~known)
    heats = [np.where(known, source / np.maximum(known_share, 1e-6), 0.0).astype(np.float32) for source in sources]
    if len(cold) == 0:
        return heats
    number = np.full(known.size, -1)
    number[cold] = np.arange(len(cold))
    grid = np.arange(known.size).reshape(known.shape)
    first = np.concatenate([grid[:, :-1].ravel(), grid[:-1].ravel()])
    second = np.concatenate([grid[:, 1:].ravel(), grid[1:].ravel()])
    here, there = np.concatenate([first, second]), np.concatenate([second, first])
    here, there = here[number[here] >= 0], there[number[here] >= 0]
    inside = number[there] >= 0
    degree = np.bincount(number[here], minlength=len(cold)).astype(np.float64)
    rows = np.concatenate([np.arange(len(cold)), number[here[inside]]])
    columns = np.concatenate([np.arange(len(cold)), number[there[inside]]])
    values = np.concatenate([degree, np.full(int(inside.sum()), -1.0)])
    laplacian = splu(coo_matrix((values, (rows, columns))).tocsc())
    for heat in heats:
        pull = np.bincount(number[here[~inside]], heat.ravel()[there[~inside]], minlength=len(cold))
        heat.ravel()[cold] = laplacian.solve(pull)
    return heats
