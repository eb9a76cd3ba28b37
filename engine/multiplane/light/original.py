"""The photo's own lights: its key light and what is ambient, as lights like any others."""

import numpy as np

from multiplane.arrays import Floats
from multiplane.light.irradiance import FROM_ABOVE
from multiplane.light.lights import Ambient, Sun, of_luminance_1
from multiplane.scene import LUMINANCE, KeyLight


def original_lights(key: KeyLight, up: Floats) -> tuple[Sun, Ambient]:
    """Sun and ambient light that make up `key`: together they are white and 1 on a surface that faces the key.

    `up` (3,) points away from the ground.
    """
    share = np.array(key.colour) * (1 - key.ambient)
    white = key.ambient + share
    direct, rest = share / white, key.ambient / white
    sun, ambient = float(np.dot(LUMINANCE, direct)), float(np.dot(LUMINANCE, rest))
    facing = 1 - FROM_ABOVE + FROM_ABOVE * float(np.dot(np.array(key.towards), up))
    return (
        Sun.from_towards(key.towards, sun, of_luminance_1(direct) if sun > 0 else (1.0, 1.0, 1.0)),
        Ambient(ambient / max(facing, 0.1), of_luminance_1(rest) if ambient > 0 else (1.0, 1.0, 1.0)),
    )
