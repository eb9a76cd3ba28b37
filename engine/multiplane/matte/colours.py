"""What colour says about each pixel near a mask's border: the object's, its surroundings', a mixture, or neither.

Alphabet, per pixel: I its colour, F and B the mean colours of the known pixels nearby on either side, S the sum of
their covariances, P = (F - B)' S^-1 (F - B), and D = sqrt(P): how well colour tells the sides apart.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Mask

SENSOR_VARIANCE = 2e-4
"""Colour variance that every surface is granted: noise and compression."""
VAGUE, CLEAR = 2.0, 5.0
"""D below which colour says nothing about the side, and above which it decides."""
ODD, FOREIGN = 4.0, 14.0
"""Squared distance from the line between B and F, in units of S: up to ODD a mixture, from FOREIGN a third colour."""
FLAT, SLOPED = 0.25, 0.5
"""Steepness of a half-way pixel, as a share of the steepest nearby: on a plateau of its own colour, and on an edge."""
HALF_WAY = (0.05, 0.2)
"""Place from which a pixel begins to be, and is, half-way."""
STRAY = (0.2, 0.4)
"""Place up to which a pixel beside the mask counts as its surroundings' own, and from which it does not."""
Pixels = tuple[NDArray[np.intp], ...]
PRODUCTS = [4, 5, 6, 5, 7, 8, 6, 8, 9]
"""Where the products of two colour channels stand, row by row of their matrix."""
OUTLIER = float(np.exp(-4.5))
"""Likelihood of a colour that is neither side's: that of one three deviations off."""


@dataclass(frozen=True)
class Sides:
    """Maps (H, W), 0 where colour was not looked at.

    `place` between B (0) and F (1) along their discriminant (Fisher 1936), in [-1, 2]; `separation`, D; `two` in
    [0, 1]: how far the pixel is a mixture of the two rather than a third colour; `inside` in [-1, 1]: how surely the
    pixel is all B or all F.
    """

    place: Floats
    separation: Floats
    two: Floats
    inside: Floats

    @property
    def clear(self) -> Floats:
        """How well (H, W), in [0, 1], colour tells the sides apart."""
        return ramp(self.separation, VAGUE, CLEAR)

    @property
    def trust(self) -> Floats:
        """How far (H, W), in [0, 1], `place` may be taken for alpha."""
        return self.clear * self.two


def sides_by_colour(rgb: Floats, d: Floats, where: Mask, crisp: float, reach: float) -> Sides:
    """Compare the pixels `where` (H, W) with both sides' colours nearby, known by distance `d` (H, W), > 0 inside.

    Pixels farther from the border count more, for blur and stray hair mix the near ones; those serve in narrow gaps.
    """
    step = 1 if min(d.shape) <= 4 * reach else max(2, round(reach / 12))
    small, distance = np.ascontiguousarray(rgb[::step, ::step]), d[::step, ::step]
    fore = np.where(distance > 2 * crisp, 1.0, 0.02) * ((distance >= crisp) & (distance < 2 * reach))
    back = np.where(distance < -0.5 * reach, 1.0, 0.02) * ((distance <= -crisp) & (distance > -2 * reach))
    window = 2 * int(reach / step) + 1
    fore, back = fore.astype(np.float32), back.astype(np.float32)
    object_models = _Windows.of(small, fore, window)
    back = _without_strays(small, back, object_models, window)
    background_models = _Windows.of(small, back, window)
    picked = np.nonzero(where)
    at = (picked[0] // step, picked[1] // step)
    mean_f, cov_f, weight_f = object_models.at(at)
    mean_b, cov_b, weight_b = background_models.at(at)
    apart, offset = mean_f - mean_b, rgb[picked] - mean_b
    spread = cov_f + cov_b
    spread[:, range(3), range(3)] += SENSOR_VARIANCE
    solved = np.linalg.solve(spread, np.stack([apart, offset], axis=-1))
    power = np.einsum("nc,nc->n", solved[..., 0], apart)
    along = np.einsum("nc,nc->n", solved[..., 0], offset)
    from_b = np.einsum("nc,nc->n", solved[..., 1], offset)
    from_f = from_b - 2.0 * along + power
    place = np.clip(along / np.maximum(power, 1e-9), -1.0, 2.0)
    on_line = np.clip(place, 0.0, 1.0)
    foreign = from_b - 2.0 * on_line * along + on_line * on_line * power
    known = (weight_f > 1e-5) & (weight_b > 1e-5)
    separation = np.where(known, np.sqrt(np.maximum(power, 0.0)), 0.0)
    # What lies beyond F or B is more of the same side, not a third colour.
    beyond = (place < 0) | (place > 1)
    mixture = np.where(beyond & (foreign < 2 * FOREIGN), 1.0, 1.0 - ramp(foreign, ODD, FOREIGN))
    likely_f, likely_b = (np.exp(-0.5 * np.minimum(x, 60.0)) for x in (from_f, from_b))
    inside = (likely_f - likely_b) / (likely_f + likely_b + 2.0 * OUTLIER)

    def mapped(values: Floats) -> Floats:
        full = np.zeros(d.shape, np.float32)
        full[picked] = values
        return full

    places = mapped(place)
    pure = mapped(mixture) * (1.0 - _plateaus(places, round(crisp) + 2))
    return Sides(places, mapped(separation), pure, mapped(np.where(known, inside, 0.0)))


def steepness(place: Floats) -> Floats:
    """Change of `place` (H, W) by pixel under a Gaussian of one pixel."""
    smooth = cv2.GaussianBlur(place, (0, 0), 1.0)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, *order, scale=0.125) for order in ((1, 0), (0, 1)))
    return np.asarray(np.hypot(across, down))


def _plateaus(place: Floats, near: int) -> Floats:
    """How surely (H, W) a half-way pixel is a surface of half-way colour: a blurred edge is steepest half-way.

    A grey collar between a black suit and a white wall lies on their line, yet is no mixture of the two.
    """
    slope = steepness(np.clip(place, 0.0, 1.0))
    # Hair, too, is flat along its ridge; one pixel beside it is not.
    own = cv2.dilate(slope, np.ones((3, 3), np.uint8))
    steepest = cv2.dilate(slope, np.ones((2 * near + 1, 2 * near + 1), np.uint8))
    flat = 1.0 - ramp(own / np.maximum(steepest, 0.05), FLAT, SLOPED)
    half_way = ramp(place, *HALF_WAY) * (1.0 - ramp(place, 1.0 - HALF_WAY[1], 1.0 - HALF_WAY[0]))
    return np.asarray(flat * half_way, np.float32)


def ramp(values: Floats, low: float, high: float) -> Floats:
    """0 up to `low`, 1 from `high`, smooth between."""
    t = np.clip((values - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float32)


@dataclass(frozen=True)
class _Windows:
    """Weight, weighted colours and weighted products of colours (h, w, 10), summed over windows around each pixel."""

    sums: Floats

    @staticmethod
    def of(rgb: Floats, weight: Floats, window: int) -> "_Windows":
        r, g, b = (rgb[..., channel] for channel in range(3))
        terms = np.stack([np.ones_like(r), r, g, b, r * r, r * g, r * b, g * g, g * b, b * b], axis=-1)
        terms *= weight[..., None]
        for _ in range(2):  # two box filters fall off like a tent: no seam where a sample leaves the window
            terms = np.concatenate(
                [
                    cv2.blur(terms[..., part], (window, window), borderType=cv2.BORDER_CONSTANT)
                    for part in (slice(0, 4), slice(4, 7), slice(7, 10))
                ],
                axis=-1,
            )
        return _Windows(terms)

    def at(self, pixels: Pixels) -> tuple[Floats, Floats, Floats]:
        """Colour mean (n, 3), covariance (n, 3, 3) and mean weight (n,) around `pixels`."""
        sums = self.sums[pixels]
        total = sums[:, 0]
        sums = np.asarray(sums / np.maximum(total, 1e-6)[:, None], np.float32)
        mean = sums[:, 1:4]
        cov = sums[:, PRODUCTS].reshape(-1, 3, 3) - mean[:, :, None] * mean[:, None, :]
        cov[:, range(3), range(3)] = np.maximum(cov[:, range(3), range(3)], 0.0)
        return mean, cov, total


def _without_strays(rgb: Floats, back: Floats, object_models: _Windows, window: int) -> Floats:
    """`back`, the weight of the surroundings' samples, less where hair of the object stands before them."""
    samples = np.nonzero(back > 0)
    mean_f, _, weight_f = object_models.at(samples)
    mean_b, cov_b, _ = _Windows.of(rgb, back, window).at(samples)
    apart = mean_f - mean_b
    cov_b[:, range(3), range(3)] += SENSOR_VARIANCE
    direction = np.linalg.solve(cov_b, apart[..., None])[..., 0]
    along = np.einsum("nc,nc->n", direction, rgb[samples] - mean_b)
    power = np.einsum("nc,nc->n", direction, apart)
    place = np.where(weight_f > 1e-5, along / np.maximum(power, 1e-9), 0.0).astype(np.float32)
    kept = back.copy()
    kept[samples] *= np.float32(1.0) - np.float32(0.98) * ramp(place, *STRAY)
    return kept
