"""The light of a scene: sun or lamp, sky, haze; and maps of what lies in shadow."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .camera import Rays, Vector, parallel_rays
from .raster import bounds_on, cast

SHADOW_SIDE = 320
ABOVE_SIDE = 160


@dataclass(frozen=True)
class Light:
    """`sun` points to the light; colours are linear; `haze` per metre; what lies within `reach` of `centre` casts."""

    sun: Vector
    sun_colour: Vector
    ambient: Vector
    zenith: Vector
    horizon: Vector
    haze: float
    haze_colour: Vector
    centre: Vector
    reach: float
    contact: float
    clouds: int = -1
    cloudiness: float = 0.0
    cloud_scale: float = 0.5

    def packed(self) -> NDArray[np.float64]:
        """Rows: sun, its colour, ambient, zenith, horizon, haze colour, (haze, contact, cloudiness), (cloud scale)."""
        return np.stack(
            [
                self.sun,
                self.sun_colour,
                self.ambient,
                self.zenith,
                self.horizon,
                self.haze_colour,
                np.array([self.haze, self.contact, self.cloudiness]),
                np.array([self.cloud_scale, 0.0, 0.0]),
            ]
        )


@dataclass(frozen=True)
class ShadowMap:
    """Depth along parallel rays, and the (4, 3) map from the world into it: rows x, y, depth, and the offsets."""

    depth: NDArray[np.float32]
    frame: NDArray[np.float64]


def shadow_map(
    towards: Vector,
    light: Light,
    side: int,
    packed: tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.float64]],
    atlas: NDArray[np.uint8],
) -> ShadowMap:
    """What parallel light that runs along `towards` meets first."""
    rays: Rays = parallel_rays(light.centre, towards, light.reach, side)
    depth = np.full((side, side), np.inf, np.float32)
    nearest = np.full((side, side), -1, np.int32)
    reals, wholes, axes = packed
    spread = 2 * light.reach / side * 0.02  # parallel rays are about 50 units long: keeps masks' levels small
    cast(reals, wholes, atlas, bounds_on(rays, reals, wholes, axes), rays.packed(), spread, True, depth, nearest)
    inverse = np.linalg.inv(np.stack([rays.start_x, rays.start_y, rays.step], 1))
    return ShadowMap(depth, np.vstack([inverse, -(inverse @ rays.start)]))
