"""Normals of a surface from its inverse depth, which is affine over the picture of a plane."""

import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats


def normals_of(
    q: Floats,
    slope_u: Floats,
    slope_v: Floats,
    u: NDArray[np.float64],
    v: NDArray[np.float64],
    focal: float,
) -> Floats:
    """Unit normals (H, W, 3) that face the viewer: x right, y down, z forward, so that theirs is at most 0.

    `q` (H, W) is 1/z, `slope_u` and `slope_v` its change per pixel to the right and down, `u` and `v` the pixel's
    position from the principal point, `focal` in the same pixels. With q affine in (u, v) on a plane n . P = d:
    n / d = (f q_u, f q_v, q - u q_u - v q_v).
    """
    facing = q - u * slope_u - v * slope_v
    normals = np.stack([-focal * slope_u, -focal * slope_v, -facing], axis=-1)
    return np.asarray(normals / np.linalg.norm(normals, axis=-1, keepdims=True), np.float32)
