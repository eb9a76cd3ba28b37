"""Layer over layer as editors do it, on integer levels with rounding, and its exact inverse.

Alphabet: T target (the composite), B behind, F front colour, a front alpha, N the top level (255 or 65535).

    over:     T = round((a F + (N - a) B) / N)          Porter and Duff 1984, opaque B
    unblend:  given T and B, find a' >= a and F with over(F, a', B) = T, F as near as possible to a wanted colour

N is odd, so the quotient never lies half way between two levels and every rounding rule agrees. F moves the quotient
in steps of a/N <= 1, so over reaches every level between its values at F = 0 and at F = N: a solution exists exactly
when T lies between those two, and raising a widens that interval until, at a = N, it is everything.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Levels
from multiplane.pixels.levels import to_levels, top_level

Wide = NDArray[np.int64]
STRIP_PIXELS = 1 << 19
"""Pixels worked on at once: bounds the memory of the 64-bit intermediates."""


class Sheet(Protocol):
    """What compositing needs of a layer."""

    @property
    def rgba(self) -> Floats:
        """(h, w, 4), straight alpha."""

    @property
    def corner(self) -> tuple[int, int]:
        """(x, y) of the first pixel on the canvas."""

    @property
    def blend(self) -> str:
        """ "normal" or "multiply"."""


def strips(height: int, width: int) -> Iterator[slice]:
    """Row slices that together cover `height`, each of about STRIP_PIXELS pixels."""
    rows = max(1, STRIP_PIXELS // max(1, width))
    for start in range(0, height, rows):
        yield slice(start, min(height, start + rows))


def over(front: Levels, behind: Levels, blend: str = "normal") -> Levels:
    """Composite `front` (H, W, 4) over opaque `behind` (H, W, 3), both levels of one type; gives (H, W, 3).

    "multiply" first multiplies the front colour with what is behind, rounded, as editors do.
    """
    top = int(np.iinfo(behind.dtype).max)
    # N N + N//2 is the most that occurs, and fits into twice the bits of a level.
    wide = np.dtype(f"u{2 * behind.dtype.itemsize}")
    out = np.empty_like(behind)
    for rows in strips(*behind.shape[:2]):
        back = behind[rows].astype(wide)
        colour = front[rows, :, :3].astype(wide)
        if blend == "multiply":
            colour = (colour * back + top // 2) // top
        alpha = front[rows, :, 3:].astype(wide)
        mixed = alpha * colour + (top - alpha) * back
        mixed += top // 2
        mixed //= top
        out[rows] = mixed
    return out


def flatten(sheets: Iterable[Sheet], height: int, width: int, bit_depth: int) -> Levels:
    """Composite sheets from far to near on a canvas; gives (height, width, 3) levels. The first must be opaque."""
    shape = (height, width, 3)
    canvas: Levels = np.zeros(shape, np.uint8) if bit_depth == 8 else np.zeros(shape, np.uint16)
    for sheet in sheets:
        x, y = sheet.corner
        h, w = sheet.rgba.shape[:2]
        window = canvas[y : y + h, x : x + w]
        window[:] = over(to_levels(sheet.rgba, bit_depth), window, sheet.blend)
    return canvas


def unblend(target: Levels, behind: Levels, alpha: Levels, wanted: Levels) -> Levels:
    """Solve for the front (H, W, 4) whose `over` on `behind` gives `target` exactly; all arguments are levels.

    `alpha` (H, W) is raised only where no colour could give back the target; `wanted` (H, W, 3) picks among the
    colours that do (several, where alpha is low). Where alpha is 0 and behind equals target, the colour is `wanted`.
    """
    top = np.iinfo(target.dtype).max
    out = np.concatenate([wanted, alpha[..., None]], axis=-1)
    for rows in strips(*target.shape[:2]):
        opaque = alpha[rows] == top
        np.copyto(out[rows, :, :3], target[rows], where=opaque[..., None])
        mixed = ~opaque & ((alpha[rows] > 0) | (behind[rows] != target[rows]).any(axis=-1))
        out[rows][mixed] = _unblend_pixels(*(array[rows][mixed] for array in (target, behind, alpha, wanted)))
    return out


def _unblend_pixels(target: Levels, behind: Levels, alpha: Levels, wanted: Levels) -> Levels:
    """`unblend` for a list of pixels: target, behind and wanted (N, 3), alpha (N,) to (N, 4)."""
    top = top_level(16 if target.dtype == np.uint16 else 8)
    goal, back = target.astype(np.int64), behind.astype(np.int64)
    a = np.maximum(alpha.astype(np.int64), _least_alpha(goal, back, top))[..., None]
    # F is feasible from the smallest whose composite reaches the goal to the largest that does not pass it:
    # N goal - N//2 <= a F + (N - a) B <= N goal + N//2, as N is odd.
    half, rest, divisor = top // 2, (top - a) * back, np.maximum(a, 1)
    lowest = -((rest + half - top * goal) // divisor)
    highest = (top * goal + half - rest) // divisor
    colour = np.clip(wanted.astype(np.int64), np.maximum(lowest, 0), np.minimum(highest, top))
    colour = np.where(a == 0, wanted, colour)
    solved = np.concatenate([colour, a], axis=-1)
    return solved.astype(np.uint16) if target.dtype == np.uint16 else solved.astype(np.uint8)


def _least_alpha(goal: Wide, back: Wide, top: int) -> Wide:
    """The smallest alpha (N,) at which some colour in [0, N] gives `goal` over `back` in every channel."""
    half = top // 2
    # Darker goals need (N - a) B <= N T + N//2 (with F = 0); brighter ones a N + (N - a) B >= N T - N//2 (with F = N).
    dark = top - (top * goal + half) // np.maximum(back, 1)
    bright = -((top * (back - goal) + half) // np.maximum(top - back, 1))
    needed = np.where(goal < back, dark, np.where(goal > back, bright, 0))
    return np.asarray(np.clip(needed, 0, top).max(axis=-1))
