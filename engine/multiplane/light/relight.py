"""Relights a scene: every layer's colours times the ratio of the new light to the photo's own, in linear light.

    I' = I E'/E      with E the irradiance of the photo's own light, E' that of the lights given, cell by cell

Whatever the model of the photo's light does not know, texture, gloss, its errors, stays in I; where the light is the
photo's own, E' = E and the photo comes back in every byte (a ratio image: Liu, Shan and Zhang 2001).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from multiplane.arrays import Floats, Levels, Mask
from multiplane.light.irradiance import irradiance
from multiplane.light.key_light import key_light_of
from multiplane.light.lights import Ambient, Light, Original, Sun
from multiplane.light.original import original_lights
from multiplane.light.setting import Setting, set_up
from multiplane.light.shading import shading_of
from multiplane.light.shine import shine
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.pixels.over import flatten
from multiplane.scene import KeyLight, Layer, Scene

DARKEST, BRIGHTEST = 1 / 64, 6.0
"""Bounds of the ratio: more light than this would show the noise of the photo's shadows."""
LEAST = 0.06
"""Least irradiance of the photo's own light, as a share of that on what faces its key: nothing is quite black."""


@dataclass(frozen=True)
class Lit:
    """A scene with what it takes to relight it: its `setting`, its `key` light, and the light `own` on each sheet."""

    scene: Scene
    setting: Setting
    key: KeyLight
    own: list[Floats]

    @property
    def lights(self) -> tuple[Sun, Ambient]:
        """The photo's own lights, as the model has them."""
        return original_lights(self.key, self.setting.up)

    def ratios(self, lights: Sequence[Light], seen: Sequence[Mask | None] | None = None) -> list[Floats]:
        """For each sheet the light (h, w, 3) of `lights` over the photo's own; exactly 1 for the photo's own.

        With `seen`, a mask (h, w) for each sheet, shadows are cast on those cells only.
        """
        if _is_original(lights, self.lights):
            return [np.ones_like(own) for own in self.own]
        share = sum(light.share for light in lights if isinstance(light, Original))
        others = [light for light in lights if not isinstance(light, Original)]
        out = []
        for index, own in enumerate(self.own):
            added = np.zeros_like(own)
            for light in others:
                added += irradiance(self.setting, index, light, seen=None if seen is None else seen[index])
            out.append(np.clip(share + added / own, DARKEST, BRIGHTEST))
        return out

    def shadow_strength(self, lights: Sequence[Light]) -> float:
        """How strong the photo's own shadow layers still are: its own light's share of all that there is."""
        if _is_original(lights, self.lights):
            return 1.0
        share = sum(light.share for light in lights if isinstance(light, Original))
        others = sum(light.intensity for light in lights if isinstance(light, Sun | Ambient))
        return float(min(1.0, share / max(share + others, 1e-6))) if share else 0.0


def prepare_light(scene: Scene, working_side: int | None = None) -> Lit:
    """Work out what relighting `scene` takes. Its key light is estimated where the scene knows none."""
    setting = set_up(scene) if working_side is None else set_up(scene, working_side)
    key = scene.key_light or key_light_of(scene)
    own = [np.maximum(each, LEAST) for each in shading_of(setting, original_lights(key, setting.up), _healed(scene))]
    return Lit(scene, setting, key, own)


def relight(scene: Scene, lights: Sequence[Light]) -> Scene:
    """`scene` under `lights`: new colours for every layer, cast shadows among them; alpha and depth stay.

    The photo's own light, `Original()` or `original_lights`, gives the same scene. Shadow layers keep the share that
    the photo's own light keeps, and go with it. The key light becomes unknown, where light changes.
    """
    return relit(prepare_light(scene), lights)


def relit(lit: Lit, lights: Sequence[Light]) -> Scene:
    """`relight` for a scene that is prepared."""
    if _is_original(lights, lit.lights):
        return lit.scene
    return replace(lit.scene, layers=tuple(_relit_layers(lit, lights)), key_light=None)


def relit_picture(lit: Lit, lights: Sequence[Light]) -> Levels:
    """The composite (H, W, 3) of `relit`, with one of its layers in memory at a time."""
    scene = lit.scene
    layers = scene.layers if _is_original(lights, lit.lights) else _relit_layers(lit, lights)
    return flatten(layers, scene.camera.height, scene.camera.width, scene.bit_depth)


def _relit_layers(lit: Lit, lights: Sequence[Light]) -> Iterator[Layer]:
    scene, strength, step = lit.scene, lit.shadow_strength(lights), lit.setting.grid.step
    fresh = iter(zip(lit.setting.sheets, lit.ratios(lights), strict=True))
    for layer in scene.layers:
        if layer.blend == "multiply":
            if strength > 0:
                yield _faded(layer, strength, scene.bit_depth)
            continue
        sheet, ratio = next(fresh)
        offset = layer.corner[0] - sheet.corner[0] * step, layer.corner[1] - sheet.corner[1] * step
        levels = shine(to_levels(layer.rgba, scene.bit_depth), ratio, step, offset)
        yield replace(layer, rgba=from_levels(levels))


def _is_original(lights: Sequence[Light], own: tuple[Sun, Ambient]) -> bool:
    return list(lights) == [Original()] or list(lights) == list(own)


def _healed(scene: Scene) -> bool:
    """Whether shadows lie on layers of their own: then surfaces have none left."""
    return any(layer.blend == "multiply" for layer in scene.layers)


def _faded(layer: Layer, strength: float, bit_depth: int) -> Layer:
    rgba = layer.rgba.copy()
    rgba[..., 3] *= np.float32(strength)
    return replace(layer, rgba=from_levels(to_levels(rgba, bit_depth)))
