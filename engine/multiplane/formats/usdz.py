"""USDZ files: every layer a textured card at its depth and the camera that sees them as the photo, for AR and USD.

The package is what the specification asks for: a zip of stored entries, each aligned to 64 bytes, the stage first. As
in glTF, +Y is up and the camera at the origin looks along -Z. Materials glow in the photo's colours and reflect
nothing, so that they look as shot under any light.
"""

import io
import json
import logging
import struct
import zipfile
from collections.abc import Iterator

from multiplane.errors import FormatError
from multiplane.formats.description import description_text
from multiplane.formats.exr import channel_names
from multiplane.formats.gltf.textures import OVERLAP, Tile, cut, encode_texture, layer_pixels, tiles_of
from multiplane.formats.losses import warn_of_blends, warn_of_depth
from multiplane.formats.plain_text import plain_text
from multiplane.formats.plane_depths import plane_depths
from multiplane.scene import FULL_FRAME_WIDTH_MM, Layer, Scene
from multiplane.version import __version__

log = logging.getLogger(__name__)

STAGE = "scene.usda"
ALIGNMENT = 64
PADDING = 0x1986
"""The kind of extra field that USD itself pads with."""
LARGEST = 0xF000_0000
EPOCH = (1980, 1, 1, 0, 0, 0)
"""Of every entry, so that the same scene gives the same bytes."""
CLIP = 10.0
"""How far before the nearest and behind the farthest card the camera's range goes, as a factor."""

HEAD = """#usda 1.0
(
    customLayerData = {{
        string multiplane = {description}
    }}
    defaultPrim = "Scene"
    doc = "{generator}"
    metersPerUnit = 1
    upAxis = "Y"
)

def Xform "Scene" (
    kind = "component"
)
{{
    def Camera "Camera"
    {{
        float2 clippingRange = ({near:.9g}, {far:.9g})
        float focalLength = {focal:.9g}
        float horizontalAperture = {aperture_x:.9g}
        float verticalAperture = {aperture_y:.9g}
        token projection = "perspective"
    }}
"""
LAYER = """
    def Xform "{word}" (
        customData = {{
            string id = {id}
            int order = {order}
            string plane = "{plane}"
        }}
        displayName = {name}
    )
    {{
        double3 xformOp:translate = ({x:.9g}, {y:.9g}, {z:.9g})
        uniform token[] xformOpOrder = ["xformOp:translate"]
"""
CARD = """
        def Mesh "{card}" (
            prepend apiSchemas = ["MaterialBindingAPI"]
        )
        {{
            uniform bool doubleSided = 1
            float3[] extent = [({left:.9g}, {bottom:.9g}, 0), ({right:.9g}, {top:.9g}, 0)]
            int[] faceVertexCounts = [4]
            int[] faceVertexIndices = [0, 1, 2, 3]
            rel material:binding = </Scene/{word}/{card}_look>
            normal3f[] normals = [(0, 0, 1), (0, 0, 1), (0, 0, 1), (0, 0, 1)] (
                interpolation = "vertex"
            )
            point3f[] points = [({left:.9g}, {bottom:.9g}, 0), ({right:.9g}, {bottom:.9g}, 0), ({right:.9g}, {top:.9g}, 0), ({left:.9g}, {top:.9g}, 0)]
            texCoord2f[] primvars:st = [({s0:.9g}, {t0:.9g}), ({s1:.9g}, {t0:.9g}), ({s1:.9g}, {t1:.9g}), ({s0:.9g}, {t1:.9g})] (
                interpolation = "vertex"
            )
            uniform token subdivisionScheme = "none"
        }}

        def Material "{card}_look"
        {{
            token outputs:surface.connect = </Scene/{word}/{card}_look/Surface.outputs:surface>

            def Shader "Surface"
            {{
                uniform token info:id = "UsdPreviewSurface"
                color3f inputs:diffuseColor = (0, 0, 0)
                color3f inputs:emissiveColor.connect = </Scene/{word}/{card}_look/Texture.outputs:rgb>
                {opacity}
                float inputs:roughness = 1
                color3f inputs:specularColor = (0, 0, 0)
                int inputs:useSpecularWorkflow = 1
                token outputs:surface
            }}

            def Shader "Texture"
            {{
                uniform token info:id = "UsdUVTexture"
                asset inputs:file = @{file}@
                token inputs:sourceColorSpace = "sRGB"
                float2 inputs:st.connect = </Scene/{word}/{card}_look/Places.outputs:result>
                token inputs:wrapS = "clamp"
                token inputs:wrapT = "clamp"
                float outputs:a
                float3 outputs:rgb
            }}

            def Shader "Places"
            {{
                uniform token info:id = "UsdPrimvarReader_float2"
                string inputs:varname = "st"
                float2 outputs:result
            }}
        }}
"""  # noqa: E501
SEEN_THROUGH = "float inputs:opacity.connect = </Scene/{word}/{card}_look/Texture.outputs:a>"
SOLID = "float inputs:opacity = 1"


def encode_usdz(scene: Scene) -> bytes:
    """The .usdz of `scene`, textures as 8-bit PNG, tiled above 8192 pixels; units are metres, or the scene's own.

    What USD cannot hold is logged once. Raises FormatError where the package would pass 4 GB.
    """
    warn_of_blends(log, scene, "USD")
    warn_of_depth(log, scene, "the textures of a .usdz hold 8 bits a colour, and this scene 16: they are rounded")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        _put(archive, buffer, STAGE, _stage(scene).encode())
        for name, data in _textures(scene):
            _put(archive, buffer, name, data)
            if buffer.tell() > LARGEST:
                raise FormatError("the textures take more than 4 GB, which no .usdz holds; use a smaller photo")
    return buffer.getvalue()


def _put(archive: zipfile.ZipFile, buffer: io.BytesIO, name: str, data: bytes) -> None:
    """Store `data` where its first byte lies on a multiple of ALIGNMENT: an extra field of at least 4 bytes pads."""
    entry = zipfile.ZipInfo(name, EPOCH)
    gap = -(buffer.tell() + 30 + len(name)) % ALIGNMENT
    gap += ALIGNMENT if 0 < gap < 4 else 0
    if gap:
        entry.extra = struct.pack("<HH", PADDING, gap - 4) + bytes(gap - 4)
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, data)


def _stage(scene: Scene) -> str:
    camera, depths = scene.camera, plane_depths(scene)
    parts = [
        HEAD.format(
            description=_quoted(description_text(scene)),
            generator=f"multiplane {__version__}",
            near=depths[-1] / CLIP,
            far=depths[0] * CLIP,
            focal=FULL_FRAME_WIDTH_MM * camera.focal / camera.width,
            aperture_x=FULL_FRAME_WIDTH_MM,
            aperture_y=FULL_FRAME_WIDTH_MM * camera.height / camera.width,
        )
    ]
    words = channel_names([layer.name for layer in scene.layers])
    for order, (word, layer, depth) in enumerate(zip(words, scene.layers, depths, strict=True)):
        parts.append(_layer(scene, word, layer, order, depth))
    return "".join(parts) + "}\n"


def _layer(scene: Scene, word: str, layer: Layer, order: int, depth: float) -> str:
    size, (cx, cy) = depth / scene.camera.focal, scene.camera.centre
    middle = layer.corner[0] + layer.width / 2, layer.corner[1] + layer.height / 2
    place = {"x": (middle[0] - cx) * size, "y": (cy - middle[1]) * size, "z": -depth}
    names = {"id": _quoted(layer.id), "name": _quoted(layer.name)}
    lines = [LAYER.format(word=word, order=order, plane=layer.plane, **names, **place)]
    opacity = SOLID if order == 0 and scene.alpha is None else SEEN_THROUGH
    for number, tile in enumerate(_tiles(layer)):
        card = _card(number)
        lines.append(
            CARD.format(
                word=word,
                card=card,
                file=_texture(word, number),
                opacity=opacity.format(word=word, card=card),
                **_corners(layer, tile, size),
            )
        )
    return "".join(lines) + "    }\n"


def _corners(layer: Layer, tile: Tile, size: float) -> dict[str, float]:
    """Edges of a tile's card around the layer's middle, and of its core in its texture, where t = 1 is the top."""
    (x0, y0, x1, y1), (left, top, right, bottom) = tile.core, tile.window
    return {
        "left": (x0 - layer.width / 2) * size,
        "right": (x1 - layer.width / 2) * size,
        "top": (layer.height / 2 - y0) * size,
        "bottom": (layer.height / 2 - y1) * size,
        "s0": (x0 - left) / (right - left),
        "s1": (x1 - left) / (right - left),
        "t0": (bottom - y1) / (bottom - top),
        "t1": (bottom - y0) / (bottom - top),
    }


def _textures(scene: Scene) -> Iterator[tuple[str, bytes]]:
    for word, layer in zip(channel_names([layer.name for layer in scene.layers]), scene.layers, strict=True):
        pixels = layer_pixels(scene, layer, None)
        for number, tile in enumerate(_tiles(layer)):
            yield _texture(word, number), encode_texture(cut(pixels, layer, tile.window), "png")[0]


def _tiles(layer: Layer) -> list[Tile]:
    return tiles_of(layer.width, layer.height, None, OVERLAP)


def _card(number: int) -> str:
    return f"card_{number}"


def _texture(word: str, number: int) -> str:
    return f"textures/{word}_{number}.png"


def _quoted(text: str) -> str:
    """`text` as a string of USD's text format, whose escapes are JSON's but for characters by number."""
    plain = "".join(mark if mark >= " " or mark in "\n\t" else "?" for mark in plain_text(text))
    return json.dumps(plain, ensure_ascii=False)
