"""Where a mask's border is uncertain, and what the colours on either side say about each pixel there.

Alphabet: d signed distance to the border in pixels (> 0 inside), F and B the local Gaussian colour models of the
object's and its surroundings' known pixels, D the Mahalanobis distance between their means: how well colour tells
the sides apart.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Mask

REACH_1MP = 16.0
"""How far from the border hair or blur may reach, in pixels of a 1-megapixel picture."""
CRISP_1MP = 3.0
"""Half width of the band along a crisp edge, and the mask error that is mended, in pixels of a 1-megapixel picture."""
SENSOR_VARIANCE = 2e-4
"""Colour variance that every surface is granted: noise and compression."""
VAGUE, CLEAR = 2.0, 5.0
"""D below which colour says nothing about the side, and above which it decides."""


@dataclass(frozen=True)
class Band:
    """The uncertain pixels of a picture, and a first guess.

    `unknown` (H, W); `alpha` (H, W): 0 or 1 outside `unknown`, the guess within; `trust` (H, W) in [0, 1]: how far
    colour, rather than the mask, made the guess.
    """

    unknown: Mask
    alpha: Floats
    trust: Floats


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
    d_kept = np.where(_spine(mask, d, crisp), crisp + 1.0, d)
    ring = np.abs(d) < reach
    side, separation = _side_by_colour(rgb, d_kept, ring, crisp, reach)
    trust = _ramp(separation, VAGUE, CLEAR)
    unknown = _widen(side, trust, d_kept, crisp, reach)

    feather = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.7 * scale)
    # Noise smears the projected colour by 1 / D on either side: only what stands out of it counts as partial.
    slack = np.clip(1.0 / np.maximum(separation, 1e-3), 0.02, 0.3)
    guess = np.clip((side - slack) / (1.0 - 2.0 * slack), 0.0, 1.0)
    alpha = np.where(unknown, trust * guess + (1.0 - trust) * feather, mask).astype(np.float32)
    return Band(unknown, alpha, np.where(unknown, trust, 1.0).astype(np.float32))


def _ramp(values: Floats, low: float, high: float) -> Floats:
    t = np.clip((values - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float32)


def _spine(mask: Mask, d: Floats, crisp: float) -> Mask:
    """The middle of parts too thin to have a known inside: they would dissolve if nothing in them were known."""
    core = (d >= crisp).astype(np.uint8)
    size = 2 * int(np.ceil(crisp)) + 3
    thin = mask & ~cv2.dilate(core, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))).astype(bool)
    return np.asarray(thin & (d >= cv2.dilate(d, np.ones((3, 3), np.uint8))))


def _side_by_colour(rgb: Floats, d: Floats, ring: Mask, crisp: float, reach: float) -> tuple[Floats, Floats]:
    """Each ring pixel's place between B (0) and F (1) along their discriminant (Fisher 1936), and D; 0 elsewhere.

    Pixels farther from the border count more, for blur and stray hair mix the near ones; those serve in narrow gaps.
    """
    step = 2 if min(d.shape) > 4 * reach else 1
    small, distance = rgb[::step, ::step], d[::step, ::step]
    fore = np.where(distance > 2 * crisp, 1.0, 0.02) * ((distance >= crisp) & (distance < 2 * reach))
    back = np.where(distance < -0.5 * reach, 1.0, 0.02) * ((distance <= -crisp) & (distance > -2 * reach))
    window = 2 * int(reach / step) + 1
    picked = np.nonzero(ring)
    at = (picked[0] // step, picked[1] // step)
    mean_f, cov_f, weight_f = _local_gaussian(small, fore.astype(np.float32), window, at)
    mean_b, cov_b, weight_b = _local_gaussian(small, back.astype(np.float32), window, at)

    apart = mean_f - mean_b
    spread = cov_f + cov_b
    spread[:, range(3), range(3)] += SENSOR_VARIANCE
    direction = np.linalg.solve(spread, apart[..., None])[..., 0]
    power = np.einsum("nc,nc->n", direction, apart)
    place = np.einsum("nc,nc->n", direction, rgb[picked] - mean_b) / np.maximum(power, 1e-9)
    known = (weight_f > 1e-5) & (weight_b > 1e-5)
    side, separation = np.zeros(d.shape, np.float32), np.zeros(d.shape, np.float32)
    side[picked] = np.clip(place, -1.0, 2.0)
    separation[picked] = np.where(known, np.sqrt(np.maximum(power, 0.0)), 0.0)
    return side, separation


def _local_gaussian(
    rgb: Floats, weight: Floats, window: int, at: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> tuple[Floats, Floats, Floats]:
    """Weighted colour mean (n, 3), covariance (n, 3, 3) and mean weight (n,) in windows around the pixels `at`."""

    def gathered(values: Floats) -> Floats:
        # Two box filters fall off like a tent: no seam where a sample leaves the window.
        blurred = cv2.blur(values, (window, window), borderType=cv2.BORDER_CONSTANT)
        return np.asarray(cv2.blur(blurred, (window, window), borderType=cv2.BORDER_CONSTANT)[at])

    total = gathered(weight)
    share = 1.0 / np.maximum(total, 1e-6)
    mean = np.asarray(gathered(rgb * weight[..., None]) * share[:, None], np.float32)
    cov: Floats = np.empty((total.size, 3, 3), np.float32)
    for a in range(3):
        for b in range(a, 3):
            moment = gathered(rgb[..., a] * rgb[..., b] * weight) * share
            cov[:, a, b] = cov[:, b, a] = moment - mean[:, a] * mean[:, b]
    cov[:, range(3), range(3)] = np.maximum(cov[:, range(3), range(3)], 0.0)
    return mean, cov, total


def _widen(side: Floats, trust: Floats, d: Floats, crisp: float, reach: float) -> Mask:
    """The crisp band, wider over blur; and beyond it what looks like the other side and hangs on the border."""
    narrow, ring = np.abs(d) < np.maximum(crisp, _blur_width(side, trust, d, crisp, reach)), np.abs(d) < reach
    # The object's inside is guarded more than its surroundings: a hole in it is worse than a lost gap between hairs.
    gap = (d < 0.5 * reach) & (trust > 0.9) & (side < 0.4)
    stray = ring & np.where(d > 0, gap, (trust > 0.5) & (side > 0.35))
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
    return np.asarray(narrow | (wide & ring))


def _blur_width(side: Floats, trust: Floats, d: Floats, crisp: float, reach: float) -> Floats:
    """Half width (H, W) of the photo's own edge near each pixel, from the steepest change of side; 0 where vague."""
    smooth = cv2.GaussianBlur(side, (0, 0), 1.0)
    steepness = np.hypot(
        cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.125)
    )
    # Texture makes any edge look steeper, never wider: where in doubt the band stays narrow.
    steepness[(np.abs(d) >= crisp + 1) | (trust < 0.5)] = 0.0
    size = 2 * int(reach) + 1
    steepest = cv2.dilate(steepness, np.ones((size, size), np.uint8))
    width = 0.7 / np.maximum(steepest, 1e-3)
    # Wider still is no edge: the mask ends where the photo does not change.
    return np.asarray(np.where((width < 0.75 * reach) & (trust >= 0.5), width, 0.0), np.float32)
