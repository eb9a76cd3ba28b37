"""A renderer that knows only glTF's rules: rays through a file's own camera, met with Embree, blended far to near."""

from typing import Any

import cv2
import numpy as np
import pygltflib
from numpy.typing import NDArray

from multiplane.arrays import Floats, Levels
from multiplane.pixels.levels import from_levels

COMPONENTS = {5126: np.float32, 5125: np.uint32, 5123: np.uint16}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}


def read(data: bytes) -> pygltflib.GLTF2:
    """The document in the bytes of a .glb."""
    return pygltflib.GLTF2.load_from_bytes(data)


def array(doc: pygltflib.GLTF2, accessor: int) -> NDArray[Any]:
    """The values (n, k) of an accessor."""
    what = doc.accessors[accessor]
    start = doc.bufferViews[what.bufferView].byteOffset
    width = WIDTHS[what.type]
    values = np.frombuffer(doc.binary_blob(), COMPONENTS[what.componentType], what.count * width, start)
    return values.reshape(-1, width)


def image_of(doc: pygltflib.GLTF2, texture: int) -> tuple[bytes, str]:
    """The encoded picture of a texture and its media type; WebP's extension goes before the plain source."""
    what = doc.textures[texture]
    source = (what.extensions or {}).get("EXT_texture_webp", {}).get("source", what.source)
    view = doc.bufferViews[doc.images[source].bufferView]
    return doc.binary_blob()[view.byteOffset : view.byteOffset + view.byteLength], doc.images[source].mimeType


def pixels_of(doc: pygltflib.GLTF2, texture: int) -> Levels:
    """The picture (h, w, 4) of a texture."""
    pixels = cv2.imdecode(np.frombuffer(image_of(doc, texture)[0], np.uint8), cv2.IMREAD_UNCHANGED)
    return cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA if pixels.shape[2] == 4 else cv2.COLOR_BGR2RGBA)


def base_colour(doc: pygltflib.GLTF2, primitive: pygltflib.Primitive) -> Levels:
    """The picture (h, w, 4) of a primitive's base colour."""
    return pixels_of(doc, doc.materials[primitive.material].pbrMetallicRoughness.baseColorTexture.index)


def meshes(doc: pygltflib.GLTF2) -> list[pygltflib.Node]:
    """The nodes that show something, far to near by their origin, as viewers sort transparent things."""
    return sorted((node for node in doc.nodes if node.mesh is not None), key=lambda node: node.translation[2])


def render(data: bytes, width: int, height: int, eye: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Floats:
    """What the file's camera sees, moved to `eye` without turning; (height, width, 3)."""
    doc = read(data)
    lens = next(doc.cameras[node.camera].perspective for node in doc.nodes if node.camera is not None)
    assert abs(lens.aspectRatio - width / height) < 1e-6
    up = np.tan(lens.yfov / 2)
    x, y = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    ways = np.stack([(2 * x - 1) * up * lens.aspectRatio, (1 - 2 * y) * up, np.full_like(x, -1)], axis=-1)
    rays = np.concatenate([np.broadcast_to(np.array(eye), ways.shape), ways], axis=-1).astype(np.float32)
    canvas = np.zeros((height, width, 3), np.float32)
    for node in meshes(doc):
        colour = seen(doc, node, rays)
        canvas = canvas * (1 - colour[..., 3:]) + colour[..., :3] * colour[..., 3:]
    return canvas


def world(doc: pygltflib.GLTF2, node: pygltflib.Node, primitive: pygltflib.Primitive) -> NDArray[np.float64]:
    """The primitive's vertices (n, 3) where they stand in the world."""
    return array(doc, primitive.attributes.POSITION) * np.array(node.scale or [1, 1, 1]) + node.translation


def seen(doc: pygltflib.GLTF2, node: pygltflib.Node, rays: Floats) -> Floats:
    """What rays (h, w, 6) see of one node: colour and alpha (h, w, 4), nothing where they miss."""
    import open3d

    scene = open3d.t.geometry.RaycastingScene()
    primitives = doc.meshes[node.mesh].primitives
    for primitive in primitives:
        corners = world(doc, node, primitive).astype(np.float32)
        faces = array(doc, primitive.indices).reshape(-1, 3).astype(np.uint32)
        scene.add_triangles(open3d.core.Tensor(corners), open3d.core.Tensor(faces))
    hit = scene.cast_rays(open3d.core.Tensor(np.ascontiguousarray(rays)))
    which, face = hit["geometry_ids"].numpy(), hit["primitive_ids"].numpy()
    weights = hit["primitive_uvs"].numpy()
    out = np.zeros((*rays.shape[:2], 4), np.float32)
    for index, primitive in enumerate(primitives):
        mine = which == index
        if not mine.any():
            continue
        corners = array(doc, primitive.attributes.TEXCOORD_0)[array(doc, primitive.indices).reshape(-1, 3)[face[mine]]]
        b, c = weights[mine].T
        uv = corners[:, 0] * (1 - b - c)[:, None] + corners[:, 1] * b[:, None] + corners[:, 2] * c[:, None]
        image = from_levels(base_colour(doc, primitive))
        # OpenCV takes no more than 32,767 samples a row.
        at = np.zeros((-(-len(uv) // 4096), 4096, 2), np.float32)
        at.reshape(-1, 2)[: len(uv)] = uv * image.shape[1::-1] - 0.5
        sampled = cv2.remap(image, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        out[mine] = sampled.reshape(-1, 4)[: len(uv)]
    return out
