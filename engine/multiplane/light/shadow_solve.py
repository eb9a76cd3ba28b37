"""Takes shadows off a surface: the surface as it would look lit, and layers that multiply the shadows back on, exactly.

Alphabet, per pixel and channel: T what all layers up to the surface composite to, f_k in (0, 1] the factor of shadow k,
B the same composite over the healed surface R / (f_1 f_2 ...). B >= T, as healing only brightens and compositing is
monotone; from B the shadows lead down to T one after another, and the last one meets T in every level. What was
invented behind a thing is filled in anew from what is healed around it; where the thing is opaque, nobody sees T there.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np

from multiplane.arrays import Floats, Ints, Levels, Mask
from multiplane.pixels.boxes import bounds
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.pixels.multiply import unmultiply
from multiplane.pixels.over import over
from multiplane.scene import Layer, Scene

Fill: TypeAlias = Callable[[Floats, Mask, Ints, int], Floats]
"""rgb (h, w, 3), hole (h, w), surface (h, w), seed to rgb with the hole filled: a backend of the inpaint stage."""
Box: TypeAlias = tuple[slice, slice]

DARKEST = 0.02
"""No shadow is darker than this factor."""
UMBRA = 0.02
"""The share of a shadow's pixels that may be darker than its own colour."""
LOST = 0.35
"""Factor below which there is no surface left to brighten: it is filled in anew."""
NEARLY_ALL, FEWEST = 0.995, 200
"""Quantile of the lit surface's colours that stands for its brightest, from so many pixels."""
SHADED = 0.97
"""Factor below which a pixel counts as shaded."""


class Cast(NamedTuple):
    """A shadow on one surface: the index of its caster, and its `factor` (h, w, 3) in (0, 1] on a box of the canvas."""

    caster: int
    factor: Floats


def solve(scene: Scene, receiver: int, shadows: Sequence[Cast], box: Box, fill: Fill | None) -> tuple[Layer, ...]:
    """Layer `receiver` healed, and its shadows right before it, far to near; `box` must lie within the layer."""
    layer = scene.layers[receiver]
    x, y = layer.corner
    mine = slice(box[0].start - y, box[0].stop - y), slice(box[1].start - x, box[1].stop - x)
    below = composite_in(scene.layers[:receiver], box, scene.bit_depth)
    levels = to_levels(layer.rgba[mine], scene.bit_depth)
    goal = over(levels, below)
    factor = np.prod([shadow.factor for shadow in shadows], axis=0, dtype=np.float32)
    opaque = np.asarray(levels[..., 3] == np.iinfo(levels.dtype).max)
    hidden = _hidden(scene, receiver, box) & opaque
    healed = levels.copy()
    bright = np.minimum(
        from_levels(levels[..., :3]) / factor, _brightest(levels, factor, layer.visible[mine] & ~hidden)
    )
    healed[..., :3] = np.maximum(levels[..., :3], to_levels(bright, scene.bit_depth))
    if fill is not None:
        # Soft edges outside the shadow stay as they are.
        dark = factor.min(axis=-1)
        hole = np.asarray(opaque & ((layer.filled[mine] & (hidden | (dark < SHADED))) | (dark < LOST)))
        _refill(healed, hole, layer.visible[mine], fill, scene.origin.seed)
        # What shows through a soft edge must not get darker than it was, or no shadow could lead back to it.
        np.maximum(healed, levels, out=healed, where=(hole & ~hidden)[..., None], casting="unsafe")
    rgba = layer.rgba.copy()
    rgba[mine] = from_levels(healed)
    bare = replace(layer, rgba=rgba)
    behind = over(healed, below)
    solved, left = [], np.ones_like(factor)
    for number, shadow in enumerate(shadows):
        left = left * shadow.factor
        last = number + 1 == len(shadows)
        target = np.minimum(behind, to_levels(from_levels(over(healed, below)) * left, scene.bit_depth))
        seen = ~hidden[..., None]
        if last:
            np.copyto(target, goal, where=seen, casting="unsafe")
        else:
            np.maximum(target, goal, out=target, where=seen, casting="unsafe")
        made = _shadow(scene, shadow, layer, (target, behind), (box, mine), hidden)
        if made is not None:
            solved.append(made)
            behind = target
    return bare, *solved


def _brightest(levels: Levels, factor: Floats, seen: Mask) -> Floats:
    """The colour (3,) that a healed surface does not exceed: nearly the brightest that is seen of it lit."""
    lit = seen & (factor.min(axis=-1) >= SHADED)
    colours = from_levels(levels[..., :3][lit])
    if len(colours) < FEWEST:
        return np.ones(3, np.float32)
    return np.asarray(np.quantile(colours[:: max(1, len(colours) // 50_000)], NEARLY_ALL, axis=0), np.float32)


def _shadow(
    scene: Scene, shadow: Cast, receiver: Layer, unsolved: tuple[Levels, Levels], boxes: tuple[Box, Box], hidden: Mask
) -> Layer | None:
    """The layer that multiplies `unsolved`'s second picture into its first, cropped to what it shows, if anything.

    `boxes`: where the pictures lie on the canvas, and in the receiver's own arrays.
    """
    (target, behind), (box, mine) = unsolved, boxes
    caster = scene.layers[shadow.caster]
    umbra = colour_of(shadow.factor)
    strength = ((1.0 - shadow.factor) / np.maximum(1.0 - umbra, 1e-3)).max(axis=-1)
    alpha = to_levels(np.clip(strength, 0, 1).astype(np.float32), scene.bit_depth)
    share = np.maximum(from_levels(alpha), 1e-3)[..., None]
    wanted = to_levels(np.clip(1.0 - (1.0 - shadow.factor) / share, 0, 1).astype(np.float32), scene.bit_depth)
    rgba = unmultiply(target, behind, alpha, wanted)
    shows = np.asarray(rgba[..., 3] > 0)
    if not shows.any():
        return None
    top, bottom, left, right = bounds(shows)
    tight = slice(top, bottom), slice(left, right)
    pixels = from_levels(rgba[tight])
    clear = pixels[..., 3] == 0
    pixels[clear, :3] = from_levels(to_levels(umbra, scene.bit_depth))
    return Layer(
        id=f"shadow-{caster.id}-on-{receiver.id}",
        name=f"Shadow of {_plain(caster.name)} on {_plain(receiver.name)}",
        label="shadow",
        plane=receiver.plane,
        corner=(box[1].start + left, box[0].start + top),
        rgba=pixels,
        z=receiver.z[mine][tight].copy(),
        filled=hidden[tight].copy(),
        caster=caster.id,
        blend="multiply",
    )


def _plain(name: str) -> str:
    """A layer's name without the number that says where it stands."""
    return re.sub(r"^\d+\s+(?=\S)", "", name)


def colour_of(factor: Floats) -> Floats:
    """The colour (3,) of a shadow with these factors (h, w, 3): what it multiplies with where it is deepest."""
    depth = -np.log(np.maximum(factor, DARKEST)).mean(axis=-1)
    shaded = depth > 0.02
    if not shaded.any():
        return np.ones(3, np.float32)
    deepest = float(np.quantile(depth[shaded], 1.0 - UMBRA))
    core = depth >= 0.7 * deepest
    tint = -np.log(np.maximum(factor[core], DARKEST)).mean(axis=0)
    return np.asarray(np.exp(-tint * (deepest / max(float(tint.mean()), 1e-6))), np.float32)


def _hidden(scene: Scene, receiver: int, box: Box) -> Mask:
    """Where in `box` something opaque stands before layer `receiver`."""
    hidden = np.zeros((box[0].stop - box[0].start, box[1].stop - box[1].start), np.bool_)
    for layer in scene.layers[receiver + 1 :]:
        part = _part(layer, box)
        if part is None or layer.blend != "normal":
            continue
        place, own = part
        hidden[place] |= layer.rgba[own][..., 3] == 1.0
    return hidden


def composite_in(layers: Sequence[Layer], box: Box, bit_depth: int) -> Levels:
    """`layers`, far to near, composited in `box`: (h, w, 3) levels."""
    shape = (box[0].stop - box[0].start, box[1].stop - box[1].start, 3)
    canvas: Levels = np.zeros(shape, np.uint8) if bit_depth == 8 else np.zeros(shape, np.uint16)
    for layer in layers:
        part = _part(layer, box)
        if part is not None:
            place, own = part
            canvas[place] = over(to_levels(layer.rgba[own], bit_depth), canvas[place], layer.blend)
    return canvas


def _part(layer: Layer, box: Box) -> tuple[Box, Box] | None:
    """Where a layer lies in `box`, and which part of its own arrays does."""
    x, y = layer.corner
    rows = max(y, box[0].start), min(y + layer.height, box[0].stop)
    columns = max(x, box[1].start), min(x + layer.width, box[1].stop)
    if rows[0] >= rows[1] or columns[0] >= columns[1]:
        return None
    return (
        (
            slice(rows[0] - box[0].start, rows[1] - box[0].start),
            slice(columns[0] - box[1].start, columns[1] - box[1].start),
        ),
        (slice(rows[0] - y, rows[1] - y), slice(columns[0] - x, columns[1] - x)),
    )


def _refill(healed: Levels, hole: Mask, visible: Mask, fill: Fill, seed: int) -> None:
    """Fill `hole` of `healed` (h, w, 4), in place, from the rest of what is visible of it."""
    if not hole.any() or not (visible & ~hole).any():
        return
    surface = np.where(visible, np.int32(0), np.int32(-1)).astype(np.int32)
    rgb = fill(from_levels(healed[..., :3]), hole, surface, seed)
    bit_depth = 8 if healed.dtype == np.uint8 else 16
    healed[..., :3][hole] = to_levels(rgb[hole], bit_depth)


def grown(mask: Mask, pixels: int) -> Mask:
    """`mask` grown by `pixels`."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    return np.asarray(cv2.dilate(mask.view(np.uint8), kernel) > 0)
