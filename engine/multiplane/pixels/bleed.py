"""Spreads the nearest visible colour under transparent pixels, so that filtering a cut-out shows no halo."""

from typing import TypeVar

import cv2
import numpy as np

from multiplane.arrays import Floats, Levels

Colours = TypeVar("Colours", Floats, Levels)


def bleed(rgba: Colours) -> Colours:
    """Give every pixel of `rgba` (H, W, 4, straight alpha) with alpha 0 the colour of the nearest one with alpha > 0.

    Alphas, and colours where alpha > 0, are untouched; a picture that is transparent everywhere comes back as it was.
    Distance is Euclidean, as OpenCV's 5 x 5 chamfer approximates it (Borgefors 1986).
    """
    hidden = np.asarray(rgba[..., 3] <= 0)
    out = rgba.copy()
    if hidden.all() or not hidden.any():
        return out
    _, nearest = cv2.distanceTransformWithLabels(hidden.view(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    visible = np.flatnonzero(~hidden)
    source = np.zeros(int(nearest.max()) + 1, np.int64)
    source[nearest.reshape(-1)[visible]] = visible
    out[hidden, :3] = rgba.reshape(-1, 4)[source[nearest[hidden]], :3]
    return out
