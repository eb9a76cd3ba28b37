"""PowerPoint files: one slide of the photo's aspect, every layer a picture at its place, named and with alt text.

The package is Office Open XML (ECMA-376) with no more parts than a slide needs: written by hand, it is the same for
the same scene, to the byte, and asks for no library.
"""

import io
import logging
import zipfile
from collections.abc import Iterator
from importlib import resources
from typing import NamedTuple

from multiplane.formats.description import description_text
from multiplane.formats.gltf.textures import layer_pixels
from multiplane.formats.losses import warn_of_blends, warn_of_depth, warn_of_transparency
from multiplane.formats.png import encode_png
from multiplane.formats.pptx_parts import (
    CONTENTS,
    DECLARATION,
    LAYOUT,
    MASTER,
    PROPERTIES,
    picture,
    presentation,
    properties,
    relations,
    slide_with,
)
from multiplane.scene import Layer, Scene

log = logging.getLogger(__name__)

WIDE, SMALLEST, LARGEST = 12_192_000, 914_400, 51_206_400
"""In EMU, 914,400 an inch: the longer side of a slide as PowerPoint makes them, and the limits of any side."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""Of every entry, so that the same scene gives the same bytes."""
FIRST_PICTURE = 2
"""Of the slide's shapes and relationships, the first number: 1 is the group of all shapes, and the layout."""


class Slide(NamedTuple):
    """In EMU: the slide's size, where the photo's corner lies on it, and how large a pixel is."""

    width: int
    height: int
    x: float
    y: float
    pixel: float


def encode_pptx(scene: Scene) -> bytes:
    """The .pptx of `scene`: far layers at the bottom, trimmed, 8 bit.

    PowerPoint has no slide more than 56 times as long as wide: a longer photo lies in the middle of one. What it
    cannot hold is logged once.
    """
    warn_of_blends(log, scene, "PowerPoint")
    warn_of_depth(log, scene, "PowerPoint holds 8 bits a colour, and this scene 16: they are rounded")
    warn_of_transparency(log, scene, "PowerPoint")
    slide = slide_of(scene)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in _documents(scene, slide):
            _put(archive, name, (DECLARATION + text).encode(), zipfile.ZIP_DEFLATED)
        for number, layer in enumerate(scene.layers, FIRST_PICTURE):
            _put(archive, f"ppt/media/image{number}.png", encode_png(layer_pixels(scene, layer, None)))
    return buffer.getvalue()


def slide_of(scene: Scene) -> Slide:
    """The slide that the photo fills: as PowerPoint's own where its aspect allows, else as long as it takes."""
    photo = scene.camera.width, scene.camera.height
    pixel = min(max(WIDE / max(photo), SMALLEST / min(photo)), LARGEST / max(photo))
    width, height = (max(SMALLEST, round(side * pixel)) for side in photo)
    return Slide(width, height, (width - photo[0] * pixel) / 2, (height - photo[1] * pixel) / 2, pixel)


def _put(archive: zipfile.ZipFile, name: str, data: bytes, method: int = zipfile.ZIP_STORED) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = method
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, data)


def _documents(scene: Scene, slide: Slide) -> Iterator[tuple[str, str]]:
    """Every part but the pictures, the table of contents first."""
    yield "[Content_Types].xml", CONTENTS
    yield "_rels/.rels", relations(("officeDocument", "ppt/presentation.xml"), ("custom-properties", PROPERTIES))
    yield PROPERTIES, properties(description_text(scene))
    yield "ppt/presentation.xml", presentation(slide.width, slide.height)
    masters, layouts = "slideMasters/slideMaster1.xml", "slideLayouts/slideLayout1.xml"
    theme, first = ("theme", "theme/theme1.xml"), ("slide", "slides/slide1.xml")
    yield "ppt/_rels/presentation.xml.rels", relations(("slideMaster", masters), first, theme)
    yield "ppt/theme/theme1.xml", resources.files("multiplane.formats").joinpath("pptx_theme.xml").read_text("ascii")
    yield f"ppt/{masters}", MASTER
    above = ("slideLayout", f"../{layouts}")
    yield "ppt/slideMasters/_rels/slideMaster1.xml.rels", relations(above, ("theme", "../theme/theme1.xml"))
    yield f"ppt/{layouts}", LAYOUT
    yield "ppt/slideLayouts/_rels/slideLayout1.xml.rels", relations(("slideMaster", f"../{masters}"))
    numbers = range(FIRST_PICTURE, FIRST_PICTURE + len(scene.layers))
    shapes = (_picture(scene, slide, *each) for each in zip(numbers, scene.layers, strict=True))
    yield "ppt/slides/slide1.xml", slide_with("".join(shapes))
    pictures = (("image", f"../media/image{number}.png") for number in numbers)
    yield "ppt/slides/_rels/slide1.xml.rels", relations(above, *pictures)


def _picture(scene: Scene, slide: Slide, number: int, layer: Layer) -> str:
    """A layer's place, its edges rounded to EMU one by one, so that neighbours share theirs."""
    (left, top), size = layer.corner, slide.pixel
    x, right = (round(slide.x + edge * size) for edge in (left, left + layer.width))
    y, bottom = (round(slide.y + edge * size) for edge in (top, top + layer.height))
    text = _alt_text(scene, layer, number - FIRST_PICTURE)
    return picture(number, layer.name, text, (x, y, max(1, right - x), max(1, bottom - y)))


def _alt_text(scene: Scene, layer: Layer, order: int) -> str:
    name = layer.name if layer.label in layer.name else f"{layer.name} ({layer.label})"
    return f"{name}, in the {layer.plane}: layer {order + 1} of {len(scene.layers)} from the back"
