"""A parallax clip: the frames of one loop of the eye around the photo."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from multiplane.errors import SceneError
from multiplane.pixels.levels import to_levels
from multiplane.render.budget import safe_amplitude, tasteful_amplitude
from multiplane.render.path import Eye, loop_path
from multiplane.render.prepare import prepare
from multiplane.render.view import render_prepared
from multiplane.scene import Camera, Scene

RISE = 0.4
"""Upward part of the loop, in sideways amplitudes: heads move less up and down than to the sides."""
DOLLY = 1.0
"""Forward part, likewise: enough to be felt as a breath, and it hides the frame's borders."""


Frame = NDArray[np.uint8]


def render_clip(
    scene: Scene,
    seconds: float = 4.0,
    fps: int = 30,
    max_side: int = 1280,
    amplitude: float | None = None,
    on_frame: Callable[[int, int], None] | None = None,
) -> Iterator[Frame]:
    """Frames (h, w, 3) uint8 of one loop, starting at rest, one at a time; the last leads into the first.

    `max_side` bounds the frame's longer side, which never exceeds the photo's. `amplitude` is the sideways eye shift in
    the scene's unit of depth, else `default_amplitude`. `on_frame` is told (number done, number of all) after each.
    Raises SceneError, on the call, where an argument makes no clip.
    """
    if not (seconds > 0 and fps > 0 and max_side >= 2):
        raise SceneError(
            f"a clip needs a length, a rate and a size above 0, not {seconds:g} s, {fps} fps and {max_side} pixels"
        )
    if amplitude is not None and not 0 <= amplitude < np.inf:
        raise SceneError(f"a clip's amplitude must be 0 or more and finite, not {amplitude}")
    width, height = clip_size(scene.camera, max_side)
    sway = default_amplitude(scene) if amplitude is None else amplitude
    eyes = loop_path(max(1, round(seconds * fps)), sway, RISE * sway, DOLLY * sway)
    return _frames(scene, eyes, width, height, on_frame)


def default_amplitude(scene: Scene) -> float:
    """The sideways eye shift a clip takes by itself: what is tasteful, or what was filled in behind if that is less."""
    return min(safe_amplitude(scene) / _reach(scene.camera), tasteful_amplitude(scene))


def clip_size(camera: Camera, max_side: int) -> tuple[int, int]:
    """Width and height of a clip: the photo's shape within `max_side`, never enlarged, both even as video needs."""
    scale = min(1.0, max_side / max(camera.width, camera.height))
    # To the even number below, unless rounding alone keeps the side from the one above.
    width, height = (max(2, 2 * int(side * scale / 2 + 0.25)) for side in (camera.width, camera.height))
    return width, height


def _reach(camera: Camera) -> float:
    """Parallax that a clip's loop makes at most, in that of its sideways amplitude alone."""
    corner = float(np.hypot(*camera.centre)) / camera.focal
    return max(float(np.hypot(eye.x, eye.y)) + eye.z * corner for eye in loop_path(60, 1.0, RISE, DOLLY))


def _frames(
    scene: Scene, eyes: list[Eye], width: int, height: int, on_frame: Callable[[int, int], None] | None
) -> Iterator[Frame]:
    prepared = prepare(scene, width, height)
    for index, eye in enumerate(eyes):
        yield np.asarray(to_levels(render_prepared(prepared, eye)), np.uint8)
        if on_frame is not None:
            on_frame(index + 1, len(eyes))
