"""Photoshop files: a scene as groups of trimmed layers, with a true merged picture, that composite to the photo."""

import io
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count

import cv2
import numpy as np
from PIL import ImageCms

from multiplane.arrays import Levels
from multiplane.errors import FormatError
from multiplane.formats.layer_rows import identity_numbers, plane_groups
from multiplane.formats.psd_records import (
    END_OF_GROUP,
    OPEN_GROUP,
    Row,
    write_header,
    write_layers,
    write_merged,
    write_resources,
)
from multiplane.pixels.bleed import bleed
from multiplane.pixels.levels import to_levels, top_level
from multiplane.pixels.over import flatten, strips
from multiplane.scene import Layer, Scene

LONGEST_SIDE_PSD = 30_000
LONGEST_SIDE_PSB = 300_000
SCREEN_DPI = 72.0
BLENDS = {"normal": b"norm", "multiply": b"mul "}
PASS_THROUGH = b"pass"
END_NAME = "</Layer group>"
"""What Photoshop itself calls the row that ends a group."""


def encode_psd(scene: Scene, full_canvas: bool = False, large: bool = False) -> bytes:
    """A .psd (or .psb, where `large`) of `scene`: one group for each plane, layers trimmed unless `full_canvas`.

    Blending the layers with rounding, as editors do, gives the photo to the bit. The photo's own transparency becomes
    the mask of one group around everything. Colours are bled under alpha 0. Raises FormatError where the canvas or the
    file would be larger than the format allows.
    """
    camera, transparent = scene.camera, scene.alpha is not None
    _check_size(camera.width, camera.height, large)
    file = io.BytesIO()
    write_header(file, camera.width, camera.height, 4 if transparent else 3, scene.bit_depth, large)
    write_resources(file, scene.dpi or SCREEN_DPI, srgb_profile())
    write_layers(file, _rows(scene, full_canvas), scene.bit_depth, large, transparent)
    write_merged(file, _merged(scene), large)
    return file.getvalue()


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


def _rows(scene: Scene, full_canvas: bool) -> list[Row]:
    """The layer list from bottom to top. Layers are numbered by their ids, so that an edited file finds its scene."""
    numbers = identity_numbers(layer.id for layer in scene.layers)
    groups = count(1)
    rows: list[Row] = []
    for name, members in plane_groups(scene.layers):
        layers = [_layer_row(scene, layer, numbers[layer.id], full_canvas) for _, layer in members]
        rows += _group(name, layers, groups, PASS_THROUGH, None)
    if scene.alpha is None:
        return rows
    return _group("photo", rows, groups, BLENDS["normal"], to_levels(scene.alpha, scene.bit_depth))


def _group(name: str, rows: list[Row], identities: Iterator[int], blend: bytes, mask: Levels | None) -> list[Row]:
    end = Row(END_NAME, next(identities), section=END_OF_GROUP)
    return [end, *rows, Row(name, next(identities), blend=blend, section=OPEN_GROUP, mask=mask)]


def _layer_row(scene: Scene, layer: Layer, identity: int, full_canvas: bool) -> Row:
    canvas = scene.camera.width, scene.camera.height
    trimmed: Callable[[], Levels] = partial(_pixels, layer, scene.bit_depth)
    return Row(
        name=layer.name,
        identity=identity,
        size=canvas if full_canvas else (layer.width, layer.height),
        corner=(0, 0) if full_canvas else layer.corner,
        blend=BLENDS[layer.blend],
        pixels=partial(_spread, trimmed, layer.corner, canvas) if full_canvas else trimmed,
    )


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


def _merged(scene: Scene) -> Iterator[Levels]:
    """The planes of the composite; under its transparency it is laid on white, as every reader of PSD expects."""
    rgb = flatten(scene.layers, scene.camera.height, scene.camera.width, scene.bit_depth)
    if scene.alpha is None:
        yield from np.moveaxis(rgb, -1, 0)
        return
    alpha, top = to_levels(scene.alpha, scene.bit_depth), top_level(scene.bit_depth)
    for rows in strips(*alpha.shape):
        a = alpha[rows].astype(np.int64)[..., None]
        rgb[rows] = (a * rgb[rows] + (top - a) * top + top // 2) // top
    yield from (*np.moveaxis(rgb, -1, 0), alpha)
