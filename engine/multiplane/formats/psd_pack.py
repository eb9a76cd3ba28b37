"""Packs channels of a Photoshop file: zipped with prediction, or in run lengths, larger, for old readers."""

import struct
from typing import Any, Literal, TypeAlias

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Levels

Packing: TypeAlias = Literal["zip", "rle"]
RAW_MARK, RLE_MARK, ZIP_MARK, ZIP_PREDICTED_MARK = (struct.pack(">H", method) for method in range(4))
FAST = 1
"""Level of zip: photos get hardly smaller above it, and take longer."""


def pack_channel(plane: Levels, packing: Packing, large: bool) -> bytes:
    """A layer's channel (H, W): its method, and the packed lines.

    "zip" predicts 8 bits only: Krita 5.1 loses carries of predicted 16-bit levels. (ag-psd 31 reads no 16 bits in run
    lengths: zip without prediction is what all readers in the tests agree on.)
    """
    if plane.size == 0:
        return RLE_MARK
    if packing == "rle":
        counts, packed = pack_bits(plane, large)
        return RLE_MARK + counts + packed
    if plane.dtype.itemsize > 1:
        return ZIP_MARK + bytes(imagecodecs.deflate_encode(big_endian(plane), FAST, raw=False))
    return ZIP_PREDICTED_MARK + bytes(imagecodecs.deflate_encode(differences(plane).tobytes(), FAST, raw=False))


def pack_bits(plane: Levels, large: bool) -> tuple[bytes, bytes]:
    """PackBits of a plane (H, W): the packed length of every line, and the lines."""
    raw = big_endian(plane)
    step = plane.shape[1] * plane.dtype.itemsize
    packed = [imagecodecs.packbits_encode(raw[start : start + step]) for start in range(0, len(raw), step)]
    return struct.pack(f">{len(packed)}{'I' if large else 'H'}", *map(len, packed)), b"".join(packed)


def differences(plane: Levels) -> NDArray[Any]:
    """Each level's difference from the one to its left, modulo the number of levels."""
    out: NDArray[Any] = np.empty_like(plane, order="C")
    out[:, 0] = plane[:, 0]
    np.subtract(plane[:, 1:], plane[:, :-1], out=out[:, 1:])
    return out


def big_endian(plane: Levels) -> bytes:
    """The plane's bytes in the order of the format."""
    return plane.astype(plane.dtype.newbyteorder(">"), copy=False).tobytes()
