"""Opens holes that a mask covered: in a handle, a ring, a letter, between an arm and the body.

A hole shows what is behind, so its colours are those beside the object and none of the object's around it, and it
ends in edges of the photo. Colour alone mistakes a white shirt in a dark jacket before a white wall for a hole: where
depth speaks, it has a say, and where it is silent the match must be close both ways.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.ndimage import find_objects
from scipy.spatial import cKDTree

from multiplane.arrays import Floats, Ints, Mask

WORKING_SIDE = 360
"""Longer side at which holes are looked for; the matte finds their exact edge."""
NEAR = 0.07
"""How far around a hole its neighbours are compared, and how thick its rim may be, as a share of the diagonal."""
LARGEST = 0.45
"""Largest share of the mask that one hole may take."""
LEAST_PIXELS = 12
SAMPLES = 400
ALIKE = 5.0
"""Difference in CIELAB up to which two colours are the same surface's."""
OPEN_SHARE = 0.15
"""Share of a hole's outline up to which it may touch the surroundings: what touches more is the mask's bay."""
SMALL = 0.03
"""Holes less wide than this share of the diagonal are lost in a depth map: its silence says nothing."""


@dataclass(frozen=True)
class _Match:
    """Shares of a region's pixels that look like the surroundings and like the object, and of those like the region."""

    background: float
    object: float
    returned: float

    def convinces(self, behind: float | None, small: bool) -> bool:
        """Whether the region is a hole; `behind` is its depth between the object's (0) and the background's (1)."""
        if behind is not None and behind > 0.5:
            return self.background > 0.75 and self.object < 0.4
        if behind is not None and behind < 0.2 and not small:
            return False
        return self.background > 0.87 and self.object < 0.25 and self.returned > 0.4


def open_holes(rgb: Floats, mask: Mask, z: Floats | None = None) -> Mask:
    """`mask` (H, W) without the holes that `rgb` (H, W, 3), and depth `z` (H, W) where there is one, show in it."""
    shrink = min(1.0, WORKING_SIDE / max(mask.shape))
    size = (max(1, round(mask.shape[1] * shrink)), max(1, round(mask.shape[0] * shrink)))
    if min(size) < 16 or not mask.any() or mask.all():
        return mask
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    inside = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5
    disparity = None if z is None else 1.0 / cv2.resize(z, size, interpolation=cv2.INTER_NEAREST)
    lab = cv2.cvtColor(np.ascontiguousarray(small), cv2.COLOR_RGB2LAB)
    holes = _find(lab, _regions(small, inside), inside, disparity)
    if not holes.any():
        return mask
    full = cv2.resize(holes.astype(np.float32), mask.shape[::-1], interpolation=cv2.INTER_LINEAR) > 0.5
    return np.asarray(mask & ~full)


def _regions(rgb: Floats, inside: Mask) -> Ints:
    """Even regions within the mask, numbered from 1 (Felzenszwalb and Huttenlocher 2004); 0 outside it."""
    segmenter = cv2.ximgproc.segmentation.createGraphSegmentation(sigma=0.6, k=120.0, min_size=LEAST_PIXELS)
    labels = segmenter.processImage(np.rint(rgb * 255).astype(np.uint8)) + 1
    return np.where(inside, labels, 0).astype(np.int32)


def _find(lab: Floats, regions: Ints, inside: Mask, disparity: Floats | None) -> Mask:
    """The holes (h, w): regions like the surroundings, joined where they touch, that a rim of the object encloses."""
    depth_within = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 5)
    diagonal = float(np.hypot(*inside.shape))
    near, largest = NEAR * diagonal, LARGEST * np.count_nonzero(inside)
    alike = np.zeros(inside.shape, np.bool_)
    for box, region in _parts(regions, near):
        area = np.count_nonzero(region)
        if LEAST_PIXELS <= area <= largest and depth_within[box][region].min() <= near:
            outside = _grown(region, near) & ~inside[box]
            alike[box] |= region & (_share_like(lab[box][region], lab[box][outside]) > 0.6)
    found = np.zeros(inside.shape, np.bool_)
    around = inside & ~_grown(alike, 1.5)
    _, parts = cv2.connectedComponents(alike.astype(np.uint8), connectivity=4)
    for box, region in _parts(parts.astype(np.int32), near):
        area = np.count_nonzero(region)
        rim = float(depth_within[box][region].min())
        if area < LEAST_PIXELS or area > largest or rim > np.sqrt(area) or not _enclosed(region, inside[box]):
            continue
        beside = _grown(region, near)
        outside, object_pixels = beside & ~inside[box], beside & around[box]
        if not outside.any() or not object_pixels.any():
            continue
        colours = lab[box]
        match = _Match(
            _share_like(colours[region], colours[outside]),
            _share_like(colours[region], colours[object_pixels]),
            _share_like(colours[outside & _grown(region, 0.5 * near)], colours[region]),
        )
        behind = None if disparity is None else _behind(disparity[box], region, outside, object_pixels)
        if match.convinces(behind, float(np.sqrt(area)) < SMALL * diagonal):
            found[box] |= region
    return found


def _parts(labels: Ints, margin: float) -> Iterator[tuple[tuple[slice, slice], Mask]]:
    """Each label's box, grown by `margin`, and where the label lies in it; 0 is none."""
    grow = int(np.ceil(margin)) + 2
    for number, box in enumerate(find_objects(labels), start=1):
        if box is not None:
            rows, columns = (slice(max(0, int(side.start) - grow), int(side.stop) + grow) for side in box)
            yield (rows, columns), np.asarray(labels[rows, columns] == number)


def _enclosed(region: Mask, inside: Mask) -> bool:
    """Whether the object, and not the surroundings or the picture's frame, lies around the region."""
    ring = _grown(region, 1.5) & ~region
    # The box reaches beyond the region but where the picture ends.
    framed = np.ones(inside.shape, np.bool_)
    framed[1:-1, 1:-1] = False
    touching = np.count_nonzero(ring & ~inside) + np.count_nonzero(region & framed)
    return bool(touching <= OPEN_SHARE * max(1, int(np.count_nonzero(ring))))


def _behind(disparity: Floats, region: Mask, outside: Mask, object_pixels: Mask) -> float | None:
    """The region's depth between the object's (0) and the background's (1); None where those do not differ."""
    here, far, near = (float(np.median(disparity[pixels])) for pixels in (region, outside, object_pixels))
    if near - far < 0.05 * near:
        return None
    return (near - here) / (near - far)


def _share_like(colours: Floats, others: Floats) -> float:
    """The share of `colours` (n, 3) in CIELAB that have one like them among `others` (m, 3)."""
    if len(colours) == 0 or len(others) == 0:
        return 0.0
    some = colours[:: -(-len(colours) // SAMPLES)]
    # A colour counts as there when two of the others have it: one alone is noise.
    distance, _ = cKDTree(others[:: -(-len(others) // SAMPLES)]).query(some, k=2)
    return float(np.mean(distance[:, -1] < ALIKE))


def _grown(mask: Mask, radius: float) -> Mask:
    size = 2 * max(1, round(radius)) + 1
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((size, size), np.uint8)) > 0)
