"""OpenRaster files: a scene as groups of trimmed 8-bit layers, for Krita, MyPaint and whoever reads a zip of PNGs.

The file is a zip as openraster.org's baseline asks for: `mimetype` first and stored, stack.xml with the top layer
first, a PNG for each layer, the merged picture, a thumbnail. The photo's own transparency, which no layer has, becomes
a top layer that blends with svg:dst-in: what is below it stays where it is opaque.
"""

import io
import logging
import zipfile
from xml.etree import ElementTree

import cv2
import numpy as np

from multiplane.arrays import Levels
from multiplane.formats.layer_rows import plane_groups
from multiplane.formats.plain_text import xml_text
from multiplane.formats.png import encode_png
from multiplane.pixels.bleed import bleed
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.pixels.over import flatten
from multiplane.scene import Layer, Scene

log = logging.getLogger(__name__)

MIMETYPE = b"image/openraster"
VERSION = "0.0.5"
LONGEST_THUMBNAIL_SIDE = 256
SCREEN_DPI = 72.0
BLENDS = {"normal": "svg:src-over", "multiply": "svg:multiply"}
KEEP_WHERE_OPAQUE = "svg:dst-in"
TRANSPARENCY = "photo transparency"
NAMESPACE = "urn:multiplane:layer"
IDENTITY = f"{{{NAMESPACE}}}id"
"""The attribute that holds a layer's id, in a namespace of ours: programs that do not know it drop or keep it."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""Of every entry, so that the same scene gives the same bytes."""


def encode_ora(scene: Scene) -> bytes:
    """The .ora of `scene`: a group for each plane, layers trimmed, colours bled under alpha 0, 8 bit.

    The layers of an 8-bit scene, blended with rounding, give the photo to the bit; those of a 16-bit one are rounded,
    and a warning says so.
    """
    if scene.bit_depth == 16:
        log.warning("OpenRaster holds 8 bits a colour, and this scene 16: colours are rounded; .psd keeps them")
    merged = _merged(scene)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        _put(archive, "mimetype", MIMETYPE)
        _put(archive, "stack.xml", _stack(scene), zipfile.ZIP_DEFLATED)
        for index, layer in enumerate(scene.layers):
            _put(archive, _source(index), encode_png(bleed(to_levels(layer.rgba, 8))))
        if scene.alpha is not None:
            mask = to_levels(scene.alpha, 8)
            black = np.zeros((*mask.shape, 3), np.uint8)
            _put(archive, _source(len(scene.layers)), encode_png(_with_alpha(black, mask)))
        _put(archive, "mergedimage.png", encode_png(merged))
        _put(archive, "Thumbnails/thumbnail.png", encode_png(_thumbnail(merged)))
    return buffer.getvalue()


def _put(archive: zipfile.ZipFile, name: str, data: bytes, method: int = zipfile.ZIP_STORED) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = method
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, data)


def _source(index: int) -> str:
    return f"data/{index:03d}.png"


def _stack(scene: Scene) -> bytes:
    """stack.xml, top first."""
    ElementTree.register_namespace("multiplane", NAMESPACE)
    dpi = str(max(1, round(scene.dpi or SCREEN_DPI)))
    size = {"w": str(scene.camera.width), "h": str(scene.camera.height)}
    image = ElementTree.Element("image", {"version": VERSION, **size, "xres": dpi, "yres": dpi})
    root = ElementTree.SubElement(image, "stack")
    for name, members in plane_groups(scene.layers):
        group = ElementTree.Element("stack", {"name": name, "isolation": "auto"})
        for index, layer in members:
            group.insert(0, _layer(layer, index))
        root.insert(0, group)
    if scene.alpha is not None:
        facts = {"name": TRANSPARENCY, "src": _source(len(scene.layers)), "x": "0", "y": "0"}
        root.insert(0, ElementTree.Element("layer", {**facts, "composite-op": KEEP_WHERE_OPAQUE}))
    return bytes(ElementTree.tostring(image, encoding="UTF-8", xml_declaration=True))


def _layer(layer: Layer, index: int) -> ElementTree.Element:
    facts = {
        "name": xml_text(layer.name),
        "src": _source(index),
        "x": str(layer.corner[0]),
        "y": str(layer.corner[1]),
        "opacity": "1.0",
        "visibility": "visible",
        "composite-op": BLENDS[layer.blend],
        IDENTITY: xml_text(layer.id),
    }
    return ElementTree.Element("layer", facts)


def _merged(scene: Scene) -> Levels:
    """The composite (H, W, 3), or with the photo's own transparency (H, W, 4), in 8 bits."""
    levels = flatten(scene.layers, scene.camera.height, scene.camera.width, scene.bit_depth)
    if scene.bit_depth == 16:
        levels = to_levels(from_levels(levels), 8)
    return levels if scene.alpha is None else _with_alpha(levels, to_levels(scene.alpha, 8))


def _thumbnail(merged: Levels) -> Levels:
    """`merged` at most LONGEST_THUMBNAIL_SIDE pixels long, with alpha, as the specification asks."""
    height, width = merged.shape[:2]
    scale = min(1.0, LONGEST_THUMBNAIL_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small: Levels = cv2.resize(merged, size, interpolation=cv2.INTER_AREA)
    return small if small.shape[2] == 4 else _with_alpha(small, np.full(small.shape[:2], 255, np.uint8))


def _with_alpha(rgb: Levels, alpha: Levels) -> Levels:
    out: Levels = np.concatenate([rgb, alpha[..., None]], axis=-1)
    return out
