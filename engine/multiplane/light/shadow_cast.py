"""Where a thing's shadow would fall if the light came from a given direction: its outline, thrown on flat surfaces."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Mask
from multiplane.light.shadow_plane import Vector, thrown

POINTS = 1500
"""About so many points stand for a thing."""
THICKNESS = 0.2
"""How far a thing reaches behind what is seen of it, as a share of its smaller side."""
SLICES = 3
CLOSED = 2
"""Working pixels over which gaps between fallen points are closed."""
LOWEST = 0.03
"""Share of a thing's height at its foot that is held to stand on the surface."""
EXACT, MEND = 0.02, 0.3
"""A thing's depth at its foot may differ by so much from the ground's and be right, or, more, and be mended."""


@dataclass(frozen=True)
class Body:
    """A thing as points (n, 3) in camera space, front and back, and the working pixels (h, w) that show it."""

    points: Floats
    mask: Mask


def body_of(mask: Mask, z: Floats, directions: Floats) -> Body:
    """The thing seen in `mask` (h, w), at depth `z` (h, w)."""
    inner = cv2.erode(mask.view(np.uint8), np.ones((3, 3), np.uint8)) > 0
    low, high = np.quantile(z[inner if inner.any() else mask], [0.05, 0.9])
    ys, xs = np.nonzero(mask)
    step = max(1, round((len(ys) / POINTS) ** 0.5))
    chosen = (ys % step == 0) & (xs % step == 0)
    ys, xs = (ys[chosen], xs[chosen]) if chosen.any() else (ys, xs)
    front = directions[ys, xs] * np.clip(z[ys, xs], low, high)[:, None]
    return Body(thickened(front), mask)


def thickened(front: Floats) -> Floats:
    """Points (SLICES n, 3) of a thing of which `front` (n, 3), one point or more, is seen: it goes on behind that."""
    back = THICKNESS * min(float(np.ptp(front[:, 0])), float(np.ptp(front[:, 1])))
    slices = [front * (1.0 + back * k / (SLICES - 1) / front[:, 2:]) for k in range(SLICES)]
    return np.concatenate(slices).astype(np.float32)


def stood_on(body: Body, plane: Vector) -> Body:
    """`body` moved along the line of sight so that its foot is on the plane, where it is about there already."""
    front = body.points[: len(body.points) // SLICES]
    down = front[:, 1] / front[:, 2]
    foot = front[down >= np.quantile(down, 1.0 - LOWEST)]
    share = 1.0 / max(float(np.quantile(foot @ plane, 0.9)), 1e-9)
    if not EXACT < abs(np.log(share)) < MEND:
        return body
    return Body((body.points * share).astype(np.float32), body.mask)


def shadow_mask(body: Body, plane: Vector, towards: Vector, focal: float) -> Mask:
    """Where (h, w) on the plane the shadow of `body` falls; also where something else is seen."""
    height, width = body.mask.shape
    fallen = thrown(body.points, plane, towards)
    with np.errstate(invalid="ignore"):
        x = fallen[:, 0] / fallen[:, 2] * focal + width / 2
        y = fallen[:, 1] / fallen[:, 2] * focal + height / 2
        inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    mask = np.zeros((height, width), np.uint8)
    mask[y[inside].astype(np.intp), x[inside].astype(np.intp)] = 1
    return np.asarray(closed(mask) > 0)


def closed(fallen: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """`fallen` (h, w), 1 where a point of a thing fell, with the gaps between points closed."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * CLOSED + 1, 2 * CLOSED + 1))
    return np.asarray(cv2.morphologyEx(fallen, cv2.MORPH_CLOSE, kernel))
