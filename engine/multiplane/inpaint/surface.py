"""Continue the depth of visible surfaces behind what hides them: a robust plane in disparity, met without a step.

Disparity d = 1/z of a plane in space is affine in the picture: d = a x + b y + c. Per surface a, b, c come from its
known pixels near the hole by iteratively reweighted least squares (Tukey's biweight), with the slopes pulled to zero as
far as the surface is not a plane; what the plane leaves at the rim is spread over the hole by the membrane, so that
hidden and visible depth meet.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Ints, Mask, check_depth, check_mask, check_shape
from multiplane.inpaint.blocks import any_in_block, block_means
from multiplane.inpaint.membrane import membrane
from multiplane.inpaint.shares import Share, shares
from multiplane.pixels.boxes import bounds, window

BEHIND = 1.001
"""Hidden depth is at least so many times the depth of what hides it."""
FARTHEST = 2.0
"""Hidden depth is at most so many times the farthest depth seen, so that a plane stops short of its horizon."""
GRID = 384
"""The fit and the membrane work on blocks, about so many along the longer side."""
SAMPLES = 4000
"""Most known pixels a plane is fitted to."""
ROUNDS = 8
"""Rounds of reweighting."""
EVIDENCE = 25.0
"""How many independent measurements a surface's blocks are worth against the prior that it faces the camera."""


class _Plane(NamedTuple):
    """d = a (x - x0) + b (y - y0) + c at pixel centres x, y."""

    a: float
    b: float
    c: float
    x0: float
    y0: float

    def at(self, ys: NDArray[np.floating], xs: NDArray[np.floating]) -> NDArray[np.floating]:
        """Disparity at pixel centres."""
        return self.a * (xs - self.x0) + self.b * (ys - self.y0) + self.c


def continue_depth(z: Floats, hole: Mask, surface: Ints, in_front: Floats) -> Floats:
    """Depth (H, W) like `z` outside `hole`; inside, the continuation of the visible part of the same `surface`.

    Every hole pixel gets z >= `in_front` * 1.001, finite. `surface` (H, W) is -1 where a pixel belongs to none. A
    surface with no known pixel continues the farthest surface that touches it. Where nothing is known, the hole keeps
    its `z`, or lies just behind `in_front` where that is farther.
    """
    check_depth(z, "z", (None, None))
    check_mask(hole, "hole", z.shape)
    check_shape(surface, "surface", z.shape, np.int32)
    check_depth(in_front, "in_front", z.shape)
    out = z.copy()
    if not hole.any():
        return out
    known = ~hole
    if not (known & (surface >= 0)).any():
        out[hole] = np.maximum(z[hole], in_front[hole] * np.float32(BEHIND))
        return out
    farthest = FARTHEST * float(z[known].max())
    for share in shares(hole, _with_farthest_neighbours(z, hole, surface)):
        _continue(out, share, farthest)
    out[hole] = np.maximum(out[hole], in_front[hole] * np.float32(BEHIND))
    return out


def _with_farthest_neighbours(z: Floats, hole: Mask, surface: Ints) -> Ints:
    """`surface` (H, W), with hole pixels of a surface that has no known pixel given to the farthest one they touch."""
    out = surface
    seen = np.unique(surface[~hole])
    seen = seen[seen >= 0]
    lost = np.setdiff1d(np.unique(surface[hole]), seen)
    if len(seen) == 0 or len(lost) == 0:
        return out
    depth = {int(label): float(np.median(z[~hole & (surface == label)])) for label in seen}
    out = surface.copy()
    for label in lost:
        region = hole & (surface == label)
        rim = cv2.dilate(region.view(np.uint8), np.ones((3, 3), np.uint8)) > 0
        touching = np.intersect1d(surface[rim], seen)
        out[region] = max(touching if len(touching) else seen, key=lambda near: depth[int(near)])
    return out


def _continue(out: Floats, share: Share, farthest: float) -> None:
    """Write the continuation of `share.source` into `share.target` of `out` (H, W), at most `farthest` away."""
    box = bounds(share.target)
    extent = max(box[1] - box[0], box[3] - box[2])
    margin = extent // 2 + 16
    view = window(box, margin, margin, out.shape)
    while not share.source[view].any():
        margin *= 2
        view = window(box, margin, margin, out.shape)
    source, target = share.source[view], share.target[view]
    disparity = np.reciprocal(out[view])
    size = max(1, max(source.shape) // GRID)
    plane = _fit(disparity, source, target, size, extent)
    height, width = source.shape
    flat = plane.at(np.arange(height)[:, None] + 0.5, np.arange(width)[None] + 0.5).astype(np.float32)
    left_over = _spread(disparity - flat, source, target, size)
    hidden = np.maximum(flat[target] + left_over[target], np.float32(1.0 / farthest))
    out[view][target] = 1.0 / hidden


def _spread(values: Floats, source: Mask, target: Mask, size: int) -> Floats:
    """`values` (H, W) of the source pixels spread over the target by the membrane, solved on blocks of `size`."""
    means, share = block_means(values[..., None], source, size)
    known = share > 0
    inside = known | any_in_block(target, size)
    spread = membrane(means, known, inside & ~known)[..., 0]
    height, width = values.shape
    grown = [
        cv2.resize(a, (a.shape[1] * size, a.shape[0] * size), interpolation=cv2.INTER_LINEAR)[:height, :width]
        for a in (np.where(inside, spread, 0).astype(np.float32), inside.astype(np.float32))
    ]
    return np.asarray(grown[0] / np.maximum(grown[1], np.float32(1e-6)))


def _fit(disparity: Floats, source: Mask, target: Mask, size: int, extent: int) -> _Plane:
    """The plane through `disparity` (H, W) at source pixels; those near the hole, of `extent` pixels, count most."""
    at = np.flatnonzero(source)
    at = at if len(at) <= SAMPLES else np.random.default_rng(0).choice(at, SAMPLES)
    rows, columns = np.divmod(at, source.shape[1])
    d = disparity[rows, columns].astype(np.float64)
    away = cv2.distanceTransform((~any_in_block(target, size)).view(np.uint8), cv2.DIST_L2, 5) * size
    near = np.exp(-away[rows // size, columns // size] / (0.25 * extent + size))
    y0, x0 = float(rows.mean()) + 0.5, float(columns.mean()) + 0.5
    design = np.stack([columns + 0.5 - x0, rows + 0.5 - y0, np.ones(len(at))], axis=1)
    slope = max(float(np.ptp(d)), 1e-12) / max(source.shape)
    a, b, c = _reweighted(design, d, near.astype(np.float64) + 1e-6, slope)
    return _Plane(a, b, c, x0, y0)


def _reweighted(
    design: NDArray[np.float64], d: NDArray[np.float64], weights: NDArray[np.float64], slope: float
) -> tuple[float, float, float]:
    """Robust weighted least squares of d on `design` (N, 3); `slope` is the standard deviation slopes have a priori.

    First absolute deviations, which no minority of outliers moves far, then Tukey's biweight about them.
    """
    centre = float(np.median(d))
    solution = np.array([0.0, 0.0, centre])
    tiny = 1e-7 * max(abs(centre), 1e-12)
    for turn in range(ROUNDS):
        residual = d - design @ solution
        spread = max(1.4826 * _weighted_median(np.abs(residual), weights), tiny)
        if turn == 0:
            trust = weights
        elif turn < ROUNDS // 2:
            trust = weights / np.maximum(np.abs(residual), 0.1 * spread)
        else:
            trust = weights * np.square(np.maximum(1.0 - np.square(residual / (4.685 * spread)), 0.0))
        trust = trust * (EVIDENCE / trust.sum())
        prior = (spread / slope) ** 2 if turn else 0.0
        normal = design.T @ (trust[:, None] * design) + np.diag([prior, prior, 0.0]) + 1e-9 * np.eye(3)
        solution = np.linalg.solve(normal, design.T @ (trust * d))
    return float(solution[0]), float(solution[1]), float(solution[2])


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values)
    cumulative = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(cumulative, 0.5 * cumulative[-1])]])
