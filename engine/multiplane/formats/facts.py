"""What a file says about its layers, without unpacking their pixels: for scenes, Photoshop files and binary glTF."""

import math
import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from multiplane.errors import FormatError
from multiplane.formats.archive import load_manifest
from multiplane.formats.edited import EXTRAS_GROUP
from multiplane.scene import FULL_FRAME_DIAGONAL_MM, Camera, Plane

Size = tuple[int, int]
READABLE = ".multiplane, .psd, .psb, .glb"
PNG_SIZE = slice(16, 24)
"""Where a PNG states its width and height."""


@dataclass(frozen=True)
class LayerFacts:
    """One layer; None stands for what the format does not carry. `order` counts from 0, the farthest.

    `size` and `corner` are (width, height) and (x, y) in pixels; of a textured mesh, `size` is the texture's.
    """

    order: int
    name: str
    id: str | None = None
    plane: str | None = None
    depth_range: tuple[float, float] | None = None
    size: Size | None = None
    corner: tuple[int, int] | None = None
    filled_share: float | None = None


@dataclass(frozen=True)
class FileFacts:
    """A file: what `kind` it is, its canvas (width, height), its camera's focal length, its layers far to near."""

    kind: str
    size: Size | None
    focal_35mm: float | None
    layers: tuple[LayerFacts, ...]


def read_facts(path: Path) -> FileFacts:
    """The facts of the file at `path`, whose kind its first bytes tell. Raises FormatError where it cannot be read."""
    try:
        with path.open("rb") as file:
            start = file.read(6)
    except OSError as error:
        raise FormatError(f"cannot read {path}: {error.strerror}; name one of: {READABLE}") from error
    if start.startswith(b"PK"):
        return _of_scene(load_manifest(path))
    if start.startswith((b"8BPS", b"glTF")):
        try:
            return _of_photoshop(path, start) if start.startswith(b"8BPS") else _of_gltf(path)
        except Exception as error:  # both libraries raise whatever the damage provokes: struct, index, key errors
            raise FormatError(
                f"cannot read {path}: damaged ({' '.join(str(error).split())}); write it again"
            ) from error
    raise FormatError(f"cannot read {path}: its first bytes are of no format known here; name one of: {READABLE}")


def _of_scene(document: dict[str, Any]) -> FileFacts:
    camera = Camera(**document["camera"])
    layers = tuple(
        LayerFacts(
            order=order,
            name=layer["name"],
            id=layer["id"],
            plane=layer["plane"],
            depth_range=(layer["depth_range"][0], layer["depth_range"][1]),
            size=(layer["size"][0], layer["size"][1]),
            corner=(layer["corner"][0], layer["corner"][1]),
            filled_share=layer["filled_share"],
        )
        for order, layer in enumerate(document["layers"])
    )
    return FileFacts("multiplane scene", (camera.width, camera.height), camera.focal_35mm, layers)


def _of_photoshop(path: Path, start: bytes) -> FileFacts:
    from psd_tools import PSDImage

    with path.open("rb") as file:
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
    large = struct.unpack(">H", start[4:6])[0] == 2
    kind = f"Photoshop {'large document' if large else 'document'}, {picture.depth} bit"
    return FileFacts(kind, (picture.width, picture.height), None, layers)


def _outside_extras(picture: Any) -> Iterator[Any]:
    """The rows of a Photoshop file that are layers of the scene, or groups of them."""
    for row in picture:
        if not (row.is_group() and row.name == EXTRAS_GROUP):
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


def _of_gltf(path: Path) -> FileFacts:
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
