"""What a binary glTF says about its layers: of ours everything, of others' what their meshes tell."""

import math
import struct
import warnings
from pathlib import Path
from typing import Any

from multiplane.formats.facts_rows import FileFacts, LayerFacts, Size
from multiplane.scene import FULL_FRAME_DIAGONAL_MM

PNG_SIZE = slice(16, 24)
"""Where a PNG states its width and height."""


def gltf_facts(path: Path) -> FileFacts:
    """Facts of a .glb; raises whatever damage provokes."""
    import pygltflib

    with warnings.catch_warnings(action="ignore"):  # what is wrong with the file is said below, in one line
        document = pygltflib.GLTF2().load_binary(str(path))
    if document is None or not document.nodes:
        raise ValueError("no nodes in it")
    nodes = [node for node in document.nodes if node.mesh is not None]
    layers = tuple(_layer_of_node(document, node, order) for order, node in enumerate(nodes))
    lenses = [
        camera.perspective for camera in document.cameras if camera.perspective and camera.perspective.aspectRatio
    ]
    return FileFacts("binary glTF", None, _focal_35mm(lenses[0]) if lenses else None, layers)


def _focal_35mm(lens: Any) -> float:
    """The focal length of a glTF perspective on a frame of height 1, by the diagonal."""
    return FULL_FRAME_DIAGONAL_MM / (2 * math.tan(lens.yfov / 2) * math.hypot(lens.aspectRatio, 1))


def _layer_of_node(document: Any, node: Any, order: int) -> LayerFacts:
    """A mesh as a layer, by what we note down in its extras and, of files by others, as far as it goes."""
    extras = node.extras if isinstance(node.extras, dict) else {}
    return LayerFacts(
        order=order,
        name=str(node.name or f"node {order}"),
        id=_word(extras.get("id")),
        plane=_word(extras.get("plane")),
        depth_range=_pair(extras.get("depth_range")),
        size=_whole_pair(extras.get("size")) or _size_of_texture(document, node.mesh),
        corner=_whole_pair(extras.get("corner")),
        filled_share=_number(extras.get("filled_share")),
    )


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _pair(value: Any) -> tuple[float, float] | None:
    numbers = [_number(each) for each in value] if isinstance(value, list) and len(value) == 2 else []
    match numbers:
        case [float(first), float(second)]:
            return first, second
    return None


def _whole_pair(value: Any) -> Size | None:
    pair = _pair(value)
    return None if pair is None else (int(pair[0]), int(pair[1]))


def _number(value: Any) -> float | None:
    """JSON's `value` where it is a finite number: in files by others, the words of our extras may mean anything."""
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if plain and math.isfinite(value) else None


def _size_of_texture(document: Any, mesh: int) -> Size | None:
    """Width and height of the mesh's base colour texture, where that is a PNG inside the file."""
    material = document.meshes[mesh].primitives[0].material
    shine = None if material is None else document.materials[material].pbrMetallicRoughness
    if shine is None or shine.baseColorTexture is None:
        return None
    source = document.textures[shine.baseColorTexture.index].source
    if source is None:  # an extension names it
        return None
    image = document.images[source]
    if image.bufferView is None or image.mimeType != "image/png":
        return None
    start = document.bufferViews[image.bufferView].byteOffset or 0
    width, height = struct.unpack(">II", document.binary_blob()[start + PNG_SIZE.start : start + PNG_SIZE.stop])
    return width, height
