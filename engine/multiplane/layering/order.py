"""Who stands in front of whom: segments in order from near to far, from the evidence along their shared borders.

Two regions that touch show at their border which one is nearer there, and that one hides the other. Comparing mean
depths instead would put a long floor in front of the chair that stands on it. The evidence is a matrix E with
E[i, j] = how much speaks for "i hides j"; the order is the one that agrees with most evidence, so a cycle breaks at its
weakest link.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Mask
from multiplane.pixels.disparity import shares_of_range
from multiplane.scene import DepthMap, Segment

FARTHEST = ("sky",)
"""Labels that nothing can be behind."""
SURFACES = ("sky", "ground", "water", "wall", "building", "mountain", "background", "rest")
"""Labels of things that go on behind what stands before them; everything else ends at its own outline."""
WORKING_SIDE = 640
BAND = 4
"""How far from the border, in working pixels, depth is read: past the blur that depth maps have there."""
SURFACE_PRIOR = 0.25
"""Weight of "an object hides the surface it touches", in units of the scene's whole disparity range."""
DISTANT_PRIOR = 1e-3
"""Weight of plain depth between regions that do not touch: it only decides what nothing else decides."""

Evidence = NDArray[np.float64]


def order_near_to_far(segments: tuple[Segment, ...], depth: DepthMap) -> list[int]:
    """Indices of `segments` such that what hides comes before what is hidden."""
    labels, disparity = _working_maps(segments, depth.z)
    present = [np.asarray(labels == index) for index in range(len(segments))]
    typical = np.array([_typical(disparity, mask) for mask in present])
    evidence = _evidence(segments, present, disparity, typical)
    start = sorted(range(len(segments)), key=lambda index: (-typical[index], index))
    order = _agreeing_order(start, evidence)
    return sorted(order, key=lambda index: segments[index].label in FARTHEST)


def _working_maps(segments: tuple[Segment, ...], z: Floats) -> tuple[NDArray[np.int32], Floats]:
    height, width = z.shape
    scale = min(1.0, WORKING_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    labels = np.full((size[1], size[0]), -1, np.int32)
    for index, segment in enumerate(segments):
        small = cv2.resize(segment.mask.view(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        labels[small > 0] = index
    return labels, shares_of_range(cv2.resize(1.0 / z, size, interpolation=cv2.INTER_AREA))


def _typical(disparity: Floats, mask: Mask) -> float:
    return float(np.median(disparity[mask])) if mask.any() else 0.0


def _evidence(
    segments: tuple[Segment, ...], present: list[Mask], disparity: Floats, typical: NDArray[np.float64]
) -> Evidence:
    count = len(segments)
    evidence = np.zeros((count, count))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * BAND + 1, 2 * BAND + 1))
    grown = [cv2.dilate(mask.view(np.uint8), kernel) > 0 for mask in present]
    surface = [segment.label in SURFACES for segment in segments]
    for i in range(count):
        for j in range(i + 1, count):
            mine, theirs = present[i] & grown[j], present[j] & grown[i]
            border = min(int(mine.sum()), int(theirs.sum())) / (2.0 * BAND)
            if border < 1.0:
                lead, weight = float(typical[i] - typical[j]), DISTANT_PRIOR
            else:
                # The depth a little inside each region, as seen along the border they share.
                lead = float(np.median(disparity[mine]) - np.median(disparity[theirs]))
                lead += SURFACE_PRIOR * (int(surface[j]) - int(surface[i]))
                weight = border
            evidence[i, j], evidence[j, i] = max(lead, 0.0) * weight, max(-lead, 0.0) * weight
    return evidence


def _agreeing_order(order: list[int], evidence: Evidence) -> list[int]:
    """Move one region at a time to where most evidence agrees, until no move helps (linear ordering)."""
    net = evidence - evidence.T
    improved = True
    while improved:
        improved = False
        for item in tuple(order):
            others = [other for other in order if other != item]
            # gain[k]: agreement of `item` placed before others[k:], after others[:k].
            before = np.concatenate([[0.0], np.cumsum([net[other, item] for other in others])])
            gains = 2.0 * before - before[-1]
            best, now = int(np.argmax(gains)), order.index(item)
            if gains[best] > gains[now] + 1e-12:
                order = [*others[:best], item, *others[best:]]
                improved = True
    return order
