"""How much light falls on each cell of a sheet: Lambert's law, made soft by what is not known of the normals.

For a normal that is off by a normal error of standard deviation s, the mean of max(0, n . l) is c P(c/s) + s p(c/s),
with c = n . l, and P and p the normal distribution and its density: no surface turns black at a sharp line.
"""

import numpy as np
from scipy.special import ndtr

from multiplane.arrays import Floats, Mask
from multiplane.light.lights import Ambient, Point, Sun, Surroundings
from multiplane.light.setting import Setting
from multiplane.light.sheets import SKY
from multiplane.light.spherical import harmonics

NORMAL_ERROR = 0.12
"""Standard deviation of the cosine that comes from wrong normals."""
FROM_ABOVE = 0.35
"""How much more ambient light falls on what faces up than on what stands upright, as a share of the former."""
SKY_FROM_SUN = 0.2
"""Part of a sky's light that the sun makes."""
LIT = 1e-4
"""Cosine up to which shadows need not be looked for."""


def irradiance(
    setting: Setting,
    index: int,
    light: Sun | Point | Ambient | Surroundings,
    shadows: bool = True,
    seen: Mask | None = None,
) -> Floats:
    """Light (h, w, 3) that `light` throws on sheet `index`; 1 is the photo's own on a surface that faces its key.

    Cast shadows are left out without `shadows`, and where a cell (h, w) is not `seen`.
    """
    sheet, normals = setting.sheets[index], setting.normals[index]
    if sheet.layer.label == SKY:
        return _sky(light, sheet.alpha.shape)
    match light:
        case Ambient():
            level = light.intensity * (1 - FROM_ABOVE + FROM_ABOVE * (normals @ setting.up))
            return np.asarray(level[..., None] * np.array(light.colour), np.float32)
        case Surroundings():
            return np.asarray(np.maximum(harmonics(normals) @ light.coefficients, 0.0), np.float32)
        case Sun():
            level = soft_cosine(normals @ np.array(light.towards, np.float32), light.softness)
        case Point():
            level = _from_lamp(setting, index, light)
    wanted = np.asarray((level > LIT) & (sheet.alpha > 0 if seen is None else seen))
    if shadows and light.intensity > 0:
        level = level * setting.reach(index, light, wanted)
    return np.asarray(level[..., None] * (light.intensity * np.array(light.colour)), np.float32)


def soft_cosine(cosine: Floats, softness: float) -> Floats:
    """The mean of max(0, cosine) for normals and lights that are not exactly known, see above."""
    spread = float(np.hypot(NORMAL_ERROR, 0.5 * np.sin(np.radians(softness))))
    share = cosine / spread
    density = np.exp(-0.5 * share * share) / np.sqrt(2 * np.pi)
    return np.asarray(cosine * ndtr(share) + spread * density, np.float32)


def _from_lamp(setting: Setting, index: int, light: Point) -> Floats:
    sheet, grid = setting.sheets[index], setting.grid
    (x, y), (h, w) = sheet.corner, sheet.q.shape
    u, v = x + np.arange(w)[None, :] + 0.5 - grid.columns / 2, y + np.arange(h)[:, None] + 0.5 - grid.rows / 2
    z = 1.0 / sheet.q
    place = np.array(light.place, np.float32)
    way = place - np.stack([u * z / grid.focal, v * z / grid.focal, z], axis=-1)
    distance = np.linalg.norm(way, axis=-1)
    cosine = (setting.normals[index] * way).sum(axis=-1) / np.maximum(distance, 1e-12)
    reach = np.linalg.norm(place) / 4
    # A lamp has a size: straight at it, light does not grow without bound.
    fall = reach**2 / (distance**2 + (0.25 * reach) ** 2)
    return np.asarray(soft_cosine(cosine, light.softness) * fall, np.float32)


def _sky(light: Sun | Point | Ambient | Surroundings, shape: tuple[int, ...]) -> Floats:
    """A sky is lit by no light: it is the ambient light, and a part of it is the sun's."""
    match light:
        case Ambient():
            level = (1 - SKY_FROM_SUN) * light.intensity * np.array(light.colour)
        case Sun():
            level = SKY_FROM_SUN * light.intensity * np.array(light.colour)
        case Surroundings():
            level = np.maximum(light.coefficients[0] * harmonics(np.zeros((1, 3), np.float32))[0, 0], 0.0)
        case Point():
            level = np.zeros(3)
    return np.broadcast_to(level.astype(np.float32), (*shape, 3))
