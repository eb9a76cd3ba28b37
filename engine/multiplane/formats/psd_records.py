"""The records of a Photoshop file, as Adobe's file format specification lists them: header, resources, layers, picture.

Everything is big-endian. PSB, the large variant, has the same records with version 2 and some lengths of 8 bytes
instead of 4, and of 4 instead of 2. 16-bit layers stand in a tagged block, Lr16, where 8-bit ones have a section.
"""

import io
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import imagecodecs

from multiplane.arrays import Levels
from multiplane.errors import FormatError

RLE = struct.pack(">H", 1)
ALPHA, MASK = -1, -2
RESOLUTION, VERSION_INFO, ICC_PROFILE = 1005, 1057, 1039
LAYER, OPEN_GROUP, END_OF_GROUP = 0, 1, 3
KNOWS_BIT_4, NO_PIXELS = 8, 16
LAST_PSD_BYTE = (1 << 31) - 1


@dataclass(frozen=True)
class Row:
    """One row of the layer list, bottom to top: a layer, or the end or the head of a group, which encloses its rows.

    `pixels` gives (h, w, 4) levels when asked, so that one layer at a time is in memory; `corner` (x, y) is where they
    go. `mask` (H, W), of the canvas's size, hides what the row shows. `identity` is what scripts know the row by.
    """

    name: str
    identity: int
    size: tuple[int, int] = (0, 0)
    corner: tuple[int, int] = (0, 0)
    blend: bytes = b"norm"
    section: int = LAYER
    pixels: Callable[[], Levels] | None = None
    mask: Levels | None = None

    @property
    def channel_ids(self) -> tuple[int, ...]:
        """In the order in which they are written; groups have the four of a layer, empty."""
        return (ALPHA, 0, 1, 2) if self.mask is None else (ALPHA, 0, 1, 2, MASK)


def write_header(file: io.BytesIO, width: int, height: int, channels: int, bit_depth: int, large: bool) -> None:
    """The file header, in RGB, and the empty colour mode section that RGB has."""
    file.write(struct.pack(">4sH6xHIIHH", b"8BPS", 2 if large else 1, channels, height, width, bit_depth, 3))
    file.write(struct.pack(">I", 0))


def write_resources(file: io.BytesIO, dpi: float, icc_profile: bytes) -> None:
    """The image resources: resolution, colour profile, and the word that the merged picture is a real one."""
    fixed = round(min(dpi, 32767.0) * 65536)
    resources = {
        RESOLUTION: struct.pack(">IHHIHH", fixed, 1, 1, fixed, 1, 1),
        ICC_PROFILE: icc_profile,
        VERSION_INFO: struct.pack(">IB", 1, 1) + _unicode("multiplane") * 2 + struct.pack(">I", 1),
    }
    blocks = b"".join(
        struct.pack(">4sHxxI", b"8BIM", key, len(data)) + _padded(data, 2) for key, data in resources.items()
    )
    file.write(struct.pack(">I", len(blocks)) + blocks)


def write_layers(file: io.BytesIO, rows: Sequence[Row], bit_depth: int, large: bool, transparent: bool) -> None:
    """The layer and mask section; `transparent` says that the merged picture's fourth channel is its transparency."""
    lengths = struct.Struct(">Q" if large else ">I")
    section = _Length(file, lengths)
    if bit_depth == 16:
        file.write(lengths.pack(0) + struct.pack(">I", 0))  # no 8-bit layers, no global mask
        file.write(b"8BIMLr16")
    layers = _Length(file, lengths)
    count = -len(rows) if transparent else len(rows)
    file.write(struct.pack(">h", count))
    _write_rows(file, rows, large)
    layers.close()
    if bit_depth == 8:
        file.write(struct.pack(">I", 0))  # no global mask
    elif transparent:
        file.write(b"8BIMMt16" + lengths.pack(0))  # after the layers: GIMP 2.10 looks for them in the first block only
    section.close()
    if not large and file.tell() > LAST_PSD_BYTE:
        raise FormatError("the layers need more than the 2 GB that a .psd can hold; save as .psb")


def write_merged(file: io.BytesIO, planes: Iterable[Levels], large: bool) -> None:
    """The merged picture, plane (H, W) after plane: what programs that know no layers show."""
    counts, packed = zip(*(_pack(plane, large) for plane in planes), strict=True)
    file.write(RLE)
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


def _write_rows(file: io.BytesIO, rows: Sequence[Row], large: bool) -> None:
    start = file.tell()
    unknown = [[0] * len(row.channel_ids) for row in rows]
    file.write(_records(rows, unknown, large))
    lengths = [[file.write(data) for data in _channels(row, large)] for row in rows]
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
    flags = KNOWS_BIT_4 if row.section == LAYER else KNOWS_BIT_4 | NO_PIXELS
    extra = _mask_data(row) + struct.pack(">I", 0) + _pascal(row.name) + _tagged(b"luni", _unicode(row.name))
    extra += _tagged(b"lyid", struct.pack(">I", row.identity))
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
    if row.mask is None:
        return struct.pack(">I", 0)
    height, width = row.mask.shape
    return struct.pack(">IiiiiBBxx", 20, 0, 0, height, width, 0, 0)


def _channels(row: Row, large: bool) -> Iterable[bytes]:
    """Each channel of a row in turn: compression, packed length of every line, packed lines."""
    if row.pixels is None:
        yield from [RLE] * 4
    else:
        rgba = row.pixels()
        for channel in (3, 0, 1, 2):
            yield RLE + b"".join(_pack(rgba[..., channel], large))
    if row.mask is not None:
        yield RLE + b"".join(_pack(row.mask, large))


def _pack(plane: Levels, large: bool) -> tuple[bytes, bytes]:
    """PackBits of a plane (H, W): the packed length of every line, and the lines."""
    raw = plane.astype(plane.dtype.newbyteorder(">")).tobytes()
    step = plane.shape[1] * plane.dtype.itemsize
    packed = [imagecodecs.packbits_encode(raw[start : start + step]) for start in range(0, len(raw), step)]
    return struct.pack(f">{len(packed)}{'I' if large else 'H'}", *map(len, packed)), b"".join(packed)


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
