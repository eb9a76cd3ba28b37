"""Layers of light over a finished picture, as editors blend them: multiply to darken, linear dodge to brighten.

Alphabet: B behind, F front, T target, N the top level; opaque layers, integer levels.

    multiply:      T = round(F B / N)
    linear dodge:  T = min(F + B, N)
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from multiplane.arrays import Levels
from multiplane.pixels.over import strips

PassBlend: TypeAlias = Literal["multiply", "linear dodge"]


@dataclass(frozen=True)
class LightPass:
    """An opaque layer of the picture's size, `colour` (H, W, 3) levels, that is blended over what is below it."""

    name: str
    blend: PassBlend
    colour: Levels


def apply_passes(picture: Levels, passes: Iterable[LightPass]) -> Levels:
    """`picture` (H, W, 3) levels under `passes`, the first one lowest."""
    out = picture.copy()
    top = int(np.iinfo(out.dtype).max)
    for each in passes:
        for rows in strips(*out.shape[:2]):
            behind, front = out[rows].astype(np.int64), each.colour[rows].astype(np.int64)
            mixed = (front * behind + top // 2) // top if each.blend == "multiply" else np.minimum(front + behind, top)
            out[rows] = mixed.astype(out.dtype)
    return out


def darkening(behind: Levels, target: Levels) -> Levels:
    """The multiply layer (H, W, 3) that takes `behind` to `target` as near as it can, where that is darker; else white.

    Within half a level of the target, where `behind` is bright; an 8-bit factor cannot be finer.
    """
    top = int(np.iinfo(behind.dtype).max)
    out = np.full_like(behind, top)
    for rows in strips(*behind.shape[:2]):
        b, t = behind[rows].astype(np.int64), target[rows].astype(np.int64)
        # Rounded up: what is left too bright by it cannot be darkened by a dodge, but less than a level is no matter.
        factor = (t * top + b // 2) // np.maximum(b, 1)
        out[rows] = np.where((t < b) & (b > 0), np.minimum(factor, top), top).astype(behind.dtype)
    return out


def brightening(behind: Levels, target: Levels) -> Levels:
    """The linear dodge layer (H, W, 3) that takes `behind` to `target` where that is brighter; black elsewhere."""
    return np.where(target > behind, target - behind, np.zeros_like(behind))
