"""Real spherical harmonics up to the second order, and the irradiance of light given by them.

Y_00 = 0.282095, Y_1 = 0.488603 (y, z, x), Y_2 = 1.092548 (xy, yz, xz), 0.315392 (3 z^2 - 1), 0.546274 (x^2 - y^2);
a surface's irradiance has the light's coefficients times pi, 2 pi/3, pi/4 (Ramamoorthi and Hanrahan 2001, eq. 8).
"""

import numpy as np

from multiplane.arrays import Floats

LOBES = np.array([np.pi] + 3 * [2 * np.pi / 3] + 5 * [np.pi / 4])
"""What Lambert's cosine does to each of the nine coefficients."""


def harmonics(directions: Floats) -> Floats:
    """The nine harmonics (..., 9) at unit vectors (..., 3)."""
    x, y, z = (directions[..., k] for k in range(3))
    return np.asarray(
        np.stack(
            [
                np.full(x.shape, 0.282095, x.dtype),
                *(0.488603 * part for part in (y, z, x)),
                *(1.092548 * part for part in (x * y, y * z)),
                0.315392 * (3 * z * z - 1),
                1.092548 * x * z,
                0.546274 * (x * x - y * y),
            ],
            axis=-1,
        ),
        np.float32,
    )
