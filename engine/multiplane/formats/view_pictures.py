"""The pictures that a viewer in a browser asks for: textures, bends, fill masks, thumbnails, the photo, its mask."""

import hashlib
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from multiplane.arrays import Floats, Levels
from multiplane.formats.png import encode_png
from multiplane.pixels.bleed import bleed
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.pixels.over import flatten
from multiplane.scene import Layer, Scene

Kind: TypeAlias = Literal["texture", "disparity", "filled", "thumbnail", "photo", "mask"]
LARGEST = 4096
"""Longest side of a texture: what every browser's WebGL takes, and more than a screen shows."""
THUMBNAIL = 96
LOSSLESS_EFFORT = 20
"""How hard lossless WebP tries, in [0, 100]: more costs seconds and saves a few per cent."""
SHRINK = 0.85
"""From one try to the next, where textures have to fit into a budget."""
KEY_BYTES = 16
_DIGESTS: dict[int, tuple[weakref.ref[Any], bytes]] = {}
"""Of arrays that are alive, by their identity: an edit of one layer does not read the others' pixels."""


@dataclass(frozen=True)
class Packing:
    """How textures are packed: lossy in [1, 100], None without loss; `fast` for a server on the same machine."""

    quality: int | None = None
    longest: int = LARGEST
    fast: bool = False


LOSSLESS = Packing()


@dataclass(frozen=True)
class ViewPicture:
    """One picture of a view. Equal `key`s have equal bytes; `encode` gives those, and their media type, and is slow.

    `encode` may be called from any thread. `layer` is the id of the layer that the picture belongs to, if any.
    """

    kind: Kind
    layer: str | None
    key: str
    encode: Callable[[], tuple[bytes, str]]


def texture_picture(layer: Layer, packing: Packing) -> ViewPicture:
    """The layer's colours (straight alpha, bled under alpha 0), no side longer than `packing.longest`."""

    def encode() -> tuple[bytes, str]:
        return _packed(_within(bleed(to_levels(layer.rgba)), packing.longest), packing)

    return ViewPicture("texture", layer.id, _key("texture", packing, layer.rgba), encode)


def disparity_picture(layer: Layer, q: Floats) -> ViewPicture:
    """Inverse depths (h, w) as a PNG, 8 bits each in red and green: q = lowest + (256 r + g) / 65535 span."""

    def encode() -> tuple[bytes, str]:
        low, span = float(q.min()), float(np.ptp(q))
        share = (q.astype(np.float64) - low) / span if span > 0 else np.zeros(q.shape)
        levels = np.rint(share * 65535).astype(np.uint16)
        pixels = np.stack([levels >> 8, levels & 255, np.zeros_like(levels)], axis=-1).astype(np.uint8)
        return encode_png(pixels), "image/png"

    return ViewPicture("disparity", layer.id, _key("disparity", q), encode)


def filled_picture(layer: Layer, longest: int) -> ViewPicture:
    """Where colours were invented, 255, as grey."""

    def encode() -> tuple[bytes, str]:
        grey = layer.filled.astype(np.uint8) * np.uint8(255)
        return encode_png(_within(grey, longest)), "image/png"

    return ViewPicture("filled", layer.id, _key("filled", longest, layer.filled), encode)


def thumbnail_picture(layer: Layer) -> ViewPicture:
    """The layer, at most THUMBNAIL pixels a side."""

    def encode() -> tuple[bytes, str]:
        return encode_png(_within(to_levels(layer.rgba), THUMBNAIL)), "image/png"

    return ViewPicture("thumbnail", layer.id, _key("thumbnail", layer.rgba), encode)


def photo_picture(scene: Scene, packing: Packing) -> ViewPicture:
    """What the layers composite to, without the photo's own transparency."""

    def encode() -> tuple[bytes, str]:
        levels = flatten(scene.layers, scene.camera.height, scene.camera.width, scene.bit_depth)
        return _packed(_within(to_levels(from_levels(levels)), packing.longest), packing)

    facts = [(layer.corner, layer.blend) for layer in scene.layers]
    return ViewPicture("photo", None, _key("photo", packing, facts, *(x.rgba for x in scene.layers)), encode)


def mask_picture(alpha: Floats, longest: int) -> ViewPicture:
    """The photo's own transparency (H, W) as the alpha of white, which a style sheet takes as a mask."""

    def encode() -> tuple[bytes, str]:
        small = _within(to_levels(alpha), longest)
        white = np.full((*small.shape, 4), 255, np.uint8)
        white[..., 3] = small
        return encode_png(white), "image/png"

    return ViewPicture("mask", None, _key("mask", longest, alpha), encode)


def _key(*facts: Any) -> str:
    digest = hashlib.blake2b(digest_size=KEY_BYTES)
    for fact in facts:
        digest.update(_digest(fact) if isinstance(fact, np.ndarray) else repr(fact).encode())
    return digest.hexdigest()


def _digest(array: NDArray[Any]) -> bytes:
    """Of an array's shape and content; worked out once for each array, as none is ever changed."""
    known = _DIGESTS.get(id(array))
    if known is not None and known[0]() is array:
        return known[1]
    digest = hashlib.blake2b(repr(array.shape).encode(), digest_size=KEY_BYTES)
    digest.update(np.ascontiguousarray(array).data)
    number = id(array)
    _DIGESTS[number] = weakref.ref(array, lambda _: _DIGESTS.pop(number, None)), digest.digest()
    return _DIGESTS[number][1]


def _packed(pixels: Levels, packing: Packing) -> tuple[bytes, str]:
    if packing.fast:
        return encode_png(pixels), "image/png"
    out, image = BytesIO(), Image.fromarray(pixels)
    if packing.quality is None:
        image.save(out, "WEBP", lossless=True, quality=LOSSLESS_EFFORT, method=2, exact=True)
    else:
        image.save(out, "WEBP", quality=packing.quality, method=4, exact=True)
    return out.getvalue(), "image/webp"


def _within(pixels: Levels, longest: int) -> Levels:
    """`pixels` (h, w) or (h, w, c) with no side over `longest`; colours are averaged as much as they are opaque."""
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return pixels
    size = max(1, round(width * scale)), max(1, round(height * scale))
    if pixels.ndim == 2 or pixels.shape[2] == 3:
        return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    weighted = from_levels(pixels)
    weighted[..., :3] *= weighted[..., 3:]
    weighted = cv2.resize(weighted, size, interpolation=cv2.INTER_AREA)
    alpha = weighted[..., 3:]
    seen = alpha[..., 0] > 0
    small[seen, :3] = to_levels(weighted[seen, :3] / alpha[seen])
    return np.asarray(small, np.uint8)
