"""Scene-linear light of sRGB-encoded values and back (IEC 61966-2-1)."""

import numpy as np

from multiplane.arrays import Floats


def linear(encoded: Floats) -> Floats:
    """Scene-linear values of sRGB-encoded ones >= 0."""
    low = encoded <= np.float32(0.04045)
    curve = np.power((encoded + np.float32(0.055)) / np.float32(1.055), np.float32(2.4))
    return np.where(low, encoded / np.float32(12.92), curve)


def encoded(light: Floats) -> Floats:
    """sRGB-encoded values of scene-linear ones >= 0; inverse of `linear`."""
    low = light <= np.float32(0.0031308)
    curve = np.float32(1.055) * np.power(np.maximum(light, np.float32(0.0)), np.float32(1 / 2.4)) - np.float32(0.055)
    return np.where(low, light * np.float32(12.92), curve)
