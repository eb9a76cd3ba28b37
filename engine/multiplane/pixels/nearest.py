"""Carries what is known to where it is not: every unknown pixel takes the value of the nearest known one."""

from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Mask

Value = TypeVar("Value", bound=np.generic)


def from_nearest(values: NDArray[Value], known: Mask) -> tuple[NDArray[Value], Floats]:
    """`values` (H, W) with unknown pixels taken from the nearest `known` one, and how far that is in pixels.

    `known` must hold at least one pixel. Distance is Euclidean, as OpenCV's 5 x 5 chamfer approximates it
    (Borgefors 1986).
    """
    unknown: NDArray[Any] = (~known).view(np.uint8)
    distance, index = cv2.distanceTransformWithLabels(unknown, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    table = np.zeros(int(index.max()) + 1, values.dtype)
    table[index[known]] = values[known]
    return table[index], distance
