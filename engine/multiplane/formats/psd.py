"""Photoshop files: a scene as groups of trimmed layers, with a true merged picture, that composite to the photo."""

import io
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import TypeAlias

import cv2
import numpy as np
from PIL import ImageCms

from multiplane.arrays import Levels
from multiplane.errors import FormatError
from multiplane.formats.edited import EXTRAS_GROUP, LIGHT_GROUP
from multiplane.formats.layer_rows import identity_numbers, plane_groups
from multiplane.formats.psd_extras import Extra, ExtraLayer, extra_layers
from multiplane.formats.psd_pack import Packing
from multiplane.formats.psd_records import (
    END_OF_GROUP,
    OPEN_GROUP,
    Row,
    write_header,
    write_layers,
    write_merged,
    write_resources,
)
from multiplane.formats.psd_xmp import encode_xmp, layer_facts, layer_xmp
from multiplane.pixels.bleed import bleed
from multiplane.pixels.levels import to_levels, top_level
from multiplane.pixels.light_pass import LightPass, apply_passes
from multiplane.pixels.over import flatten, strips
from multiplane.scene import Layer, Scene

LONGEST_SIDE_PSD = 30_000
LONGEST_SIDE_PSB = 300_000
MOST_BYTES_PSD = 1 << 31
SCREEN_DPI = 72.0
BLENDS = {"normal": b"norm", "multiply": b"mul "}
PASS_BLENDS = {"multiply": b"mul ", "linear dodge": b"lddg"}
PASS_THROUGH = b"pass"
LABEL_COLOURS = {"foreground": 2, "midground": 3, "background": 5}
"""Photoshop's orange, yellow and blue, as the script for After Effects colours them."""
LABEL_OF_EXTRAS = 7
"""Grey."""
LABEL_OF_LIGHT = 4
"""Green."""
Pair: TypeAlias = tuple[int, int]
Pixels: TypeAlias = Callable[[], Levels]
END_NAME = "</Layer group>"
"""What Photoshop itself calls the row that ends a group."""


def encode_psd(
    scene: Scene,
    full_canvas: bool = False,
    large: bool = False,
    masks: bool = False,
    extras: Collection[Extra] = (),
    packing: Packing = "zip",
    passes: Sequence[LightPass] = (),
) -> bytes:
    """A .psd (or .psb, where `large`) of `scene`: one group for each plane, layers trimmed unless `full_canvas`.

    Blending the layers with rounding, as editors do, gives the photo to the bit. The photo's own transparency becomes
    the mask of one group around everything. Colours are bled under alpha 0, or with `masks` under a layer mask that
    holds the alpha. `extras` are hidden layers of data in a hidden group on top. Colours are sRGB, as the scene's are,
    whatever profile the photo had. `packing` "zip" is what the specification has for small layers, "rle" the run
    lengths that Photoshop itself writes at 8 bits, half as large again or more. `passes`, of the canvas's size, are a
    group of light that blends over all layers. Each layer's row carries what `layer_xmp` says of it. Raises
    FormatError where the canvas or the file would be larger than the format allows.
    """
    camera, transparent = scene.camera, scene.alpha is not None
    _check_size(camera.width, camera.height, large)
    more = extra_layers(scene, extras) if extras else []
    keys = [layer.id for layer in scene.layers] + [each.key for _, members in more for each in members]
    keys += [_pass_key(each) for each in passes]
    numbers = identity_numbers(keys)
    facts = {layer.id: layer_facts(layer, numbers[layer.id]) for layer in scene.layers}
    style = _Style(scene, full_canvas, masks, numbers, facts)
    file = io.BytesIO()
    write_header(file, camera.width, camera.height, 4 if transparent else 3, scene.bit_depth, large)
    write_resources(file, scene.dpi or SCREEN_DPI, srgb_profile(), encode_xmp(scene, facts))
    write_layers(file, _rows(style, more, passes), scene.bit_depth, large, transparent, packing)
    write_merged(file, _merged(scene, passes), large)
    return file.getvalue()


def outgrows_psd(scene: Scene) -> bool:
    """Whether `scene` needs a .psb: more than 30,000 pixels a side, or 2 GB of layers before they are packed."""
    camera = scene.camera
    raw = sum(layer.rgba.size for layer in scene.layers) * (scene.bit_depth // 8)
    return max(camera.width, camera.height) > LONGEST_SIDE_PSD or raw > MOST_BYTES_PSD


def srgb_profile() -> bytes:
    """An ICC profile of sRGB that is the same bytes every time: its date, else that of the call, is left out."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes.fromhex("07d0 0001 0001 0000 0000 0000")  # 2000-01-01 00:00:00
    return bytes(profile)


def _check_size(width: int, height: int, large: bool) -> None:
    limit = LONGEST_SIDE_PSB if large else LONGEST_SIDE_PSD
    if max(width, height) > limit:
        mend = "use a smaller photo" if large else "save as .psb"
        raise FormatError(f"{width} x {height} pixels are more than the {limit} a side of this format; {mend}")


@dataclass(frozen=True)
class _Style:
    """How the layers of one scene become rows, which are numbered by their keys: an edited file finds its scene."""

    scene: Scene
    full_canvas: bool
    masks: bool
    numbers: Mapping[str, int]
    facts: Mapping[str, str]

    def row(self, layer: Layer) -> Row:
        opaque = float(layer.rgba[..., 3].min()) == 1.0
        pixels = partial(_pixels, layer, self.scene.bit_depth)
        placed = self._placed(layer.name, layer.id, layer.corner, (layer.width, layer.height), pixels, opaque)
        said = layer_xmp(self.facts[layer.id])
        return replace(placed, blend=BLENDS[layer.blend], colour=LABEL_COLOURS[layer.plane], metadata=said)

    def extra(self, each: ExtraLayer) -> Row:
        placed = self._placed(each.name, each.key, each.corner, each.size, each.pixels, opaque=False)
        return replace(placed, colour=LABEL_OF_EXTRAS)

    def light(self, each: LightPass) -> Row:
        def opaque() -> Levels:
            top = top_level(self.scene.bit_depth)
            return np.dstack([each.colour, np.full(each.colour.shape[:2], top, each.colour.dtype)])

        size = self.scene.camera.width, self.scene.camera.height
        number, blend = self.numbers[_pass_key(each)], PASS_BLENDS[each.blend]
        return Row(each.name, number, size, blend=blend, pixels=opaque, colour=LABEL_OF_LIGHT)

    def _placed(self, name: str, key: str, corner: Pair, size: Pair, pixels: Pixels, opaque: bool) -> Row:
        canvas = self.scene.camera.width, self.scene.camera.height
        covers = size == canvas
        masked = self.masks and not (opaque and (covers or not self.full_canvas))
        if not self.full_canvas or covers:
            return Row(name, self.numbers[key], size, corner, pixels=pixels, masked=masked)
        spread = partial(_spread, pixels, corner, canvas)
        return Row(name, self.numbers[key], canvas, pixels=spread, masked=masked)


def _rows(style: _Style, more: Sequence[tuple[str, list[ExtraLayer]]], passes: Sequence[LightPass]) -> list[Row]:
    """The layer list from bottom to top."""
    scene, groups = style.scene, count(1)
    rows: list[Row] = []
    for name, members in plane_groups(scene.layers):
        layers = [style.row(layer) for _, layer in members]
        rows += _group(name, layers, groups, colour=layers[0].colour)
    if passes:
        rows += _group(LIGHT_GROUP, [style.light(each) for each in passes], groups, colour=LABEL_OF_LIGHT)
    if scene.alpha is not None:
        mask = to_levels(scene.alpha, scene.bit_depth)
        rows = _group("photo", rows, groups, blend=BLENDS["normal"], mask=mask)
    if not more:
        return rows
    maps: list[Row] = []
    for index, (name, each) in enumerate(more):  # the first shows as soon as the group around them does
        maps += _group(name, [style.extra(one) for one in each], groups, hidden=index > 0, colour=LABEL_OF_EXTRAS)
    return [*rows, *_group(EXTRAS_GROUP, maps, groups, hidden=True, colour=LABEL_OF_EXTRAS)]


def _pass_key(each: LightPass) -> str:
    return f"light\0{each.name}"


def _group(
    name: str,
    rows: list[Row],
    identities: Iterator[int],
    blend: bytes = PASS_THROUGH,
    mask: Levels | None = None,
    hidden: bool = False,
    colour: int = 0,
) -> list[Row]:
    end = Row(END_NAME, next(identities), section=END_OF_GROUP)
    head = Row(name, next(identities), blend=blend, section=OPEN_GROUP, mask=mask, hidden=hidden, colour=colour)
    return [end, *rows, head]


def _pixels(layer: Layer, bit_depth: int) -> Levels:
    return bleed(to_levels(layer.rgba, bit_depth))


def _spread(trimmed: Callable[[], Levels], corner: tuple[int, int], canvas: tuple[int, int]) -> Levels:
    """The trimmed pixels on the whole canvas: their outermost colours carried on, their outermost alphas not."""
    pixels, (x, y), (width, height) = trimmed(), corner, canvas
    h, w = pixels.shape[:2]
    out: Levels = cv2.copyMakeBorder(pixels, y, height - y - h, x, width - x - w, cv2.BORDER_REPLICATE)
    inside = out[y : y + h, x : x + w, 3].copy()
    out[..., 3] = 0
    out[y : y + h, x : x + w, 3] = inside
    return out


def _merged(scene: Scene, passes: Sequence[LightPass]) -> Iterator[Levels]:
    """The planes of the composite; under its transparency it is laid on white, as every reader of PSD expects."""
    rgb = flatten(scene.layers, scene.camera.height, scene.camera.width, scene.bit_depth)
    if passes:
        rgb = apply_passes(rgb, passes)
    if scene.alpha is None:
        yield from np.moveaxis(rgb, -1, 0)
        return
    alpha, top = to_levels(scene.alpha, scene.bit_depth), top_level(scene.bit_depth)
    for rows in strips(*alpha.shape):
        a = alpha[rows].astype(np.int64)[..., None]
        rgb[rows] = (a * rgb[rows] + (top - a) * top + top // 2) // top
    yield from (*np.moveaxis(rgb, -1, 0), alpha)
