"""Unpacks a channel of a Photoshop layer, cut at the canvas, and never more of it than its size allows."""

import struct
import zlib
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Levels
from multiplane.errors import FormatError
from multiplane.formats.psd_parse import Rect

RAW, RLE, ZIP, ZIP_PREDICTED = range(4)
DAMAGED = "are damaged; save the file again"


def cut(rect: Rect, canvas: tuple[int, int]) -> Rect:
    """The part of `rect` on a canvas (width, height); width or height 0 where there is none."""
    x, y, width, height = rect
    left, top = min(max(x, 0), canvas[0]), min(max(y, 0), canvas[1])
    right, bottom = min(x + width, canvas[0]), min(y + height, canvas[1])
    return left, top, max(0, right - left), max(0, bottom - top)


def unpack_channel(data: memoryview, rect: Rect, kept: Rect, bit_depth: int, large: bool, name: str) -> Levels:
    """Levels (h, w) of the part `kept` of a channel that fills `rect`; `name` is the layer's, for the error."""
    _, _, width, height = rect
    kind = np.dtype(np.uint8 if bit_depth == 8 else ">u2")
    if kept[2] == 0 or kept[3] == 0:
        return _typed(np.zeros((kept[3], kept[2])), bit_depth)
    if len(data) < 2:
        raise FormatError(f"the pixels of layer {name!r} {DAMAGED}")
    (method,) = struct.unpack(">H", data[:2])
    raw = _unpacked(data[2:], method, (height, width * kind.itemsize), large, name)
    plane: NDArray[Any] = np.frombuffer(raw, kind).reshape(height, width)
    down, across = kept[1] - rect[1], kept[0] - rect[0]
    if method == ZIP_PREDICTED:  # each level is stored as its difference from the one to its left
        plane = np.cumsum(plane[down : down + kept[3]], axis=1, dtype=kind.newbyteorder("="))
        down = 0
    return _typed(plane[down : down + kept[3], across : across + kept[2]], bit_depth)


def _typed(plane: NDArray[Any], bit_depth: int) -> Levels:
    return plane.astype(np.uint8) if bit_depth == 8 else plane.astype(np.uint16)


def _unpacked(data: memoryview, method: int, shape: tuple[int, int], large: bool, name: str) -> bytes | memoryview:
    """Exactly height x line bytes."""
    height, line = shape
    wanted = height * line
    try:
        raw = _by_method(data, method, height, wanted, large)
    except (RuntimeError, zlib.error, ValueError) as error:  # imagecodecs raises RuntimeErrors
        raise FormatError(f"the pixels of layer {name!r} {DAMAGED}") from error
    if len(raw) < wanted:
        raise FormatError(f"the pixels of layer {name!r} {DAMAGED}")
    return raw[:wanted]


def _by_method(data: memoryview, method: int, height: int, wanted: int, large: bool) -> bytes | memoryview:
    match method:
        case 0:
            return data
        case 1:
            table = height * (4 if large else 2)
            lengths = np.frombuffer(data[:table], ">u4" if large else ">u2")
            # Packed lines stand end to end and no packet crosses one, so they unpack in one go.
            packed = data[table : table + int(lengths.sum(dtype=np.int64))]
            return bytes(imagecodecs.packbits_decode(bytes(packed), out=wanted))
        case 2 | 3:
            return zlib.decompressobj().decompress(data, wanted)
    raise ValueError(f"unknown packing {method}")
