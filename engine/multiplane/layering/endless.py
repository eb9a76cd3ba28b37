"""Which surfaces go on behind what stands before them: floors and walls, not whatever is called a wall."""

from collections.abc import Sequence

import numpy as np

from multiplane.arrays import Floats, Mask
from multiplane.layering.creases import Stances
from multiplane.layering.order import FARTHEST, SURFACES

REST = ("background", "rest")
"""Labels of what is left over, which lies behind all else."""
LEVEL = ("ground", "water")
"""Labels of what lies under the things that stand on it."""
REACHED = 0.04
"""Share of the picture's border that such a surface takes up at least: it is seen to go on beyond the picture."""
UNEVEN = 0.1
"""How far it is from a plane at most, in shares of the picture's range of disparity, in nine pixels of ten."""
TRIMMED = 0.98
"""The range of disparity leaves out what is beyond this quantile, and as much on the other side."""
SAMPLES = 5000
"""Most pixels that a plane is fitted to."""


def goes_on(label: str, mask: Mask, z: Floats) -> bool:
    """Whether the surface `mask` (H, W) of `label` has to be thought of as going on behind all that stands before it.

    The sky does, and so does what is only called the rest. A floor, a wall, a stretch of water does where it is one:
    about a plane in depth `z` (H, W), whose disparity is affine in the picture, and not enclosed in the picture.
    """
    if label in (*FARTHEST, *REST):
        return True
    border = [mask[0], mask[-1], mask[:, 0], mask[:, -1]]
    return bool(np.concatenate(border).mean() >= REACHED) and spreads(label, mask, z)


def spreads(label: str, mask: Mask, z: Floats) -> bool:
    """Whether `mask` (H, W) of `label` goes on behind things as far as what is seen around them lets it.

    So does whatever goes on without end, and a flat one that ends within the picture, as a wall that stands free: it
    is not thought of as larger than what hides it, but there it is as likely as what lies beside it.
    """
    if label in (*FARTHEST, *REST):
        return True
    return label in SURFACES and bool(mask.any()) and _unevenness(mask, z) <= UNEVEN


def stances(labels: Sequence[str], surface: Sequence[bool]) -> Stances:
    """How the sheets of `labels`, near to far, lie where each is a `surface`."""
    floor = [flat and label in LEVEL for label, flat in zip(labels, surface, strict=True)]
    far = [label in FARTHEST for label in labels]
    return Stances(floor, [flat and not (f or s) for flat, f, s in zip(surface, floor, far, strict=True)])


def _unevenness(mask: Mask, z: Floats) -> float:
    """How far nine pixels in ten of `mask` are from a plane, at most, in shares of the picture's range of disparity."""
    at = np.flatnonzero(mask)
    at = at[np.linspace(0, len(at) - 1, min(len(at), SAMPLES)).astype(np.int64)]
    rows, columns = np.divmod(at, mask.shape[1])
    every = z.reshape(-1)[:: max(1, z.size // SAMPLES)]
    far, near = np.quantile(1.0 / every, [1 - TRIMMED, TRIMMED])
    disparity = (1.0 / z[rows, columns]).astype(np.float64)
    design = np.stack([columns / mask.shape[1], rows / mask.shape[0], np.ones(len(at))], axis=1)
    plane, *_ = np.linalg.lstsq(design, disparity, rcond=None)
    away = np.abs(disparity - design @ plane)
    return float(np.quantile(away, 0.9) / max(near - far, 1e-9))
