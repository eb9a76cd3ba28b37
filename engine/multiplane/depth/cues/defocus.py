"""Measures how sharp edges are by blurring them once more: what the lens was focused on is mostly what the picture is of."""

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats
from multiplane.depth.cues.regions import Regions

REBLUR = 1.0
"""Standard deviation, in pixels, of the second blur."""
LARGEST = 4.0
"""Blur, in pixels, from which on everything counts as wholly out of focus."""


def find_sharpness(rgb: Floats, regions: Regions) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How sharp the edges of each region (N,) are, in [0, 1], and how much edge there is to tell by (N,).

    Zhuo and Sim, "Defocus map estimation from a single image", Pattern Recognition 2011, equations 6 to 8: the ratio R
    of the gradients before and after a second blur s0 gives the first one as s = s0 / sqrt(R^2 - 1).
    """
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    before = steepness(cv2.GaussianBlur(grey, (0, 0), 0.6))
    after = steepness(cv2.GaussianBlur(grey, (0, 0), float(np.hypot(0.6, REBLUR))))
    ratio = np.maximum(before / np.maximum(after, 1e-6), 1.0 + 1e-3)
    blur = np.minimum(REBLUR / np.sqrt(ratio**2 - 1), LARGEST)
    weight = np.where(before > 0.02, before, 0).astype(np.float32)
    evidence = regions.mean(weight)
    sharp = regions.mean(weight * (1 - blur / LARGEST)) / np.maximum(evidence, 1e-9)
    return sharp, evidence


def steepness(grey: Floats) -> Floats:
    """Length of the luminance gradient per pixel."""
    return np.asarray(
        np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=1 / 8))
    )
