"""How far one part of a picture is surrounded by another: what is enclosed is taken to lie in front."""

import cv2
import numpy as np

from multiplane.arrays import Mask


def enclosed(inner: Mask, outer: Mask) -> float:
    """Which share of the outline of `inner` (h, w) touches `outer` (h, w); the picture's frame counts as outline."""
    framed = np.pad(inner, 1)
    rim = (cv2.dilate(framed.view(np.uint8), np.ones((3, 3), np.uint8)) > 0) & ~framed
    return float((rim & np.pad(outer, 1)).sum()) / max(int(rim.sum()), 1)
