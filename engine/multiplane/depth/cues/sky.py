"""Finds the sky: smooth, blue or brightest, and reaching the top; ceilings and white walls are not it."""

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from multiplane.arrays import Floats
from multiplane.depth.cues.ramp import ramp
from multiplane.depth.cues.regions import Regions

SMOOTH = 0.035
"""Mean luminance gradient (per pixel, of [0, 1]) above which a region is hardly sky."""
STEP = 14.0
"""Lab distance that two touching regions of one sky may have: clouds are soft."""
DARKER = 22.0
"""How much darker than its mean, in Lab lightness, a part of the sky may be."""
NEAR_SKY = 0.03
"""How far around a pixel the sky's colour is looked up, as a share of the long side."""
LEAST_AREA = 0.01
"""Smaller candidates are gaps between leaves or lamps."""


def find_sky(rgb: Floats, regions: Regions) -> NDArray[np.float64]:
    """How surely each region (N,) is sky, in [0, 1]."""
    smooth = smoothness(rgb, regions)
    like = smooth * sky_likeness(regions)
    part = joined_parts(regions, like > 0.35)
    at_top = np.bincount(regions.labels[0], minlength=regions.count) * (like > 0.35)
    sky = np.zeros(regions.count)
    for number in np.unique(part[at_top > 0]):
        members = part == number
        darkest = np.average(regions.lab[members, 0], weights=regions.size[members]) - DARKER
        members &= regions.lab[:, 0] > darkest
        wide = at_top[members].sum() / regions.labels.shape[1]
        area = regions.size[members].sum() / regions.size.sum()
        if area > LEAST_AREA and wide > 0.05:
            sure = verdict(regions, members)
            sky[members] = np.maximum(sky[members], like[members] * sure)
            # Towards the horizon the sky pales and warms: what goes on smoothly from it, and is no darker, is sky too.
            beyond = members | ((smooth > 0.7) & (regions.lab[:, 0] > darkest) & (regions.centre[:, 1] < 0.9))
            grown = joined_parts(regions, beyond)
            more = beyond & np.isin(grown, grown[members]) & ~members
            sky[more] = np.maximum(sky[more], 0.5 * sure * smooth[more])
    return np.asarray(np.clip(sky * 1.6, 0, 1))


def joined_parts(regions: Regions, chosen: NDArray[np.bool_]) -> NDArray[np.intp]:
    """A number (N,) for each region, shared by chosen regions that touch through steps one sky may have."""
    first, second = regions.pairs.T
    joined = chosen[first] & chosen[second] & (regions.contrast < STEP)
    graph = coo_matrix((np.ones(joined.sum()), (first[joined], second[joined])), (regions.count, regions.count))
    return np.asarray(connected_components(graph, directed=False)[1], np.intp)


def smoothness(rgb: Floats, regions: Regions) -> NDArray[np.float64]:
    """1 where a region (N,) has no texture, to 0."""
    grey = cv2.GaussianBlur(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), (0, 0), 1.0)
    slope = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=1 / 8))
    return np.asarray(np.exp(-((regions.mean(slope) / SMOOTH) ** 2)))


def sky_likeness(regions: Regions) -> NDArray[np.float64]:
    """How much each region (N,) by itself is coloured and placed like sky: blue or bright, high in the picture."""
    light, _, yellow = regions.lab.T
    blue = ramp(-yellow, 2.0, 10.0)
    bright = ramp(light, 60.0, 85.0)
    high = 1 - ramp(regions.centre[:, 1], 0.5, 0.95)
    return np.asarray(np.maximum(blue, bright) * high)


def verdict(regions: Regions, members: NDArray[np.bool_]) -> float:
    """How surely one candidate as a whole is sky, in [0, 1]: blue, or neutral and far brighter than everything else."""
    weight = regions.size[members]
    light, green, yellow = (regions.lab[members] * weight[:, None]).sum(axis=0) / weight.sum()
    rest = regions.size * ~members
    others = float((regions.lab[:, 0] * rest).sum() / max(rest.sum(), 1.0))
    blue = ramp(np.asarray(-yellow - 0.5 * abs(green)), 3.0, 9.0)
    lead = ramp(np.asarray(light - others), 18.0, 38.0)
    neutral = 1 - ramp(np.asarray(yellow), 4.0, 14.0)
    return float(np.maximum(blue, lead * neutral))


def trace_sky(rgb: Floats, sky: Floats) -> Floats:
    """The sky map (H, W) in [0, 1] of regions, redrawn pixel by pixel: masts cut out of it, gaps between leaves let in.

    Near sky, a pixel is sky as far as it has the colour that the sky has around it.
    """
    radius = 2 * round(NEAR_SKY * max(sky.shape)) + 1
    size = (radius, radius)
    amount = cv2.blur(sky, size, borderType=cv2.BORDER_REPLICATE)
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab)
    around = cv2.blur(lab * sky[..., None], size, borderType=cv2.BORDER_REPLICATE)
    around /= np.maximum(amount, 1e-4)[..., None]
    unlike = np.linalg.norm(lab - around, axis=2)
    # Where there is only a little sky around, a like colour proves little: water, windows, a pale wall.
    let_in = (1 - ramp(unlike, 8.0, 16.0)) ** 2 * ramp(amount, 0.15, 0.35)
    cut_out = ramp(unlike, 14.0, 26.0)
    # A mast stands on something; what floats freely in the sky by colour alone is a cloud.
    _, part = cv2.connectedComponents(((cut_out > 0.5) | (sky < 0.5)).astype(np.uint8))
    grounded = np.zeros(int(part.max()) + 1, bool)
    grounded[part[sky < 0.5]] = True
    return np.asarray(np.where(sky > 0.5, 1 - cut_out * grounded[part], let_in), np.float32)
