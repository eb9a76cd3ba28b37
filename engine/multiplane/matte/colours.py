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
"""Squared distance from the line between B and F, in units of S: up to the one a mixture, from the other a third colour."""
OUTLIER = float(np.exp(-4.5))
"""Likelihood of a colour that is neither side's: that of one three deviations off."""


@dataclass(frozen=True)
class Sides:
    """Maps (H, W), 0 where colour was not looked at.

    `place` between B (0) and F (1) along their discriminant (Fisher 1936), in [-1, 2]; `separation`, D; `trust` in
    [0, 1]: how far `place` may be taken for alpha; `inside` in [-1, 1]: how surely the pixel is all B or all F.
    """

    place: Floats
    separation: Floats
    trust: Floats
    inside: Floats


def sides_by_colour(rgb: Floats, d: Floats, where: Mask, crisp: float, reach: float) -> Sides:
    """Compare the pixels `where` (H, W) with both sides' colours nearby, known by signed distance `d` (H, W) > 0 inside.

    Pixels farther from the border count more, for blur and stray hair mix the near ones; those serve in narrow gaps.
    """
    step = 2 if min(d.shape) > 4 * reach else 1
    small, distance = rgb[::step, ::step], d[::step, ::step]
    fore = np.where(distance > 2 * crisp, 1.0, 0.02) * ((distance >= crisp) & (distance < 2 * reach))
    back = np.where(distance < -0.5 * reach, 1.0, 0.02) * ((distance <= -crisp) & (distance > -2 * reach))
    window = 2 * int(reach / step) + 1
    picked = np.nonzero(where)
    at = (picked[0] // step, picked[1] // step)
    mean_f, cov_f, weight_f = _local_gaussian(small, fore.astype(np.float32), window, at)
    mean_b, cov_b, weight_b = _local_gaussian(small, back.astype(np.float32), window, at)

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

    clear = ramp(separation, VAGUE, CLEAR)
    return Sides(mapped(place), mapped(separation), mapped(clear * mixture), mapped(np.where(known, inside, 0.0)))


def ramp(values: Floats, low: float, high: float) -> Floats:
    """0 up to `low`, 1 from `high`, smooth between."""
    t = np.clip((values - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float32)


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
