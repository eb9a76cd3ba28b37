"""Finds the shadows of a scene's things: first the light that explains them together, then each one by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from multiplane.arrays import Floats, Mask
from multiplane.light.shadow_cast import body_of, stood_on
from multiplane.light.shadow_darkness import around, darkness
from multiplane.light.shadow_light import Evidence, Standing, best_light, shadow_of
from multiplane.light.shadow_matte import Shade, shade_of
from multiplane.light.shadow_plane import Vector, plane_of, rays
from multiplane.light.shadow_view import View, casts, receives
from multiplane.scene import LUMINANCE, KeyLight, Scene

SMALLEST = 80
"""Working pixels of a thing below which its shadow is not looked for."""
FEWEST_ON = 150
"""Working pixels of a surface below which it is no plane."""
AGREES = 0.38
"""Least mean correlation of thrown shadows with darkness for there to be a key light at all."""
AGREES_EACH = 0.08
"""... and least correlation around a thing."""
TELLS = 0.085
"""Least product of the mean correlation with a shadow's own log darkening: faint ones need a scene that agrees well."""
COOL = 2.0
"""How much a cool tint adds to that: what is lit by the sky alone is cooler than what the sun lights, too; corners that
light does not reach are warm or grey."""
MOSTLY = 0.4
"""Least share of where shadows would be seen under the light in which they are: else the light is a wrong one."""
DEEP = 0.5
"""Darkening above which darker is not more shaded."""
GAMMA = 2.2
"""Linear light is about this power of encoded colour."""
UP = np.array([0.0, -1.0, 0.0])


class Found(NamedTuple):
    """Shadows by index of their caster, as log darkening (h, w, 3) on the view; and the light that throws them."""

    darkening: dict[int, Floats]
    light: KeyLight


def find(scene: Scene, view: View) -> Found | None:
    """The shadows that the scene clearly shows; None where there are none."""
    focal = scene.camera.focal * view.scale
    seen = np.bincount(view.owner.ravel(), minlength=len(scene.layers))
    surfaces = [k for k, layer in enumerate(scene.layers) if receives(layer) and seen[k] >= FEWEST_ON]
    height, width = view.owner.shape
    directions = rays(height, width, focal)
    planes = {k: plane_of(directions, view.z, np.asarray(view.owner == k)) for k in surfaces}
    floor = _floor(scene, planes, seen)
    casters = [k for k, layer in enumerate(scene.layers) if casts(layer) and seen[k] >= SMALLEST]
    up = UP if floor is None else -planes[floor] / np.linalg.norm(planes[floor])
    standing = (_standing(view, caster, planes, directions) for caster in casters)
    things = [thing for thing in standing if thing is not None]
    if not things:
        return None
    tried = [things]
    if floor is not None:
        # Guessed depth is mended at the foot; right depth is made worse by that. The picture tells which it is.
        tried.insert(0, [replace(thing, body=stood_on(thing.body, planes[floor])) for thing in things])
    lights = [best_light(each, view.owner, up, focal) for each in tried]
    best = max(range(len(tried)), key=lambda number: lights[number][1])
    things, (towards, agreement) = tried[best], lights[best]
    if agreement < AGREES:
        return None
    shadows = {thing.caster: shadow_of(thing, view.owner, towards, focal) for thing in things}
    found, depths = {}, []
    looked_for, seen_there = 0, 0
    for thing in things:
        others = _others(thing.caster, shadows)
        there = int(np.count_nonzero((shadows[thing.caster] & ~others)[thing.near.box] & thing.near.known))
        shade = _shade(thing, shadows[thing.caster], others)
        looked_for += there
        if shade is not None and agreement * float(shade.depth.mean()) * (1.0 + COOL * shade.cool) >= TELLS:
            found[thing.caster] = np.zeros((*view.owner.shape, 3), np.float32)
            found[thing.caster][thing.near.box] = shade.field
            depths.append(shade.depth)
            seen_there += there
    if not found or seen_there < MOSTLY * looked_for:
        return None
    return Found(_shared(found), _key_light(towards, float(towards @ up), np.median(depths, axis=0), agreement))


def _standing(view: View, caster: int, planes: dict[int, Vector], directions: Floats) -> Standing | None:
    """Layer `caster` with what is around it; None where none of the surfaces behind it is."""
    mask = np.asarray(view.owner == caster)
    behind = {k: plane for k, plane in planes.items() if k < caster}
    near = around(view.rgb, view.owner, mask, list(behind))
    if not near.known.any():
        return None
    body = body_of(mask, view.z, directions)
    dark = np.clip(darkness(near)[0], -DEEP, DEEP)
    return Standing(caster, body, behind, near, Evidence.of(dark, near.known))


def _others(caster: int, shadows: dict[int, Mask]) -> Mask:
    """Where (h, w) the shadows of other things would fall."""
    none = np.zeros(shadows[caster].shape, np.bool_)
    return np.asarray(np.any([none, *(shadow for other, shadow in shadows.items() if other != caster)], axis=0))


def _shade(thing: Standing, mine: Mask, others: Mask) -> Shade | None:
    """The thing's shadow, if the picture shows it where it would fall, in `mine` (h, w); others' fall in `others`."""
    box = thing.near.box
    outside = np.asarray(others[box] & ~mine[box])
    if Evidence.of(thing.evidence.dark, thing.near.known & ~outside).correlation(mine[box]) < AGREES_EACH:
        return None
    size = max(int(np.ptp(axis)) + 1 for axis in np.nonzero(thing.body.mask))
    return shade_of(thing.near, mine[box], outside, size)


def _key_light(towards: Vector, cosine: float, depth: Vector, agreement: float) -> KeyLight:
    """The light that leaves exp(-depth) (3) of encoded colours in its shadow, on a floor that it meets at a cosine.

    With a ambient and k key light, linear, a / (a + k cosine) is left: k / a follows in every channel.
    """
    left = np.exp(-GAMMA * np.maximum(depth, 0.01))
    share = (1.0 / left - 1.0) / max(cosine, 0.1)
    luminance = float(np.dot(LUMINANCE, share))
    colour = share / luminance
    return KeyLight(
        towards=(float(towards[0]), float(towards[1]), float(towards[2])),
        colour=(float(colour[0]), float(colour[1]), float(colour[2])),
        ambient=1.0 / (1.0 + luminance),
        confidence=min(1.0, agreement),
    )


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
