"""A small copy of a scene as seen from the front: colours, who shows where, and depth, for finding shadows."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from multiplane.arrays import Floats, Ints
from multiplane.pixels.levels import from_levels
from multiplane.pixels.over import flatten
from multiplane.pixels.zbuffer import SOLID, nearest_depth
from multiplane.scene import Layer, Scene

RECEIVERS = ("ground", "water", "wall", "building", "mountain", "background", "rest")
"""Labels of what shadows are looked for on: what goes on behind objects. A sky receives none."""
WORKING_SIDE = 384
"""Longer side of the small copy: shadows are large and soft beside pixels."""


@dataclass(frozen=True)
class View:
    """The front of a scene: `rgb` (h, w, 3), the index (h, w) of the layer that shows, and its depth `z` (h, w)."""

    rgb: Floats
    owner: Ints
    z: Floats
    scale: float
    """Working pixels a pixel of the scene."""


def view_of(scene: Scene) -> View:
    """The scene's front, at most WORKING_SIDE pixels long. Layers that multiply own nothing."""
    height, width = scene.camera.height, scene.camera.width
    scale = min(1.0, WORKING_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    photo = from_levels(flatten(scene.layers, height, width, scene.bit_depth))
    rgb = np.clip(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), 0, 1)
    del photo
    owner = np.zeros((height, width), np.int16)
    solid = [(index, layer) for index, layer in enumerate(scene.layers) if layer.blend == "normal"]
    for index, layer in solid:
        x, y = layer.corner
        window = owner[y : y + layer.height, x : x + layer.width]
        window[layer.rgba[..., 3] >= SOLID] = index
    small = cv2.resize(owner, size, interpolation=cv2.INTER_NEAREST).astype(np.int32)
    z = cv2.resize(nearest_depth((layer for _, layer in solid), height, width), size, interpolation=cv2.INTER_NEAREST)
    return View(np.asarray(rgb, np.float32), small, np.asarray(z, np.float32), size[0] / width)


def receives(layer: Layer) -> bool:
    """Whether shadows are looked for on `layer`."""
    return layer.label in RECEIVERS and layer.blend == "normal"


def casts(layer: Layer) -> bool:
    """Whether shadows of `layer` are looked for: it is a thing that stands before something."""
    return layer.label not in (*RECEIVERS, "sky") and layer.blend == "normal"
