"""Where things that somebody chose go among the layers: by who hides whom, but never behind what they are a part of."""

import cv2
import numpy as np

from multiplane.arrays import Floats, Mask
from multiplane.layering.order import SURFACES, order_near_to_far
from multiplane.pixels.disparity import shares_of_range
from multiplane.scene import DepthMap, Segment

WORKING_SIDE = 512
WITHIN = 0.9
"""Share of a thing that lies within another's outline, from which that encloses it."""
HOLE = 0.15
"""How much farther than what is around it, as a share of the disparity's range, a thing lies that is seen in a hole."""
RING = 4
"""Pixels around a thing, at the working size, in which its surroundings are read."""


def order_with_chosen(rest: list[Segment], chosen: tuple[Segment, ...], depth: DepthMap) -> list[Segment]:
    """All segments, near to far: `rest` and `chosen` by who hides whom.

    A chosen thing comes before what encloses it, unless it is seen through a hole, and the farthest of all, which
    fills the picture behind everything, is never a chosen thing while there is something else.
    """
    together = (*rest, *chosen)
    order = order_near_to_far(together, depth)
    movable = [index for index in order if index >= len(rest) and together[index].label not in SURFACES]
    small, disparity = _working_maps(together, depth.z)
    for index in movable:
        around = [other for other in order if other != index and _encloses(small[other], small[index])]
        if around and not _in_a_hole(small[index], disparity):
            first = min(order.index(other) for other in around)
            if first < order.index(index):
                order.remove(index)
                order.insert(first, index)
    last = [index for index in order if index not in movable]
    if last:
        order.append(order.pop(order.index(last[-1])))
    return [together[index] for index in order]


def _working_maps(segments: tuple[Segment, ...], z: Floats) -> tuple[list[Mask], Floats]:
    """The masks (h, w), and the disparity (h, w) in [0, 1], at the working size."""
    height, width = z.shape
    scale = min(1.0, WORKING_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = [cv2.resize(segment.mask.view(np.uint8), size, interpolation=cv2.INTER_NEAREST) for segment in segments]
    disparity = 1.0 / cv2.resize(z, size, interpolation=cv2.INTER_AREA)
    return [mask > 0 for mask in small], shares_of_range(disparity)


def _encloses(outer: Mask, inner: Mask) -> bool:
    contours = cv2.findContours(outer.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
    filled = cv2.drawContours(np.zeros(outer.shape, np.uint8), contours, -1, 1, cv2.FILLED)
    return bool(inner.any() and filled[inner].mean() > WITHIN)


def _in_a_hole(thing: Mask, disparity: Floats) -> bool:
    window = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * RING + 1, 2 * RING + 1))
    ring = (cv2.dilate(thing.view(np.uint8), window) > 0) & ~thing
    return bool(ring.any() and np.median(disparity[thing]) < np.median(disparity[ring]) - HOLE)
