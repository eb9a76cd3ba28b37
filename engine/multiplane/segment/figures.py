"""Tells figures from what lies behind them, puts parts of one thing together, and names the result."""

from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Ints
from multiplane.scene import Segment
from multiplane.segment.regions import Regions

Kind: TypeAlias = Literal["sky", "ground", "background", "object"]
OTHER, SKY, GROUND = 0, 1, 2
SURFACES: dict[int, Kind] = {SKY: "sky", GROUND: "ground"}

STEP = 0.05
"""Disparity step at which a side of an edge certainly hides the other."""
FAR = 0.35
"""Disparity, as a share of the picture's range, beyond which what hides nothing is background."""
ENCLOSED = 0.6
"""Share of its outline that a part has in common with the object that it belongs to."""
SAME_PLACE = 0.2
"""Disparity step that a part and its object may have."""


def put_together(groups: Regions, surface: NDArray[np.int64]) -> tuple[Ints, list[Kind]]:
    """Labels (h, w) and kinds of whole things, from groups whose `surface` (N,) is 1 sky, 2 ground or 0.

    All sky is one, all ground is one, and all far background is one, even where other things part it.
    """
    kinds: list[Kind] = [SURFACES.get(int(number), "object") for number in surface]
    ownership = border_ownership(groups, surface)
    for group, kind in enumerate(kinds):
        if kind == "object" and ownership[group] < 0 and groups.disparity[group] < FAR:
            kinds[group] = "background"
    target = _absorbed(groups, kinds)
    first_of: dict[Kind, int] = {}
    for group, kind in enumerate(kinds):
        if kind != "object" and target[group] == group:
            target[group] = first_of.setdefault(kind, group)
    roots = np.array([_root(target, group) for group in range(len(kinds))])
    kept, number = np.unique(roots, return_inverse=True)
    return np.asarray(number[groups.labels], np.int32), [kinds[group] for group in kept]


def border_ownership(groups: Regions, surface: NDArray[np.int64]) -> NDArray[np.float64]:
    """How much each group (N,) hides of its neighbours (towards 1) or is hidden by them (towards -1).

    The ground does not count: what stands on it meets it without a step.
    """
    first, second = groups.pairs.T
    counts = groups.length * ((surface[first] != GROUND) & (surface[second] != GROUND))
    hides = counts * np.clip(-groups.step / STEP, -1.0, 1.0)  # the first hides the second where it is nearer
    balance = np.bincount(first, hides, groups.count) - np.bincount(second, hides, groups.count)
    length = np.bincount(first, counts, groups.count) + np.bincount(second, counts, groups.count)
    return np.asarray(balance / np.maximum(length, 1.0))


def _absorbed(groups: Regions, kinds: list[Kind]) -> list[int]:
    """For each group the one it is a part of, or itself: enclosed by it, and beside it in depth; small ones first."""
    outline = np.zeros(groups.count)
    np.add.at(outline, groups.pairs.ravel(), np.repeat(groups.length, 2))
    target = list(range(groups.count))
    for group in np.argsort(groups.size, kind="stable"):
        touching = np.flatnonzero((groups.pairs == group).any(axis=1))
        for edge in touching[np.argsort(-groups.length[touching], kind="stable")][:1]:
            other = int(groups.pairs[edge].sum() - group)
            part = kinds[group] == "object" and kinds[other] == "object" and groups.size[other] > groups.size[group]
            if part and groups.length[edge] > ENCLOSED * outline[group] and abs(groups.step[edge]) < SAME_PLACE:
                target[group] = other
    return target


def _root(target: list[int], group: int) -> int:
    while target[group] != group:
        group = target[group]
    return group


def name_groups(labels: Ints, kinds: list[Kind], z: Floats) -> tuple[Segment, ...]:
    """Segments of the full-size `labels` (H, W), from far to near; objects are counted from the nearest."""
    masks = [(kind, labels == number) for number, kind in enumerate(kinds)]
    found = [(float(np.median(z[mask])), kind, mask) for kind, mask in masks if mask.any()]
    found.sort(key=lambda entry: -entry[0])
    objects = sum(kind == "object" for _, kind, _ in found)
    segments = []
    for _, kind, mask in found:
        name: str = kind
        if kind == "object":
            name, objects = f"object {objects}", objects - 1
        segments.append(Segment(name=name, label=kind, mask=mask))
    return tuple(segments)
