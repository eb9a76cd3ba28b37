"""Makes the farthest layer of an edited scene cover the canvas again: filled in where it no longer does."""

from dataclasses import replace

import numpy as np

from multiplane.arrays import Floats
from multiplane.errors import SceneError
from multiplane.inpaint import InpaintBackend
from multiplane.inpaint.surface import continue_depth
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.scene import BitDepth, Camera, Layer

LEAST_COVER = 0.5
"""Share of the canvas from which the rest is filled in: below it there is more to invent than to invent it from."""
NEARLY_NOTHING = float(np.finfo(np.float32).tiny)


def covered(layer: Layer, camera: Camera) -> float:
    """How much of the canvas the layer's alpha covers, in [0, 1]; 1 only where it is opaque everywhere."""
    total = float(layer.rgba[..., 3].sum(dtype=np.float64)) / (camera.width * camera.height)
    opaque = total >= 1.0 and float(layer.rgba[..., 3].min()) == 1.0
    return 1.0 if opaque else min(total, np.nextafter(1.0, 0.0))


def complete(layer: Layer, camera: Camera, bit_depth: BitDepth, inpaint: InpaintBackend, seed: int) -> Layer:
    """`layer` on the whole canvas, opaque: colour and depth go on behind what it lacks, which is `filled` from then on.

    Raises SceneError where it covers less than half the canvas.
    """
    share = covered(layer, camera)
    if share < LEAST_COVER:
        raise SceneError(
            f"the lowest layer that is left, {layer.name!r}, covers {share:.0%} of the canvas, and the lowest must"
            " cover all of it; bring the background back in the editor, or put a new one under everything"
        )
    shape = camera.height, camera.width
    x, y = layer.corner
    window = slice(y, y + layer.height), slice(x, x + layer.width)
    rgba = np.zeros((*shape, 4), np.float32)
    rgba[window] = layer.rgba
    alpha = rgba[..., 3]
    hole = np.asarray(alpha < 1.0)
    if hole.all():
        raise SceneError(f"the lowest layer {layer.name!r} is nowhere opaque; make it opaque in the editor")
    one_surface = np.zeros(shape, np.int32)
    behind = inpaint(np.ascontiguousarray(rgba[..., :3]), hole, one_surface, seed)
    colour: Floats = alpha[..., None] * rgba[..., :3] + (1.0 - alpha[..., None]) * behind
    colour = np.where(hole[..., None], from_levels(to_levels(colour, bit_depth)), rgba[..., :3])
    z, unknown = np.ones(shape, np.float32), np.ones(shape, np.bool_)
    z[window], unknown[window] = layer.z, False
    nothing = np.full(shape, NEARLY_NOTHING, np.float32)
    filled = np.zeros(shape, np.bool_)
    filled[window] = layer.filled
    return replace(
        layer,
        corner=(0, 0),
        rgba=np.dstack([colour, np.ones(shape, np.float32)]).astype(np.float32),
        z=continue_depth(z, unknown, one_surface, nothing) if unknown.any() else z,
        filled=filled | np.asarray(alpha < 0.5),
    )
