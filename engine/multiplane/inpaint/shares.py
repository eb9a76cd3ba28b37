"""Which known pixels may fill which hole pixels: the hole split by surface, each share with its own sources."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from multiplane.arrays import Ints, Mask, check_mask, check_shape


class Share(NamedTuple):
    """The part of the hole `target` (H, W) that only the known pixels `source` (H, W) may fill."""

    target: Mask
    source: Mask


def shares(hole: Mask, surface: Ints) -> Iterator[Share]:
    """Split `hole` (H, W) by `surface` (H, W); the targets do not overlap and together are the hole.

    A surface's sources are its own known pixels. Hole pixels whose surface has none (or is -1) come last, together,
    with the known pixels of every surface >= 0 as sources; where there is none, with every known pixel, -1 too.
    `source` is empty only if the whole picture is hole.
    """
    check_mask(hole, "hole", (None, None))
    check_shape(surface, "surface", hole.shape, np.int32)
    known = ~hole
    orphans = np.zeros_like(hole)
    for label in np.unique(surface[hole]):
        own = surface == label
        target, source = own & hole, own & known
        if label >= 0 and source.any():
            yield Share(target, source)
        else:
            orphans |= target
    if orphans.any():
        source = known & (surface >= 0)
        yield Share(orphans, source if source.any() else known)
