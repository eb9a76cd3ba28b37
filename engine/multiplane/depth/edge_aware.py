"""Keeps disparity smooth inside things and sharp between them, at the working size and up to the photo's."""

import cv2
import numpy as np

from multiplane.arrays import Floats

COLOUR = 0.06
"""Colour distance in [0, 1] at which a small pixel stops speaking for a large one."""
STRIP_PIXELS = 1 << 19
"""Pixels worked on at once: bounds the memory of the intermediates."""
REACH = 1
"""Small pixels looked at to each side."""


def smooth_within_edges(disparity: Floats) -> Floats:
    """Take out small steps and keep large ones, guided by the disparity itself so that no texture gets in.

    Min et al., "Fast global image smoothing based on weighted least squares", TIP 2014.
    """
    guide = np.rint(np.clip(disparity, 0, 1) * 255).astype(np.uint8)
    return np.asarray(cv2.ximgproc.fastGlobalSmootherFilter(guide, disparity, 60.0, 6.0))


def upsample(disparity: Floats, small: Floats, large: Floats) -> Floats:
    """Disparity (H, W) of the photo `large` (H, W, 3) from `disparity` (h, w) of its small copy `small` (h, w, 3).

    Joint bilateral upsampling (Kopf et al., SIGGRAPH 2007, equation 3): a mean of the nearest small pixels, weighted
    by nearness and by likeness of colour.
    """
    height, width = large.shape[:2]
    out = np.empty((height, width), np.float32)
    rows = max(1, STRIP_PIXELS // width)
    for start in range(0, height, rows):
        stop = min(height, start + rows)
        out[start:stop] = _strip(disparity, small, large[start:stop], start, height)
    return out


def _strip(disparity: Floats, small: Floats, large: Floats, start: int, height: int) -> Floats:
    rows, width = large.shape[:2]
    y = ((np.arange(start, start + rows) + 0.5) * (small.shape[0] / height) - 0.5).astype(np.float32)
    x = ((np.arange(width) + 0.5) * (small.shape[1] / width) - 0.5).astype(np.float32)
    near_y, near_x = np.rint(y).astype(np.intp), np.rint(x).astype(np.intp)
    total, weights = np.zeros((2, rows, width), np.float32)
    for dy in range(-REACH, REACH + 1):
        for dx in range(-REACH, REACH + 1):
            at = np.ix_(np.clip(near_y + dy, 0, small.shape[0] - 1), np.clip(near_x + dx, 0, small.shape[1] - 1))
            off = large - small[at]
            unlike = np.einsum("ijk,ijk->ij", off, off) / (2 * COLOUR**2)
            unlike += np.add.outer((near_y + dy - y) ** 2, (near_x + dx - x) ** 2)
            weight = np.exp(-unlike) + np.float32(1e-12)
            weights += weight
            total += weight * disparity[at]
    return np.asarray(total / weights)
