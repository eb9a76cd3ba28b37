"""Finds what a lens with shallow depth of field was focused on: sharp detail, and the plain areas that it encloses."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Mask
from multiplane.depth.cues.balance import balance
from multiplane.depth.cues.outline import holes, solidity, whole
from multiplane.depth.cues.ramp import ramp
from multiplane.depth.cues.regions import Regions
from multiplane.depth.cues.split import split

Values = NDArray[np.float64]

FINE, MIDDLE = (0.7, 1.4), (2.8, 5.6)
"""Standard deviations, in pixels, of the two blurs whose difference is fine, or coarser, detail."""
QUIETEST = 3
"""Percentile of the regions' fine detail that is taken for the camera's noise."""
COLOUR = 10.0
"""Lab distance at which plain regions stop taking the focus of their neighbours."""
PLAIN = 0.08
"""Weight of a plain region's own wish to be out of focus; fine or coarse detail weighs up to 1."""
LEAST_BEHIND = 0.03
"""Share of the picture that must be out of focus for the lens to have chosen anything."""
TAIL = 0.2
"""Share of the subject that may be plainer than the background, and of the background that may be sharper."""

NONE, SURE = (0.05, 0.6, 0.8, 0.97, 0.1), (0.2, 0.8, 0.95, 0.99, 0.14)
"""Lead in detail, solidity, freedom from one side and from holes, share of the border: between no and yes."""


@dataclass(frozen=True)
class Focus:
    """`sharp` (N,) in [0, 1] splits at `threshold`, means `gap` apart; `trust` in [0, 1]: depth of field is shallow."""

    sharp: Values
    threshold: float
    gap: float
    trust: float


def find_focus(rgb: Floats, regions: Regions) -> Focus:
    """What is in focus in a picture (H, W, 3), and how surely one body is and all the rest is not.

    Detail at two scales tells three things apart: fine detail is in focus, coarse detail without fine is out of it, and
    plain areas tell nothing: they take the word of what they touch.
    """
    fine, coarse = (amplitude(rgb, regions, scales) for scales in (FINE, MIDDLE))
    level, step = split(fine, regions.size)
    if step < 1e-3:
        return Focus(np.zeros(regions.count), 0.5, 0.0, 0.0)
    detailed = ramp(fine, level - 0.35 * step, level + 0.35 * step)
    blurred = (1 - detailed) * ramp(coarse, -2.2, -1.7)
    weight = detailed + blurred + PLAIN
    like = 2 * np.exp(-((regions.contrast / COLOUR) ** 2)) + 0.25
    sharp = np.clip(balance(weight, detailed / weight, regions.pairs, like), 0, 1)
    threshold, gap = split(sharp, regions.size)
    body = whole(regions.paint(sharp) > threshold)
    return Focus(sharp, threshold, gap, shallowness(regions, fine, body) * float(ramp(np.asarray(gap), 0.2, 0.35)))


def amplitude(rgb: Floats, regions: Regions, scales: tuple[float, float]) -> Values:
    """Decimal logarithm of each region's (N,) root mean square detail between two blurs, noise taken off."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    power = regions.mean((cv2.GaussianBlur(grey, (0, 0), scales[0]) - cv2.GaussianBlur(grey, (0, 0), scales[1])) ** 2)
    return np.asarray(0.5 * np.log10(np.maximum(power - np.percentile(power, QUIETEST), 0) + 1e-6))


def shallowness(regions: Regions, fine: Values, body: Mask) -> float:
    """How surely `body` (H, W) alone is in focus, in [0, 1]: nearly all of it is sharper than nearly all the rest.

    A band in focus that runs from side to side is ground or a wall rather than a subject; so is what has no shape;
    and a body does not let its own background be seen through it: that is a room or a net.
    What hardly touches the frame is no close-up, and its colours outline it better.
    """
    inside = regions.mean(body.astype(np.float32)) > 0.5
    if not inside.any() or regions.size[~inside].sum() < LEAST_BEHIND * regions.size.sum():
        return 0.0
    clear = quantile(fine, regions.size * inside, TAIL) - quantile(fine, regions.size * ~inside, 1 - TAIL)
    across = min(body[:, 0].mean(), body[:, -1].mean())
    framed = np.concatenate([body[0], body[-1], body[:, 0], body[:, -1]]).mean()
    closed = 1 - holes(body).sum() / body.sum()
    votes = ramp(np.asarray([clear, solidity(body), 1 - across, closed, framed]), np.asarray(NONE), np.asarray(SURE))
    return float(votes.prod())


def quantile(values: Values, weight: Values, share: float) -> float:
    """The value below which `share` of the weight lies."""
    order = np.argsort(values, kind="stable")
    place = np.searchsorted(weight[order].cumsum(), share * weight.sum())
    return float(values[order][min(int(place), len(order) - 1)])
