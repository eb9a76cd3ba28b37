"""At most so many layers: merges, one pair at a time, what a viewer would miss least."""

from dataclasses import dataclass

import numpy as np

from multiplane.arrays import Floats, Mask
from multiplane.layering.order import SURFACES
from multiplane.scene import DepthMap, Segment

SAMPLES = 200_000
"""Pixels looked at to judge sizes and depths: enough for both, cheap at any picture size."""
SAME_DEPTH = 0.03
"""Disparity difference, as a share of the scene's range, below which only size speaks for keeping two apart."""
MIXED_KINDS = 3.0
"""How much dearer it is to merge an object with the surface behind it than two of a kind ..."""
STANDS_OUT = 0.35
"""... and what an object is worth even at the depth of the surface that it stands on, in disparity."""


@dataclass(frozen=True)
class _Weight:
    area: float
    disparity: float
    surface: bool
    sky: bool


def merge_to(ordered: list[Segment], depth: DepthMap, most: int) -> list[Segment]:
    """Merge neighbours in the order (near to far) until at most `most` segments are left; keeps the order."""
    merged = list(ordered)
    weights = _weigh(merged, depth.z)
    while len(merged) > most:
        costs = [_cost(weights[k], weights[k + 1]) for k in range(len(merged) - 1)]
        at = int(np.argmin(costs))
        merged[at : at + 2] = [_join(merged[at], merged[at + 1], weights[at].area >= weights[at + 1].area)]
        weights[at : at + 2] = [_join_weights(weights[at], weights[at + 1])]
    return merged


def _weigh(segments: list[Segment], z: Floats) -> list[_Weight]:
    step = max(1, int(np.sqrt(z.size / SAMPLES)))
    disparity = 1.0 / z[::step, ::step]
    low, high = np.quantile(disparity, [0.005, 0.995])
    disparity = np.clip((disparity - low) / max(float(high - low), 1e-9), 0, 1)

    def weight(segment: Segment) -> _Weight:
        mask: Mask = segment.mask[::step, ::step]
        seen = disparity[mask] if mask.any() else np.zeros(1)
        return _Weight(float(mask.mean()), float(np.median(seen)), segment.label in SURFACES, segment.label == "sky")

    return [weight(segment) for segment in segments]


def _cost(a: _Weight, b: _Weight) -> float:
    gap = abs(a.disparity - b.disparity) + SAME_DEPTH
    if a.surface != b.surface or a.sky != b.sky:
        gap = MIXED_KINDS * (gap + STANDS_OUT)
    return float(np.sqrt(min(a.area, b.area))) * gap


def _join(a: Segment, b: Segment, first_is_larger: bool) -> Segment:
    larger = a if first_is_larger else b
    return Segment(larger.name, larger.label, a.mask | b.mask)


def _join_weights(a: _Weight, b: _Weight) -> _Weight:
    area = a.area + b.area
    larger = a if a.area >= b.area else b
    disparity = (a.disparity * a.area + b.disparity * b.area) / area if area else larger.disparity
    return _Weight(area, disparity, larger.surface, larger.sky)
