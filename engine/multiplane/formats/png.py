"""PNG bytes of integer levels and back: fast, colours under alpha 0 kept, sizes checked before unpacking; texts."""

import struct
import zlib

import imagecodecs
import numpy as np

from multiplane.arrays import Levels
from multiplane.errors import FormatError

SPEED = 1
RUN_LENGTHS = 3
"""zlib's strategy for pictures: nearly as small as a search for repeats, at twice the speed."""
HEADER_END = 33
"""Where the first chunk, the header, ends: it always comes first and has one size."""
SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS_OF_COLOUR_TYPE = {0: 1, 2: 3, 6: 4}


def encode_png(levels: Levels) -> bytes:
    """PNG of levels (H, W), (H, W, 3) or (H, W, 4), 8 or 16 bit by their type."""
    return bytes(imagecodecs.png_encode(np.ascontiguousarray(levels), level=SPEED, strategy=RUN_LENGTHS))


def with_text(png: bytes, keyword: str, text: str) -> bytes:
    """`png` with an ASCII `text` under a `keyword` of its metadata."""
    chunk = b"tEXt" + keyword.encode("ascii") + b"\0" + text.encode("ascii")
    framed = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return png[:HEADER_END] + framed + png[HEADER_END:]


def text_in(png: bytes, keyword: str) -> bytes | None:
    """The text under `keyword` that stands before the pixels; None where there is none."""
    at, begin = len(SIGNATURE), keyword.encode("ascii") + b"\0"
    while at + 8 <= len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        data = png[at + 8 : at + 8 + length]
        if kind == b"IDAT":
            return None
        if kind == b"tEXt" and data.startswith(begin):
            return data[len(begin) :]
        at += length + 12
    return None


def decode_png(data: bytes, shape: tuple[int, ...], bit_depth: int, name: str) -> Levels:
    """The levels of a PNG that must have `shape` and `bit_depth`: FormatError, before anything is unpacked, if not."""
    declared = _declared(data, name)
    if declared != (*shape, bit_depth):
        found, wanted = (
            f"{' x '.join(map(str, each[:-1]))} at {each[-1]} bit" for each in (declared, (*shape, bit_depth))
        )
        raise FormatError(f"{name} holds {found}, but scene.json says {wanted}; write the scene again")
    try:
        levels: Levels = imagecodecs.png_decode(data)
    except (ValueError, RuntimeError) as error:  # imagecodecs' PngError is one of them
        raise FormatError(f"{name} is damaged ({error}); write the scene again") from error
    return levels.reshape(shape)


def _declared(data: bytes, name: str) -> tuple[int, ...]:
    """Height, width, channels where more than one, and bit depth, from the header chunk."""
    if len(data) < 33 or data[:8] != SIGNATURE or data[12:16] != b"IHDR":
        raise FormatError(f"{name} is not a PNG; write the scene again")
    width, height, bit_depth, colour_type = struct.unpack(">IIBB", data[16:26])
    channels = CHANNELS_OF_COLOUR_TYPE.get(colour_type, 0)
    return (height, width, bit_depth) if channels == 1 else (height, width, channels, bit_depth)
