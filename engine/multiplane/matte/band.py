"""Where a mask's border is uncertain: a trimap as narrow as the photo's edges allow, and a first guess within it.

Alphabet: d signed distance to the border in pixels (> 0 inside).
"""

from dataclasses import dataclass

import cv2
import numpy as np

from multiplane.arrays import Floats, Mask
from multiplane.matte.border import REACH_1MP
from multiplane.matte.colours import Sides, sides_by_colour, steepness
from multiplane.matte.mend import inside_chance
from multiplane.matte.strays import find_strays

CRISP_1MP = 3.0
"""The mask error that is mended, in pixels of a 1-megapixel picture; colours closer to the border are not relied on."""
SHARP = 0.7
"""Half width of the band along a crisp edge whose place is sure, as a share of the mask error."""
GAP = -0.8
"""Only what is so surely the surroundings' colour opens a gap in the mask; half-way colours there are the object's."""
UNSURE = 0.3
"""Mended pixels whose chance is nearer to one half than this stay unknown."""
PULL_MIXED, PULL_STRAY, PULL_THIRD, PULL_VAGUE = 0.02, 0.3, 0.1, 0.1
"""How strongly the guess holds a pixel, against a Laplacian whose diagonal is about 1 to 8. Where colour tells the
sides apart it only breaks ties, but for strays, which have no known inside to hold on to; a third colour is held to
the mended mask's side; where colour says nothing, the feathered mask is kept, which prevents grey veils."""


@dataclass(frozen=True)
class Band:
    """The uncertain pixels of a picture, and a first guess.

    `unknown` (H, W); `alpha` (H, W): 0 or 1 outside `unknown`, the guess within; `pull` (H, W) >= 0, 0 outside
    `unknown`: how strongly the guess holds.
    """

    unknown: Mask
    alpha: Floats
    pull: Floats


def scale_of(height: int, width: int) -> float:
    """Pixel lengths given for 1 megapixel are multiplied with this; never below 1, for a crop may be small."""
    return max(1.0, float(np.sqrt(height * width / 1e6)))


def signed_distance(mask: Mask) -> Floats:
    """Distance of each pixel's centre to the mask's border, > 0 inside; the picture's frame is no border."""
    inside = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    outside = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
    far = float(np.hypot(*mask.shape))  # where there is no border at all, OpenCV gives arbitrary large numbers
    return np.asarray(np.clip(np.where(mask, inside - 0.5, 0.5 - outside), -far, far), np.float32)


def find_band(rgb: Floats, mask: Mask, scale: float) -> Band:
    """The band around the border of `mask` (H, W) in `rgb` (H, W, 3): narrow where crisp, wide over hair and blur."""
    crisp, reach = CRISP_1MP * scale, REACH_1MP * scale
    d = signed_distance(mask)
    spine = _spine(mask, d, crisp)
    ring = np.abs(d) < reach
    sides = sides_by_colour(rgb, np.where(spine, crisp + 1.0, d), ring, crisp, reach)
    chance = inside_chance(rgb, mask, (np.abs(d) < crisp) & ~spine, sides)
    mended = np.asarray(chance > 0.5)
    d = signed_distance(mended)
    d_kept = np.where(spine & mended, crisp + 1.0, d)
    doubtful = (np.abs(chance - 0.5) < UNSURE) & (np.abs(d) < crisp)
    far, sides = find_strays(rgb, mended, d, sides, crisp, reach)
    unknown = _widen(sides, d_kept, doubtful, ring, crisp, reach) | far

    feather = cv2.GaussianBlur(mended.astype(np.float32), (0, 0), 0.7 * scale)
    # Noise smears the projected colour by 1 / D on either side: only what stands out of it counts as partial.
    slack = np.clip(1.0 / np.maximum(sides.separation, 1e-3), 0.02, 0.3)
    guess = np.clip((sides.place - slack) / (1.0 - 2.0 * slack), 0.0, 1.0)
    trust, clear = sides.trust, sides.clear
    alpha = np.where(unknown, trust * guess + (1.0 - trust) * feather, mended).astype(np.float32)
    mixed = np.where(np.abs(d) > crisp, PULL_STRAY, PULL_MIXED)
    pull = mixed * trust + PULL_THIRD * (clear - trust) + PULL_VAGUE * (1.0 - clear)
    return Band(unknown, alpha, np.where(unknown, pull, 0.0).astype(np.float32))


def _spine(mask: Mask, d: Floats, crisp: float) -> Mask:
    """The middle of parts too thin to have a known inside: they would dissolve if nothing in them were known."""
    core = (d >= crisp).astype(np.uint8)
    size = 2 * int(np.ceil(crisp)) + 3
    thin = mask & ~cv2.dilate(core, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))).astype(bool)
    return np.asarray(thin & (d >= cv2.dilate(d, np.ones((3, 3), np.uint8))))


def _widen(sides: Sides, d: Floats, doubtful: Mask, ring: Mask, crisp: float, reach: float) -> Mask:
    """The crisp band, wider over blur; and beyond it what looks like the other side and hangs on the border."""
    sharp = SHARP * crisp
    near = ring & (np.abs(d) < reach)
    narrow = (np.abs(d) < np.maximum(sharp, _blur_width(sides, d, crisp, reach))) | doubtful
    # The object's inside is guarded more than its surroundings: a hole in it is worse than a lost gap between hairs.
    gap = (d < 0.5 * reach) & (sides.trust > 0.9) & (sides.inside < GAP)
    stray = near & np.where(d > 0, gap, (sides.trust > 0.5) & (sides.place > 0.35))
    together = (stray | narrow).astype(np.uint8)
    _, parts = cv2.connectedComponents(together, connectivity=8)
    anchored = np.zeros(int(parts.max()) + 1, bool)
    anchored[np.unique(parts[narrow])] = True
    anchored[0] = False
    stray &= anchored[parts]
    # A lone pixel of noise is no hair: hair has neighbours along its length.
    stray &= cv2.blur(stray.astype(np.float32), (3, 3)) > 0.3
    size = 2 * round(0.67 * crisp) + 1
    wide = cv2.dilate(stray.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))) > 0
    return np.asarray(narrow | (wide & near))


def _blur_width(sides: Sides, d: Floats, crisp: float, reach: float) -> Floats:
    """Half width (H, W) of the photo's own edge near each pixel, from the steepest change of side; 0 where vague."""
    steep = steepness(sides.place)
    # Texture makes any edge look steeper, never wider: where in doubt the band stays narrow.
    steep[(np.abs(d) >= crisp + 1) | (sides.trust < 0.5)] = 0.0
    size = 2 * int(reach) + 1
    steepest = cv2.dilate(steep, np.ones((size, size), np.uint8))
    # A Gaussian edge of deviation s is 1 / (2.5 s) steep and 2.25 s wide to either side; one s is our own smoothing.
    width = np.sqrt(np.maximum(np.square(0.9 / np.maximum(steepest, 1e-3)) - 2.25**2, 0.0))
    # Wider still is no edge: the mask ends where the photo does not change.
    return np.asarray(np.where((width < 0.75 * reach) & (sides.trust >= 0.5), width, 0.0), np.float32)
