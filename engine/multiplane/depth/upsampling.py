"""A network's small disparity brought to the photo's size, with its steps put on the photo's edges."""

import cv2
import numpy as np

from multiplane.arrays import Floats
from multiplane.pixels.guided import apply, enlarged_rows, fit, guide_windows

GUIDE_SIDE = 1024
"""The local models are fitted at no more than this long side; the photo itself is read at full size."""
FLAT = 4e-4
"""Colour variance below which a window of the photo counts as flat."""
STRIP_PIXELS = 1 << 19


def upsample_disparity(disparity: Floats, rgb: Floats) -> Floats:
    """Disparity (h, w) to the size of `rgb` (H, W, 3), crisp where the photo has an edge beside a disparity step.

    A guided filter moves each step onto the photo's edge but leaves it soft. Every pixel is therefore placed between
    the least and greatest disparity of its surroundings, as the share s = (filtered - low) / (high - low), and s is
    steepened around one half, the more the coarser the network's grid: a step in a photo is a pixel or two wide. On a
    slope s is one half everywhere, so slopes stay as they are; only steps become steep. The result never leaves the
    local range, so there are no halos.
    """
    height, width = rgb.shape[:2]
    scale = min(1.0, GUIDE_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    guide = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA) if scale < 1.0 else rgb
    shown = _resized(disparity, size)
    # A step is uncertain by about two pixels of the network's output.
    reach = max(2, round(2.0 * max(size) / max(disparity.shape)))
    low, high = _surroundings(shown, reach)
    span = np.float32(shown.max() - shown.min()) or np.float32(1.0)
    model = fit(guide_windows(guide, reach, FLAT), shown)
    out = np.empty((height, width), np.float32)
    rows = max(1, STRIP_PIXELS // width)
    for start in range(0, height, rows):
        stop = min(height, start + rows)
        local, bottom, top = (enlarged_rows(plane, start, stop, height, width) for plane in (model, low, high))
        out[start:stop] = _steepened(apply(local, rgb[start:stop]), bottom, top, span, np.float32(reach))
    return out


def _surroundings(disparity: Floats, reach: int) -> tuple[Floats, Floats]:
    """The least and greatest disparity within `reach` pixels, softened so that their own outlines do not show."""
    window = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    blur = (reach + 1 - reach % 2, reach + 1 - reach % 2)
    return (
        np.asarray(cv2.blur(cv2.erode(disparity, window), blur)),
        np.asarray(cv2.blur(cv2.dilate(disparity, window), blur)),
    )


def _steepened(soft: Floats, low: Floats, high: Floats, span: np.float32, gain: np.float32) -> Floats:
    """`soft` pushed towards `low` or `high`, `gain` times steeper where they are wide apart (in disparity)."""
    gap = np.maximum(high - low, np.float32(1e-12))
    share = np.clip((soft - low) / gap, 0.0, 1.0)
    steep = np.clip((share - np.float32(0.5)) * gain + np.float32(0.5), 0.0, 1.0)
    steep = steep * steep * (3 - 2 * steep)
    # Below 2 % of the whole range there is no step to speak of; from 8 % on there is one.
    step = np.clip((gap / span - np.float32(0.02)) / np.float32(0.06), 0.0, 1.0)
    return np.asarray(low + gap * (share + step * (steep - share)), np.float32)


def _resized(plane: Floats, size: tuple[int, int]) -> Floats:
    smaller = size[0] < plane.shape[1]
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR))
