"""Albedo: the colours of a scene without its light, each layer's photo over its shading."""

from dataclasses import replace

import numpy as np

from multiplane.light.relight import Lit
from multiplane.light.shine import shine
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.scene import Layer

LEAST, MOST = 0.5, 4.0
"""Bounds of what the photo is multiplied by: neither noise nor a wrong shading is to make up a colour."""


def albedo_layers(lit: Lit) -> tuple[Layer, ...]:
    """The layers of `lit`'s scene but for shadows, far to near, coloured as an even white light of 1 would show them.

    Within [0, 1) by the curve of `shine`, on the scene's grid of levels; alpha and depth stay.
    """
    layers = []
    for sheet, own in zip(lit.setting.sheets, lit.own, strict=True):
        layer, step = sheet.layer, lit.setting.grid.step
        offset = layer.corner[0] - sheet.corner[0] * step, layer.corner[1] - sheet.corner[1] * step
        levels = to_levels(layer.rgba, lit.scene.bit_depth)
        layers.append(replace(layer, rgba=from_levels(shine(levels, np.clip(1 / own, LEAST, MOST), step, offset))))
    return tuple(layers)
