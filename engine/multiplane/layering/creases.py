"""Where a floor meets what stands on it, behind what hides the place: the line in which their planes cut.

Alphabet: d disparity, affine in the picture for any plane: d = a x + b y + c. Floor f and wall w meet where d_f = d_w,
a straight line; on either side of it the nearer of the two is seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats
from multiplane.pixels.least_absolute import least_absolute

SURE = 0.9
"""Share of each surface's cells around the hole that the nearer plane must name rightly for the line to count."""
AROUND = 0.5
"""How far around the hole cells count, to 1/e, as a share of its size."""
WHOLE, FEWEST = 0.9, 20
"""A plane is fitted to cells that a surface fills to such a share, or, if so few, to half-full ones."""
LEAST = 6
"""Cells of a surface below which nothing is said of its plane."""
NEAR_ZERO = 0.02
"""Residuals below this share of the median deviation weigh alike."""


@dataclass(frozen=True)
class Stances:
    """How each sheet, near to far, that goes on behind others lies: `floor[k]` like a floor, `upright[k]` like a wall.

    What is neither, as a thing or the sky, meets nothing in a line.
    """

    floor: Sequence[bool]
    upright: Sequence[bool]


@dataclass(frozen=True)
class Leaning:
    """What planes say of a grid's cells: `target` (n, h, w), 1 for the surface that should be seen; `told` (h, w)."""

    target: Floats
    told: NDArray[np.bool_]


def leaning(
    disparity: Sequence[Floats],
    shares: Sequence[Floats],
    warmth: Sequence[Floats],
    numbers: Sequence[int],
    lie: Stances,
) -> Leaning:
    """Which of n surfaces, the sheets `numbers`, the planes of floors and walls put into each cell of a grid.

    disparity (n; h, w): mean of what is seen of each surface in a cell; shares (n; h, w): how much of the cell that is;
    warmth (n; h, w): how likely it seems without planes. Only the two likeliest surfaces of a cell may have it.
    """
    near = _nearness(shares)
    planes = [_plane(d, share, near) for d, share in zip(disparity, shares, strict=True)]
    target = np.zeros((len(numbers), *near.shape), np.float32)
    told = np.zeros(near.shape, np.bool_)
    likeliest = np.argsort(-np.stack(warmth), axis=0)[:2]
    floors = [n for n, number in enumerate(numbers) if lie.floor[number]]
    walls = [n for n, number in enumerate(numbers) if lie.upright[number]]
    for f, w in product(floors, walls):
        by_floor, by_wall = planes[f], planes[w]
        if by_floor is None or by_wall is None:
            continue
        nearer = np.asarray(by_floor > by_wall)
        if min(_mean(nearer, shares[f] * near), _mean(~nearer, shares[w] * near)) < SURE:
            continue
        between = np.asarray((likeliest == f).any(axis=0) & (likeliest == w).any(axis=0))
        target[f][between], target[w][between] = nearer[between], ~nearer[between]
        told |= between
    return Leaning(target, told)


def _nearness(shares: Sequence[Floats]) -> NDArray[np.float64]:
    """How much each cell (h, w) counts: less, the farther it is from those that hold nothing known."""
    hole = np.asarray(np.sum(shares, axis=0) <= 0)
    if not hole.any():
        return np.ones(hole.shape)
    rows, columns = np.nonzero(hole)
    size = max(np.ptp(rows), np.ptp(columns)) + 1.0
    away = cv2.distanceTransform((~hole).view(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(np.exp(-away / (AROUND * size + 1.0)), np.float64)


def _plane(disparity: Floats, share: Floats, near: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The plane's disparity (h, w): least absolute deviations; None where too little is seen."""
    chosen = share > WHOLE
    if np.count_nonzero(chosen) < FEWEST:
        chosen = share > WHOLE / 2
    if np.count_nonzero(chosen) < LEAST:
        return None
    height, width = share.shape
    rows, columns = np.mgrid[:height, :width] / float(max(height, width))
    terms = np.stack([columns, rows, np.ones_like(rows)], axis=-1)
    here, d, weights = terms[chosen], disparity[chosen].astype(np.float64), near[chosen]
    even = NEAR_ZERO * float(np.median(np.abs(d - np.median(d)))) + 1e-9
    return np.asarray(terms @ least_absolute(here, d, weights, even))


def _mean(chosen: NDArray[np.bool_], weights: NDArray[np.floating]) -> float:
    return float((chosen * weights).sum() / max(float(weights.sum()), 1e-9))
