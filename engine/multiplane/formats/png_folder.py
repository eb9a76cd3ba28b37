"""A folder of PNG layers with a manifest: what every tool opens, and what a script needs to put them back."""

import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from multiplane.arrays import Floats, Levels
from multiplane.formats.manifest import describe_layer
from multiplane.formats.png import encode_png
from multiplane.formats.write import write_folder
from multiplane.pixels.bleed import bleed
from multiplane.pixels.levels import to_levels, top_level
from multiplane.pixels.over import strips
from multiplane.pixels.zbuffer import nearest_depth
from multiplane.scene import Layer, Scene

MANIFEST = "layers.json"
FORMAT = "multiplane layers"
VERSION = 1
DEPTH, BACKGROUND, ALPHA = "depth.png", "background.png", "alpha.png"
MAPPING = "z = 1 / (1/far + value/65535 * (1/near - 1/far))"
LONGEST_NAME_BYTES = 120
"""Of a layer's name in its file's name: with number and suffix far below every system's limit."""
FORBIDDEN = re.compile(r'[<>:"/\\|?*]+')


def write_png_folder(scene: Scene, folder: Path) -> None:
    """Write the layers, trimmed, as "NN name.png" from far to near, with depth.png, background.png and layers.json.

    A folder that an earlier call wrote is brought up to date; a user's own files in it are left alone. Raises
    OutputError where the folder holds something else, and where the system refuses.
    """
    write_folder(folder, _files(scene), _written_before(folder))


def depth_levels(z: Floats) -> tuple[Levels, float, float]:
    """Depth as 16-bit levels, evenly in disparity, 65535 at the nearest; and the nearest and farthest depth."""
    near, far = float(z.min()), float(z.max())
    span = 1 / near - 1 / far
    levels = np.zeros(z.shape, np.uint16)
    if span > 0:
        for rows in strips(*z.shape):
            # In float64: where all depths are much alike, their disparities differ in the last digits of float32 only.
            share = (1 / z[rows].astype(np.float64) - 1 / far) / span
            levels[rows] = np.rint(share * top_level(16))
    return levels, near, far


def file_names(names: list[str]) -> list[str]:
    """For each layer's name a file name that every system takes: numbered, so unique, and short enough.

    A number that the name itself begins with is dropped for ours.
    """
    digits = max(2, len(str(len(names))))
    return [f"{number:0{digits}d} {_safe(name)}.png" for number, name in enumerate(names, start=1)]


def _safe(name: str) -> str:
    composed = unicodedata.normalize("NFC", name)
    printable = "".join(" " if unicodedata.category(mark)[0] in "CZ" else mark for mark in composed)
    plain = re.sub(r"^\s*\d+\s+", "", FORBIDDEN.sub("-", printable))
    words = " ".join(plain.split()).encode()[:LONGEST_NAME_BYTES].decode(errors="ignore")
    return words.strip(" .") or "layer"  # Windows drops a final dot or space, so a name must not rely on it


def _files(scene: Scene) -> Iterator[tuple[str, bytes]]:
    names = file_names([layer.name for layer in scene.layers])
    for name, layer in zip(names, scene.layers, strict=True):
        yield name, encode_png(bleed(to_levels(layer.rgba, scene.bit_depth)))
    yield BACKGROUND, encode_png(to_levels(scene.layers[0].rgba[..., :3], scene.bit_depth))
    if scene.alpha is not None:
        yield ALPHA, encode_png(to_levels(scene.alpha, scene.bit_depth))
    levels, near, far = depth_levels(nearest_depth(scene.layers, scene.camera.height, scene.camera.width))
    yield DEPTH, encode_png(levels)
    document = _manifest(scene, names, near, far)
    yield MANIFEST, json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _manifest(scene: Scene, names: list[str], near: float, far: float) -> dict[str, Any]:
    camera = scene.camera
    return {
        "format": FORMAT,
        "version": VERSION,
        "camera": {"width": camera.width, "height": camera.height, "focal": camera.focal, "fov_y": camera.fov_y},
        "bit_depth": scene.bit_depth,
        "metric": scene.origin.metric,
        "depth": {"file": DEPTH, "mapping": MAPPING, "near": near, "far": far},
        "background": BACKGROUND,
        "alpha": None if scene.alpha is None else ALPHA,
        "order": "far to near",
        "layers": [_row(name, layer) for name, layer in zip(names, scene.layers, strict=True)],
    }


def _row(file: str, layer: Layer) -> dict[str, Any]:
    return {"file": file, **describe_layer(layer), "depth": layer.depth}


def _written_before(folder: Path) -> frozenset[str]:
    """What an earlier write left in `folder`, by its manifest; nothing where there is none of ours."""
    try:
        document = json.loads((folder / MANIFEST).read_bytes())
        if document["format"] != FORMAT:
            return frozenset()
        layers = {str(layer["file"]) for layer in document["layers"]}
        alpha = {ALPHA} if document["alpha"] == ALPHA else set()
    except (OSError, ValueError, KeyError, TypeError, RecursionError):  # not there, or not ours
        return frozenset()
    return frozenset(layers | alpha | {MANIFEST, DEPTH, BACKGROUND})
