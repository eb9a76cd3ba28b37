"""Divides a layer into nearer and farther parts at natural breaks of its depth, along the picture's own edges."""

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Ints, Mask
from multiplane.edit.by_component import SOLID, masks_of
from multiplane.edit.enclosed import enclosed
from multiplane.edit.natural_breaks import Toll, natural_breaks
from multiplane.edit.split import Parts
from multiplane.errors import SceneError
from multiplane.pixels.bleed import bleed
from multiplane.pixels.nearest import from_nearest
from multiplane.scene import Layer
from multiplane.segment.builtin import working_copies
from multiplane.segment.refine import refined_labels
from multiplane.segment.regions import superpixels

SPACING = 7
"""Pixels across a superpixel at the working size."""
SOFT = 1.2
"""Pixels, at the working size, over which a border is smoothed where the picture has no edge."""
FLAT = 1.01
"""Ratio of the farthest to the nearest depth up to which a layer is flat."""
STEP = 0.06
"""Difference in disparity, as a share of the layer's range, from which neighbours are no longer one surface."""
ACROSS = 0.4
"""What it costs to cut right across a continuous surface, as a share of the scatter of depth in the layer."""
BEHIND = 0.06
"""How far a part goes on behind a nearer one, as a share of the canvas's diagonal: as far as parallax may look ..."""
ENCLOSED = 0.6
"""... unless so much of that one's outline is enclosed by what is farther: then it goes on all the way."""
DEBRIS = 0.01
"""Share of the layer below which a piece goes to the part around it."""


def by_depth(layer: Layer, count: int = 2) -> Parts:
    """`layer` in `count` parts, near to far; the largest keeps the id.

    Superpixels are sorted by their mean disparity 1/z and divided at its natural breaks, and rather where depth jumps
    than across what is continuous; their borders then move to the edges of the picture. What is behind goes on all the
    way behind a part that it encloses, else for as far as parallax may look: nobody knows more. Raises SceneError where
    the layer is flat, or has not so many parts.
    """
    solid = np.asarray(layer.rgba[..., 3] >= SOLID)
    if not solid.any():
        solid = layer.visible
    low, high = np.quantile(layer.z[solid], [0.01, 0.99])
    if high < FLAT * low:
        raise SceneError(f"{layer.id!r} is about equally far everywhere; split it by component, by a point or by a box")
    labels = _without_debris(_bands(layer, solid, count), solid)
    present = [k for k in range(count) if (labels[solid] == k).any()]
    if len(present) < count:
        raise SceneError(f"{layer.id!r} falls into {len(present)} parts by depth, not {count}; choose a smaller number")
    areas = [int((labels[solid] == k).sum()) for k in present]
    masks = masks_of(labels, solid, layer.visible, present)
    return Parts(masks, areas.index(max(areas)), reach=_reaches(masks))


def _reaches(masks: tuple[Mask, ...]) -> tuple[float, ...]:
    """How far, as a share of the diagonal, what is farther goes on behind each of `masks`, near to far."""
    farther = [np.logical_or.reduce(masks[k + 1 :]) for k in range(len(masks) - 1)]
    return tuple(
        np.inf if enclosed(mask, rest) >= ENCLOSED else BEHIND for mask, rest in zip(masks, farther, strict=False)
    )


def _bands(layer: Layer, solid: Mask, count: int) -> Ints:
    """The band (h, w) of every pixel: 0 is the nearest."""
    z, _ = from_nearest(layer.z, solid)
    rgb = bleed(layer.rgba)[..., :3]
    guide, disparity = working_copies(rgb, z)
    height, width = disparity.shape
    weight = cv2.resize(solid.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    pieces = superpixels(cv2.cvtColor(guide, cv2.COLOR_RGB2Lab), disparity, SPACING)
    area = np.bincount(pieces.ravel(), weight.ravel())
    mean = np.bincount(pieces.ravel(), (weight * disparity).ravel()) / np.maximum(area, 1e-9)
    counted = area > 0
    bounds = natural_breaks(mean[counted], area[counted], count, _toll(pieces, mean, counted, float(area.sum())))
    band = len(bounds) - np.searchsorted(bounds, mean)
    scores = (_score(band[pieces] == k) for k in range(len(bounds) + 1))
    return refined_labels(scores, guide, rgb)


def _toll(pieces: Ints, mean: NDArray[np.float64], counted: NDArray[np.bool_], area: float) -> Toll:
    """What a bound costs: the length along which it cuts through surfaces, against the size of the layer.

    `pieces` (h, w) are superpixels of `mean` (N,) disparity, of which those `counted` (N,) belong to the layer.
    """
    sides = np.concatenate(
        [
            np.stack([pieces[:, :-1].ravel(), pieces[:, 1:].ravel()]),
            np.stack([pieces[:-1].ravel(), pieces[1:].ravel()]),
        ],
        axis=1,
    )
    sides = sides[:, (sides[0] != sides[1]) & counted[sides].all(axis=0)]
    low, high = np.sort(mean[sides], axis=0)
    smooth = np.exp(-np.square((high - low) / STEP))

    def toll(bound: float) -> float:
        crossed = (low < bound) & (bound <= high)
        return ACROSS * float(smooth[crossed].sum()) / float(np.sqrt(area))

    return toll


def _score(mask: Mask) -> Floats:
    return np.asarray(cv2.GaussianBlur(mask.astype(np.float32), (0, 0), SOFT), np.float32)


def _without_debris(labels: Ints, solid: Mask) -> Ints:
    """`labels` (h, w), where pieces too small to be anything have the label of the nearest larger one."""
    sure, least = np.zeros(labels.shape, np.bool_), DEBRIS * int(solid.sum())
    for label in np.unique(labels):
        own = (solid & (labels == label)).view(np.uint8)
        _, pieces, facts, _ = cv2.connectedComponentsWithStats(own, connectivity=4)
        large = facts[:, cv2.CC_STAT_AREA] >= least
        large[0] = False
        sure |= large[pieces]
    if not sure.any():
        return labels
    kept, _ = from_nearest(labels, sure)
    return np.where(sure, labels, kept).astype(np.int32)
