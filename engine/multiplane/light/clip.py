"""A clip of a moving light: the suns swing from one side to the other and back."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from multiplane.errors import SceneError
from multiplane.light.lights import Light, Sun
from multiplane.light.preview import prepare_preview
from multiplane.scene import Scene

CLIP_SIDE = 512
"""Cells along the longer side that light is followed on: finer than where somebody drags the light."""


def light_clip(
    scene: Scene,
    lights: Sequence[Light],
    swing: float,
    seconds: float,
    fps: int,
    size: tuple[int, int],
    on_share: Callable[[float], None] = lambda _: None,
) -> Iterator[NDArray[np.uint8]]:
    """Frames (h, w, 3) of one loop of `size` (width, height); each sun's azimuth goes `swing` degrees to both sides.

    Raises SceneError, on the first frame, where there is no sun to swing.
    """
    if not any(isinstance(light, Sun) for light in lights):
        raise SceneError("a clip needs a sun that moves, but there is none among the lights")
    frames = max(1, round(seconds * fps))
    preview = prepare_preview(scene, *size, CLIP_SIDE)
    for number in range(frames):
        offset = swing * float(np.sin(2 * np.pi * number / frames))
        yield preview.frame([_turned(light, offset) for light in lights])
        on_share((number + 1) / frames)


def _turned(light: Light, degrees: float) -> Light:
    return replace(light, azimuth=light.azimuth + degrees) if isinstance(light, Sun) else light
