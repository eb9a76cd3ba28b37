"""Finds the shadows of a scene's things: first the light that explains them together, then each one by itself."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from multiplane.arrays import Floats
from multiplane.light.shadow_cast import body_of, stood_on
from multiplane.light.shadow_darkness import around, darkness
from multiplane.light.shadow_light import Standing, best_light, correlation, shadow_of
from multiplane.light.shadow_matte import shade_of
from multiplane.light.shadow_plane import Vector, plane_of, rays
from multiplane.light.shadow_view import View, casts, receives
from multiplane.scene import Scene

SMALLEST = 80
"""Working pixels of a thing below which its shadow is not looked for."""
FEWEST_ON = 150
"""Working pixels of a surface below which it is no plane."""
AGREES = 0.38
"""Least mean correlation of thrown shadows with darkness for there to be a key light at all."""
AGREES_EACH = 0.08
"""... and least correlation around a thing."""
TELLS = 0.1
"""Least product of the mean correlation with a shadow's own log darkening: faint ones need a scene that agrees well."""
COOL = 2.0
"""How much a cool tint adds to that: what is lit by the sky alone is cooler than what the sun lights, too; corners that
light does not reach are warm or grey."""
DEEP = 0.5
"""Darkening above which darker is not more shaded."""
UP = np.array([0.0, -1.0, 0.0])


class Found(NamedTuple):
    """Shadows by index of their caster, as log darkening (h, w, 3) on the view; and the direction to the light."""

    darkening: dict[int, Floats]
    towards: Vector
    agreement: float


def find(scene: Scene, view: View) -> Found | None:
    """The shadows that the scene clearly shows; None where there are none."""
    height, width = view.owner.shape
    focal = scene.camera.focal * view.scale
    directions = rays(height, width, focal)
    seen = np.bincount(view.owner.ravel(), minlength=len(scene.layers))
    surfaces = [k for k, layer in enumerate(scene.layers) if receives(layer) and seen[k] >= FEWEST_ON]
    planes = {k: plane_of(directions, view.z, np.asarray(view.owner == k)) for k in surfaces}
    floor = _floor(scene, planes, seen)
    things = []
    for caster, layer in enumerate(scene.layers):
        mask = np.asarray(view.owner == caster)
        behind = [k for k in surfaces if k < caster]
        if not casts(layer) or seen[caster] < SMALLEST or not behind:
            continue
        near = around(view.rgb, view.owner, mask, behind)
        if not near.known.any():
            continue
        dark = np.clip(darkness(near)[0], -DEEP, DEEP)
        body = body_of(mask, view.z, directions)
        body = body if floor is None else stood_on(body, planes[floor], touches=True)
        things.append(Standing(caster, body, {k: planes[k] for k in behind}, near, dark))
    if not things:
        return None
    up = UP if floor is None else -planes[floor] / np.linalg.norm(planes[floor])
    towards, agreement = best_light(things, view.owner, up, focal)
    if agreement < AGREES:
        return None
    shadows = {thing.caster: shadow_of(thing, view.owner, towards, focal) for thing in things}
    found = {}
    for thing in things:
        box, mine = thing.near.box, shadows[thing.caster]
        others = np.any([shadow for caster, shadow in shadows.items() if caster != thing.caster], axis=0)
        others = np.asarray(np.broadcast_to(others, mine.shape)[box] & ~mine[box])
        if correlation(mine[box], thing.dark, thing.near.known & ~others) < AGREES_EACH:
            continue
        size = max(np.ptp(axis) + 1 for axis in np.nonzero(thing.body.mask))
        shade = shade_of(thing.near, mine[box], others, int(size))
        if shade is not None and agreement * shade.depth * (1.0 + COOL * shade.cool) >= TELLS:
            field = np.zeros((height, width, 3), np.float32)
            field[box] = shade.field
            found[thing.caster] = field
    return Found(_shared(found), towards, agreement) if found else None


def _shared(found: dict[int, Floats]) -> dict[int, Floats]:
    """Where shadows of one light meet it is no darker than in the darkest of them: they share that darkening."""
    fields = list(found.values())
    total, most = np.sum(fields, axis=0, dtype=np.float32), np.max(fields, axis=0)
    share = most / np.maximum(total, 1e-6)
    return {caster: field * share for caster, field in found.items()}


def _floor(scene: Scene, planes: dict[int, Vector], seen: np.ndarray[tuple[int], np.dtype[np.intp]]) -> int | None:
    """The surface that things stand on: the largest called ground, or else one that rises towards the viewer."""
    ground = [k for k in planes if scene.layers[k].label in ("ground", "water")]
    level = [k for k, plane in planes.items() if plane[1] > 0.5 * np.linalg.norm(plane)]
    chosen = ground or level
    return max(chosen, key=lambda k: seen[k]) if chosen else None
