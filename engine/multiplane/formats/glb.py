"""Writes a scene as binary glTF: one textured plane a layer at its depth, and the camera that sees them as the photo.

glTF's axes are known here only: +Y up, the camera at the origin looks along -Z, so a point (x, y, z) of a scene goes to
(x, -y, -z). A layer with corner (x, y) and size (w, h) pixels at depth D spans (x - cx) D/f to (x + w - cx) D/f: texel
edges lie on pixel edges, so the render through the exported camera is the photo.
"""

import logging

import cv2
import numpy as np
import pygltflib as gltf

from multiplane.arrays import Floats, Levels
from multiplane.errors import FormatError
from multiplane.formats.manifest import depth_range
from multiplane.pixels.bleed import bleed
from multiplane.pixels.levels import to_levels
from multiplane.scene import Layer, Scene
from multiplane.version import __version__

log = logging.getLogger(__name__)

UNLIT = "KHR_materials_unlit"
MAX_TEXTURE = 8192
"""Largest texture side that browsers and older graphics cards take."""
DEPTH_GAP = 1e-3
"""Least relative distance between neighbouring planes: viewers sort by distance, so equal depths would flicker."""
PNG_FAST = [cv2.IMWRITE_PNG_COMPRESSION, 1]


def encode_glb(scene: Scene) -> bytes:
    """The scene as one .glb file, textures embedded as 8-bit PNG; see `plane_depths` for where the planes stand.

    A layer that multiplies becomes a black one of equal darkness, as glTF has no blend modes. Raises FormatError where
    the file would pass the 4 GB that a GLB can hold.
    """
    depths = plane_depths(scene)
    doc = gltf.GLTF2(asset=gltf.Asset(generator=f"multiplane {__version__}"), extensionsUsed=[UNLIT])
    blob = bytearray()
    _add_unit_square(doc, blob)
    doc.samplers = [
        gltf.Sampler(
            magFilter=gltf.LINEAR,
            minFilter=gltf.LINEAR_MIPMAP_LINEAR,
            wrapS=gltf.CLAMP_TO_EDGE,
            wrapT=gltf.CLAMP_TO_EDGE,
        )
    ]
    for order, (layer, depth) in enumerate(zip(scene.layers, depths, strict=True)):
        _add_layer(doc, blob, scene, layer, depth, order)
    _add_camera(doc, scene, depths)
    metric = scene.origin.metric
    doc.scene = 0
    doc.scenes = [
        gltf.Scene(
            name=_text(scene.origin.photo),
            nodes=list(range(len(doc.nodes))),
            extras={"generator": f"multiplane {__version__}", "metric": metric, "unit": "m" if metric else "relative"},
        )
    ]
    if len(blob) > 0xF000_0000:
        raise FormatError(f"the textures take {len(blob) / 1e9:.1f} GB, but a .glb holds 4 GB; use a smaller photo")
    doc.buffers = [gltf.Buffer(byteLength=len(blob))]
    doc.set_binary_blob(bytes(blob))
    return b"".join(doc.save_to_bytes())


def plane_depths(scene: Scene) -> list[float]:
    """The depth of each layer's plane, strictly decreasing from far to near as the stack's order demands.

    A layer stands at its own median depth where that agrees with the order. The first layer, a backdrop that may
    reach from the viewer's feet to the horizon, stands behind all others; any other layer that claims to be farther
    than one it lies on is brought just in front of it.
    """
    depths = [layer.depth for layer in scene.layers]
    placed = [max(depths[0], max(depths[1:], default=0.0) * (1 + DEPTH_GAP))]
    for depth in depths[1:]:
        placed.append(min(depth, placed[-1] / (1 + DEPTH_GAP)))
    return placed


def _add_unit_square(doc: gltf.GLTF2, blob: bytearray) -> None:
    """The one geometry of the file: nodes stretch it to size. Row 0 of a texture is its top, where v is 0."""
    corners = np.array([[-0.5, -0.5, 0], [0.5, -0.5, 0], [0.5, 0.5, 0], [-0.5, 0.5, 0]], np.float32)
    uv = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float32)
    triangles = np.array([0, 1, 2, 0, 2, 3], np.uint16)
    doc.accessors = [
        gltf.Accessor(
            bufferView=_add_bytes(doc, blob, corners.tobytes(), gltf.ARRAY_BUFFER),
            componentType=gltf.FLOAT,
            count=4,
            type=gltf.VEC3,
            min=corners.min(0).tolist(),
            max=corners.max(0).tolist(),
        ),
        gltf.Accessor(
            bufferView=_add_bytes(doc, blob, uv.tobytes(), gltf.ARRAY_BUFFER),
            componentType=gltf.FLOAT,
            count=4,
            type=gltf.VEC2,
        ),
        gltf.Accessor(
            bufferView=_add_bytes(doc, blob, triangles.tobytes(), gltf.ELEMENT_ARRAY_BUFFER),
            componentType=gltf.UNSIGNED_SHORT,
            count=6,
            type=gltf.SCALAR,
        ),
    ]


def _add_layer(doc: gltf.GLTF2, blob: bytearray, scene: Scene, layer: Layer, depth: float, order: int) -> None:
    name = _text(layer.name)
    rgba = _texture(scene, layer)
    solid = order == 0 and scene.alpha is None
    view = _add_bytes(doc, blob, _png(rgba[..., :3] if solid else rgba), None)
    doc.images.append(gltf.Image(bufferView=view, mimeType="image/png", name=name))
    doc.textures.append(gltf.Texture(sampler=0, source=order))
    doc.materials.append(
        gltf.Material(
            name=name,
            alphaMode=gltf.OPAQUE if solid else gltf.BLEND,
            doubleSided=True,
            pbrMetallicRoughness=gltf.PbrMetallicRoughness(
                baseColorTexture=gltf.TextureInfo(index=order), metallicFactor=0.0, roughnessFactor=1.0
            ),
            extensions={UNLIT: {}},
        )
    )
    shape = gltf.Primitive(attributes=gltf.Attributes(POSITION=0, TEXCOORD_0=1), indices=2, material=order)
    doc.meshes.append(gltf.Mesh(name=name, primitives=[shape]))
    (x, y), (cx, cy), size = layer.corner, scene.camera.centre, depth / scene.camera.focal
    doc.nodes.append(
        gltf.Node(
            name=name,
            mesh=order,
            translation=[(x + layer.width / 2 - cx) * size, (cy - y - layer.height / 2) * size, -depth],
            scale=[layer.width * size, layer.height * size, 1.0],
            extras=_facts(layer, order),
        )
    )


def _add_camera(doc: gltf.GLTF2, scene: Scene, depths: list[float]) -> None:
    """The photo's own camera; its planes leave room to dolly in and to orbit."""
    camera = scene.camera
    doc.cameras = [
        gltf.Camera(
            name="photo camera",
            type="perspective",
            perspective=gltf.Perspective(
                aspectRatio=camera.width / camera.height,
                yfov=camera.fov_y,
                znear=0.05 * depths[-1],
                zfar=4.0 * depths[0],
            ),
        )
    ]
    doc.nodes.append(gltf.Node(name="photo camera", camera=0))


def _facts(layer: Layer, order: int) -> dict[str, object]:
    return {
        "id": _text(layer.id),
        "name": _text(layer.name),
        "label": _text(layer.label),
        "plane": layer.plane,
        "order": order,
        "depth": layer.depth,
        "depth_range": list(depth_range(layer)),
        "filled_share": layer.filled_share,
        "blend": layer.blend,
    }


def _texture(scene: Scene, layer: Layer) -> Levels:
    """The layer's pixels (h, w, 4) as they go into the file, at most MAX_TEXTURE on a side."""
    rgba = _darkening(layer) if layer.blend == "multiply" else layer.rgba
    if scene.alpha is not None:
        x, y = layer.corner
        rgba = rgba.copy()
        rgba[..., 3] *= scene.alpha[y : y + layer.height, x : x + layer.width]
    side = max(layer.width, layer.height)
    if side > MAX_TEXTURE:
        share = MAX_TEXTURE / side
        size = max(1, round(layer.width * share)), max(1, round(layer.height * share))
        log.warning("layer %r is written at %d x %d pixels, as textures end at %d", layer.name, *size, MAX_TEXTURE)
        rgba = _shrink(rgba, size)
    return to_levels(bleed(rgba))


def _darkening(layer: Layer) -> Floats:
    """A black layer that dims as one that multiplies: B (1 - a + a F) = (1 - a (1 - F)) B, with F the mean colour."""
    log.info("layer %r multiplies, which glTF cannot; it is written as black of the same strength", layer.name)
    out = np.zeros_like(layer.rgba)
    out[..., 3] = layer.rgba[..., 3] * (1 - layer.rgba[..., :3].mean(axis=-1))
    return out


def _shrink(rgba: Floats, size: tuple[int, int]) -> Floats:
    """Area average of premultiplied colours, so that hidden colours do not bleed in; `size` is (width, height)."""
    alpha = rgba[..., 3:]
    small = cv2.resize(np.concatenate([rgba[..., :3] * alpha, alpha], -1), size, interpolation=cv2.INTER_AREA)
    small[..., :3] /= np.maximum(small[..., 3:], 1e-6)
    return np.asarray(np.clip(small, 0, 1), np.float32)


def _png(levels: Levels) -> bytes:
    order = cv2.COLOR_RGBA2BGRA if levels.shape[2] == 4 else cv2.COLOR_RGB2BGR
    done, data = cv2.imencode(".png", cv2.cvtColor(levels, order), PNG_FAST)
    if not done:
        raise FormatError(f"a texture of {levels.shape[1]} x {levels.shape[0]} pixels could not be written as PNG")
    return bytes(data)


def _add_bytes(doc: gltf.GLTF2, blob: bytearray, data: bytes, target: int | None) -> int:
    """Append data, aligned to 4 bytes; returns its buffer view's index."""
    doc.bufferViews.append(gltf.BufferView(buffer=0, byteOffset=len(blob), byteLength=len(data), target=target))
    blob += data + b"\0" * (-len(data) % 4)
    return len(doc.bufferViews) - 1


def _text(text: str) -> str:
    """Text that any UTF-8 reader takes: lone surrogates, as odd file names bring, become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
