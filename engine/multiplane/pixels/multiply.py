"""Solves a layer that multiplies what is behind it into a given picture, on integers, exactly.

Alphabet: T target, B behind, F colour and a alpha of the layer that multiplies, N the top level (255 or 65535).

    over:       M = round(F B / N),  T = round((a M + (N - a) B) / N)          as pixels/over.py composites
    unmultiply: given T <= B, find a' >= a and F with that composite, F as near as possible to a wanted colour

As F runs from 0 to N, M takes every level from 0 to B, and T every level from its value at M = 0 up to B, since a step
of M moves it by a/N <= 1. So T can be had exactly when (N - a) B <= N T + N // 2; raising a makes that true.
"""

import numpy as np

from multiplane.arrays import Levels
from multiplane.errors import SceneError
from multiplane.pixels.over import strips


def unmultiply(target: Levels, behind: Levels, alpha: Levels, wanted: Levels) -> Levels:
    """The layer (H, W, 4) that, multiplied onto `behind` (H, W, 3), gives `target` (H, W, 3); levels of one type.

    `alpha` (H, W) is raised only where no colour could give the target; `wanted` (H, W, 3) picks among the colours that
    do. Raises SceneError where the target is brighter than what is behind: multiplying only darkens.
    """
    if (target > behind).any():
        raise SceneError("a layer that multiplies cannot brighten; the surface behind a shadow must be as bright")
    top = int(np.iinfo(target.dtype).max)
    half = top // 2
    out: Levels = np.empty((*alpha.shape, 4), target.dtype)
    for rows in strips(*alpha.shape):
        goal, back = target[rows].astype(np.int64), behind[rows].astype(np.int64)
        least = np.where(goal < back, top - (top * goal + half) // np.maximum(back, 1), 0).max(axis=-1)
        a = np.maximum(alpha[rows].astype(np.int64), least)[..., None]
        rest, divisor = (top - a) * back, np.maximum(a, 1)
        low = np.clip(-((rest + half - top * goal) // divisor), 0, back)
        high = np.clip((top * goal + half - rest) // divisor, 0, back)
        # Colours whose rounded product with what is behind lies between low and high.
        lowest = -((half - top * low) // np.maximum(back, 1))
        highest = (top * high + half) // np.maximum(back, 1)
        colour = np.clip(wanted[rows], np.clip(lowest, 0, top), np.clip(highest, 0, top))
        out[rows, :, :3] = np.where((a == 0) | (back == 0), wanted[rows], colour)
        out[rows, :, 3] = a[..., 0]
    return out
