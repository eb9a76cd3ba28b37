"""Divides a layer into what somebody points at, by points, a box or a mask, and the rest; the nearer comes first."""

from collections.abc import Callable
from typing import TypeAlias

import cv2
import numpy as np

from multiplane.arrays import Floats, Mask
from multiplane.edit.by_component import SOLID
from multiplane.edit.crop import box_of, composite
from multiplane.edit.enclosed import enclosed
from multiplane.edit.split import Parts
from multiplane.errors import SceneError
from multiplane.layering.order import SURFACES
from multiplane.pixels.levels import from_levels
from multiplane.scene import Layer, Scene
from multiplane.segment.prompt import Prompt

Select: TypeAlias = Callable[[Floats, Floats, Prompt], Mask]
"""rgb (H, W, 3), z (H, W) and a prompt to the mask (H, W) of one thing."""

LEAST = 0.001
"""Share of the layer that either side must have."""
BAND = 0.008
"""How far from their border the depth of both sides is read, as a share of the canvas's diagonal: past its blur."""
ENCLOSED = 0.25
"""What it says for being in front to be enclosed by the other, in units of the layer's whole disparity range ..."""
CHOSEN = 0.05
"""... and to be what somebody pointed at."""


def by_prompt(scene: Scene, index: int, prompt: Prompt, select: Select, name: str | None = None) -> Parts:
    """The thing in layer `index` that `prompt` points at, found by `select` in the picture without nearer layers.

    Raises SceneError where a point inside is not on the layer, and where the thing is all of it or nothing.
    """
    layer, canvas = scene.layers[index], (slice(0, scene.camera.height), slice(0, scene.camera.width))
    prompt.check_inside(scene.camera.width, scene.camera.height)
    for x, y, positive in prompt.points:
        if positive and not _shows(layer, int(x), int(y)):
            there = [each.id for each in scene.layers[::-1] if _shows(each, int(x), int(y))]
            raise SceneError(f"{layer.id!r} does not show at {x:g},{y:g}; there are: {', '.join(there)}")
    shown = scene.layers[: index + 1]
    rgb = from_levels(composite(shown, canvas, scene.bit_depth))
    return by_mask(scene, index, select(rgb, _depth(shown, rgb.shape[:2]), prompt), name)


def by_mask(scene: Scene, index: int, mask: Mask, name: str | None = None) -> Parts:
    """What of layer `index` lies in `mask`, (H, W) of the canvas or (h, w) of the layer; the rest keeps its id.

    Raises SceneError for another size, and where the mask holds all of the layer or nothing.
    """
    layer, size = scene.layers[index], (scene.camera.height, scene.camera.width)
    if mask.shape not in (size, layer.rgba.shape[:2]):
        raise SceneError(
            f"the mask is {mask.shape[1]} x {mask.shape[0]} pixels, but the scene is {size[1]} x {size[0]} and"
            f" {layer.id!r} {layer.width} x {layer.height}; make it one of these sizes"
        )
    own = mask[box_of(layer)] if mask.shape == size else mask
    visible, solid = layer.visible, np.asarray(layer.rgba[..., 3] >= SOLID)
    solid = solid if solid.any() else visible
    share = float(np.count_nonzero(own & solid)) / np.count_nonzero(solid)
    if not LEAST < share < 1.0 - LEAST:
        what = "all" if share > 0.5 else "nothing"
        raise SceneError(f"the selection holds {what} of {layer.id!r}; choose another place, box or mask")
    picked, rest = np.asarray(visible & own), np.asarray(visible & ~own)
    reach = max(2, round(BAND * float(np.hypot(*size))))
    front = _is_in_front(layer, picked & solid, rest & solid, reach)
    label = "object" if layer.label in SURFACES else layer.label
    masks = (picked, rest) if front else (rest, picked)
    return Parts(masks, kept=int(front), name=name, label=label)


def _shows(layer: Layer, x: int, y: int) -> bool:
    rows, columns = box_of(layer)
    inside = rows.start <= y < rows.stop and columns.start <= x < columns.stop
    return inside and bool(layer.rgba[y - rows.start, x - columns.start, 3] > 0)


def _depth(layers: tuple[Layer, ...], size: tuple[int, ...]) -> Floats:
    """The depth (H, W) of the nearest of `layers` that is at least half opaque at each pixel."""
    z = np.empty(size, np.float32)
    for layer in layers:
        solid = layer.rgba[..., 3] >= SOLID
        np.copyto(z[box_of(layer)], layer.z, where=solid)
    return z


def _is_in_front(layer: Layer, picked: Mask, rest: Mask, reach: int) -> bool:
    """Whether `picked` (h, w) hides the `rest` of the layer: by the depth along their border, and who encloses whom."""
    disparity = 1.0 / layer.z
    low, high = np.quantile(disparity[picked | rest], [0.005, 0.995])
    # Where all is equally far, there is no step to find: rounding noise is not stretched into one.
    span = max(float(high - low), 1e-3 * float(high))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    near_picked, near_rest = (cv2.dilate(mask.view(np.uint8), kernel) > 0 for mask in (picked, rest))
    ours, theirs = picked & near_rest, rest & near_picked
    lead = CHOSEN + ENCLOSED * (enclosed(picked, rest) - enclosed(rest, picked))
    if ours.any() and theirs.any():
        lead += float(np.median(disparity[ours]) - np.median(disparity[theirs])) / span
    return lead > 0
