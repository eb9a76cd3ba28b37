"""What every layout hands on: the stage, the camera and the light; and free spots on a floor."""

from dataclasses import dataclass, field

import numpy as np

from .camera import Camera, Vector
from .light import Light
from .solids import hue
from .stage import Stage


@dataclass(frozen=True)
class Layout:
    """A scene before it is rendered."""

    stage: Stage
    camera: Camera
    light: Light


@dataclass
class Floor:
    """Keeps circles on the ground apart from each other and from the camera's foot (0, 0)."""

    taken: list[tuple[float, float, float]] = field(default_factory=list)
    shore: float = np.inf
    """Nothing stands farther away than this."""

    def free(self, x: float, z: float, radius: float) -> bool:
        """Whether the circle touches none that is taken; takes it if so."""
        if z + radius > self.shore or any((x - a) ** 2 + (z - b) ** 2 < (radius + c) ** 2 for a, b, c in self.taken):
            return False
        self.taken.append((x, z, radius))
        return True


def direction(rng: np.random.Generator, low: float, high: float) -> Vector:
    """A random unit vector whose height above the horizon lies between `low` and `high` degrees."""
    rise, turn = np.radians(rng.uniform(low, high)), rng.uniform(0, 2 * np.pi)
    return np.array([np.cos(rise) * np.sin(turn), np.sin(rise), np.cos(rise) * np.cos(turn)])


def daylight(rng: np.random.Generator, centre: Vector, reach: float, clouds: int) -> Light:
    """Sun, overcast, evening or mist."""
    mood = rng.choice(["sun", "overcast", "evening", "mist"], p=[0.5, 0.22, 0.16, 0.12])
    sun, colour, ambient = (
        direction(rng, 20, 75),
        np.array([1.0, 0.95, 0.85]) * rng.uniform(0.7, 1.3),
        np.array([0.3, 0.36, 0.45]),
    )
    zenith, horizon = (
        np.array(hue(rng, (0.56, 0.62), (0.55, 0.85), (0.4, 0.8))),
        np.array(hue(rng, (0.53, 0.62), (0.05, 0.35), (0.7, 0.95))),
    )
    haze = 10 ** rng.uniform(-4.5, -2.4)
    if mood == "overcast":
        colour, ambient = colour * 0.15, np.full(3, rng.uniform(0.5, 0.8))
        zenith, horizon = np.full(3, rng.uniform(0.35, 0.8)), np.full(3, rng.uniform(0.6, 0.95))
    elif mood == "evening":
        sun = direction(rng, 4, 18)
        colour, ambient = (
            np.array([1.2, 0.65, 0.3]) * rng.uniform(0.5, 1.1),
            np.array([0.2, 0.2, 0.3]) * rng.uniform(0.6, 1.4),
        )
        zenith, horizon = (
            np.array([0.12, 0.18, 0.4]) * rng.uniform(0.5, 1.5),
            np.array(hue(rng, (0.02, 0.11), (0.3, 0.8), (0.6, 1.0))),
        )
    elif mood == "mist":
        haze = 10 ** rng.uniform(-2.4, -1.3)
        colour, ambient = colour * 0.3, np.full(3, 0.55)
        horizon = np.full(3, rng.uniform(0.55, 0.9))
        zenith = horizon * rng.uniform(0.8, 1.05)
    return Light(
        sun,
        colour,
        ambient,
        zenith,
        horizon,
        float(haze),
        horizon * rng.uniform(0.9, 1.02),
        centre,
        reach,
        contact=rng.uniform(0.4, 0.8),
        clouds=clouds,
        cloudiness=rng.uniform(0, 1.0),
        cloud_scale=rng.uniform(0.25, 0.7),
    )


def lamplight(rng: np.random.Generator, centre: Vector, reach: float) -> Light:
    """Light indoors: from a window's or a lamp's side, warm or cool, with much that is scattered."""
    warm = rng.uniform(-0.25, 0.25)
    tone = np.array([1 + warm, 1.0, 1 - warm])
    share = rng.uniform(0.2, 0.75)
    level = rng.uniform(0.75, 1.25)
    sun = direction(rng, 35, 80)
    sun[2] = -abs(sun[2]) if rng.random() < 0.7 else sun[2]
    return Light(
        sun,
        tone * share * level,
        tone[::-1] * (0.95 - share) * level,
        np.full(3, 0.8),
        np.full(3, 0.9),
        0.0,
        np.full(3, 0.7),
        centre,
        reach,
        contact=rng.uniform(0.4, 0.85),
    )
