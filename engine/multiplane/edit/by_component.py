"""Divides a layer into the connected parts of what it shows; debris stays with the nearest part."""

import cv2
import numpy as np

from multiplane.arrays import Ints, Mask
from multiplane.edit.split import Parts
from multiplane.errors import SceneError
from multiplane.pixels.nearest import from_nearest
from multiplane.scene import Layer

SOLID = 0.5
"""Alpha from which pixels connect: a veil between two things does not make them one."""
DEBRIS = 0.01
"""Share of the layer below which a part is debris ..."""
SPECK = 64
"""... and pixels below which it always is."""
MOST = 12
"""Parts, if nobody says how many; the largest."""


def by_component(layer: Layer, most: int = MOST) -> Parts:
    """The connected parts of `layer`, near to far, at most the `most` largest; the largest keeps the id.

    Parts do not touch, so no pixel is changed and nothing is filled in. Raises SceneError where there is one part only.
    """
    solid = np.asarray(layer.rgba[..., 3] >= SOLID)
    _, labels, facts, _ = cv2.connectedComponentsWithStats(solid.view(np.uint8), connectivity=8)
    area = facts[1:, cv2.CC_STAT_AREA]
    least = max(SPECK, DEBRIS * int(area.sum()))
    large = np.argsort(-area, kind="stable")[:most]
    large = large[area[large] >= least]
    if len(large) < 2:
        raise SceneError(f"{layer.id!r} hangs together in one part; split it by depth, by a point or by a box")
    number = np.full(len(area) + 1, -1, np.int32)
    number[large + 1] = np.arange(len(large))
    labels = number[labels]
    depth = [float(np.median(layer.z[labels == k])) for k in range(len(large))]
    near_to_far = sorted(range(len(large)), key=lambda k: depth[k])
    masks = masks_of(labels, labels >= 0, layer.visible, near_to_far)
    return Parts(masks, kept=near_to_far.index(0), apart=True)


def masks_of(labels: Ints, sure: Mask, visible: Mask, order: list[int]) -> tuple[Mask, ...]:
    """A mask (h, w) for each label in `order`, over all that is `visible`; what is not `sure` goes to the nearest."""
    nearest, _ = from_nearest(labels, sure)
    return tuple(np.asarray(visible & (nearest == label)) for label in order)
