"""The plane that a surface lies in, from its depth, and where light that passes a thing meets it.

Disparity d = 1/z of a plane is affine in the picture, and N . X = 1 for its points X in camera space, with N the three
coefficients of d in (x - cx) / f, (y - cy) / f and 1. The viewer, at 0, is on the side where N . X < 1.
"""

import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Mask
from multiplane.pixels.least_absolute import least_absolute

SAMPLES = 3000
"""Most pixels a plane is fitted to."""

Vector = NDArray[np.float64]


def rays(height: int, width: int, focal: float) -> Floats:
    """Directions (h, w, 3) with forward component 1 in which a camera of `focal` pixels sees its pixels' centres."""
    y, x = np.mgrid[:height, :width].astype(np.float32) + np.float32(0.5)
    return np.stack([(x - width / 2) / focal, (y - height / 2) / focal, np.ones_like(x)], axis=-1).astype(np.float32)


def plane_of(directions: Floats, z: Floats, surface: Mask) -> Vector:
    """N (3,) of the plane through `surface` (h, w) of depth `z` seen along `directions` (h, w, 3).

    Least absolute deviations: what juts out of the surface pulls little.
    """
    at = np.flatnonzero(surface)
    at = at[:: max(1, len(at) // SAMPLES)]
    terms = directions.reshape(-1, 3)[at].astype(np.float64)
    disparity = 1.0 / z.ravel()[at].astype(np.float64)
    even = 0.02 * float(np.median(disparity)) * 0.1 + 1e-12
    return least_absolute(terms, disparity, np.ones(len(at)), even)


def thrown(points: Floats, plane: Vector, towards: Vector) -> Floats:
    """Where the shadows of `points` (n, 3) fall on the plane N under light from direction `towards` (3,): (n, 3).

    NaN where none does: the point lies behind the plane, or the light comes from there.
    """
    facing = float(plane @ towards)
    if facing > -1e-9:
        return np.full(points.shape, np.nan, np.float32)
    distance = (points @ plane - 1.0) / facing
    fallen = points - distance[:, None] * towards
    fallen[(distance < -1e-6) | (fallen[:, 2] <= 0)] = np.nan
    return np.asarray(fallen, np.float32)
