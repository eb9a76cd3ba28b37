"""OpenEXR files: layers in scene-linear light, premultiplied HALF, with FLOAT depth, whose linear over is the photo.

In parts, each layer is trimmed to a data window of its own, far to near, its depth in the part after it: for Nuke,
Blender and whatever reads all parts; other programs see the first, the backdrop. In a single part every layer has the
full canvas, for programs that know no parts, and the unnamed channels are the photo. Names are ASCII letters, digits
and underscores: Nuke rewrites the rest. Names as they are, order, ids and camera stand in the header.
"""

import importlib
import io
import logging
import re
import unicodedata
from collections.abc import Iterator
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from multiplane.errors import FormatError, MissingDependency
from multiplane.formats.description import WORD, description_text
from multiplane.formats.exr_light import REC709, Halves, linear_layers, photo_light
from multiplane.formats.losses import warn_of_blends, warn_of_depth
from multiplane.formats.plain_text import plain_text
from multiplane.pixels.over import flatten
from multiplane.pixels.zbuffer import nearest_depth
from multiplane.scene import Layer, Scene
from multiplane.version import __version__

log = logging.getLogger(__name__)

Channels: TypeAlias = dict[str, NDArray[Any]]
Part: TypeAlias = tuple[str, dict[str, Any], Channels]
"""A part's name, header and channels."""
WHOLE, DEPTH, TRANSPARENCY = "layers", "depth", "transparency"
GENERATOR = f"multiplane {__version__}"
LONGEST_WORDS = 40
MOST_BYTES = 2 << 30
"""Of layers on the full canvas, 12 bytes a pixel each, which are in memory at once."""


def encode_exr(scene: Scene, single_part: bool = False) -> bytes:
    """The .exr of `scene`. Composited in linear light its layers give the photo: in every byte, of an 8-bit scene.

    For that, soft pixels are solved anew (`exr_light`); opaque ones are the scene's to HALF's 11 bits. Depth is in
    metres where the scene is metric, to 16 bits after the first. Raises FormatError where a single part would need more
    than MOST_BYTES.
    """
    exr = _load_openexr()
    if single_part:
        _refuse_too_large(scene)
    warn_of_blends(log, scene, "OpenEXR")
    warn_of_depth(log, scene, "OpenEXR's HALF holds 11 bits of a colour, and this scene 16: they are rounded")
    parts = [_one_part(scene)] if single_part else list(_trimmed_parts(scene))
    parts[0][1].update(_file_facts(scene))
    packed = []
    for name, header, channels in parts:
        compression = _compression(exr, channels)
        packed.append(exr.Part({**_shared_facts(scene), "compression": compression, **header}, channels, name))
    file = io.BytesIO()
    exr.File(packed).write(file)
    return file.getvalue()


def channel_names(names: list[str]) -> list[str]:
    """For each layer's name, far to near, one of letters, digits and underscores: numbered, so unique."""
    digits = max(2, len(str(len(names))))
    return [f"L{number:0{digits}d}_{_plain(name)}" for number, name in enumerate(names, start=1)]


def _plain(name: str) -> str:
    """A number that the name itself begins with is dropped for ours."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9]+", "_", re.sub(r"^\s*\d+\s+", "", letters))
    return words[:LONGEST_WORDS].strip("_") or "layer"


def _load_openexr() -> ModuleType:
    try:
        return importlib.import_module("OpenEXR")
    except (ImportError, OSError) as error:
        raise MissingDependency(
            f"OpenEXR files need the package OpenEXR, which does not load here ({error}); pip install OpenEXR"
        ) from error


def _compression(exr: ModuleType, channels: Channels) -> Any:
    """What packs them smallest: PIZ for pictures; PXR24, made for depth, wherever there is some.

    Both keep every bit of HALF; PXR24 rounds FLOAT to 16 bits after the first.
    """
    pictures = not any(name.rpartition(".")[2] == "Z" for name in channels)
    return exr.PIZ_COMPRESSION if pictures else exr.PXR24_COMPRESSION


def _refuse_too_large(scene: Scene) -> None:
    size = 12 * scene.camera.width * scene.camera.height * len(scene.layers)
    if size > MOST_BYTES:
        raise FormatError(
            f"{len(scene.layers)} layers of {scene.camera.width} x {scene.camera.height} in a single part need"
            f" {size / 1e9:.1f} GB; leave out --single-part, so that each is trimmed to a part of its own"
        )


def _trimmed_parts(scene: Scene) -> Iterator[Part]:
    """For each layer its colours and its depth, far to near."""
    names = channel_names([layer.name for layer in scene.layers])
    for order, (name, linear) in enumerate(zip(names, linear_layers(scene), strict=True)):
        layer = linear.layer
        header = {"dataWindow": _window(layer.corner, layer.width, layer.height), **_layer_facts(layer, order)}
        yield name, header, {"RGBA": linear.rgba}
        yield f"{name}_{DEPTH}", dict(header), {"Z": layer.z.copy()}
    if scene.alpha is not None:
        yield TRANSPARENCY, {}, {"A": scene.alpha.astype(np.float16)}


def _one_part(scene: Scene) -> Part:
    """Every layer on the full canvas; the unnamed channels are the photo."""
    size = scene.camera.height, scene.camera.width
    channels: Channels = dict(zip("RGBA", _photo(scene), strict=True))
    channels[f"{DEPTH}.Z"] = nearest_depth(scene.layers, *size)
    if scene.alpha is not None:
        channels[f"{TRANSPARENCY}.A"] = scene.alpha.astype(np.float16)
    names = channel_names([layer.name for layer in scene.layers])
    for name, linear in zip(names, linear_layers(scene), strict=True):
        x, y = linear.layer.corner
        box = slice(y, y + linear.layer.height), slice(x, x + linear.layer.width)
        for index, letter in enumerate("RGBA"):
            plane = np.zeros(size, np.float16)
            plane[box] = linear.rgba[..., index]
            channels[f"{name}.{letter}"] = plane
        z = np.full(size, linear.layer.depth, np.float32)
        z[box] = linear.layer.z
        channels[f"{name}_{DEPTH}.Z"] = z
    return WHOLE, {}, channels


def _photo(scene: Scene) -> list[Halves]:
    """Red, green, blue and alpha of the photo, premultiplied with its own transparency."""
    rgb = photo_light(flatten(scene.layers, scene.camera.height, scene.camera.width, scene.bit_depth))
    alpha = np.ones(rgb.shape[:2], np.float32) if scene.alpha is None else scene.alpha
    if scene.alpha is not None:
        rgb = (rgb * alpha[..., None]).astype(np.float16)
    return [*(rgb[..., index].copy() for index in range(3)), alpha.astype(np.float16)]


def _window(corner: tuple[int, int], width: int, height: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    first = np.array(corner, np.int32)
    return first, first + np.array([width - 1, height - 1], np.int32)


def _shared_facts(scene: Scene) -> dict[str, Any]:
    """The header of every part, by the standard's names."""
    facts = {
        "chromaticities": REC709,
        "colorInteropID": "lin_rec709_scene",
        "displayWindow": _window((0, 0), scene.camera.width, scene.camera.height),
    }
    return {**facts, "xDensity": float(scene.dpi)} if scene.dpi else facts


def _file_facts(scene: Scene) -> dict[str, Any]:
    """What only the first part's header says."""
    return {
        "software": GENERATOR,
        "multiplaneFocal": float(scene.camera.focal),
        "multiplaneDepthUnit": "metres" if scene.origin.metric else "relative",
        WORD: description_text(scene),
    }


def _layer_facts(layer: Layer, order: int) -> dict[str, Any]:
    return {
        "multiplaneOrder": order,
        "multiplaneId": plain_text(layer.id),
        "multiplaneName": plain_text(layer.name),
        "multiplanePlane": layer.plane,
        "multiplaneDepth": layer.depth,
    }
