"""Textures of a layer: shrunk to a cap, or cut into tiles where graphics cards would refuse one piece, then encoded."""

import io
import logging
import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import cv2
import numpy as np
from PIL import Image

from multiplane.arrays import Floats, Levels
from multiplane.formats.png import encode_png
from multiplane.pixels.bleed import bleed
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.scene import Layer, Scene

log = logging.getLogger(__name__)

TextureFormat: TypeAlias = Literal["png", "jpeg", "webp"]
Window: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom in a layer's own pixels."""

MAX_TEXTURE = 8192
"""Largest texture side that browsers and older graphics cards take."""
OVERLAP = 8
"""Pixels by which tiles reach into their neighbours, so that filtering, of small mipmaps too, sees no seam."""
JPEG_QUALITY = 95
WEBP_QUALITY = 92
WEBP_EFFORT = 2


@dataclass(frozen=True)
class Tile:
    """A piece of a layer: it draws the pixels in `core`; its texture holds those in `window`, which is no smaller."""

    core: Window
    window: Window


def tiles_of(width: int, height: int, cap: int | None, reach: int) -> list[Tile]:
    """Tiles of a layer, row by row: one where a single texture will do, for its size or because `cap` shrinks it.

    Windows leave room to be widened to `reach` pixels beyond the core.
    """
    if cap is not None and cap <= MAX_TEXTURE:
        whole = (0, 0, width, height)
        return [Tile(whole, whole)]
    columns, rows = _spans(width, reach), _spans(height, reach)
    return [
        Tile((x[0], y[0], x[1], y[1]), (x[2], y[2], x[3], y[3]))
        for y in rows
        for x in columns
    ]  # fmt: skip


def _spans(length: int, reach: int) -> list[tuple[int, int, int, int]]:
    """Start and end of each tile along one side, and of its texture."""
    count = 1 if length <= MAX_TEXTURE else math.ceil(length / (MAX_TEXTURE - 2 * reach))
    edges = [round(k * length / count) for k in range(count + 1)]
    return [(start, stop, max(0, start - OVERLAP), min(length, stop + OVERLAP)) for start, stop in pairwise(edges)]


def layer_pixels(scene: Scene, layer: Layer, cap: int | None) -> Levels:
    """The layer (h, w, 4), 8 bit, as it is textured: colours bled under alpha 0, no side longer than `cap`.

    A layer that multiplies becomes a black one of equal darkness, as glTF has no blend modes.
    """
    pixels = _darkening(layer) if layer.blend == "multiply" else to_levels(layer.rgba)
    if scene.alpha is not None:
        x, y = layer.corner
        alpha = layer.rgba[..., 3] if layer.blend == "normal" else from_levels(pixels[..., 3])
        pixels[..., 3] = to_levels(alpha * scene.alpha[y : y + layer.height, x : x + layer.width])
    pixels = bleed(pixels)
    return pixels if cap is None else _within(pixels, cap)


def cut(pixels: Levels, layer: Layer, window: Window) -> Levels:
    """The part of `pixels`, which may be smaller than the layer, that shows `window` of it; never over MAX_TEXTURE."""
    rows, columns = pixels.shape[:2]
    left, right = (round(edge * columns / layer.width) for edge in (window[0], window[2]))
    top, bottom = (round(edge * rows / layer.height) for edge in (window[1], window[3]))
    part = pixels[top : max(bottom, top + 1), left : max(right, left + 1)]
    return _within(part, MAX_TEXTURE).copy()  # of one pixel, a view has strides that encoders refuse


def encode_texture(pixels: Levels, kind: TextureFormat) -> tuple[bytes, str]:
    """Bytes and media type of a texture (h, w, 3 or 4); JPEG holds no alpha, so what has one becomes PNG."""
    if kind == "webp":
        return _pillow(pixels, "WEBP", quality=WEBP_QUALITY, alpha_quality=100, method=WEBP_EFFORT), "image/webp"
    if kind == "jpeg" and pixels.shape[2] == 3:
        return _pillow(pixels, "JPEG", quality=JPEG_QUALITY, subsampling=0), "image/jpeg"
    return encode_png(pixels), "image/png"


def say_what_is_lost(scene: Scene, kind: TextureFormat, cap: int | None) -> None:
    """Tell, once for the scene, what of it a .glb cannot hold."""
    multiplied = [layer.name for layer in scene.layers if layer.blend == "multiply"]
    if multiplied:
        log.warning(
            "glTF cannot multiply: %s written as black of the same strength: %s",
            "a layer is" if len(multiplied) == 1 else f"{len(multiplied)} layers are",
            ", ".join(map(repr, multiplied)),
        )
    if scene.bit_depth == 16:
        log.warning("glTF holds 8 bits a channel: the scene's 16 are rounded")
    large = sum(1 for layer in scene.layers if cap is not None and max(layer.width, layer.height) > cap)
    if large:
        log.warning("%d of %d textures are shrunk to %d pixels", large, len(scene.layers), cap)
    if kind == "jpeg" and (len(scene.layers) > 1 or scene.alpha is not None):
        log.warning(
            "JPEG holds no transparency: only opaque layers are JPEG, the others PNG; --textures webp holds both"
        )


def _darkening(layer: Layer) -> Levels:
    """A black layer that dims as one that multiplies: B (1 - a + a F) = (1 - a (1 - F)) B, with F the mean colour."""
    out = np.zeros(layer.rgba.shape, np.uint8)
    out[..., 3] = to_levels(layer.rgba[..., 3] * (1 - layer.rgba[..., :3].mean(axis=-1)))
    return out


def _within(pixels: Levels, cap: int) -> Levels:
    """`pixels` (h, w, 3 or 4) with no side over `cap`: averages of premultiplied colours, so hidden ones stay so."""
    height, width = pixels.shape[:2]
    share = cap / max(height, width)
    if share >= 1:
        return pixels
    size = max(1, round(width * share)), max(1, round(height * share))
    if pixels.shape[2] == 3:
        return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
    rgba: Floats = from_levels(pixels)
    alpha = rgba[..., 3:]
    small = cv2.resize(np.concatenate([rgba[..., :3] * alpha, alpha], -1), size, interpolation=cv2.INTER_AREA)
    small[..., :3] /= np.maximum(small[..., 3:], 1e-6)
    return bleed(to_levels(small))


def _pillow(pixels: Levels, kind: str, **options: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, kind, **options)
    return file.getvalue()
