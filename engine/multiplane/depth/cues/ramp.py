"""The soft threshold that every cue uses."""

import numpy as np
from numpy.typing import NDArray


def ramp(
    values: NDArray[np.float64], low: float | NDArray[np.float64], high: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    """0 up to `low`, 1 from `high`, straight between."""
    return np.clip((values - low) / (high - low), 0.0, 1.0)
