"""Shadows after their thing has moved: on the ground they go along as the ground does, elsewhere they are cast anew.

Light from far away throws a moved thing's shadow moved as the thing is, so on the ground the found shadow goes on by
the ground's homography (edit/ground.py), with all its detail; contact is kept, and length follows the perspective. On
other surfaces, and where the thing was flipped, its outline is thrown along the key light, blurred by its height.

Where two shadows of one light meet, nothing is darker than the darker of both: the moved one keeps what the others
leave.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from multiplane.arrays import Floats
from multiplane.edit.crop import box_of, common, within
from multiplane.edit.ground import Foothold, Ground, Vector
from multiplane.edit.throw import throw
from multiplane.edit.warp import warped
from multiplane.errors import SceneError
from multiplane.pixels.bleed import bleed
from multiplane.pixels.boxes import bounds
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.scene import Layer, Scene


@dataclass(frozen=True)
class Step:
    """A thing's foot goes `to` (3,), and the thing grows by `grow`; `flipped` says that it is its own mirror image."""

    foothold: Foothold
    to: Vector
    grow: float
    flipped: bool = False


def followed(scene: Scene, index: int, moved: Layer, step: Step, ground: Ground | None) -> dict[int, Layer | None]:
    """What becomes of the shadows of layer `index`, by their index: a new layer, or None where none is left in view."""
    thrower = scene.layers[index]
    mine = {k: x for k, x in enumerate(scene.layers) if x.caster == thrower.id and x.blend == "multiply"}
    result: dict[int, Layer | None] = {}
    for k, shadow in mine.items():
        receiver = _receiver(scene, k)
        if ground is not None and receiver == ground.index and not step.flipped:
            new = _carried(scene, shadow, step, ground)
        else:
            new = throw(scene, moved, shadow, receiver)
        result[k] = None if new is None else _fitted(scene, new, receiver, set(mine))
    return result


def _receiver(scene: Scene, shadow: int) -> int:
    """The surface that a shadow lies on: the nearest layer below it that is none itself."""
    below = (k for k in range(shadow - 1, -1, -1) if scene.layers[k].blend == "normal")
    return next(below, 0)


def _carried(scene: Scene, shadow: Layer, step: Step, ground: Ground) -> Layer | None:
    matrix = step.foothold.on_ground(step.to, ground.plane, step.grow)
    try:
        return warped(scene, shadow, matrix)
    except SceneError:
        return None  # the shadow alone has left the picture


def _fitted(scene: Scene, shadow: Layer, receiver: int, mine: set[int]) -> Layer | None:
    """`shadow` cut to its receiver, at its depth, and without what other shadows there have darkened already."""
    surface = scene.layers[receiver]
    shared = common(box_of(shadow), box_of(surface))
    if shared is None:
        return None
    part, under = within(shared, box_of(shadow)), within(shared, box_of(surface))
    rgba = shadow.rgba[part].copy()
    rgba[..., 3] *= surface.rgba[under][..., 3]
    factor = 1.0 - rgba[..., 3:] * (1.0 - rgba[..., :3])
    taken = np.ones_like(factor)
    for k, other in enumerate(scene.layers):
        both = common(shared, box_of(other))
        if k in mine or other.blend != "multiply" or both is None or _receiver(scene, k) != receiver:
            continue
        theirs = other.rgba[within(both, box_of(other))]
        taken[within(both, shared)] *= 1.0 - theirs[..., 3:] * (1.0 - theirs[..., :3])
    rgba = _as_sheet(np.minimum(1.0, np.minimum(factor, taken) / np.maximum(taken, 1e-3)), rgba)
    levels = to_levels(rgba, scene.bit_depth)
    shows = np.asarray(levels[..., 3] > 0)
    if not shows.any():
        return None
    top, bottom, left, right = bounds(shows)
    tight = slice(top, bottom), slice(left, right)
    return replace(
        shadow,
        corner=(shared[1].start + left, shared[0].start + top),
        rgba=from_levels(bleed(levels[tight])),
        z=np.ascontiguousarray(surface.z[under][tight]),
        filled=np.ones(levels[tight].shape[:2], np.bool_),
        plane=surface.plane,
    )


def _as_sheet(factor: Floats, like: Floats) -> Floats:
    """The sheet (h, w, 4) that multiplies by `factor` (h, w, 3), in the colours of `like` (h, w, 4)."""
    colour = like[..., :3]
    needed = ((1.0 - factor) / np.maximum(1.0 - colour, 1e-2)).max(axis=-1)
    return np.dstack([colour, np.minimum(needed, like[..., 3])]).astype(np.float32)
