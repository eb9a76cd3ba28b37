"""What others do with the same depth map: depth bands, their connected parts, and GrabCut told where the object is."""

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Ints, Mask
from multiplane.pixels.levels import to_levels

BINS = 256
"""Histogram bins in which natural breaks are looked for."""
LEAST_PART = 0.002
"""Share of the picture below which a connected part of a band is debris."""
GRABCUT_SIDE = 320
"""Longer side at which GrabCut runs: it is slow, and its masks differ little beyond."""
GRABCUT_ROUNDS = 5
SURE_DISC = 0.02
"""Radius of what is surely the object around a point, as a share of the diagonal."""


def quantile_bands(z: Floats, count: int) -> list[Mask]:
    """Depth `z` (H, W) cut into at most `count` bands of about equally many pixels, far to near."""
    disparity = 1.0 / z
    cuts = np.quantile(disparity, np.arange(1, count) / count)
    return _present(np.searchsorted(cuts, disparity))


def jenks_bands(z: Floats, count: int) -> list[Mask]:
    """Depth `z` (H, W) cut into at most `count` bands where disparity has its natural breaks, far to near.

    Fisher's exact algorithm for Jenks' breaks (Fisher, "On grouping for maximum homogeneity", 1958), on a histogram.
    """
    disparity = 1.0 / z
    low, high = float(disparity.min()), float(disparity.max())
    index = np.minimum((disparity - low) / max(high - low, 1e-12) * BINS, BINS - 1).astype(np.int64)
    weights = np.bincount(index.ravel(), minlength=BINS).astype(np.float64)
    return _present(np.searchsorted(natural_breaks(weights, count), index, side="right"))


def natural_breaks(weights: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """First indices of the second to last of `count` runs of bins with `weights` (n,) that scatter least inside."""
    places = np.arange(len(weights))
    sums = [np.concatenate([[0.0], np.cumsum(weights * places**power)]) for power in (0, 1, 2)]
    mass, first, second = (total[None, :] - total[:, None] for total in sums)
    scatter = np.where(mass > 0, second - first**2 / np.maximum(mass, 1e-12), 0.0)
    scatter[np.tril_indices(len(weights) + 1, -1)] = np.inf
    cost, starts = scatter[0], []
    for _ in range(count - 1):
        choices = cost[:, None] + scatter
        starts.append(choices.argmin(axis=0))
        cost = choices.min(axis=0)
    breaks, end = [], len(weights)
    for start in reversed(starts):
        end = int(start[end])
        breaks.append(end)
    return np.array(breaks[::-1], np.int64)


def band_components(bands: list[Mask]) -> list[Mask]:
    """The connected parts of `bands`, far to near; debris stays with its band's largest part."""
    parts = []
    for band in bands:
        count, labels, stats, _ = cv2.connectedComponentsWithStats(band.view(np.uint8), connectivity=4)
        sizes = stats[1:, cv2.CC_STAT_AREA]
        largest = 1 + int(sizes.argmax())
        large = [number for number in range(1, count) if sizes[number - 1] >= LEAST_PART * band.size]
        debris = band & ~np.isin(labels, [*large, largest])
        parts += [(labels == number) | (debris if number == largest else False) for number in {*large, largest}]
    return parts


def grabcut_box(rgb: Floats, box: tuple[int, int, int, int]) -> Mask:
    """GrabCut (Rother et al. 2004) of `rgb` (H, W, 3), told that the object is inside the box (x0, y0, x1, y1)."""
    given = np.full(rgb.shape[:2], cv2.GC_BGD, np.uint8)
    x0, y0, x1, y1 = box
    given[y0:y1, x0:x1] = cv2.GC_PR_FGD
    return _grabcut(rgb, given)


def grabcut_point(rgb: Floats, point: tuple[int, int]) -> Mask:
    """GrabCut told one point (x, y): a disc there is the object, the picture's border is not, the rest is open."""
    height, width = rgb.shape[:2]
    given = np.full((height, width), cv2.GC_PR_BGD, np.uint8)
    cv2.rectangle(given, (0, 0), (width - 1, height - 1), cv2.GC_BGD, max(2, round(0.01 * max(height, width))))
    radius = max(2, round(SURE_DISC * float(np.hypot(height, width))))
    cv2.circle(given, point, 4 * radius, cv2.GC_PR_FGD, -1)
    cv2.circle(given, point, radius, cv2.GC_FGD, -1)
    return _grabcut(rgb, given)


def deepest_point(mask: Mask) -> tuple[int, int]:
    """The pixel (x, y) of `mask` (H, W) that is farthest from its outline; the picture's frame is outline, too."""
    padded = np.pad(mask.view(np.uint8), 1)
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.unravel_index(int(distance.argmax()), distance.shape)
    return int(x), int(y)


def _grabcut(rgb: Floats, given: NDArray[np.uint8]) -> Mask:
    height, width = given.shape
    scale = min(1.0, GRABCUT_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    bgr = to_levels(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).clip(0, 1))[..., ::-1]
    state = cv2.resize(given, size, interpolation=cv2.INTER_NEAREST)
    if not (state % 2 == 1).any() or not (state % 2 == 0).any():
        return np.asarray(given % 2 == 1)  # all object or none: nothing to learn colours from
    cv2.setRNGSeed(0)
    cv2.grabCut(np.ascontiguousarray(bgr), state, None, None, None, GRABCUT_ROUNDS, cv2.GC_INIT_WITH_MASK)
    return np.asarray(cv2.resize((state % 2).astype(np.float32), (width, height)) > 0.5)


def _present(numbers: NDArray[np.int64] | Ints) -> list[Mask]:
    """A mask for each number that occurs, in rising order."""
    return [np.asarray(numbers == number) for number in np.unique(numbers)]
