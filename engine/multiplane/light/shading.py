"""The light that falls on each layer in the photo, as far as normals, depth and the picture itself tell.

Shadows that depth says the key light throws are divided out only where the picture shows them: in a window around each
cell the picture's log light is regressed on the log of the predicted one, and the shadow counts as far as the slope
says, from 0, where it is not in the picture, to 1. A prediction that misses leaves the picture as it is.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from multiplane.arrays import Floats, Mask
from multiplane.light.irradiance import irradiance
from multiplane.light.lights import Ambient, Sun
from multiplane.light.setting import Setting
from multiplane.light.sheets import SKY, SOLID, Sheet
from multiplane.scene import LUMINANCE

WINDOW = 0.05
"""Half width of the window, as a share of the longer side of the canvas."""
DOUBT = 0.004
"""Variance of log light that shadows are taken to have less than by chance."""
DARK = 1e-3


def shading_of(setting: Setting, own: tuple[Sun, Ambient], healed: bool) -> list[Floats]:
    """The irradiance (h, w, 3) of the photo's `own` lights on each sheet; with shadows unless surfaces are `healed`."""
    return [_of_sheet(setting, index, own, healed) for index in range(len(setting.sheets))]


def _of_sheet(setting: Setting, index: int, own: Sequence[Sun | Ambient], healed: bool) -> Floats:
    clear = np.sum([irradiance(setting, index, light, shadows=False) for light in own], axis=0)
    sheet = setting.sheets[index]
    if healed or sheet.layer.label == SKY:
        return np.asarray(clear, np.float32)
    shadowed = np.sum([irradiance(setting, index, light) for light in own], axis=0)
    darker = np.log(np.maximum(shadowed @ LUMINANCE, DARK)) - np.log(np.maximum(clear @ LUMINANCE, DARK))
    seen = np.log(np.maximum(sheet.light @ np.array(LUMINANCE), DARK))
    share = _slope(np.asarray(seen, np.float32), np.asarray(darker, np.float32), _solid(sheet), setting)
    return np.asarray(clear * (1 - share[..., None]) + shadowed * share[..., None], np.float32)


def _solid(sheet: Sheet) -> Mask:
    return np.asarray(sheet.alpha >= SOLID)


def _slope(seen: Floats, predicted: Floats, where: Mask, setting: Setting) -> Floats:
    """The slope (h, w) in [0, 1] of `seen` on `predicted` in a window around each cell, from cells `where` only."""
    weight = where.astype(np.float32)
    radius = max(2, round(WINDOW * max(setting.grid.rows, setting.grid.columns)))

    def mean(values: Floats) -> Floats:
        return np.asarray(cv2.blur(values * weight, (2 * radius + 1, 2 * radius + 1)), np.float32)

    total = np.maximum(mean(np.ones_like(seen)), 1e-6)
    x, y = mean(predicted) / total, mean(seen) / total
    joint, own = mean(predicted * seen) / total - x * y, mean(predicted * predicted) / total - x * x
    return np.asarray(np.clip(joint / (own + DOUBT), 0.0, 1.0), np.float32)
