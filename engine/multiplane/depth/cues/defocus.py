"""Measures how sharp edges are by blurring them once more: the lens was mostly focused on the subject."""

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats
from multiplane.depth.cues.regions import Regions

REBLUR = 1.0
"""Standard deviation, in pixels, of the second blur."""
FIRST_BLUR = 0.6
"""Standard deviation, in pixels, of a first blur that takes the noise away."""
LEAST_SLOPE = 0.02
"""Gradient, per pixel, under which there is no edge."""
SPREAD = 0.025
"""How far edges speak for what is beside them, as a share of the long side."""
LARGEST = 4.0
"""Blur, in pixels, from which on everything counts as wholly out of focus."""


def find_sharpness(rgb: Floats, regions: Regions) -> NDArray[np.float64]:
    """How sharp the edges in and around each region (N,) are, in [0, 1]; 0.5 is usual for the picture.

    Zhuo and Sim, "Defocus map estimation from a single image", Pattern Recognition 2011, equations 6 to 8: the ratio R
    of the gradients before and after a second blur s0 gives the first one as s = s0 / sqrt(R^2 - 1). Edges speak for
    the plain areas beside them.
    """
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    before = steepness(cv2.GaussianBlur(grey, (0, 0), FIRST_BLUR))
    after = steepness(cv2.GaussianBlur(grey, (0, 0), float(np.hypot(FIRST_BLUR, REBLUR))))
    ratio = np.maximum(before / np.maximum(after, 1e-6), 1.0 + 1e-3)
    sharp = 1 - np.minimum(REBLUR / np.sqrt(ratio**2 - 1), LARGEST) / LARGEST
    weight = np.where(before > LEAST_SLOPE, before, 0).astype(np.float32)
    usual = float((weight * sharp).sum() / max(weight.sum(), 1e-9))
    radius = SPREAD * max(grey.shape)
    evidence = cv2.GaussianBlur(weight, (0, 0), radius)
    offset = cv2.GaussianBlur(weight * (sharp - usual).astype(np.float32), (0, 0), radius)
    return np.asarray(np.clip(0.5 + 1.5 * regions.mean(offset / (evidence + 0.2 * LEAST_SLOPE)), 0, 1))


def steepness(grey: Floats) -> Floats:
    """Length of the luminance gradient per pixel."""
    return np.asarray(
        np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=1 / 8))
    )
