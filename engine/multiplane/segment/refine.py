"""Puts the borders of small label maps onto the photo's own edges, at full size."""

from collections.abc import Iterator

import cv2
import numpy as np

from multiplane.arrays import Floats, Ints
from multiplane.pixels.guided import apply, enlarged_rows, fit, guide_windows

RADIUS = 8
"""Half a window, in pixels of the small map: how far a border may move."""
FLAT = 1e-3
"""Colour variance below which a window counts as flat; there borders stay where they are, smoothed."""
STRIP_PIXELS = 1 << 19
LEAST_ISLAND = 3e-4
"""Share of the picture below which a piece cut off from the rest of its label goes to what surrounds it."""


def refined_labels(scores: Iterator[Floats], guide: Floats, rgb: Floats) -> Ints:
    """Labels (H, W): per pixel of `rgb` (H, W, 3) the number of the score with the greatest value there.

    Each score (h, w) says how much a pixel of `guide` (h, w, 3), a smaller copy of `rgb`, belongs to one label. It is
    fitted as a locally linear function of colour, which is then read at every full-size pixel: in a window with two
    colours and two labels that divides the labels where the colours divide.
    """
    height, width = rgb.shape[:2]
    windows = guide_windows(guide, RADIUS, FLAT)
    labels = np.zeros((height, width), np.int32)
    best = np.full((height, width), -np.inf, np.float32)
    for number, score in enumerate(scores):
        model = fit(windows, score)
        for rows, columns in _tiles(score, height, width):
            local = enlarged_rows(model, rows.start, rows.stop, height, width)[:, columns]
            value = apply(local, rgb[rows, columns])
            better = value > best[rows, columns]
            best[rows, columns][better] = value[better]
            labels[rows, columns][better] = number
    return without_islands(labels)


def without_islands(labels: Ints) -> Ints:
    """`labels` (H, W) where small pieces have the label of the nearest large one; a label's largest piece stays."""
    island = np.zeros(labels.shape, np.uint8)
    least = LEAST_ISLAND * labels.size
    for number in np.unique(labels):
        x, y, w, h = cv2.boundingRect((labels == number).view(np.uint8))
        box = slice(y, y + h), slice(x, x + w)
        own = (labels[box] == number).view(np.uint8)
        _, pieces, stats, _ = cv2.connectedComponentsWithStats(own, connectivity=4)
        small = stats[:, cv2.CC_STAT_AREA] < least
        small[0] = False  # the first is what is not this label
        small[1 + stats[1:, cv2.CC_STAT_AREA].argmax()] = False
        if small.any():
            island[box] |= small[pieces].view(np.uint8)
    if not island.any():
        return labels
    _, nearest = cv2.distanceTransformWithLabels(island, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    kept = island == 0
    label_of = np.zeros(int(nearest.max()) + 1, np.int32)
    label_of[nearest[kept]] = labels[kept]
    return np.asarray(label_of[nearest], np.int32)


def _tiles(score: Floats, height: int, width: int) -> Iterator[tuple[slice, slice]]:
    """Windows of the full-size picture, strip by strip, that hold every pixel this score could win."""
    window = np.ones((4 * RADIUS + 1, 4 * RADIUS + 1), np.uint8)
    present = cv2.dilate((score > 0).astype(np.uint8), window)
    x, y, w, h = cv2.boundingRect(present)
    step_x, step_y = width / score.shape[1], height / score.shape[0]
    left, right = int(x * step_x), min(width, int(np.ceil((x + w) * step_x)))
    top, bottom = int(y * step_y), min(height, int(np.ceil((y + h) * step_y)))
    rows = max(1, STRIP_PIXELS // max(1, right - left))
    for start in range(top, bottom, rows):
        yield slice(start, min(bottom, start + rows)), slice(left, right)
