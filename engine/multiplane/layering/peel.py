"""Peeling: splits a picture into a soft sheet in front and a filled picture behind, and loses nothing.

Alphabet, per pixel: T the picture, a the matte, F* the estimated foreground colour, B* the filled background.
The exact composite a F + (1 - a) B = T leaves a one-parameter family of (F, B). We take the one nearest to both
estimates, the least-squares projection of (F*, B*) onto that line:

    r = T - a F* - (1 - a) B*        F = F* + a r / (a^2 + (1 - a)^2)        B = B* + (1 - a) r / (a^2 + (1 - a)^2)

So where a is small the background takes up the error (there the picture shows it almost bare), and where a is large
the foreground does; but B stays within the colours around it, or what error there is would be left behind as a bright
or a dark line. B is rounded first; F and a are then solved on integers, so that the composite is exact.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from multiplane.arrays import Floats, Levels
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.pixels.nearest import from_nearest
from multiplane.pixels.over import strips, unblend

AROUND = 5
"""Pixels around a soft one whose colours behind bound its own."""
BEYOND = 0.02
"""How far a colour behind may leave the range of those around it."""
INSIDE = 0.95
"""Alpha from which a pixel's depth is the sheet's own; nearer the rim a depth map mixes front and back."""


@dataclass(frozen=True)
class Peeled:
    """`front` (H, W, 4) and `behind` (H, W, 3) in levels: over(front, behind) is the picture, exactly."""

    front: Levels
    behind: Levels


def peel(picture: Levels, alpha: Floats, foreground: Floats, background: Floats) -> Peeled:
    """Split `picture` (H, W, 3) by `alpha` (H, W) with estimated colours (H, W, 3) of both sides.

    Where alpha rounds to 0 the picture stays behind untouched.
    """
    bit_depth = 16 if picture.dtype == np.uint16 else 8
    matte = to_levels(alpha, bit_depth)
    top = np.iinfo(picture.dtype).max
    wanted = to_levels(foreground, bit_depth)
    behind = np.where((matte > 0)[..., None], to_levels(background, bit_depth), picture)
    darkest, brightest = _range_around(behind)
    for rows in strips(*picture.shape[:2]):
        soft = (matte[rows] > 0) & (matte[rows] < top)
        a = from_levels(matte[rows][soft])[:, None]
        front, back, seen = foreground[rows][soft], background[rows][soft], from_levels(picture[rows][soft])
        back = back + (1 - a) * (seen - a * front - (1 - a) * back) / (a * a + (1 - a) * (1 - a))
        low, high = (from_levels(ends[rows][soft]) for ends in (darkest, brightest))
        # What shines through an almost clear pixel is seen, and may be what is nowhere near it.
        low -= BEYOND + (1 - a) * np.maximum(low - seen, 0.0)
        high += BEYOND + (1 - a) * np.maximum(seen - high, 0.0)
        back = np.clip(back, np.maximum(low, 0.0), np.minimum(high, 1.0))
        wanted[rows][soft] = to_levels((seen - (1 - a) * back) / a, bit_depth)
        behind[rows][soft] = to_levels(back, bit_depth)
    return Peeled(unblend(picture, behind, matte, wanted), behind)


def _range_around(picture: Levels) -> tuple[Levels, Levels]:
    """The least and the greatest level (H, W, 3) of each channel within AROUND pixels."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * AROUND + 1, 2 * AROUND + 1))
    return np.asarray(cv2.erode(picture, kernel)), np.asarray(cv2.dilate(picture, kernel))


def own_depth(z: Floats, alpha: Floats, rim: int) -> Floats:
    """The sheet's depth (H, W): z well inside it, and from there carried outward over the rim of `rim` pixels."""
    inside = np.asarray(alpha >= INSIDE)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim + 1, 2 * rim + 1))
    deep = cv2.erode(inside.view(np.uint8), kernel, borderType=cv2.BORDER_REPLICATE) > 0
    # A sheet thinner than its rim (a pole, a whisker) keeps what it has of its own.
    thin = inside & (cv2.dilate(deep.view(np.uint8), kernel, iterations=2) == 0)
    known = deep | thin
    if not known.any():
        known = alpha == alpha.max()
    carried, _ = from_nearest(z, np.asarray(known))
    return carried
