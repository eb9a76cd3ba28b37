"""At most so many layers, and none that nobody would miss: merges the cheapest pair, again and again."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats
from multiplane.layering.order import SURFACES
from multiplane.pixels.disparity import shares_of_range
from multiplane.scene import DepthMap, Segment

SAMPLES = 200_000
"""Pixels looked at to judge sizes, depths and who touches whom: enough for all, cheap at any picture size."""
SAME_DEPTH = 0.03
"""Disparity, as a share of the scene's range, by which two surfaces differ at least: then only size speaks."""
TWO_THINGS = 0.4
"""The same for two things: side by side at one depth, they are two all the same."""
FLOOR_APART = 0.1
"""The same for a floor and the wall that it runs up to."""
MIXED_KINDS = 3.0
"""How much dearer it is to merge an object with the surface behind it than two of a kind ..."""
STANDS_OUT = 0.35
"""... and what an object is worth even at the depth of the surface that it stands on, in disparity."""
THING, SKY, FLOOR, WALL = range(4)
"""What a label is for merging: no surface; the sky; a surface that lies flat; any other surface."""
FLOORS = ("ground", "water")
"""Labels of surfaces that lie flat."""
APART = 4.0
"""How much dearer it is to merge two that do not touch."""
CRUMB, WORTH_A_LAYER = 0.012, 0.15
"""A segment of less than CRUMB of the picture is merged even where there is room, if it costs less than this."""


@dataclass(frozen=True)
class _Weight:
    """Area as a share of the picture, disparity as a share of the scene's range, and the kind."""

    area: float
    disparity: float
    kind: int


def merge_to(ordered: list[Segment], depth: DepthMap, most: int, crumbs: bool = True) -> list[Segment]:
    """Merge until at most `most` segments are left, and with `crumbs` each is worth a layer; keeps the order.

    Two may merge where they touch, or follow each other in the order; the smaller goes where the larger is.
    """
    merged = list(ordered)
    weights, touching = _weigh(merged, depth.z)
    while len(merged) > 1:
        crumbs_only = len(merged) <= most
        if crumbs_only and not crumbs:
            break
        costs = [
            (_cost(weights[a], weights[b]) * (1.0 if touching[a, b] else APART), a, b)
            for a in range(len(merged))
            for b in range(a + 1, len(merged))
            if touching[a, b] or (b == a + 1 and not crumbs_only)
            if not crumbs_only or min(weights[a].area, weights[b].area) < CRUMB
        ]
        cost, a, b = min(costs, default=(np.inf, 0, 0))
        if crumbs_only and cost >= WORTH_A_LAYER:
            break
        kept, gone = (a, b) if weights[a].area >= weights[b].area else (b, a)
        merged[kept] = Segment(merged[kept].name, merged[kept].label, merged[kept].mask | merged[gone].mask)
        weights[kept] = _joined(weights[kept], weights[gone])
        touching[kept] |= touching[gone]
        touching[:, kept] |= touching[:, gone]
        touching = np.delete(np.delete(touching, gone, axis=0), gone, axis=1)
        del merged[gone], weights[gone]
    return merged


def _weigh(segments: list[Segment], z: Floats) -> tuple[list[_Weight], NDArray[np.bool_]]:
    """The weight of each segment, and who touches whom (N, N)."""
    step = max(1, int(np.sqrt(z.size / SAMPLES)))
    disparity = shares_of_range(1.0 / z[::step, ::step])
    labels = np.full(disparity.shape, len(segments))
    weights = []
    for index, segment in enumerate(segments):
        mask = segment.mask[::step, ::step]
        labels[mask] = index
        seen = disparity[mask] if mask.any() else np.zeros(1)
        weights.append(_Weight(float(mask.mean()), float(np.median(seen)), _kind_of(segment.label)))
    touching = np.zeros((len(segments) + 1, len(segments) + 1), np.bool_)
    touching[labels[:, :-1], labels[:, 1:]] = True
    touching[labels[:-1], labels[1:]] = True
    return weights, (touching | touching.T)[:-1, :-1]


def _kind_of(label: str) -> int:
    if label not in SURFACES:
        return THING
    if label == "sky":
        return SKY
    return FLOOR if label in FLOORS else WALL


def _cost(a: _Weight, b: _Weight) -> float:
    gap = abs(a.disparity - b.disparity)
    if a.kind == b.kind:
        gap += TWO_THINGS if a.kind == THING else SAME_DEPTH
    elif {a.kind, b.kind} == {FLOOR, WALL}:
        gap += FLOOR_APART
    else:
        gap = MIXED_KINDS * (gap + SAME_DEPTH + STANDS_OUT)
    return float(np.sqrt(min(a.area, b.area))) * gap


def _joined(larger: _Weight, smaller: _Weight) -> _Weight:
    area = larger.area + smaller.area
    disparity = (larger.disparity * larger.area + smaller.disparity * smaller.area) / area if area else 0.0
    return _Weight(area, disparity, larger.kind)
