"""What a Photoshop file says about its layers."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from multiplane.formats.edited import OURS_ALONE
from multiplane.formats.facts_rows import FileFacts, LayerFacts
from multiplane.scene import Plane


def photoshop_facts(path: Path) -> FileFacts:
    """Facts of a .psd or .psb; raises whatever damage provokes."""
    from psd_tools import PSDImage

    with path.open("rb") as file:
        version = struct.unpack(">4xH", file.read(6))[0]
        file.seek(0)
        picture = PSDImage.open(file)
    layers = tuple(
        LayerFacts(
            order=order,
            name=layer.name,
            id=str(layer.layer_id) if layer.layer_id > 0 else None,
            plane=_plane_of_group(layer),
            size=(layer.width, layer.height),
            corner=(layer.left, layer.top),
        )
        for order, layer in enumerate(each for each in _outside_extras(picture) if not each.is_group())
    )
    kind = f"Photoshop {'large document' if version == 2 else 'document'}, {picture.depth} bit"
    return FileFacts(kind, (picture.width, picture.height), None, layers)


def _outside_extras(picture: Any) -> Iterator[Any]:
    """The rows of a Photoshop file that are layers of the scene, or groups of them."""
    for row in picture:
        if not (row.is_group() and row.name in OURS_ALONE):
            yield row
            if row.is_group():
                yield from row.descendants()


def _plane_of_group(layer: Any) -> str | None:
    """The plane after which a group around the layer is called; a number after it tells several of one plane apart."""
    group = layer.parent
    while group is not None:
        word = group.name.split(" ")[0]
        if word in get_args(Plane):
            return str(word)
        group = group.parent
    return None
