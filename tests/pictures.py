"""Makes image files for the tests of reading: pictures of known content, and profiles with known colours."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from multiplane.photo.read import read_photo
from multiplane.pixels.levels import to_levels
from multiplane.scene import Photo


def smooth_picture(height: int = 24, width: int = 32) -> NDArray[np.uint8]:
    """A gentle colourful picture (H, W, 3), no two corners alike, that lossy codecs keep well."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    red, green = 40 + 180 * x / width, 230 - 190 * y / height
    return np.stack([red, green, 60 + 60 * (x / width + y / height)], axis=-1).astype(np.uint8)


def noise(shape: tuple[int, ...], dtype: type, seed: int = 0) -> NDArray[np.unsignedinteger]:
    """Random levels over the whole range of an unsigned type."""
    return np.random.default_rng(seed).integers(0, int(np.iinfo(dtype).max) + 1, shape).astype(dtype)


def png_file(width: int, height: int, bits: int, colour_type: int, rows: bytes, extra: bytes = b"") -> bytes:
    """A PNG written chunk by chunk, so that its header may lie."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    return b"".join(
        (b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), extra, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    )


def chunk(kind: bytes, body: bytes) -> bytes:
    """One PNG chunk with its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def icc(space: bytes, tags: dict[bytes, bytes], kind: bytes = b"mntr", connection: bytes = b"XYZ ") -> bytes:
    """An ICC v2 profile from its tags (ICC.1:2001-04, clauses 6.1 and 6.2)."""
    table, body, start = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    header = bytearray(128)
    header[0:4] = struct.pack(">I", start + len(body))
    header[8:24] = b"\x02\x10\0\0" + kind + space + connection
    header[36:40] = b"acsp"
    header[68:80] = struct.pack(">iii", *(round(value * 65536) for value in D50))
    return bytes(header) + table + body


D50 = (0.9642, 1.0, 0.8249)
DISPLAY_P3 = np.array([[0.51512, 0.29198, 0.1571], [0.2412, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]])
"""Linear Display P3 to XYZ at D50 (columns: the adapted primaries)."""
SRGB = np.array([[0.436035, 0.385117, 0.143051], [0.222488, 0.716904, 0.060608], [0.013916, 0.097061, 0.713913]])
"""Linear sRGB to XYZ at D50, to the 16 bits that profiles hold."""


def rgb_profile(to_xyz: NDArray[np.float64], curve: bytes) -> bytes:
    """A matrix profile with one curve for all three primaries."""
    xyz = {
        name: b"XYZ " + bytes(4) + struct.pack(">iii", *(round(value * 65536) for value in column))
        for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ", b"wtpt"), (*to_xyz.T, D50), strict=True)
    }
    return icc(b"RGB ", {**xyz, **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)})


def grey_profile(gamma: float) -> bytes:
    """A grey profile with a pure power curve."""
    white = b"XYZ " + bytes(4) + struct.pack(">iii", *(round(value * 65536) for value in D50))
    return icc(b"GRAY", {b"wtpt": white, b"kTRC": power_curve(gamma)})


def power_curve(gamma: float) -> bytes:
    """An ICC curve of one gamma, in 8.8 fixed point."""
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"


def cmyk_profile(lab_of: dict[tuple[int, int, int, int], tuple[float, float, float]]) -> bytes:
    """A CMYK profile that interpolates between the Lab colours of its 16 corners (a lut8 of a 2^4 grid)."""
    ramp = bytes(range(256))
    corners = [(c, m, y, k) for c in (0, 1) for m in (0, 1) for y in (0, 1) for k in (0, 1)]
    grid = bytes(
        value
        for corner in corners
        for value in (round(lab_of[corner][0] * 2.55), round(lab_of[corner][1] + 128), round(lab_of[corner][2] + 128))
    )
    head = b"mft1" + bytes(4) + bytes((4, 3, 2, 0)) + struct.pack(">9i", *(65536 * (i % 4 == 0) for i in range(9)))
    return icc(b"CMYK", {b"A2B0": head + ramp * 4 + grid + ramp * 3}, kind=b"prtr", connection=b"Lab ")


def srgb_profile() -> bytes:
    """LittleCMS's own sRGB."""
    return bytes(imagecodecs.cms_profile("srgb"))


def srgb_profile_spelt_out() -> bytes:
    """sRGB as older writers spell it: its curve as a table of 1,024 entries."""
    x = np.linspace(0, 1, 1024)
    curve = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    table = b"curv" + bytes(4) + struct.pack(">I", 1024) + np.rint(curve * 65535).astype(">u2").tobytes()
    return rgb_profile(SRGB, table)


def animation(path: Path, first: NDArray[np.uint8]) -> None:
    """An animation of two frames, in the format that the suffix says."""
    frames = [Image.fromarray(first), Image.fromarray(255 - first)]
    extra = {"lossless": True} if path.suffix == ".webp" else {}
    frames[0].save(path, save_all=True, append_images=frames[1:], **extra)


PICTURE = smooth_picture()
NOISE8 = noise((13, 17, 4), np.uint8)
NOISE16 = noise((13, 17, 4), np.uint16)


def encoded(kind: str, picture: NDArray[Any] = PICTURE, **options: Any) -> bytes:
    """The picture as Pillow writes it in the format `kind`."""
    out = io.BytesIO()
    Image.fromarray(picture).save(out, kind, **options)
    return out.getvalue()


def heic(picture: NDArray[np.uint8] = PICTURE) -> bytes:
    """The picture as HEIC; skips the test where pillow-heif is not installed."""
    pillow_heif = pytest.importorskip("pillow_heif", reason="pillow-heif is not installed")
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(picture)).save(out, quality=95)
    return out.getvalue()


def read_bytes(folder: Path, data: bytes, name: str = "picture") -> Photo:
    """What `read_photo` makes of a file with these bytes."""
    path = folder / name
    path.write_bytes(data)
    return read_photo(path)


def levels(photo: Photo) -> NDArray[Any]:
    """The photo's colours as integers of its own bit depth."""
    return to_levels(photo.rgb, photo.bit_depth)
