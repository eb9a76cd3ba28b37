"""Counts the pixels in which two states of a scene look different."""

import numpy as np

from multiplane.edit.crop import box_of, composite, union
from multiplane.scene import Layer, Scene


def pixels_changed(before: Scene, after: Scene) -> int:
    """How many pixels of the composite differ between two scenes of one canvas, after rounding to levels.

    Only the box is composited in which those layers lie that are not shared, in place, by both.
    """
    first, last = _shared_ends(before.layers, after.layers)
    boxes = [box_of(layer) for scene in (before, after) for layer in scene.layers[first : len(scene.layers) - last]]
    if not boxes:
        return 0
    one, other = (composite(scene.layers, union(boxes), scene.bit_depth) for scene in (before, after))
    return int(np.count_nonzero((one != other).any(axis=-1)))


def _shared_ends(before: tuple[Layer, ...], after: tuple[Layer, ...]) -> tuple[int, int]:
    """How many layers both share at the far end, and, of the rest, at the near one."""
    most = min(len(before), len(after))
    first = next((k for k in range(most) if not _look_alike(before[k], after[k])), most)
    most -= first
    return first, next((k for k in range(most) if not _look_alike(before[-1 - k], after[-1 - k])), most)


def _look_alike(one: Layer, other: Layer) -> bool:
    return one.rgba is other.rgba and (one.corner, one.blend) == (other.corner, other.blend)
