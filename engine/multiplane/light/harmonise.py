"""Gives a pasted layer the light of its scene: direction, share of ambient, brightness and colour.

The layer's own key light is estimated from it alone, and divided out for the scene's, as far as both are believed. How
bright and of which colour the two lights are is judged by the Minkowski mean of all pixels, between grey world and
brightest pixel (Finlayson and Trezzi 2004, shades of grey); since a thing may well be dark or red by itself, only part
of the difference is made up.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats
from multiplane.errors import SceneError
from multiplane.light.irradiance import irradiance
from multiplane.light.key_light import estimate, front_of, key_light_of
from multiplane.light.original import original_lights
from multiplane.light.relight import BRIGHTEST, DARKEST, LEAST
from multiplane.light.setting import Setting, set_up
from multiplane.light.sheets import SKY, SOLID
from multiplane.light.shine import shine
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.scene import LUMINANCE, KeyLight, Layer, Scene

NORM = 6.0
"""Order of the Minkowski mean: the value that was found best for light's colour."""
MADE_UP = 0.6
"""Part of the difference in brightness and colour that is made up."""
MOST_GAIN, MOST_CAST = 2.0, 1.35
"""Most that brightness, and the share of each colour, change by."""


def harmonise(layer: Layer, scene: Scene) -> Layer:
    """`layer`, one of `scene` by its id, with the light of the others; alpha, depth and place stay.

    Raises SceneError where the scene has no such layer, where it multiplies, or where it is the only one.
    """
    index = next((k for k, each in enumerate(scene.layers) if each.id == layer.id), None)
    if index is None:
        raise SceneError(f"the scene has no layer {layer.id!r}; put it into the scene before its light is matched")
    opaque = [each for each in scene.layers if each.blend == "normal"]
    if layer.blend != "normal" or len(opaque) < 2:
        raise SceneError(f"{layer.id!r} has no others whose light it could take; paste it before a backdrop")
    layers = list(scene.layers)
    layers[index] = layer
    pasted = replace(scene, layers=tuple(layers))
    others = [each for k, each in enumerate(scene.layers) if k != index]
    setting = set_up(pasted)
    number = next(k for k, sheet in enumerate(setting.sheets) if sheet.layer.id == layer.id)
    key = scene.key_light or (key_light_of(replace(scene, layers=tuple(others))) if index else key_light_of(scene))
    ratio = _turned(setting, number, key) * _matched(setting, number)
    sheet, step = setting.sheets[number], setting.grid.step
    offset = layer.corner[0] - sheet.corner[0] * step, layer.corner[1] - sheet.corner[1] * step
    lit = shine(to_levels(layer.rgba, scene.bit_depth), np.clip(ratio, DARKEST, BRIGHTEST), step, offset)
    return replace(layer, rgba=from_levels(lit))


def _turned(setting: Setting, number: int, key: KeyLight) -> Floats:
    """The ratio (h, w, 3) of the scene's light to the layer's own on it, as far as both are believed."""
    own = _alone(setting, number)
    ours, theirs = (
        np.sum([irradiance(setting, number, light) for light in original_lights(each, setting.up)], axis=0)
        for each in (key, own)
    )
    believed = np.sqrt(key.confidence * own.confidence)
    ratio = (np.maximum(ours, LEAST) / np.maximum(theirs, LEAST)) ** believed
    solid = np.asarray(setting.sheets[number].alpha >= SOLID)
    if solid.any():  # its brightness as a whole is not judged by normals
        ratio /= np.exp(np.log(ratio[solid] @ np.array(LUMINANCE)).mean())
    return np.asarray(ratio, np.float32)


def _alone(setting: Setting, number: int) -> KeyLight:
    """The key light of one layer, as it shows it by itself."""
    only = Setting(setting.grid, [setting.sheets[number]], [setting.normals[number]], setting.up, [[]])
    return estimate(front_of(only))


def _matched(setting: Setting, number: int) -> NDArray[np.float64]:
    """The factor (3,) by which the layer's light comes nearer to that of the others."""
    sheet = setting.sheets[number]
    others = [each for k, each in enumerate(setting.sheets) if k != number and each.layer.label != SKY]
    others = others or [each for k, each in enumerate(setting.sheets) if k != number]
    own = _minkowski([sheet.light[sheet.alpha >= SOLID]])
    theirs = _minkowski([each.light[each.alpha >= SOLID] for each in others])
    level = float(np.dot(LUMINANCE, theirs) / np.dot(LUMINANCE, own))
    cast = theirs / own / level
    gain = np.clip(level**MADE_UP, 1 / MOST_GAIN, MOST_GAIN)
    return np.asarray(gain * np.clip(cast**MADE_UP, 1 / MOST_CAST, MOST_CAST))


def _minkowski(colours: list[Floats]) -> NDArray[np.float64]:
    every = np.concatenate(colours).astype(np.float64)
    if not len(every):
        return np.full(3, 1e-3)
    return np.asarray(np.maximum(np.mean(every**NORM, axis=0) ** (1 / NORM), 1e-3))
