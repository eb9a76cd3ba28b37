"""A layer's pixels under a homography of the picture: soft edges stay clean, and what leaves the canvas is cut off."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Mask
from multiplane.errors import SceneError
from multiplane.pixels.bleed import bleed
from multiplane.pixels.boxes import bounds
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.pixels.nearest import from_nearest
from multiplane.scene import Camera, Layer, Scene

Matrix = NDArray[np.float64]
MARGIN = 3
"""Pixels around a layer that filtering may reach."""


def warped(scene: Scene, layer: Layer, matrix: Matrix) -> Layer:
    """`layer` with every point of the picture moved by `matrix` (3, 3); colours on the grid of the scene's bit depth.

    Depth moves along unchanged. A shift by whole pixels copies. Raises SceneError where nothing would be left in view.
    """
    x, y = layer.corner
    whole = _whole_shift(matrix)
    if whole is not None:
        return _shifted(scene.camera, layer, whole)
    box = _reached(scene.camera, layer, matrix)
    if box is None:
        raise _gone(layer)
    x0, y0, x1, y1 = box
    # OpenCV counts pixels' centres from 0, we from 0.5; both pictures are crops.
    to_crop = np.array([[1, 0, -x0 - 0.5], [0, 1, -y0 - 0.5], [0, 0, 1.0]])
    from_crop = np.array([[1, 0, x + 0.5], [0, 1, y + 0.5], [0, 0, 1.0]])
    mapped = to_crop @ matrix @ from_crop
    padded = mapped @ np.array([[1, 0, -MARGIN], [0, 1, -MARGIN], [0, 0, 1.0]])
    size = (x1 - x0, y1 - y0)
    rgba = _antialiased(_premultiplied(layer), mapped, layer)
    seen = cv2.warpPerspective(rgba, padded, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT)
    alpha = np.clip(seen[..., 3], 0.0, 1.0)
    rgba = np.dstack([np.clip(seen[..., :3] / np.maximum(alpha, 1e-4)[..., None], 0, 1), alpha]).astype(np.float32)
    levels = to_levels(rgba, scene.bit_depth)
    z, _ = from_nearest(layer.z, layer.visible)
    depth = cv2.warpPerspective(z, mapped, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    filled = layer.filled.astype(np.uint8)
    invented = cv2.warpPerspective(filled, mapped, size, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE) > 0
    visible = np.asarray(levels[..., 3] > 0)
    if not visible.any():
        raise _gone(layer)
    top, bottom, left, right = bounds(visible)
    tight = slice(top, bottom), slice(left, right)
    return replace(
        layer,
        corner=(x0 + left, y0 + top),
        rgba=from_levels(bleed(levels[tight])),
        z=np.ascontiguousarray(depth[tight], np.float32),
        filled=np.ascontiguousarray(invented[tight]),
    )


def _premultiplied(layer: Layer) -> Floats:
    rgba = layer.rgba.copy()
    rgba[..., :3] *= rgba[..., 3:]
    # An edge of the canvas is no edge of the thing, but beyond it nothing is known: it ends there.
    return np.asarray(cv2.copyMakeBorder(rgba, MARGIN, MARGIN, MARGIN, MARGIN, cv2.BORDER_CONSTANT), np.float32)


def _antialiased(rgba: Floats, matrix: Matrix, layer: Layer) -> Floats:
    """`rgba`, blurred as far as the matrix makes it smaller."""
    middle = np.array([layer.width / 2, layer.height / 2, 1.0])
    at = matrix @ middle
    # The homography's Jacobian in the middle of the layer.
    jacobian = (matrix[:2, :2] - np.outer(at[:2] / at[2], matrix[2, :2])) / at[2]
    smaller = np.clip(np.linalg.svd(jacobian, compute_uv=False), 1e-3, 1.0)
    sigma = 0.4 * float(np.sqrt(1.0 / smaller[1] ** 2 - 1.0))
    return rgba if sigma < 0.2 else np.asarray(cv2.GaussianBlur(rgba, (0, 0), sigma), np.float32)


def _whole_shift(matrix: Matrix) -> tuple[int, int] | None:
    shift = np.rint(matrix[:2, 2])
    straight = np.eye(3)
    straight[:2, 2] = shift
    return (int(shift[0]), int(shift[1])) if np.abs(matrix - straight).max() < 1e-6 else None


def _shifted(camera: Camera, layer: Layer, shift: tuple[int, int]) -> Layer:
    x, y = layer.corner[0] + shift[0], layer.corner[1] + shift[1]
    rows = slice(max(0, -y), min(layer.height, camera.height - y))
    columns = slice(max(0, -x), min(layer.width, camera.width - x))
    visible: Mask = layer.visible[rows, columns]
    if not visible.any():
        raise _gone(layer)
    top, bottom, left, right = bounds(visible)
    rows = slice(rows.start + top, rows.start + bottom)
    columns = slice(columns.start + left, columns.start + right)
    return replace(
        layer,
        corner=(x + columns.start, y + rows.start),
        rgba=layer.rgba[rows, columns].copy(),
        z=layer.z[rows, columns].copy(),
        filled=layer.filled[rows, columns].copy(),
    )


def _reached(camera: Camera, layer: Layer, matrix: Matrix) -> tuple[int, int, int, int] | None:
    """The part (x0, y0, x1, y1) of the canvas that the layer reaches; None where it is none."""
    x, y = layer.corner
    corners = np.array(
        [[x, y, 1.0], [x + layer.width, y, 1], [x, y + layer.height, 1], [x + layer.width, y + layer.height, 1]]
    )
    there = corners @ matrix.T
    if (there[:, 2] <= 1e-9).any():
        low, high = np.zeros(2), np.array([camera.width, camera.height])
    else:
        at = there[:, :2] / there[:, 2:]
        low, high = at.min(axis=0) - MARGIN, at.max(axis=0) + MARGIN
    x0, y0 = (int(v) for v in np.clip(np.floor(low), 0, (camera.width, camera.height)))
    x1, y1 = (int(v) for v in np.clip(np.ceil(high), 0, (camera.width, camera.height)))
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def _gone(layer: Layer) -> SceneError:
    return SceneError(f"nothing of {layer.id!r} would be left in view; move it less far, or drop it")
