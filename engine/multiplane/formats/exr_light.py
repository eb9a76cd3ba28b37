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
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Levels
from multiplane.pixels.levels import from_levels, to_levels, top_level
from multiplane.pixels.linear import linear
from multiplane.pixels.over import over, strips
from multiplane.scene import Layer, Scene

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
            # Where nothing shows, a difference of rounding must not make a speck.
            shows = (target != behind).any(axis=-1) if layer.blend == "multiply" else front[..., 3] > 0
            rgba[rows] = _solve(front, layer.blend == "multiply", target, light[box][rows]) * shows[..., None]
            levels[box][rows] = target
            seen = rgba[rows].astype(np.float32)
            light[box][rows] = seen[..., :3] + (1 - seen[..., 3:]) * light[box][rows]
        yield LinearLayer(layer, rgba)


def _solve(front: Levels, multiplies: bool, target: Levels, behind: Floats) -> Halves:
    """`front` (h, w, 4) over linear `behind` for `target` levels (h, w, 3)."""
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
    colour = np.clip(np.clip(opacity * wanted, low - rest, high - rest), 0, opacity)
    return np.concatenate([colour.astype(np.float16), shown], axis=-1)


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
