"""Lights that a scene can be relit by: sun, lamp, ambient light, surroundings, and the photo's own light.

Intensity 1 is the light of the photo itself: what a surface that faces its key light gets of key and ambient together.
Colours are scene-linear RGB of luminance 1, and white is what looks white in the photo under its own light.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from multiplane.errors import SceneError
from multiplane.scene import LUMINANCE, UNIT_TOLERANCE

Colour: TypeAlias = tuple[float, float, float]
WHITE: Colour = (1.0, 1.0, 1.0)
DAYLIGHT = 6504.0
COOLEST, WARMEST = 40_000.0, 1_000.0
SUN_SOFTNESS = 3.0
POINT_SOFTNESS = 4.0
SOFTEST = 60.0


@dataclass(frozen=True)
class Sun:
    """Light from far away. `azimuth` in degrees: 0 comes from behind the viewer, 90 from the right, 180 from ahead.

    `elevation` is its height in degrees, `softness` its angular radius in degrees.
    """

    azimuth: float
    elevation: float
    intensity: float = 1.0
    colour: Colour = WHITE
    softness: float = SUN_SOFTNESS

    def __post_init__(self) -> None:
        if not -90.0 <= self.elevation <= 90.0:
            raise SceneError(f"a sun's elevation must lie between -90 and 90 degrees, not {self.elevation}")
        if not np.isfinite(self.azimuth):
            raise SceneError(f"a sun's azimuth must be a finite number of degrees, not {self.azimuth}")
        _check(self.intensity, self.colour, self.softness)

    @property
    def towards(self) -> tuple[float, float, float]:
        """Unit vector to the sun: x right, y down, z forward."""
        turn, rise = np.radians(self.azimuth), np.radians(self.elevation)
        flat = float(np.cos(rise))
        return flat * float(np.sin(turn)), -float(np.sin(rise)), -flat * float(np.cos(turn))

    @staticmethod
    def from_towards(
        towards: tuple[float, float, float],
        intensity: float = 1.0,
        colour: Colour = WHITE,
        softness: float = SUN_SOFTNESS,
    ) -> Sun:
        """The sun in the direction of the unit vector `towards`."""
        x, y, z = towards
        elevation = float(np.degrees(np.arcsin(np.clip(-y, -1.0, 1.0))))
        return Sun(float(np.degrees(np.arctan2(x, -z))), elevation, intensity, colour, softness)


@dataclass(frozen=True)
class Point:
    """A lamp at (x, y, z) in camera space, in the scene's unit of depth.

    It has its `intensity` at a quarter of its distance from the viewer, and falls off with the distance squared.
    """

    place: tuple[float, float, float]
    intensity: float = 1.0
    colour: Colour = WHITE
    softness: float = POINT_SOFTNESS

    def __post_init__(self) -> None:
        if not (np.isfinite(self.place).all() and self.place[2] > 0):
            raise SceneError(f"a lamp must stand before the camera, at a depth greater than 0, not at {self.place}")
        _check(self.intensity, self.colour, self.softness)


@dataclass(frozen=True)
class Ambient:
    """Light from everywhere, somewhat more from above; `intensity` is what a surface that faces up gets."""

    intensity: float = 1.0
    colour: Colour = WHITE

    def __post_init__(self) -> None:
        _check(self.intensity, self.colour, 0.0)


@dataclass(frozen=True)
class Surroundings:
    """Irradiance from all around, as 9 coefficients (9, 3) of spherical harmonics, RGB, for unit normals."""

    coefficients: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.coefficients.shape != (9, 3) or not np.isfinite(self.coefficients).all():
            raise SceneError(f"surroundings need 9 x 3 finite coefficients, not {self.coefficients.shape}")


@dataclass(frozen=True)
class Original:
    """The photo's own light, with its own shadows; `share` 1 is all of it."""

    share: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.share < np.inf:
            raise SceneError(f"the share of the photo's own light must be 0 or more, not {self.share}")


Light: TypeAlias = Sun | Point | Ambient | Surroundings | Original


def colour_of_kelvin(kelvin: float) -> Colour:
    """Scene-linear colour, luminance 1, of a black body at `kelvin`; 6504 is white.

    Chromaticity by the cubic splines of Kim et al. 2002 (US patent 7024034), to linear sRGB by IEC 61966-2-1. Raises
    SceneError for temperatures outside 1000 to 40000.
    """
    if not WARMEST <= kelvin <= COOLEST:
        raise SceneError(f"a colour temperature must lie between {WARMEST:.0f} and {COOLEST:.0f} K, not {kelvin:g}")
    rgb = _planck(kelvin) / _planck(DAYLIGHT)
    return of_luminance_1(np.maximum(rgb, 0.0))


def of_luminance_1(rgb: NDArray[np.float64]) -> Colour:
    """`rgb` (3,), not black, scaled to luminance 1."""
    red, green, blue = (float(part) for part in rgb / np.dot(LUMINANCE, rgb))
    return red, green, blue


def _planck(kelvin: float) -> NDArray[np.float64]:
    t = max(kelvin, 1667.0)
    if t < 4000:
        x = -0.2661239e9 / t**3 - 0.2343589e6 / t**2 + 0.8776956e3 / t + 0.179910
    else:
        x = -3.0258469e9 / t**3 + 2.1070379e6 / t**2 + 0.2226347e3 / t + 0.240390
    if t < 2222:
        y = -1.1063814 * x**3 - 1.34811020 * x**2 + 2.18555832 * x - 0.20219683
    elif t < 4000:
        y = -0.9549476 * x**3 - 1.37418593 * x**2 + 2.09137015 * x - 0.16748867
    else:
        y = 3.0817580 * x**3 - 5.87338670 * x**2 + 3.75112997 * x - 0.37001483
    xyz = np.array([x / y, 1.0, (1 - x - y) / y])
    to_rgb = [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]]
    return np.asarray(np.maximum(np.array(to_rgb) @ xyz, 0.0))


def _check(intensity: float, colour: Colour, softness: float) -> None:
    if not 0.0 <= intensity < np.inf:
        raise SceneError(f"a light's intensity must be 0 or more, not {intensity}")
    if not (min(colour) >= 0.0 and abs(float(np.dot(LUMINANCE, colour)) - 1.0) <= UNIT_TOLERANCE):
        raise SceneError(f"a light's colour must be RGB >= 0 of luminance 1, not {colour}")
    if not 0.0 <= softness <= SOFTEST:
        raise SceneError(f"a light's softness must lie between 0 and {SOFTEST:.0f} degrees, not {softness}")
