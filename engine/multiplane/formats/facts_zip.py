"""What an OpenRaster, USD or PowerPoint file says about its layers: all three are zips, told apart by their entries."""

import json
import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from multiplane.formats.facts_rows import FileFacts, LayerFacts, Size, facts_from
from multiplane.formats.layer_rows import plane_of_groups
from multiplane.formats.manifest import parse_json
from multiplane.formats.ora import IDENTITY, KEEP_WHERE_OPAQUE
from multiplane.formats.pptx_parts import PROPERTIES

SLIDE = "ppt/slides/slide1.xml"
STACK = "stack.xml"
STAGES = (".usda", ".usdc", ".usd")
MOST_BYTES = 1 << 26
"""Of a text in a zip; none of ours comes near."""
DESCRIPTION = re.compile(r'string multiplane = ("(?:[^"\\]|\\.)*")')
DRAWING = "{http://schemas.openxmlformats.org/presentationml/2006/main}"


def zip_facts(path: Path) -> FileFacts | None:
    """Facts of a .ora, .usdz or .pptx, None of any other zip; raises whatever damage provokes."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if STACK in names:
            return _of_openraster(archive)
        if SLIDE in names:
            return _of_powerpoint(archive)
        if names and names[0].endswith(STAGES):
            return _of_usd(archive, names[0])
    return None


def _text(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > MOST_BYTES:
        raise ValueError(f"{name} is larger than it can be")
    return archive.read(name)


def _xml(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    text = _text(archive, name)
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:  # they can unfold without end
        raise ValueError(f"{name} declares entities")
    return ElementTree.fromstring(text)


def _of_openraster(archive: zipfile.ZipFile) -> FileFacts:
    image = _xml(archive, STACK)
    root = image.find("stack")
    found = [] if root is None else list(_ora_layers(root, ()))
    rows = []
    for order, (element, groups) in enumerate(reversed(found)):
        rows.append(
            LayerFacts(
                order=order,
                name=element.get("name", ""),
                id=element.get(IDENTITY),
                plane=plane_of_groups(groups),
                size=_png_size(archive, element.get("src", "")),
                corner=(round(float(element.get("x", "0"))), round(float(element.get("y", "0")))),
            )
        )
    return FileFacts("OpenRaster", (int(image.get("w", "")), int(image.get("h", ""))), None, tuple(rows))


def _ora_layers(
    stack: ElementTree.Element, groups: tuple[str, ...]
) -> Iterator[tuple[ElementTree.Element, tuple[str, ...]]]:
    """Layers, top first, with the names around them; a mask over the whole picture is none."""
    for element in stack:
        if element.tag == "stack":
            yield from _ora_layers(element, (*groups, element.get("name", "")))
        elif groups or element.get("composite-op") != KEEP_WHERE_OPAQUE:
            yield element, groups


def _png_size(archive: zipfile.ZipFile, name: str) -> Size:
    with archive.open(name) as entry:
        width, height = struct.unpack(">II", entry.read(24)[16:])
    return width, height


def _of_powerpoint(archive: zipfile.ZipFile) -> FileFacts:
    """The pictures of the first slide; what we noted of them is told of those that still have their names."""
    pictures = _xml(archive, SLIDE).iter(f"{DRAWING}pic")
    names = [each.get("name", "") for picture in pictures for each in picture.iter(f"{DRAWING}cNvPr")]
    noted = "".join(_xml(archive, PROPERTIES).itertext()) if PROPERTIES in archive.namelist() else ""
    if not noted.startswith("{"):
        rows = tuple(LayerFacts(order, name) for order, name in enumerate(names))
        return FileFacts("PowerPoint slide", None, None, rows)
    facts = facts_from(parse_json(noted.encode(), PROPERTIES), "PowerPoint slide")
    known = {layer.name: layer for layer in facts.layers}
    rows = tuple(_placed(known.get(name), order, name) for order, name in enumerate(names))
    return FileFacts(facts.kind, facts.size, facts.focal_35mm, rows)


def _placed(known: LayerFacts | None, order: int, name: str) -> LayerFacts:
    return LayerFacts(order, name) if known is None else LayerFacts(**{**vars(known), "order": order})


def _of_usd(archive: zipfile.ZipFile, stage: str) -> FileFacts:
    found = DESCRIPTION.search(_text(archive, stage).decode("utf-8", "replace"))
    if found is None:
        raise ValueError("multiplane did not write it, and of other USD files it knows nothing")
    document: Any = parse_json(json.loads(found[1]).encode(), stage)
    return facts_from(document, "USD package")
