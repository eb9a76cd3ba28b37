"""A folder of PNG or TIFF layers with their maps and a manifest: what every tool opens, and what a script needs."""

import json
import logging
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from multiplane.arrays import Levels
from multiplane.formats.gltf.surface import Surface, stack_of
from multiplane.formats.manifest import describe_layer
from multiplane.formats.png import encode_png
from multiplane.formats.sequence_maps import MILLIMETRES, NORMALS, depth_scale, normal_levels
from multiplane.formats.tiff import encode_tiff
from multiplane.formats.write import write_folder
from multiplane.pixels.bleed import bleed
from multiplane.pixels.levels import to_levels, top_level
from multiplane.pixels.zbuffer import SOLID, nearest_depth
from multiplane.scene import Layer, Scene

log = logging.getLogger(__name__)

Pictures: TypeAlias = Literal["png", "tiff"]
LayerMap: TypeAlias = Literal["depth", "normals", "mask", "filled"]
ALL_MAPS: tuple[LayerMap, ...] = get_args(LayerMap)
"""Of every layer: depth in 16 bits, normals, alpha alone, and white where colours were invented."""
MANIFEST = "layers.json"
FORMAT = "multiplane layers"
VERSION = 1
DEPTH, BACKGROUND, ALPHA, NORMAL = "depth", "background", "alpha", "normals"
LONGEST_NAME_BYTES = 120
"""Of a layer's name in its file's name: with number and suffix far below every system's limit."""
FORBIDDEN = re.compile(r'[<>:"/\\|?*]+')
ENCODERS = {"png": encode_png, "tiff": encode_tiff}
SUFFIXES = {"png": ".png", "tiff": ".tif"}


def write_sequence(scene: Scene, folder: Path, pictures: Pictures = "png", maps: Collection[LayerMap] = ()) -> None:
    """Write the layers, trimmed, as "NN name.png" from far to near, with depth, background and layers.json.

    Each layer's `maps` lie beside it and are as large as it is, as "NN name.depth.png". Depth is in millimetres where
    it is metric and at most 65.535 m, else even in disparity; the manifest states the formula. A folder that an
    earlier call wrote is brought up to date; a user's own files in it are left alone. Raises OutputError where the
    folder holds something else, and where the system refuses.
    """
    write_folder(folder, _Sequence(scene, pictures, maps).files(), _written_before(folder))


def file_names(names: list[str], suffix: str = ".png") -> list[str]:
    """For each layer's name a file name that every system takes: numbered, so unique, and short enough.

    A number that the name itself begins with is dropped for ours.
    """
    digits = max(2, len(str(len(names))))
    return [f"{number:0{digits}d} {_safe(name)}{suffix}" for number, name in enumerate(names, start=1)]


def _safe(name: str) -> str:
    composed = unicodedata.normalize("NFC", name)
    printable = "".join(" " if unicodedata.category(mark)[0] in "CZ" else mark for mark in composed)
    plain = re.sub(r"^\s*\d+\s+", "", FORBIDDEN.sub("-", printable))
    words = " ".join(plain.split()).encode()[:LONGEST_NAME_BYTES].decode(errors="ignore")
    return words.strip(" .") or "layer"  # Windows drops a final dot or space, so a name must not rely on it


class _Sequence:
    """One scene on its way into a folder: what its files are called, and their bytes one by one."""

    def __init__(self, scene: Scene, pictures: Pictures, maps: Collection[LayerMap]) -> None:
        self.scene, self.maps = scene, [each for each in ALL_MAPS if each in maps]
        self.suffix, self.encode = SUFFIXES[pictures], ENCODERS[pictures]
        self.stems = file_names([layer.name for layer in scene.layers], "")
        self.depth = nearest_depth(scene.layers, scene.camera.height, scene.camera.width)
        self.scale = depth_scale(float(self.depth.min()), float(self.depth.max()), scene.origin.metric)
        near, far = (min(float(x.z.min()) for x in scene.layers), max(float(x.z.max()) for x in scene.layers))
        self.layer_scale = depth_scale(near, far, scene.origin.metric)
        if scene.origin.metric and self.scale.mapping != MILLIMETRES:
            log.warning("16 bits of millimetres hold no depths from %.3g to %.3g m: written as disparity", near, far)

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Names and bytes, the manifest last."""
        scene, bits = self.scene, self.scene.bit_depth
        wants_normals = "normals" in self.maps
        surfaces: list[Surface | None] = [*stack_of(scene).surfaces] if wants_normals else [None] * len(scene.layers)
        normals = np.zeros((scene.camera.height, scene.camera.width, 3), np.uint8 if bits == 8 else np.uint16)
        for stem, layer, surface in zip(self.stems, scene.layers, surfaces, strict=True):
            rgba = to_levels(layer.rgba, bits)
            yield stem + self.suffix, self.encode(bleed(rgba))
            for kind in self.maps:
                levels = self._map(kind, layer, rgba, surface)
                if kind == "normals":
                    _lay(levels, layer, normals)
                yield self._name(stem, kind), self.encode(levels)
        yield self._name(BACKGROUND), self.encode(to_levels(scene.layers[0].rgba[..., :3], bits))
        if scene.alpha is not None:
            yield self._name(ALPHA), self.encode(to_levels(scene.alpha, bits))
        if wants_normals:
            yield self._name(NORMAL), self.encode(normals)
        yield self._name(DEPTH), self.encode(self.scale.levels(self.depth))
        text = json.dumps(self._manifest(), indent=2, ensure_ascii=False)
        yield MANIFEST, text.encode("utf-8", "backslashreplace")

    def _map(self, kind: LayerMap, layer: Layer, rgba: Levels, surface: Surface | None) -> Levels:
        if kind == "depth":
            return self.layer_scale.levels(layer.z)
        if kind == "mask":
            return rgba[..., 3].copy()
        if kind == "filled":
            return np.asarray(layer.filled * np.uint8(255))
        assert surface is not None
        return normal_levels(surface, self.scene.camera, layer, self.scene.bit_depth)

    def _name(self, *words: str) -> str:
        return ".".join(words) + self.suffix

    def _manifest(self) -> dict[str, Any]:
        scene, camera = self.scene, self.scene.camera
        document = {
            "format": FORMAT,
            "version": VERSION,
            "camera": {"width": camera.width, "height": camera.height, "focal": camera.focal, "fov_y": camera.fov_y},
            "bit_depth": scene.bit_depth,
            "metric": scene.origin.metric,
            "depth": {"file": self._name(DEPTH), **asdict(self.scale)},
            "background": self._name(BACKGROUND),
            "alpha": None if scene.alpha is None else self._name(ALPHA),
            "order": "far to near",
            "layers": [self._row(stem, layer) for stem, layer in zip(self.stems, scene.layers, strict=True)],
        }
        if "depth" in self.maps:
            document["layer_depth"] = asdict(self.layer_scale)
        if "normals" in self.maps:
            mapping = NORMALS.format(top=top_level(scene.bit_depth))
            document["normals"] = {"file": self._name(NORMAL), "mapping": mapping}
        return document

    def _row(self, stem: str, layer: Layer) -> dict[str, Any]:
        row = {"file": stem + self.suffix, **describe_layer(layer), "depth": layer.depth}
        return {**row, "maps": {kind: self._name(stem, kind) for kind in self.maps}} if self.maps else row


def _lay(levels: Levels, layer: Layer, canvas: Levels) -> None:
    """Copy what the layer shows at least half opaquely to its place."""
    x, y = layer.corner
    window = canvas[y : y + layer.height, x : x + layer.width]
    np.copyto(window, levels, where=layer.rgba[..., 3:] >= SOLID)


def _written_before(folder: Path) -> frozenset[str]:
    """What an earlier write left in `folder`, by its manifest; nothing where there is none of ours."""
    try:
        document = json.loads((folder / MANIFEST).read_bytes())
        if document["format"] != FORMAT:
            return frozenset()
        named = [document["depth"]["file"], document["background"], document["alpha"]]
        named += [document["normals"]["file"]] if "normals" in document else []
        for layer in document["layers"]:
            named += [layer["file"], *layer.get("maps", {}).values()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):  # not there, or not ours
        return frozenset()
    return frozenset({MANIFEST, *(name for name in named if isinstance(name, str))})
