"""Reads the layers of a .psd or .psb that an editor saved, as they show: masks, opacity and clipping in their alpha."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Levels
from multiplane.formats.edited import OURS_ALONE, PHOTO_GROUP, EditedFile, EditedLayer
from multiplane.formats.psd_parse import LayerRecord, MaskRecord, PsdRecords, Rect, parse_psd
from multiplane.formats.psd_unpack import cut, unpack_channel
from multiplane.pixels.levels import top_level

ALPHA, MASK = -1, -2
OPEN, CLOSED, END = 1, 2, 3
BLENDS = {b"norm": "normal", b"mul ": "multiply", b"pass": "normal"}
BLEND_WORDS = {
    b"diss": "dissolve", b"dark": "darken", b"idiv": "colour burn", b"lbrn": "linear burn", b"lite": "lighten",
    b"scrn": "screen", b"div ": "colour dodge", b"lddg": "linear dodge", b"over": "overlay", b"sLit": "soft light",
    b"hLit": "hard light", b"vLit": "vivid light", b"lLit": "linear light", b"pLit": "pin light", b"hMix": "hard mix",
    b"diff": "difference", b"smud": "exclusion", b"fsub": "subtract", b"fdiv": "divide", b"hue ": "hue",
    b"sat ": "saturation", b"colr": "colour", b"lum ": "luminosity", b"dkCl": "darker colour",
    b"lgCl": "lighter colour",
}  # fmt: skip
ADJUSTMENTS = frozenset(
    {b"levl", b"curv", b"hue2", b"hue ", b"blnc", b"brit", b"CgEd", b"expA", b"vibA", b"blwh", b"phfl", b"mixr",
     b"clrL", b"nvrt", b"post", b"thrs", b"grdm", b"selc"}
)  # fmt: skip
FILLS = frozenset({b"SoCo", b"GdFl", b"PtFl"})
EFFECTS = frozenset({b"lfx2", b"lrFX", b"lmfx"})
VECTOR_MASKS = frozenset({b"vmsk", b"vsms"})


@dataclass(frozen=True)
class _Around:
    """What the groups around a row do to it."""

    names: tuple[str, ...] = ()
    visible: bool = True
    opacity: float = 1.0
    masks: tuple[tuple[LayerRecord, MaskRecord], ...] = ()


def read_psd(data: memoryview, canvas: tuple[int, int], transparent: bool) -> EditedFile:
    """The layers in a file's bytes; `canvas` (width, height) is the scene's.

    Where the scene's photo is `transparent`, the mask of the outermost group "photo" is its transparency and no mask of
    the layers in it. Raises FormatError, one line, for a file that is damaged, huge, of another size or colour mode.
    """
    records = parse_psd(data, canvas)
    notes: list[str] = []
    alpha: list[Levels] = []
    rows: list[EditedLayer] = []
    for record, around in _with_groups(records, transparent, alpha, notes):
        layer = _layer(records, record, around, notes)
        if layer is not None:
            rows.append(layer)
    layers = _clip(rows[::-1])
    return EditedFile(records.bit_depth, tuple(layers), alpha[0] if alpha else None, records.icc_profile, tuple(notes))


def _with_groups(
    records: PsdRecords, transparent: bool, alpha: list[Levels], notes: list[str]
) -> Iterator[tuple[LayerRecord, _Around]]:
    """Every layer, top to bottom, with what is around it; the photo's own transparency goes into `alpha`."""
    stack = [_Around()]
    for record in reversed(records.rows):
        section = _section(record)
        if section == END:
            if len(stack) > 1:
                stack.pop()
        elif section in (OPEN, CLOSED):
            outer = stack[-1]
            masks = outer.masks
            if record.mask is not None and not record.mask.disabled and MASK in record.channels:
                if transparent and not outer.names and record.name.strip() == PHOTO_GROUP and not alpha:
                    alpha.append(_mask_levels(records, record, record.mask, (0, 0, *records.size)))
                else:
                    masks = (*masks, (record, record.mask))
            if record.blend not in BLENDS or record.blend == b"mul ":
                notes.append(f"group {record.name!r} blends as {_blend_word(record)}, which a scene does not hold")
            visible = outer.visible and not record.hidden
            stack.append(_Around((*outer.names, record.name), visible, outer.opacity * _opacity(record), masks))
        elif not any(name in OURS_ALONE for name in stack[-1].names):
            yield record, stack[-1]


def _section(record: LayerRecord) -> int:
    block = record.blocks.get(b"lsct", record.blocks.get(b"lsdk", b""))
    return int.from_bytes(block[:4], "big") if len(block) >= 4 else 0


def _opacity(record: LayerRecord) -> float:
    """Opacity times the fill's opacity, in [0, 1]."""
    fill = record.blocks.get(b"iOpa", b"\xff")[:1] or b"\xff"
    return record.opacity / 255 * fill[0] / 255


def _blend_word(record: LayerRecord) -> str:
    return BLEND_WORDS.get(record.blend, record.blend.decode("ascii", "replace").strip())


def _layer(records: PsdRecords, record: LayerRecord, around: _Around, notes: list[str]) -> EditedLayer | None:
    """The layer as it shows; None for one that has no pixels of its own, which a note says."""
    keys = record.blocks.keys()
    visible = around.visible and not record.hidden
    if keys & (ADJUSTMENTS | FILLS) and 0 in record.rect[2:]:
        if visible:
            what = "an adjustment" if keys & ADJUSTMENTS else "a fill"
            notes.append(f"{record.name!r} is {what} without pixels and is left out; merge it down or rasterise it")
        return None
    if visible:
        notes += _not_taken(record)
    kept = cut(record.rect, records.size)
    identity = record.blocks.get(b"lyid", b"")
    return EditedLayer(
        name=record.name,
        groups=around.names,
        identity=int.from_bytes(identity[:4], "big") if len(identity) >= 4 else None,
        rgba=_pixels(records, record, around, kept),
        corner=kept[:2],
        declared=record.rect,
        visible=visible,
        blend=BLENDS.get(record.blend, "normal"),
        clipped=record.clipped,
    )


def _not_taken(record: LayerRecord) -> Iterator[str]:
    keys = record.blocks.keys()
    if record.blend not in BLENDS:
        yield f"{record.name!r} blends as {_blend_word(record)}, which a scene does not hold: it is taken as normal"
    if keys & EFFECTS:
        yield f"{record.name!r} has layer effects, which are not taken; rasterise its layer style to keep them"
    if keys & VECTOR_MASKS and record.mask is None:
        yield f"{record.name!r} has a vector mask, which is not taken; rasterise it to keep it"
    if record.mask is not None and record.mask.feathered:
        yield f"{record.name!r} has a feathered mask, which is taken without its feather; apply it to keep it"


def _pixels(records: PsdRecords, record: LayerRecord, around: _Around, kept: Rect) -> Levels:
    """(h, w, 4) of the part `kept`, with everything that thins the layer in its alpha."""
    top = top_level(records.bit_depth)
    planes: list[NDArray[Any]] = []
    for channel in (0, 1, 2, ALPHA):
        if channel in record.channels:
            planes.append(_channel(records, record, channel, record.rect, kept))
        else:  # a background layer has no alpha: it is opaque
            planes.append(
                np.full((kept[3], kept[2]), top if channel == ALPHA else 0, planes[0].dtype if planes else None)
            )
    masks = around.masks if record.mask is None else (*around.masks, (record, record.mask))
    for owner, mask in masks:
        if not mask.disabled and MASK in owner.channels:
            planes[3] = _times(planes[3], _mask_levels(records, owner, mask, kept), top)
    share = _opacity(record) * around.opacity
    if share < 1.0:
        planes[3] = np.rint(planes[3] * share).astype(planes[3].dtype)
    out: NDArray[Any] = np.stack(planes, axis=-1)
    return out


def _channel(records: PsdRecords, record: LayerRecord, channel: int, rect: Rect, kept: Rect) -> Levels:
    return unpack_channel(record.channels[channel], rect, kept, records.bit_depth, records.large, record.name)


def _mask_levels(records: PsdRecords, owner: LayerRecord, mask: MaskRecord, kept: Rect) -> Levels:
    """The mask (h, w) on the part `kept` of the canvas: its own pixels, and its one level outside them."""
    top = top_level(records.bit_depth)
    x, y, width, height = kept
    outside = mask.outside * top // 255
    out: NDArray[Any] = np.full((height, width), outside, np.uint8 if top == 255 else np.uint16)
    left, upper, inner_width, inner_height = cut(mask.rect, records.size)
    first_x, first_y = max(x, left), max(y, upper)
    last_x, last_y = min(x + width, left + inner_width), min(y + height, upper + inner_height)
    if last_x > first_x and last_y > first_y:
        part = first_x, first_y, last_x - first_x, last_y - first_y
        inside = _channel(records, owner, MASK, mask.rect, part)
        out[first_y - y : last_y - y, first_x - x : last_x - x] = inside
    if mask.density < 255:
        out = (top - np.rint((top - out.astype(np.float64)) * (mask.density / 255))).astype(out.dtype)
    return out


def _times(alpha: Levels, mask: Levels, top: int) -> Levels:
    """alpha x mask, rounded: where the mask is full, alpha is untouched."""
    product: NDArray[Any] = ((alpha.astype(np.uint64) * mask + top // 2) // top).astype(alpha.dtype)
    return product


def _clip(layers: list[EditedLayer]) -> list[EditedLayer]:
    """Layers, bottom to top, with those clipped to the one below them shown only where that one shows."""
    out: list[EditedLayer] = []
    ground: EditedLayer | None = None
    for layer in layers:
        if not layer.clipped or ground is None or ground.groups != layer.groups:
            ground = layer
            out.append(layer if not layer.clipped else replace(layer, clipped=False))
            continue
        alpha = _on(ground, layer.corner, layer.rgba.shape[:2])
        top = int(np.iinfo(layer.rgba.dtype).max)
        rgba = layer.rgba.copy()
        rgba[..., 3] = _times(rgba[..., 3], alpha, top)
        out.append(replace(layer, rgba=rgba, visible=layer.visible and ground.visible))
    return out


def _on(layer: EditedLayer, corner: tuple[int, int], shape: tuple[int, ...]) -> Levels:
    """The layer's alpha on another window (h, w) of the canvas."""
    out = np.zeros(shape, layer.rgba.dtype)
    (x, y), (left, top), (height, width) = layer.corner, corner, layer.rgba.shape[:2]
    first_x, first_y = max(x, left), max(y, top)
    last_x, last_y = min(x + width, left + shape[1]), min(y + height, top + shape[0])
    if last_x > first_x and last_y > first_y:
        inner = layer.rgba[first_y - y : last_y - y, first_x - x : last_x - x, 3]
        out[first_y - top : last_y - top, first_x - left : last_x - left] = inner
    return out
