"""Splits values into a low and a high class."""

import numpy as np
from numpy.typing import NDArray


def split(values: NDArray[np.float64], size: NDArray[np.float64]) -> tuple[float, float]:
    """Otsu's threshold of region values weighted by size, and the distance of the two means."""
    order = np.argsort(values, kind="stable")
    value, weight = values[order], size[order]
    below, sums = np.cumsum(weight)[:-1], np.cumsum(weight * value)[:-1]
    above, rest = weight.sum() - below, (weight * value).sum() - sums
    if len(below) == 0:
        return float(value[0]), 0.0
    gap = rest / above - sums / below
    best = int((below * above * gap**2).argmax())
    return float((value[best] + value[best + 1]) / 2), float(gap[best])
