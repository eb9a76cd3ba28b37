"""The small pictures of a contact sheet: composites, depth and single layers, scaled down and ready to place."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.pixels.over import flatten
from multiplane.pixels.zbuffer import nearest_depth
from multiplane.scene import Layer, Scene

Picture: TypeAlias = NDArray[np.uint8]
"""(h, w, 3)."""
Size: TypeAlias = tuple[int, int]
"""Width, height."""

CHECKER = (np.float32(0.36), np.float32(0.43))
"""Two greys between which neither a dark nor a bright layer drowns."""
CHECKER_SIDE = 14


def composite_picture(layers: Sequence[Layer], scene: Scene, size: Size) -> Picture:
    """The composite of `layers`, of which the first covers the canvas, within the photo's own transparency."""
    levels = flatten(layers, scene.camera.height, scene.camera.width, scene.bit_depth)
    return _within_alpha(from_levels(_resized(levels, size)), scene, size)


def depth_picture(scene: Scene, size: Size) -> Picture:
    """The composite's depth in colours, evenly in disparity, bright where near."""
    disparity = np.reciprocal(nearest_depth(scene.layers, scene.camera.height, scene.camera.width))
    small = _resized(disparity, size)
    low, high = float(small.min()), float(small.max())
    share = (small - low) / (high - low) if high > low else np.zeros_like(small)
    return _within_alpha(from_levels(_coloured(np.asarray(share, np.float32))), scene, size)


def ramp(size: Size) -> Picture:
    """The colours of `depth_picture` from near, at the left, to far."""
    share = np.linspace(1, 0, size[0], dtype=np.float32)
    return _coloured(np.repeat(share[None], size[1], axis=0))


def layer_picture(layer: Layer, scene: Scene, size: Size) -> Picture:
    """One layer in its place on the canvas, on a checkerboard."""
    out = _checkerboard(size)
    scale_x, scale_y = size[0] / scene.camera.width, size[1] / scene.camera.height
    left, right = _span(layer.corner[0], layer.width, scale_x, size[0])
    top, bottom = _span(layer.corner[1], layer.height, scale_y, size[1])
    premultiplied = layer.rgba.copy()
    premultiplied[..., :3] *= premultiplied[..., 3:]
    small = _resized(premultiplied, (right - left, bottom - top))
    window = out[top:bottom, left:right]
    colour = small[..., :3] * window if layer.blend == "multiply" else small[..., :3]
    window[:] = colour + (1 - small[..., 3:]) * window
    return _bytes(out)


def _span(start: int, length: int, scale: float, limit: int) -> tuple[int, int]:
    """First and last pixel + 1 of a scaled interval, at least one pixel long and inside the picture."""
    first = min(round(start * scale), limit - 1)
    return first, max(first + 1, min(round((start + length) * scale), limit))


def _within_alpha(rgb: Floats, scene: Scene, size: Size) -> Picture:
    if scene.alpha is None:
        return _bytes(rgb)
    alpha = _resized(scene.alpha, size)[..., None]
    return _bytes(np.asarray(alpha * rgb + (1 - alpha) * _checkerboard(size), np.float32))


def _coloured(share: Floats) -> Picture:
    levels = to_levels(share, 8)
    return np.ascontiguousarray(cv2.applyColorMap(levels, cv2.COLORMAP_MAGMA)[..., ::-1], dtype=np.uint8)


def _checkerboard(size: Size) -> Floats:
    rows, columns = np.ogrid[: size[1], : size[0]]
    odd = (rows // CHECKER_SIDE + columns // CHECKER_SIDE) % 2 == 1
    return np.repeat(np.where(odd, CHECKER[1], CHECKER[0])[..., None], 3, axis=2)


def _resized(array: Any, size: Size) -> Any:
    shrinks = size[0] < array.shape[1] or size[1] < array.shape[0]
    return cv2.resize(array, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def _bytes(rgb: Floats) -> Picture:
    return np.asarray(to_levels(rgb, 8), np.uint8)
