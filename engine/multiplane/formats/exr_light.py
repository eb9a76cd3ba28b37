"""Layers for compositing in linear light: solved anew, so that a linear over gives the photo that editors' over gives.

A scene's layers blend in sRGB-encoded values, as editors and browsers do; programs that read OpenEXR blend in linear
light. The same colours and alphas give another picture there: soft edges come out lighter. What must not change is
the picture, so each layer is peeled once more, in linear light:

    over:   T = P + (1 - a) B      Porter and Duff 1984; P = a F premultiplied, all linear
    solve:  given T, B, a and F, find a' >= a, and P in [0, a'] nearest to a' F, with over(P, a', B) within a level of T

P exists exactly when (1 - a') B <= T and a' + (1 - a') B >= T, which bounds a' from below. Opaque pixels keep their
colour to the last digit of HALF; soft ones keep alpha wherever some colour does it, and else alpha rises a little.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Levels
from multiplane.pixels.levels import from_levels, to_levels, top_level
from multiplane.pixels.linear import linear
from multiplane.pixels.over import over, strips
from multiplane.scene import Layer, Scene

REC709 = (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329)
"""Chromaticities of sRGB's primaries and white, as OpenEXR's header lists them."""
Halves: TypeAlias = NDArray[np.float16]
SLACK_LEVELS = 0.4
"""How far, in levels, a composite may lie from the photo's: rounding gives the photo, in spite of HALF's own."""
SLACK_HALF = 2.0**-11
"""The same, relative, where levels are finer than HALF."""


@dataclass(frozen=True)
class LinearLayer:
    """`rgba` (h, w, 4), premultiplied, scene-linear, at the layer's corner."""

    layer: Layer
    rgba: Halves


def linear_layers(scene: Scene) -> Iterator[LinearLayer]:
    """The layers, far to near, whose linear over, in float or finer, rounds to the photo at 8 bits.

    Of a 16-bit scene, it is within HALF's 11 bits of it. A layer that multiplies becomes the most transparent one that
    lies over what is behind it with the same effect.
    """
    shape = (scene.camera.height, scene.camera.width, 3)
    levels: Levels = np.zeros(shape, np.uint8) if scene.bit_depth == 8 else np.zeros(shape, np.uint16)
    light = np.zeros(shape, np.float32)
    for layer in scene.layers:
        x, y = layer.corner
        box = slice(y, y + layer.height), slice(x, x + layer.width)
        rgba = np.empty(layer.rgba.shape, np.float16)
        for rows in strips(layer.height, layer.width):
            front, behind = to_levels(layer.rgba[rows], scene.bit_depth), levels[box][rows]
            target = over(front, behind, layer.blend)
            rgba[rows] = _shown(front, layer.blend == "multiply", target, behind, light[box][rows])
            levels[box][rows] = target
            _lay_over(rgba[rows], light[box][rows])
        yield LinearLayer(layer, rgba)


def _lay_over(front: Halves, canvas: Floats) -> None:
    """Linear over, in place: premultiplied `front` (h, w, 4) over `canvas` (h, w, 3)."""
    for rows in strips(*front.shape[:2]):
        window, alpha = canvas[rows], front[rows, :, 3]
        solid = alpha == 1
        window[solid] = front[rows][solid][:, :3]
        soft = (alpha > 0) & ~solid
        seen = front[rows][soft].astype(np.float32)
        window[soft] = seen[:, :3] + (1 - seen[:, 3:]) * window[soft]


def photo_light(levels: Levels) -> Halves:
    """Levels (h, w, 3) of a picture in scene-linear light."""
    return _light_of_levels(levels.dtype)[levels]


def _shown(front: Levels, multiplies: bool, target: Levels, behind: Levels, light: Floats) -> Halves:
    """What `front` (h, w, 4) becomes over levels `behind`, whose linear light is `light`, for `target` levels."""
    rgba: Halves = np.zeros(front.shape, np.float16)
    if multiplies:
        # Where nothing shows, a difference of rounding must not make a speck.
        soft = np.asarray((target != behind).any(axis=-1))
    else:
        solid = front[..., 3] == np.iinfo(front.dtype).max
        rgba[solid, :3] = photo_light(front[solid][:, :3])
        rgba[solid, 3] = 1
        soft = (front[..., 3] > 0) & ~solid
    rgba[soft] = _solve(front[soft], multiplies, target[soft], light[soft])
    return rgba


def _solve(front: Levels, multiplies: bool, target: Levels, behind: Floats) -> Halves:
    """`front` (n, 4) over linear `behind` for `target` levels (n, 3)."""
    low, high = _within_slack(target)
    rgba = from_levels(front)
    wanted = np.zeros_like(behind) if multiplies else linear(rgba[..., :3])
    alpha = np.zeros_like(rgba[..., 3]) if multiplies else rgba[..., 3]
    with np.errstate(divide="ignore", invalid="ignore"):
        dark = np.where(behind > high, 1 - high / behind, 0).max(axis=-1)
        bright = np.where(behind < low, 1 - (1 - low) / (1 - behind), 0).max(axis=-1)
    shown = _half_from_above(np.maximum(np.maximum(dark, bright), alpha))[..., None]
    opacity = shown.astype(np.float32)
    rest = (1 - opacity) * behind
    low, high = np.clip(low - rest, 0, opacity), np.clip(high - rest, 0, opacity)
    colour = np.clip(opacity * wanted, low, high).astype(np.float16)
    return np.concatenate([_on_levels(colour, low, high), shown], axis=-1)


def _on_levels(colour: Halves, low: Floats, high: Floats) -> Halves:
    """`colour` moved to the light of the nearest 8-bit level where that lies in [low, high].

    Of the thousands of values that soft pixels would have few are left, and a picture with few values packs small.
    """
    nearest = _nearest_of_levels()[colour.view(np.uint16)]
    inside = (nearest >= low) & (nearest <= high)
    return np.where(inside, nearest, colour)


@cache
def _light_of_levels(kind: np.dtype[Any]) -> Halves:
    """The light of every level of a type, as HALF."""
    return linear(from_levels(np.arange(np.iinfo(kind).max + 1, dtype=kind))).astype(np.float16)


@cache
def _nearest_of_levels() -> Halves:
    """For the bits of every HALF in [0, 1], the light of the 8-bit level that is nearest to it."""
    grid = _light_of_levels(np.dtype(np.uint8)).astype(np.float32)
    halves = np.arange(np.float16(1).view(np.uint16) + 1, dtype=np.uint16).view(np.float16)
    middles = (grid[1:] + grid[:-1]) / 2
    return grid.astype(np.float16)[np.searchsorted(middles, halves.astype(np.float32))]


def _within_slack(target: Levels) -> tuple[Floats, Floats]:
    """The darkest and the lightest linear value that stands for each level, from a table."""
    top = top_level(8 if target.dtype == np.uint8 else 16)
    level = np.arange(top + 1, dtype=np.float64)
    value = _linear_exactly(level / top)
    low = np.minimum(_linear_exactly(np.maximum(level - SLACK_LEVELS, 0) / top), value * (1 - SLACK_HALF))
    high = np.maximum(_linear_exactly(np.minimum(level + SLACK_LEVELS, top) / top), value * (1 + SLACK_HALF))
    return low.astype(np.float32)[target], np.minimum(high, 1).astype(np.float32)[target]


def _linear_exactly(encoded: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def _half_from_above(values: Floats) -> Halves:
    """The least HALF that is no smaller than each value in [0, 1]."""
    halves = values.astype(np.float16)
    return np.where(halves < values, np.nextafter(halves, np.float16(2)), halves).astype(np.float16)
