"""Boxes of the canvas: where a layer lies, the part of each layer in a box, and a layer cut out of a canvas again."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias

import numpy as np

from multiplane.arrays import Floats, Levels, Mask
from multiplane.errors import SceneError
from multiplane.pixels.bleed import bleed
from multiplane.pixels.boxes import bounds
from multiplane.pixels.levels import from_levels
from multiplane.pixels.over import flatten
from multiplane.scene import Layer, Scene

Box: TypeAlias = tuple[slice, slice]
"""Rows and columns of the canvas."""


class Cropped(NamedTuple):
    """A layer's part in a box: what compositing needs. `corner` is (x, y) in the box."""

    rgba: Floats
    corner: tuple[int, int]
    blend: str


class Pixels(NamedTuple):
    """A sheet's arrays on a box of the canvas: `rgba` (h, w, 4) levels, `z` and `filled` (h, w)."""

    rgba: Levels
    z: Floats
    filled: Mask


def box_of(layer: Layer) -> Box:
    """Where on the canvas `layer` lies."""
    x, y = layer.corner
    return slice(y, y + layer.height), slice(x, x + layer.width)


def union(boxes: Sequence[Box]) -> Box:
    """The smallest box around all of `boxes`."""
    rows, columns = ([box[axis] for box in boxes] for axis in (0, 1))
    return (
        slice(min(span.start for span in rows), max(span.stop for span in rows)),
        slice(min(span.start for span in columns), max(span.stop for span in columns)),
    )


def within(box: Box, outer: Box) -> Box:
    """`box` in arrays that cover `outer`."""
    rows, columns = (slice(s.start - o.start, s.stop - o.start) for s, o in zip(box, outer, strict=True))
    return rows, columns


def common(one: Box, other: Box) -> Box | None:
    """Where two boxes overlap, if they do."""
    rows, columns = (slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
    return (rows, columns) if rows.start < rows.stop and columns.start < columns.stop else None


def composite(layers: Iterable[Layer], box: Box, bit_depth: int) -> Levels:
    """`layers`, far to near, composited in `box` alone: (h, w, 3) levels; black where nothing opaque is."""
    parts = []
    for layer in layers:
        mine = box_of(layer)
        shared = common(mine, box)
        if shared is not None:
            place = within(shared, box)
            parts.append(Cropped(layer.rgba[within(shared, mine)], (place[1].start, place[0].start), layer.blend))
    return flatten(parts, box[0].stop - box[0].start, box[1].stop - box[1].start, bit_depth)


def sheet(colour: Levels, alpha: Levels) -> Levels:
    """RGBA (h, w, 4) of colours (h, w, 3) and alpha (h, w), levels of one type."""
    rgba: Levels = np.concatenate([colour, alpha[..., None]], axis=-1)
    return rgba


def cut_out(like: Layer, pixels: Pixels, box: Box) -> Layer:
    """A layer like `like` of `pixels`, which lie on `box`, cropped to what they show; colours bled under alpha 0.

    Raises SceneError where they show nothing.
    """
    visible = np.asarray(pixels.rgba[..., 3] > 0)
    if not visible.any():
        raise SceneError(f"nothing would be left to see of layer {like.id!r}; drop it instead")
    top, bottom, left, right = bounds(visible)
    tight = slice(top, bottom), slice(left, right)
    return replace(
        like,
        corner=(box[1].start + left, box[0].start + top),
        rgba=from_levels(bleed(pixels.rgba[tight])),
        z=np.ascontiguousarray(pixels.z[tight]),
        filled=np.ascontiguousarray(pixels.filled[tight]),
    )


def with_layer(scene: Scene, index: int, *layers: Layer) -> Scene:
    """`scene` with `layers`, far to near, in the place of layer `index`."""
    return replace(scene, layers=(*scene.layers[:index], *layers, *scene.layers[index + 1 :]))
