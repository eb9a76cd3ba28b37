"""The records of a Photoshop file, as Adobe's file format specification lists them: header, resources, layers, picture.

Everything is big-endian. PSB, the large variant, has the same records with version 2 and some lengths of 8 bytes
instead of 4, and of 4 instead of 2. 16-bit layers stand in a tagged block, Lr16, where 8-bit ones have a section.
"""

import io
import struct
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from multiplane.arrays import Levels
from multiplane.errors import FormatError
from multiplane.formats.psd_pack import RAW_MARK, RLE_MARK, Packing, big_endian, pack_bits, pack_channel

ALPHA, MASK = -1, -2
RESOLUTION, VERSION_INFO, ICC_PROFILE, XMP = 1005, 1057, 1039, 1060
LAYER, OPEN_GROUP, END_OF_GROUP = 0, 1, 3
HIDDEN, KNOWS_BIT_4, NO_PIXELS = 2, 8, 16
PACKERS = 4
"""Channels of a layer that are packed side by side."""
OUR_METADATA = b"mpln"
"""The key of our item in a row's metadata (`shmd`), among those of Photoshop, which leaves the items' content open."""
LAST_PSD_BYTE = (1 << 31) - 1


@dataclass(frozen=True)
class Row:
    """One row of the layer list, bottom to top: a layer, or the end or the head of a group, which encloses its rows.

    `pixels` gives (h, w, 4) levels when asked, so that one layer at a time is in memory; `corner` (x, y) is where they
    go. `mask` (H, W), of the canvas's size, hides what the row shows; where `masked`, the row's alpha stands in a mask
    of its own size instead, and its transparency is opaque. `identity` is what scripts know the row by, `colour` its
    label in the layer list, one of eight. `metadata` travels with the row in a block of ours.
    """

    name: str
    identity: int
    size: tuple[int, int] = (0, 0)
    corner: tuple[int, int] = (0, 0)
    blend: bytes = b"norm"
    section: int = LAYER
    pixels: Callable[[], Levels] | None = None
    mask: Levels | None = None
    masked: bool = False
    hidden: bool = False
    colour: int = 0
    metadata: bytes = b""

    @property
    def mask_place(self) -> tuple[int, int, int, int] | None:
        """Left, top, right and bottom of the row's mask, where it has one."""
        if self.mask is not None:
            return 0, 0, self.mask.shape[1], self.mask.shape[0]
        (x, y), (width, height) = self.corner, self.size
        return (x, y, x + width, y + height) if self.masked else None

    @property
    def channel_ids(self) -> tuple[int, ...]:
        """In the order in which they are written; groups have the four of a layer, empty."""
        return (ALPHA, 0, 1, 2) if self.mask_place is None else (ALPHA, 0, 1, 2, MASK)


def write_header(file: io.BytesIO, width: int, height: int, channels: int, bit_depth: int, large: bool) -> None:
    """The file header, in RGB, and the empty colour mode section that RGB has."""
    file.write(struct.pack(">4sH6xHIIHH", b"8BPS", 2 if large else 1, channels, height, width, bit_depth, 3))
    file.write(struct.pack(">I", 0))


def write_resources(file: io.BytesIO, dpi: float, icc_profile: bytes, xmp: bytes = b"") -> None:
    """The image resources: resolution, colour profile, metadata, and the word that the merged picture is a real one."""
    fixed = round(min(dpi, 32767.0) * 65536)
    resources = {
        RESOLUTION: struct.pack(">IHHIHH", fixed, 1, 1, fixed, 1, 1),
        ICC_PROFILE: icc_profile,
        VERSION_INFO: struct.pack(">IB", 1, 1) + _unicode("multiplane") * 2 + struct.pack(">I", 1),
        XMP: xmp,
    }
    blocks = b"".join(
        struct.pack(">4sHxxI", b"8BIM", key, len(data)) + _padded(data, 2) for key, data in resources.items() if data
    )
    file.write(struct.pack(">I", len(blocks)) + blocks)


def write_layers(
    file: io.BytesIO, rows: Sequence[Row], bit_depth: int, large: bool, transparent: bool, packing: Packing = "zip"
) -> None:
    """The layer and mask section; `transparent` says that the merged picture's fourth channel is its transparency."""
    lengths = struct.Struct(">Q" if large else ">I")
    section = _Length(file, lengths)
    if bit_depth == 16:
        file.write(lengths.pack(0) + struct.pack(">I", 0))  # no 8-bit layers, no global mask
        file.write(b"8BIMLr16")
    layers = _Length(file, lengths)
    count = -len(rows) if transparent else len(rows)
    file.write(struct.pack(">h", count))
    _write_rows(file, rows, large, packing)
    layers.close()
    if bit_depth == 8:
        file.write(struct.pack(">I", 0))  # no global mask
    elif transparent:
        file.write(b"8BIMMt16" + lengths.pack(0))  # after the layers: GIMP 2.10 looks for them in the first block only
    section.close()
    if not large and file.tell() > LAST_PSD_BYTE:
        raise FormatError("the layers need more than the 2 GB that a .psd can hold; save as .psb")


def write_merged(file: io.BytesIO, planes: Iterable[Levels], large: bool) -> None:
    """The merged picture, plane (H, W) after plane: what programs that know no layers show.

    As Photoshop writes it: 8 bits in run lengths, which is all that most readers unpack here, 16 bits as they are.
    """
    first, *rest = planes
    if first.dtype.itemsize > 1:
        file.write(RAW_MARK)
        for plane in (first, *rest):
            file.write(big_endian(plane))
        return
    counts, packed = zip(*(pack_bits(plane, large) for plane in (first, *rest)), strict=True)
    file.write(RLE_MARK)
    for part in (*counts, *packed):
        file.write(part)


class _Length:
    """A length that is written before what it counts, padded to 4 bytes, and known only after."""

    def __init__(self, file: io.BytesIO, form: struct.Struct) -> None:
        self._file, self._form, self._at = file, form, file.tell()
        file.write(form.pack(0))

    def close(self) -> None:
        """Pad, and go back to fill the length in."""
        counted = self._file.tell() - self._at - self._form.size
        padding = -counted % 4
        self._file.write(b"\0" * padding)
        end = self._file.tell()
        if counted + padding >= 1 << (8 * self._form.size):
            raise FormatError("the layers need more than the 2 GB that a .psd can hold; save as .psb")
        self._file.seek(self._at)
        self._file.write(self._form.pack(counted + padding))
        self._file.seek(end)


def _write_rows(file: io.BytesIO, rows: Sequence[Row], large: bool, packing: Packing) -> None:
    start = file.tell()
    unknown = [[0] * len(row.channel_ids) for row in rows]
    file.write(_records(rows, unknown, large))
    lengths = [[file.write(data) for data in _channels(row, large, packing)] for row in rows]
    end = file.tell()
    file.seek(start)
    file.write(_records(rows, lengths, large))
    file.seek(end)


def _records(rows: Sequence[Row], lengths: list[list[int]], large: bool) -> bytes:
    return b"".join(_record(row, of_row, large) for row, of_row in zip(rows, lengths, strict=True))


def _record(row: Row, lengths: list[int], large: bool) -> bytes:
    (x, y), (width, height) = row.corner, row.size
    channels = b"".join(
        struct.pack(">hQ" if large else ">hI", channel, length)
        for channel, length in zip(row.channel_ids, lengths, strict=True)
    )
    flags = KNOWS_BIT_4 | (HIDDEN if row.hidden else 0) | (0 if row.section == LAYER else NO_PIXELS)
    extra = _mask_data(row) + struct.pack(">I", 0) + _pascal(row.name) + _tagged(b"luni", _unicode(row.name))
    extra += _tagged(b"lyid", struct.pack(">I", row.identity))
    if row.colour:
        extra += _tagged(b"lclr", struct.pack(">H6x", row.colour))
    if row.metadata:
        data = _padded(row.metadata, 4)  # one item, which goes with a copy of the row
        extra += _tagged(b"shmd", struct.pack(">I4s4sB3xI", 1, b"8BIM", OUR_METADATA, 1, len(row.metadata)) + data)
    if row.section != LAYER:
        extra += _tagged(b"lsct", struct.pack(">I4s4s", row.section, b"8BIM", row.blend))
    return b"".join(
        [
            struct.pack(">iiiiH", y, x, y + height, x + width, len(lengths)),
            channels,
            struct.pack(">4s4sBBBxI", b"8BIM", row.blend, 255, 0, flags, len(extra)),
            extra,
        ]
    )


def _mask_data(row: Row) -> bytes:
    if row.mask_place is None:
        return struct.pack(">I", 0)
    left, top, right, bottom = row.mask_place
    return struct.pack(">IiiiiBBxx", 20, top, left, bottom, right, 0, 0)


def _channels(row: Row, large: bool, packing: Packing) -> list[bytes]:
    """Each channel of a row in turn: compression, and packed lines."""
    alpha, planes = row.mask, []
    if row.pixels is not None:
        rgba = row.pixels()
        own = rgba[..., 3]
        if row.masked:
            alpha, own = own, np.full_like(own, np.iinfo(own.dtype).max)
        planes = [own, rgba[..., 0], rgba[..., 1], rgba[..., 2]]
    planes += [] if alpha is None else [alpha]
    with ThreadPoolExecutor(PACKERS) as pool:
        packed = list(pool.map(lambda plane: pack_channel(plane, packing, large), planes))
    return packed if row.pixels is not None else [RLE_MARK] * 4 + packed


def _tagged(key: bytes, data: bytes) -> bytes:
    padded = _padded(data, 4)
    return struct.pack(">4s4sI", b"8BIM", key, len(padded)) + padded


def _unicode(text: str) -> bytes:
    encoded = text.encode("utf-16-be", "replace")  # half a surrogate pair is no UTF-16: readers refuse it
    return struct.pack(">I", len(encoded) // 2) + encoded


def _pascal(text: str) -> bytes:
    encoded = text.encode("mac_roman", "replace")[:255]
    return _padded(bytes([len(encoded)]) + encoded, 4)


def _padded(data: bytes, multiple: int) -> bytes:
    return data + b"\0" * (-len(data) % multiple)
