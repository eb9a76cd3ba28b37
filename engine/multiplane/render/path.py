"""Camera paths: where the eye stands in each frame of a clip."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from multiplane.errors import SceneError

SWING_PEAK = 0.75 * float(np.sqrt(3.0))
"""The largest value of sin t (1 - cos t), at t = 120 degrees."""

MOVES: Mapping[str, tuple[float, float, float]] = MappingProxyType(
    {"sway": (1.0, 0.4, 1.0), "slide": (1.0, 0.0, 0.0), "rise": (0.0, 1.0, 0.0), "push": (0.0, 0.0, 2.0)}
)
"""Named loops by how far they reach sideways, up and forward, in the sideways shift that a clip takes by itself."""
MOVE_SECONDS = 4.0
"""How long one round of a named loop takes."""


@dataclass(frozen=True)
class Eye:
    """How far the eye has moved from where the photo was taken, in the scene's unit of depth: right, down, forward."""

    x: float = 0.0
    y: float = 0.0
    z: float = 0.0


AT_REST = Eye()


def loop_path(frames: int, amplitude_x: float, amplitude_y: float, dolly: float) -> list[Eye]:
    """One eye a frame on a closed loop from rest to rest; frame `frames` would be frame 0 again.

    With t from 0 to 2 pi, the eye swings to the sides as sin t (1 - cos t), and rises and moves in as (1 - cos t) / 2:
    a drop-shaped loop on which position and velocity are continuous, and both are zero at rest. It reaches
    `amplitude_x` to either side, `amplitude_y` up and `dolly` forward. Raises SceneError for fewer than 1 frame.
    """
    if frames < 1:
        raise SceneError(f"a camera path needs at least 1 frame, not {frames}")
    t = 2.0 * np.pi * np.arange(frames) / frames
    away = 1.0 - np.cos(t)
    swing = np.sin(t) * away / SWING_PEAK
    return [
        Eye(float(amplitude_x * side), float(-amplitude_y * up), float(dolly * up))
        for side, up in zip(swing, away / 2.0, strict=True)
    ]
