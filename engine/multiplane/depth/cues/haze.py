"""Measures haze: far things lose their dark and their saturated pixels to the light that the air scatters."""

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats
from multiplane.depth.cues.regions import Regions

PATCH = 9
"""Side, in pixels, of the square in which clear air leaves something dark."""


def find_haze(rgb: Floats, regions: Regions) -> NDArray[np.float64]:
    """The dark channel of each region (N,), in [0, 1]: the more, the more air lies before it.

    He, Sun and Tang, "Single image haze removal using dark channel prior", CVPR 2009, equation 5.
    """
    return regions.mean(np.asarray(cv2.erode(rgb.min(axis=2), np.ones((PATCH, PATCH), np.uint8))))
