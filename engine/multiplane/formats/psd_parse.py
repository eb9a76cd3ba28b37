"""Takes a Photoshop file apart, as Adobe's specification lists its records, believing no length that it states.

Only what a layer's look depends on is read; pixels stay packed until they are asked for.
"""

import struct
from dataclasses import dataclass, field

from multiplane.errors import FormatError
from multiplane.formats.edited import check_canvas, check_layer_sizes

Rect = tuple[int, int, int, int]
"""x, y, width, height."""
LONG_KEYS = frozenset(
    {
        b"LMsk",
        b"Lr16",
        b"Lr32",
        b"Layr",
        b"Mt16",
        b"Mt32",
        b"Mtrn",
        b"Alph",
        b"FMsk",
        b"lnk2",
        b"FEid",
        b"FXid",
        b"PxSD",
    }
)
"""Tagged blocks whose length has 8 bytes in a .psb."""
ICC_PROFILE = 1039
MODES = {0: "bitmap", 1: "greyscale", 2: "indexed", 4: "CMYK", 7: "multichannel", 8: "duotone", 9: "Lab"}
MOST_BLOCKS = 4096
MOST_CHANNELS = 56


@dataclass(frozen=True)
class MaskRecord:
    """A layer mask: where it is, what it is outside, and how far it counts (255 fully)."""

    rect: Rect
    outside: int
    disabled: bool
    density: int = 255
    feathered: bool = False


@dataclass(frozen=True)
class LayerRecord:
    """A row of the layer list with its channels, still packed, by their ids."""

    name: str
    rect: Rect
    blend: bytes
    opacity: int
    clipped: bool
    hidden: bool
    mask: MaskRecord | None
    blocks: dict[bytes, bytes]
    channels: dict[int, memoryview] = field(default_factory=dict)


@dataclass(frozen=True)
class PsdRecords:
    """A file's facts and its rows, bottom to top."""

    large: bool
    bit_depth: int
    size: tuple[int, int]
    icc_profile: bytes | None
    rows: list[LayerRecord]


class Cursor:
    """Reads forward in bytes; what reaches beyond the end is a FormatError."""

    def __init__(self, data: memoryview) -> None:
        self._data, self.at = data, 0

    def take(self, count: int) -> memoryview:
        """The next `count` bytes."""
        if count < 0 or self.at + count > len(self._data):
            raise FormatError("it ends early or its lengths are wrong: the file is damaged; save it again")
        part = self._data[self.at : self.at + count]
        self.at += count
        return part

    def unpack(self, form: str) -> tuple[int, ...]:
        """The next numbers, big-endian."""
        form = ">" + form
        return struct.unpack(form, self.take(struct.calcsize(form)))

    def number(self, form: str) -> int:
        """The next number."""
        return self.unpack(form)[0]

    def block(self, form: str) -> memoryview:
        """The next length, and as many bytes."""
        return self.take(self.number(form))

    @property
    def left(self) -> int:
        """Bytes not yet taken."""
        return len(self._data) - self.at


def parse_psd(data: memoryview, canvas: tuple[int, int]) -> PsdRecords:
    """The records of a .psd or .psb; raises FormatError where it is damaged, huge, or not of the `canvas` size."""
    cursor = Cursor(data)
    if bytes(cursor.take(4)) != b"8BPS":
        raise FormatError("it is no Photoshop file; save it as .psd, .psb or .ora")
    version, _, height, width, bit_depth, mode = cursor.unpack("H6xHIIHH")
    if version not in (1, 2):
        raise FormatError(f"it is a Photoshop file of the unknown version {version}; save it as .psd or .psb")
    if mode != 3:
        raise FormatError(
            f"its colours are {MODES.get(mode, 'unknown')}; convert it to RGB in the editor, and save again"
        )
    if bit_depth not in (8, 16):
        raise FormatError(f"it has {bit_depth} bits a colour; convert it to 8 or 16 in the editor, and save again")
    check_canvas((width, height), canvas)
    cursor.block("I")  # colour mode data: RGB has none
    profile = _icc_profile(Cursor(cursor.block("I")))
    large = version == 2
    section = Cursor(cursor.block("Q" if large else "I"))
    rows = _layer_section(section, large)
    if not rows:
        raise FormatError("it has no layers: it was flattened; save it with its layers")
    return PsdRecords(large, bit_depth, (width, height), profile, rows)


def _icc_profile(cursor: Cursor) -> bytes | None:
    """The colour profile among the image resources."""
    while cursor.left >= 12:
        cursor.take(4)
        key = cursor.number("H")
        name = cursor.number("B")
        cursor.take(name + (name + 1) % 2)
        body = cursor.block("I")
        cursor.take(min(len(body) % 2, cursor.left))
        if key == ICC_PROFILE:
            return bytes(body)
    return None


def _layer_section(section: Cursor, large: bool) -> list[LayerRecord]:
    """The rows, which 8-bit files keep in the section itself and deeper ones in a tagged block behind it."""
    if section.left == 0:
        return []
    layers = Cursor(section.block("Q" if large else "I"))
    if layers.left >= 2:
        return _rows(layers, large)
    if section.left >= 4:
        section.block("I")  # the global layer mask, an overlay of the editor's
    for key, body in _tagged(section, large, 4):
        if key in (b"Lr16", b"Layr"):
            return _rows(Cursor(body), large)
    return []


def _tagged(cursor: Cursor, large: bool, multiple: int) -> list[tuple[bytes, memoryview]]:
    """The tagged blocks that follow, up to the first that is none."""
    found: list[tuple[bytes, memoryview]] = []
    while cursor.left >= 12 and len(found) < MOST_BLOCKS:
        if bytes(cursor.take(4)) not in (b"8BIM", b"8B64"):
            break
        key = bytes(cursor.take(4))
        body = cursor.block("Q" if large and key in LONG_KEYS else "I")
        found.append((key, body))
        cursor.take(min(-len(body) % multiple, cursor.left))
    return found


def _rows(cursor: Cursor, large: bool) -> list[LayerRecord]:
    count = abs(cursor.number("h"))  # negative where the merged picture has transparency
    rows: list[LayerRecord] = []
    lengths: list[list[tuple[int, int]]] = []
    for _ in range(count):
        row, of_row = _row(cursor, large)
        rows.append(row)
        lengths.append(of_row)
    check_layer_sizes([row.rect[2:] for row in rows])
    check_layer_sizes([row.mask.rect[2:] for row in rows if row.mask is not None])
    for row, of_row in zip(rows, lengths, strict=True):
        for channel, length in of_row:
            row.channels[channel] = cursor.take(length)
    return rows


def _row(cursor: Cursor, large: bool) -> tuple[LayerRecord, list[tuple[int, int]]]:
    rect = _rect(cursor)
    count = cursor.number("H")
    if count > MOST_CHANNELS:
        raise FormatError(f"a layer claims {count} channels: the file is damaged; save it again")
    lengths = []
    for _ in range(count):
        channel, length = cursor.unpack("hQ" if large else "hI")
        lengths.append((channel, length))
    cursor.take(4)
    blend = bytes(cursor.take(4))
    opacity, clipped, flags = cursor.unpack("BBBx")
    extra = Cursor(cursor.block("I"))
    mask = _mask(Cursor(extra.block("I")))
    extra.block("I")  # blending ranges
    pascal = extra.number("B")
    old_name = bytes(extra.take(pascal)).decode("mac_roman", "replace")
    extra.take(min(-(pascal + 1) % 4, extra.left))
    blocks = {key: bytes(body) for key, body in _tagged(extra, large, 1)}
    name = _unicode(blocks[b"luni"]) if b"luni" in blocks else old_name
    hidden = bool(flags & 2)
    return LayerRecord(name, rect, blend, opacity, clipped == 1, hidden, mask, blocks), lengths


def _rect(cursor: Cursor) -> Rect:
    top, left, bottom, right = cursor.unpack("iiii")
    if bottom < top or right < left:
        raise FormatError("a layer ends before it begins: the file is damaged; save it again")
    return left, top, right - left, bottom - top


def _mask(cursor: Cursor) -> MaskRecord | None:
    if cursor.left < 18:
        return None
    rect = _rect(cursor)
    outside, flags = cursor.unpack("BB")
    density, feathered = 255, False
    if flags & 16 and cursor.left:
        given = cursor.number("B")
        if given & 1 and cursor.left:
            density = cursor.number("B")
        if given & 2 and cursor.left >= 8:
            feathered = any(cursor.take(8))
    return MaskRecord(rect, outside, bool(flags & 2), density, feathered)


def _unicode(block: bytes) -> str:
    """A counted UTF-16 string; some programs count a final NUL in."""
    if len(block) < 4:
        return ""
    count = struct.unpack(">I", block[:4])[0]
    return block[4 : 4 + 2 * min(count, len(block))].decode("utf-16-be", "replace").rstrip("\0")
