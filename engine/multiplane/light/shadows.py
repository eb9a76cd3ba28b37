"""Finds the shadows that things throw on the surfaces behind and under them, and makes layers of them."""

from collections import Counter
from dataclasses import replace

import cv2
import numpy as np

from multiplane.arrays import Floats
from multiplane.light.shadow_find import find
from multiplane.light.shadow_solve import DARKEST, Cast, Fill, composite_in, grown, solve
from multiplane.light.shadow_view import View, receives, view_of
from multiplane.pixels.boxes import bounds, window
from multiplane.pixels.guided import apply, enlarged_rows, fit, guide_windows
from multiplane.pixels.levels import from_levels
from multiplane.pixels.nearest import from_nearest
from multiplane.pixels.over import strips
from multiplane.scene import Layer, Scene

LEAST = 0.03
"""Log darkening below which there is no shadow layer."""
GUIDED = 2
"""Working pixels around each whose colours say where exactly a shadow ends."""
SPREADS = (24.0, 12.0, 6.0, 3.0, 1.5)
"""Blurs, in working pixels, by which a shadow goes on under the thing that throws it."""
SMOOTH = 3e-4
"""Colour variance below which the photo has no edge for a shadow's edge to follow."""


def with_shadows(scene: Scene, fill: Fill | None = None) -> Scene:
    """`scene` with a layer that multiplies for every shadow found, over healed surfaces; it composites to the same.

    The light that throws them becomes the scene's key light, unless a surer one is known.

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
    known = scene.key_light
    light = known if known is not None and known.confidence > shadows.light.confidence else shadows.light
    return replace(scene, layers=tuple(_shortened(layers)), key_light=light)


def _shortened(layers: list[Layer]) -> list[Layer]:
    """`layers`, with the surface left out of the name of a shadow where it falls on that one alone."""
    alone = {name for name, count in Counter(_start(x) for x in layers if x.label == "shadow").items() if count == 1}
    return [replace(x, name=_start(x)) if x.label == "shadow" and _start(x) in alone else x for x in layers]


def _start(shadow: Layer) -> str:
    return shadow.name.split(" on ")[0]


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
    # Under things it goes on, for they may be moved; not under another surface.
    under = ~np.isin(view.owner, [index for index, layer in enumerate(scene.layers) if receives(layer)])
    support = grown(np.asarray(darkening.max(axis=-1) > 0), 2)
    spread = np.stack([from_nearest(np.ascontiguousarray(darkening[..., c]), known)[0] for c in range(3)], axis=-1)
    # Under the thing it goes on smoothly: from coarse to fine, what is known keeps its value.
    for sigma in SPREADS:
        soft = cv2.GaussianBlur(spread, (0, 0), sigma)
        spread = np.where(known[..., None], darkening, soft).astype(np.float32)
    most_around = cv2.dilate(spread, np.ones((5, 5), np.uint8))
    guide = guide_windows(view.rgb, GUIDED, SMOOTH)
    edge = cv2.GaussianBlur(grown((support & known) | under, 1).astype(np.float32), (0, 0), 1.5)
    model = [fit(guide, np.ascontiguousarray(spread[..., c] * edge)) for c in range(3)]
    height, width = scene.camera.height, scene.camera.width
    photo = composite_in(scene.layers, box, scene.bit_depth)
    out = np.empty((box[0].stop - box[0].start, box[1].stop - box[1].start, 3), np.float32)
    for rows in strips(*out.shape[:2]):
        start, stop = box[0].start + rows.start, box[0].start + rows.stop
        colours = from_levels(photo[rows])
        most = enlarged_rows(most_around, start, stop, height, width)[:, box[1]]
        for c in range(3):
            lines = enlarged_rows(model[c], start, stop, height, width)[:, box[1]]
            out[rows, :, c] = np.clip(apply(lines, colours), 0.0, most[..., c])
    return np.asarray(np.clip(np.exp(-out), DARKEST, 1.0), np.float32)
