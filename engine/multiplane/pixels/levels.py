"""The one place that turns colours in [0, 1] into integer levels and back."""

import numpy as np

from multiplane.arrays import Floats, Levels


def top_level(bit_depth: int) -> int:
    """The largest level: 255 for 8 bit, 65535 for 16."""
    return int((1 << bit_depth) - 1)


def to_levels(values: Floats, bit_depth: int = 8) -> Levels:
    """Round values in [0, 1] to the nearest level; values outside are clipped. Inverse of `from_levels`."""
    top = top_level(bit_depth)
    scaled = np.multiply(values, np.float32(top), dtype=np.float32)
    np.clip(scaled, 0, top, out=scaled)
    np.rint(scaled, out=scaled)
    return scaled.astype(np.uint8) if bit_depth == 8 else scaled.astype(np.uint16)


def from_levels(levels: Levels) -> Floats:
    """Levels as float32 in [0, 1]; `to_levels` of the result gives back `levels` exactly."""
    return np.divide(levels, np.float32(np.iinfo(levels.dtype).max), dtype=np.float32)
