"""The depth of a composite: at every pixel, that of the uppermost sheet which is at least half opaque there."""

from collections.abc import Iterable
from typing import Protocol

import numpy as np

from multiplane.arrays import Floats

SOLID = np.float32(0.5)


class DeepSheet(Protocol):
    """What the z-buffer needs of a layer."""

    @property
    def rgba(self) -> Floats:
        """(h, w, 4), straight alpha."""

    @property
    def z(self) -> Floats:
        """(h, w), > 0."""

    @property
    def corner(self) -> tuple[int, int]:
        """(x, y) of the first pixel on the canvas."""


def nearest_depth(sheets: Iterable[DeepSheet], height: int, width: int) -> Floats:
    """Depth (height, width) of sheets from far to near, of which the first covers the canvas."""
    depth = np.empty((height, width), np.float32)
    for sheet in sheets:
        x, y = sheet.corner
        h, w = sheet.z.shape
        np.copyto(depth[y : y + h, x : x + w], sheet.z, where=sheet.rgba[..., 3] >= SOLID)
    return depth
