"""Reads the layers of an .ora that an editor saved, as they show: opacity, their own and their groups', in alpha."""

import io
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import IO, Any
from xml.etree import ElementTree

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Levels
from multiplane.errors import FormatError
from multiplane.formats.edited import EditedFile, EditedLayer, check_canvas, check_layer_sizes
from multiplane.formats.entries import UNPACK_ERRORS
from multiplane.formats.layer_rows import identity_numbers
from multiplane.formats.ora import BLENDS, IDENTITY, KEEP_WHERE_OPAQUE, MIMETYPE
from multiplane.formats.png import SIGNATURE
from multiplane.formats.psd_unpack import cut
from multiplane.pixels.levels import from_levels, to_levels

MAX_STACK_BYTES = 1 << 24
MOST_NESTED = 64
SLACK_BYTES = 1 << 20
"""What a PNG may be larger than its raw pixels: chunks of an editor's own, profiles, filter bytes."""
BLEND_NAMES = {word: name for name, word in BLENDS.items()}
DAMAGED = (*UNPACK_ERRORS, ValueError)
"""What zipfile raises where a file is damaged."""
SAVE_AGAIN = "save it again from the editor"


@dataclass(frozen=True)
class _Around:
    """What the groups around a layer do to it."""

    names: tuple[str, ...] = ()
    visible: bool = True
    opacity: float = 1.0


def read_ora(data: memoryview, canvas: tuple[int, int], transparent: bool) -> EditedFile:
    """The layers in a file's bytes; `canvas` (width, height) is the scene's.

    Where the scene's photo is `transparent`, a top layer that blends with svg:dst-in is its transparency. Raises
    FormatError, one line, for a file that is damaged, huge or of another size.
    """
    archive = _open(io.BytesIO(data))
    image = _stack(archive)
    size = _whole(image.get("w"), "its width"), _whole(image.get("h"), "its height")
    check_canvas(size, canvas)
    root = image.find("stack")
    found = [] if root is None else list(_layers(root, _Around(), 0))
    if not found:
        raise FormatError(f"its stack.xml lists no layers; {SAVE_AGAIN}")
    packed = [_png(archive, element) for element, _ in found]
    check_layer_sizes([_png_size(png)[:2] for png in packed])
    notes: list[str] = []
    alpha: Levels | None = None
    rows: list[EditedLayer] = []
    for (element, around), png in zip(found, packed, strict=True):
        row = _row(element, around, png, size, notes)
        if transparent and alpha is None and element.get("composite-op") == KEEP_WHERE_OPAQUE and not around.names:
            alpha = _spread(row, size)
        else:
            rows.append(row)
    bit_depth = 16 if any(row.rgba.dtype == np.uint16 for row in rows) else 8
    level = [_at_depth(row, bit_depth) for row in rows[::-1]]
    if alpha is not None and bit_depth == 16:
        alpha = to_levels(from_levels(alpha), 16)
    return EditedFile(bit_depth, tuple(level), alpha, None, tuple(notes))


def _open(file: IO[bytes]) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise FormatError(f"it is not a whole .ora file ({error}); {SAVE_AGAIN}") from error
    if _entry(archive, "mimetype", 100).strip() != MIMETYPE:
        raise FormatError("it is a zip but no OpenRaster file; save it as .psd, .psb or .ora")
    return archive


def _entry(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """The bytes of an entry that declares and holds at most `limit`."""
    try:
        info = archive.getinfo(name)
    except KeyError as error:
        raise FormatError(f"it has no entry {name!r}; {SAVE_AGAIN}") from error
    if info.file_size > limit or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FormatError(f"its entry {name!r} is larger than it can be, or packed in an unknown way; {SAVE_AGAIN}")
    try:
        with archive.open(info) as entry:
            return entry.read(info.file_size)  # a stated length also bounds what is unpacked
    except DAMAGED as error:
        raise FormatError(f"its entry {name!r} is damaged ({error}); {SAVE_AGAIN}") from error


def _stack(archive: zipfile.ZipFile) -> ElementTree.Element:
    text = _entry(archive, "stack.xml", MAX_STACK_BYTES)
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:  # no editor writes them, and they can unfold without end
        raise FormatError(f"its stack.xml declares entities, which no editor does; {SAVE_AGAIN}")
    try:
        image = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise FormatError(f"its stack.xml is no XML ({error}); {SAVE_AGAIN}") from error
    if image.tag != "image":
        raise FormatError(f"its stack.xml describes no image; {SAVE_AGAIN}")
    return image


def _layers(stack: ElementTree.Element, around: _Around, depth: int) -> Iterator[tuple[ElementTree.Element, _Around]]:
    """Every layer, top to bottom, with what is around it."""
    if depth > MOST_NESTED:
        raise FormatError(f"its groups are nested more than {MOST_NESTED} deep; ungroup some")
    for element in stack:
        if element.tag == "layer":
            yield element, around
        elif element.tag == "stack":
            inner = _Around(
                (*around.names, element.get("name", "")),
                around.visible and _visible(element),
                around.opacity * _opacity(element),
            )
            yield from _layers(element, inner, depth + 1)


def _visible(element: ElementTree.Element) -> bool:
    return element.get("visibility", "visible") != "hidden"


def _opacity(element: ElementTree.Element) -> float:
    text = element.get("opacity", "1")
    try:
        value = float(text)
    except ValueError as error:
        raise FormatError(f"its stack.xml gives {text[:40]!r} as an opacity; {SAVE_AGAIN}") from error
    if not 0.0 <= value <= 1.0:
        raise FormatError(f"its stack.xml gives {text[:40]!r} as an opacity; {SAVE_AGAIN}")
    return value


def _whole(text: str | None, what: str) -> int:
    """A whole number; some programs write a place as a decimal one."""
    try:
        value = round(float(text or ""))
    except (ValueError, OverflowError) as error:
        raise FormatError(f"its stack.xml gives {(text or '')[:40]!r} as {what}; {SAVE_AGAIN}") from error
    if abs(value) >= 1 << 31:
        raise FormatError(f"its stack.xml gives {value} as {what}; {SAVE_AGAIN}")
    return value


def _png(archive: zipfile.ZipFile, element: ElementTree.Element) -> bytes:
    """The bytes of a layer's picture, whose size is that of its own header: no more is unpacked than that needs."""
    source = element.get("src", "")
    try:
        with archive.open(source) as entry:
            width, height, sample = _png_size(entry.read(33))
    except KeyError as error:
        raise FormatError(f"it has no entry {source!r}; {SAVE_AGAIN}") from error
    except DAMAGED as error:
        raise FormatError(f"its entry {source!r} is damaged ({error}); {SAVE_AGAIN}") from error
    check_layer_sizes([(width, height)])
    raw = width * height * sample
    return _entry(archive, source, raw + raw // 64 + height + SLACK_BYTES)


def _png_size(png: bytes) -> tuple[int, int, int]:
    """Width, height and bytes a pixel, at the most, that a PNG declares."""
    if len(png) < 33 or png[:8] != SIGNATURE or png[12:16] != b"IHDR":
        raise FormatError(f"a layer in it is not a PNG; {SAVE_AGAIN}")
    width, height, bits = struct.unpack(">IIB", png[16:25])
    return width, height, 8 if bits == 16 else 4


def _row(
    element: ElementTree.Element, around: _Around, png: bytes, size: tuple[int, int], notes: list[str]
) -> EditedLayer:
    name, word = element.get("name", ""), element.get("composite-op", "svg:src-over")
    visible = around.visible and _visible(element)
    if visible and word not in BLEND_NAMES and word != KEEP_WHERE_OPAQUE:
        notes.append(
            f"{name!r} blends as {word.removeprefix('svg:')}, which a scene does not hold: it is taken as normal"
        )
    x, y = _whole(element.get("x", "0"), "a place"), _whole(element.get("y", "0"), "a place")
    rgba: NDArray[Any] = _rgba(png, name)
    declared = x, y, rgba.shape[1], rgba.shape[0]
    left, top, width, height = cut(declared, size)
    part = rgba[top - y : top - y + height, left - x : left - x + width]
    share = around.opacity * _opacity(element)
    if share < 1.0:
        part = part.copy()
        part[..., 3] = np.rint(part[..., 3] * share).astype(part.dtype)
    return EditedLayer(
        name=name,
        groups=around.names,
        identity=_identity(element),
        rgba=part.copy(),
        corner=(left, top),
        declared=declared,
        visible=visible,
        blend=BLEND_NAMES.get(word, "normal"),
    )


def _identity(element: ElementTree.Element) -> int | None:
    given = element.get(IDENTITY)
    return None if given is None else identity_numbers([given])[given]


def _rgba(png: bytes, name: str) -> Levels:
    """The picture as levels (h, w, 4), whatever kind of PNG it is."""
    try:
        levels: NDArray[Any] = imagecodecs.png_decode(png)
    except (ValueError, RuntimeError) as error:  # imagecodecs' PngError is one of them
        raise FormatError(f"the pixels of layer {name!r} are damaged ({error}); {SAVE_AGAIN}") from error
    levels = levels if levels.ndim == 3 else levels[..., None]
    channels = levels.shape[2]
    if channels in (1, 2):
        levels = np.concatenate([np.repeat(levels[..., :1], 3, axis=2), levels[..., 1:]], axis=2)
    if channels in (1, 3):
        full = np.full((*levels.shape[:2], 1), np.iinfo(levels.dtype).max, levels.dtype)
        levels = np.concatenate([levels, full], axis=2)
    return levels


def _spread(row: EditedLayer, size: tuple[int, int]) -> Levels:
    """The row's alpha on the whole canvas (H, W)."""
    out: NDArray[Any] = np.zeros((size[1], size[0]), row.rgba.dtype)
    (x, y), (height, width) = row.corner, row.rgba.shape[:2]
    out[y : y + height, x : x + width] = row.rgba[..., 3]
    return out


def _at_depth(row: EditedLayer, bit_depth: int) -> EditedLayer:
    if row.rgba.dtype == (np.uint8 if bit_depth == 8 else np.uint16):
        return row
    return replace(row, rgba=to_levels(from_levels(row.rgba), bit_depth))
