"""Which things of a rendered scene an eye takes for its subject."""

import numpy as np
from numpy.typing import NDArray


def subject_of(
    instance: NDArray[np.uint16], disparity: NDArray[np.float32], worth: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """bool (H, W): the things that dominate by size, place, nearness and `worth` (one number a thing); may be empty."""
    height, width = instance.shape
    count = len(worth)
    half = instance[::2, ::2]  # shares and means need no more
    flat, close = half.ravel().astype(np.int64), disparity[::2, ::2]
    area = np.bincount(flat, minlength=count) / flat.size
    y, x = np.mgrid[0:height:2, 0:width:2]
    off = np.hypot((x / width - 0.5) * 2, (y / height - 0.55) * 2)
    pixels = np.maximum(area * flat.size, 1)
    middle = np.bincount(flat, off.ravel(), count) / pixels
    near = np.bincount(flat, close.ravel(), count) / pixels / max(float(np.quantile(close, 0.98)), 1e-6)
    frame = np.concatenate([instance[0], instance[:, 0], instance[:, -1]])
    touching = np.bincount(frame, minlength=count) / np.maximum(2 * np.sqrt(pixels), 1)
    score = worth * np.sqrt(area) * np.exp(-1.5 * middle**2) * (0.25 + np.minimum(near, 1)) * np.exp(-1.2 * touching)
    score[(area < 0.012) | (area > 0.6)] = 0
    if score.max() < 0.05:
        return np.zeros(instance.shape, bool)
    return np.asarray((score > 0.6 * score.max())[instance])
