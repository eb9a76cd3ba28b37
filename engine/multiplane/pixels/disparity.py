"""Relative disparity to depth and back: the one mapping that every relative depth source uses.

d disparity (larger is nearer, known up to scale and shift), z depth. 1/z is affine in d, so planes in space stay
planes. The nearest point is put at NEAR and the farthest at FAR, in arbitrary units; FAR/NEAR = 20 keeps exported
layers inside what After Effects handles well.
"""

import numpy as np

from multiplane.arrays import Floats

NEAR = 1.0
FAR = 20.0
SMALLEST = float(np.finfo(np.float32).tiny)
OUTLIERS = 0.005
"""Share of the pixels at either end that a picture's range of disparity leaves out."""
FLAT = 1e-4
"""A picture's disparity spans at least this share of its nearest: rounding noise is not stretched into steps."""


def depth_from_disparity(disparity: Floats, near: float = NEAR, far: float = FAR) -> Floats:
    """Depth in [near, far] from disparity (H, W) of any scale and shift; constant disparity gives `far` everywhere."""
    low, high = float(disparity.min()), float(disparity.max())
    share = (disparity - low) / max(high - low, SMALLEST)
    return np.asarray(1.0 / (1.0 / far + share * (1.0 / near - 1.0 / far)), np.float32)


def disparity_from_depth(z: Floats) -> Floats:
    """1/z, the disparity that `depth_from_disparity` maps back to `z` where z spans [NEAR, FAR]."""
    return np.asarray(1.0 / z, np.float32)


def disparity_range(disparity: Floats) -> tuple[float, float]:
    """The farthest disparity of any number of pixels and the span from there to the nearest, without outliers."""
    low, high = np.quantile(disparity, [OUTLIERS, 1.0 - OUTLIERS])
    return float(low), max(float(high - low), FLAT * float(high))


def shares_of_range(disparity: Floats) -> Floats:
    """Disparity (H, W) in shares of its own range, from 0 (farthest) to 1; outliers are clipped."""
    low, span = disparity_range(disparity)
    return np.asarray(np.clip((disparity - low) / span, 0.0, 1.0), np.float32)
