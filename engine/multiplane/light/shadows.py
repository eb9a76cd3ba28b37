"""Finds the shadows that things throw on the surfaces behind and under them, and makes layers of them."""

from dataclasses import replace

import cv2
import numpy as np

from multiplane.arrays import Floats
from multiplane.light.shadow_find import find
from multiplane.light.shadow_solve import DARKEST, Cast, Fill, grown, solve
from multiplane.light.shadow_view import View, receives, view_of
from multiplane.pixels.boxes import bounds, window
from multiplane.pixels.guided import enlarged_rows
from multiplane.pixels.nearest import from_nearest
from multiplane.pixels.over import strips
from multiplane.scene import Layer, Scene

LEAST = 0.03
"""Log darkening below which there is no shadow layer."""
SMOOTH = 3e-4
"""Colour variance below which the photo has no edge for a shadow's edge to follow."""


def with_shadows(scene: Scene, fill: Fill | None = None) -> Scene:
    """`scene` with a layer that multiplies for every shadow found, over healed surfaces; it composites to the same.

    `fill` fills in anew what the surfaces show behind the things that throw the shadows, now without the shadow's
    colours; None keeps what was filled in. A scene that has shadow layers already, or shows no clear shadow, comes back
    as it is.
    """
    if any(layer.caster is not None for layer in scene.layers):
        return scene
    view = view_of(scene)
    shadows = find(scene, view)
    if shadows is None:
        return scene
    found = shadows.darkening
    layers: list[Layer] = []
    for index, layer in enumerate(scene.layers):
        layers += _taken_off(scene, index, view, found, fill) if receives(layer) else [layer]
    return replace(scene, layers=tuple(layers))


def _taken_off(scene: Scene, index: int, view: View, found: dict[int, Floats], fill: Fill | None) -> tuple[Layer, ...]:
    """Layer `index` without the shadows on it, and those before it."""
    mine = {
        caster: np.where((view.owner == index)[..., None], darkening, 0.0).astype(np.float32)
        for caster, darkening in found.items()
        if caster > index
    }
    mine = {caster: darkening for caster, darkening in mine.items() if darkening.max() > LEAST}
    layer = scene.layers[index]
    if not mine:
        return (layer,)
    height, width = scene.camera.height, scene.camera.width
    x, y = layer.corner
    touched = np.zeros(view.owner.shape, bool)
    for caster, darkening in mine.items():
        touched |= (darkening > 0).any(axis=-1) | (view.owner == caster)
    rows = bounds(np.asarray(touched))
    full = tuple(round(side / view.scale) for side in rows)
    around = round(0.06 * float(np.hypot(height, width)))
    box = window((full[0], full[1], full[2], full[3]), around, around, (height, width))
    box = (
        slice(max(box[0].start, y), min(box[0].stop, y + layer.height)),
        slice(max(box[1].start, x), min(box[1].stop, x + layer.width)),
    )
    shadows = [Cast(caster, _factor(scene, view, darkening, index, box)) for caster, darkening in mine.items()]
    return solve(scene, index, shadows, box, fill)


def _factor(scene: Scene, view: View, darkening: Floats, receiver: int, box: tuple[slice, slice]) -> Floats:
    """The factor (h, w, 3) on `box` of a darkening (h, w, 3) of the view: its edges follow the photo's."""
    known = np.asarray(view.owner == receiver)
    support = grown(np.asarray(darkening.max(axis=-1) > 0), 2)
    spread = np.stack([from_nearest(np.ascontiguousarray(darkening[..., c]), known)[0] for c in range(3)], axis=-1)
    soft = cv2.GaussianBlur(spread, (0, 0), 1.5)
    spread = np.where(known[..., None], darkening, soft).astype(np.float32)
    height, width = scene.camera.height, scene.camera.width
    edge = cv2.GaussianBlur(grown(support | ~known, 1).astype(np.float32), (0, 0), 1.5)
    field = spread * edge[..., None]
    out = np.empty((box[0].stop - box[0].start, box[1].stop - box[1].start, 3), np.float32)
    for rows in strips(*out.shape[:2]):
        start, stop = box[0].start + rows.start, box[0].start + rows.stop
        out[rows] = enlarged_rows(field, start, stop, height, width)[:, box[1]]
    return np.asarray(np.clip(np.exp(-out), DARKEST, 1.0), np.float32)
