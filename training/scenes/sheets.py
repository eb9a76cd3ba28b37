"""Texture sheets: square RGBA pictures with their smaller copies in one row of texels."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 256
LEVELS = 7
STARTS = tuple(int(sum((SIDE >> level) ** 2 for level in range(n))) for n in range(LEVELS))
TEXELS = int(sum((SIDE >> level) ** 2 for level in range(LEVELS)))


@dataclass(frozen=True)
class Sheet:
    """uint8 (TEXELS, 4): the picture at SIDE x SIDE, then at half that, and so on, each in row order."""

    texels: NDArray[np.uint8]


def sheet_of(picture: NDArray[np.uint8]) -> Sheet:
    """A sheet of any RGB or RGBA picture, stretched to SIDE x SIDE."""
    height, width = picture.shape[:2]
    smaller = height > SIDE or width > SIDE
    level = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    if level.shape[2] == 3:
        level = cv2.cvtColor(level, cv2.COLOR_RGB2RGBA)
    texels = np.empty((TEXELS, 4), np.uint8)
    for start in STARTS:
        texels[start : start + level.shape[0] * level.shape[1]] = level.reshape(-1, 4)
        if level.shape[0] > SIDE >> (LEVELS - 1):
            level = cv2.resize(level, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return Sheet(texels)
