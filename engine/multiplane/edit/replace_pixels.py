"""Gives a layer new pixels: colours, and where they come with transparency, a new outline; depth goes on."""

import numpy as np

from multiplane.arrays import Floats, Mask
from multiplane.edit.backdrop import can_be_backdrop
from multiplane.edit.crop import Box, Pixels, box_of, cut_out, sheet, with_layer, within
from multiplane.errors import SceneError
from multiplane.inpaint.surface import continue_depth
from multiplane.pixels.levels import to_levels
from multiplane.pixels.nearest import from_nearest
from multiplane.scene import Layer, Scene


def replace_pixels(scene: Scene, index: int, rgb: Floats, alpha: Floats | None) -> Scene:
    """`scene` with layer `index` showing `rgb` (h, w, 3), of the layer's own size or of the whole canvas.

    With `alpha` (h, w) the layer gets a new outline; without, it keeps its own. Depth stays where the layer had it and
    is continued elsewhere. Pixels that change are invented no more. Raises SceneError for another size, for pixels that
    are transparent everywhere, and for a backdrop that would not be opaque.
    """
    layer, size = scene.layers[index], (scene.camera.height, scene.camera.width)
    own = layer.rgba.shape[:2]
    if rgb.shape[:2] not in (size, own):
        raise SceneError(
            f"the new pixels are {rgb.shape[1]} x {rgb.shape[0]}, but the scene is {size[1]} x {size[0]} and"
            f" {layer.id!r} {layer.width} x {layer.height}; make them one of these sizes"
        )
    box = box_of(layer) if rgb.shape[:2] == own else (slice(0, size[0]), slice(0, size[1]))
    before = _spread(layer, box, scene.bit_depth)
    outline = before.rgba[..., 3] if alpha is None else to_levels(alpha, scene.bit_depth)
    after = sheet(to_levels(rgb, scene.bit_depth), outline)
    had, has = np.asarray(before.rgba[..., 3] > 0), np.asarray(outline > 0)
    changed = (before.rgba != after).any(axis=-1)
    replaced = cut_out(layer, Pixels(after, _depth(before.z, had, has), before.filled & ~changed), box)
    if index == 0 and not can_be_backdrop(replaced, scene.camera):
        raise SceneError(f"{layer.id!r} is the backdrop and must be opaque everywhere; fill what is transparent")
    return with_layer(scene, index, replaced)


def _spread(layer: Layer, box: Box, bit_depth: int) -> Pixels:
    """The layer's pixels on `box`, clear where the layer does not reach."""
    place, shape = within(box_of(layer), box), (box[0].stop - box[0].start, box[1].stop - box[1].start)
    levels = to_levels(layer.rgba, bit_depth)
    spread = Pixels(np.zeros((*shape, 4), levels.dtype), np.ones(shape, np.float32), np.zeros(shape, np.bool_))
    spread.rgba[place], spread.z[place], spread.filled[place] = levels, layer.z, layer.filled
    return spread


def _depth(z: Floats, had: Mask, has: Mask) -> Floats:
    """`z` (h, w) where the layer `had` it, continued where it `has` pixels now."""
    if not had.any():
        return z
    known, _ = from_nearest(z, np.asarray(had))
    fresh = np.asarray(has & ~had)
    nowhere = np.full(z.shape, np.finfo(np.float32).tiny, np.float32)
    return continue_depth(known, fresh, np.where(had | has, 0, -1).astype(np.int32), nowhere)
