"""Hidden layers of a Photoshop file that are data: depth, normals, and what was filled in, for each layer of the scene.

Each is as its layer lies and has its layer's alpha, so that a group of them, switched on, shows the map of the whole
picture. Shadows have none: they lie on what is below them.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Levels, Mask
from multiplane.formats.gltf.surface import Surface, stack_of
from multiplane.formats.sequence_maps import EVEN_IN_DISPARITY, DepthScale, normal_levels
from multiplane.pixels.boxes import bounds
from multiplane.pixels.levels import from_levels, to_levels, top_level
from multiplane.scene import BitDepth, Camera, Layer, Scene

Extra: TypeAlias = Literal["depth", "normals", "fill-mask"]
EXTRAS: tuple[Extra, ...] = get_args(Extra)


@dataclass(frozen=True)
class ExtraLayer:
    """A layer of data: `pixels` gives (h, w, 4) levels at `corner` (x, y); `key` tells it from all others."""

    name: str
    key: str
    corner: tuple[int, int]
    size: tuple[int, int]
    pixels: Callable[[], Levels]


def extra_layers(scene: Scene, extras: Collection[Extra]) -> list[tuple[str, list[ExtraLayer]]]:
    """The name of each group and its layers, far to near. A group's name says what its levels mean."""
    layers = [(index, layer) for index, layer in enumerate(scene.layers) if layer.blend == "normal"]
    groups: list[tuple[str, list[ExtraLayer]]] = []
    if "depth" in extras:
        groups.append(_depth_group(scene, [layer for _, layer in layers]))
    if "normals" in extras:
        surfaces = stack_of(scene).surfaces
        maps = [
            _of(layer, "normals", partial(_normals, surfaces[index], scene.camera, layer, scene.bit_depth))
            for index, layer in layers
        ]
        groups.append(("normals: red right, green up, blue towards the viewer; half is 0", maps))
    if "fill-mask" in extras:
        masks = [_fill_mask(layer, scene.bit_depth) for _, layer in layers]
        groups.append(("fill mask: what was invented", [mask for mask in masks if mask is not None]))
    return groups


def _depth_group(scene: Scene, layers: Sequence[Layer]) -> tuple[str, list[ExtraLayer]]:
    near, far = min(float(layer.z.min()) for layer in layers), max(float(layer.z.max()) for layer in layers)
    scale, unit = DepthScale(EVEN_IN_DISPARITY, near, far), " m" if scene.origin.metric else ""
    name = f"depth: white {near:.4g}{unit}, black {far:.4g}{unit}, even in 1/depth"
    return name, [_of(layer, "depth", partial(_depth, scale, layer, scene.bit_depth)) for layer in layers]


def _of(layer: Layer, kind: str, pixels: Callable[[], Levels]) -> ExtraLayer:
    return ExtraLayer(f"{layer.name} {kind}", f"{layer.id}\0{kind}", layer.corner, (layer.width, layer.height), pixels)


def _depth(scale: DepthScale, layer: Layer, bit_depth: BitDepth) -> Levels:
    grey = scale.levels(layer.z)
    grey = grey if bit_depth == 16 else to_levels(from_levels(grey), 8)
    out: NDArray[Any] = np.stack([grey, grey, grey, to_levels(layer.rgba[..., 3], bit_depth)], axis=-1)
    return out


def _normals(surface: Surface, camera: Camera, layer: Layer, bit_depth: BitDepth) -> Levels:
    alpha: Floats = layer.rgba[..., 3]
    out: NDArray[Any] = np.dstack([normal_levels(surface, camera, layer, bit_depth), to_levels(alpha, bit_depth)])
    return out


def _fill_mask(layer: Layer, bit_depth: BitDepth) -> ExtraLayer | None:
    """White where the layer's colours are invented; nothing where none are."""
    filled = np.asarray(layer.filled & layer.visible)
    if not filled.any():
        return None
    top, bottom, left, right = bounds(filled)
    corner = layer.corner[0] + left, layer.corner[1] + top
    part = filled[top:bottom, left:right]
    pixels = partial(_white, part, bit_depth)
    return ExtraLayer(f"{layer.name} fill mask", f"{layer.id}\0fill mask", corner, part.shape[::-1], pixels)


def _white(shown: Mask, bit_depth: BitDepth) -> Levels:
    out: Levels = np.full((*shown.shape, 4), top_level(bit_depth), np.uint8 if bit_depth == 8 else np.uint16)
    out[..., 3] *= shown
    return out
