"""Tells figures from what lies behind them, puts each surface together, and names the result."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Ints
from multiplane.perception.network import CLASSES
from multiplane.scene import Segment
from multiplane.segment.regions import Regions, Values

OTHER, SKY, GROUND, WATER = 0, 1, 2, 3
SURFACES = {SKY: "sky", GROUND: "ground", WATER: "water"}
BACKDROPS = ("sky", "wall", "mountain", "vegetation")
"""Classes of what stands behind, where nothing says that it stands before something."""
WORDS = {"ground": "object", "water": "object", "sky": "object", "wall": "building", "mountain": "mountain"}
"""What a group that stands out by itself is called, where its class is not the word for it."""

MOSTLY = 0.5
"""Share of a group that is of a class, or of the subject, from which the whole is."""
LEADING = 0.4
"""Share of a thing's leading class from which the thing is called by it."""
LEAST_BACKDROP = 0.02
"""Share of the picture below which a wall or a wood is none, but a part of something."""
BEFORE = 0.2
"""Share of its outline along which a wall or a tree must hide something to be a thing of its own."""
STEP = 0.05
"""Disparity step at which a side of an edge certainly hides the other."""
FAR = 0.35
"""Disparity, as a share of the picture's range, beyond which what hides nothing is background."""


@dataclass(frozen=True)
class Outlines:
    """N groups of regions: `size` in pixels, mean `disparity`, `classes` (N, C), `subject`, and their outlines.

    For every common border (N, N): its `length`, and times that how surely (-1 to 1) the row `hides` the column there.
    """

    size: Values
    disparity: Values
    classes: Values
    subject: Values
    length: Values
    hides: Values

    @staticmethod
    def of(regions: Regions, group: NDArray[np.int64]) -> "Outlines":
        """Outlines of the groups to which the regions (M,) belong."""
        count = int(group.max()) + 1
        size = np.asarray(np.bincount(group, regions.size, count), np.float64)

        def mean(values: Values) -> Values:
            return np.asarray(np.bincount(group, regions.size * values, count) / size)

        length, hides = np.zeros((2, count, count))
        first, second = group[regions.pairs.T]
        hidden = regions.length * np.clip(-regions.step / STEP, -1.0, 1.0)
        for matrix, values, turned in ((length, regions.length, 1.0), (hides, hidden, -1.0)):
            np.add.at(matrix, (first, second), values)
            np.add.at(matrix, (second, first), turned * values)
            np.fill_diagonal(matrix, 0.0)
        return Outlines(
            size=size,
            disparity=mean(regions.disparity),
            classes=np.stack([mean(plane) for plane in regions.classes.T], axis=1),
            subject=mean(regions.subject),
            length=length,
            hides=hides,
        )


def put_together(regions: Regions, group: NDArray[np.int64], surface: NDArray[np.int64]) -> tuple[Ints, list[str]]:
    """Labels (h, w) and kinds of things and surfaces, from the `group` (M,) of regions and `surface` (N,) of groups.

    All sky is one, all ground is one, all water, and all that is far behind, even where other things part it.
    """
    outlines = Outlines.of(regions, group)
    is_object = (surface == OTHER) & ~is_backdrop(outlines, surface)
    target = np.arange(len(surface))
    first_of: dict[str, int] = {}
    kinds = []
    for index, number in enumerate(surface.tolist()):
        kind = thing_word(outlines.classes[index]) if is_object[index] else SURFACES.get(number, "background")
        kinds.append(kind)
        if not is_object[index]:
            target[index] = first_of.setdefault(kind, index)
    kept, number_of = np.unique(target, return_inverse=True)
    return np.asarray(number_of[group][regions.labels], np.int32), [kinds[index] for index in kept]


def is_backdrop(outlines: Outlines, surface: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Groups (N,) behind all else: far and hidden, or of a class that stands behind, and before hardly anything.

    The walls of a room are near, yet hide nothing; a house in a street hides the sky and what is down the road.
    """
    far = outlines.disparity < FAR
    hidden = far & (border_ownership(outlines, surface) < 0)
    behind = outlines.classes[:, [CLASSES.index(name) for name in BACKDROPS]].sum(axis=1) > MOSTLY
    # Far hills hide the sky, as everything does: for what is far that says nothing.
    before = np.where(
        far, share_before(outlines, ~np.isin(surface, (SKY, GROUND))), share_before(outlines, surface != GROUND)
    )
    large = outlines.size > LEAST_BACKDROP * outlines.size.sum()
    is_behind = hidden | (behind & large & (before < BEFORE))
    return np.asarray((surface == OTHER) & (outlines.subject < MOSTLY) & is_behind)


def share_before(outlines: Outlines, counts: NDArray[np.bool_]) -> Values:
    """Share of the outline of each group (N,), towards the groups that count (N,), along which it hides them."""
    length = np.maximum(outlines.length[:, counts].sum(axis=1), 1.0)
    return np.asarray(np.maximum(outlines.hides[:, counts], 0.0).sum(axis=1) / length)


def thing_word(classes: Values) -> str:
    """What a designer calls a thing whose pixels are of `classes` (C,), in any unit: "object" where none prevails."""
    best = int(classes.argmax())
    if classes[best] < LEADING * classes.sum():
        return "object"
    return WORDS.get(CLASSES[best], CLASSES[best])


def border_ownership(outlines: Outlines, surface: NDArray[np.int64]) -> Values:
    """How much each group (N,) hides of its neighbours (towards 1) or is hidden by them (towards -1).

    The ground does not count: what stands on it meets it without a step.
    """
    counts = surface != GROUND
    length = outlines.length[:, counts].sum(axis=1)
    return np.asarray(outlines.hides[:, counts].sum(axis=1) / np.maximum(length, 1.0))


def name_groups(labels: Ints, kinds: list[str], z: Floats) -> tuple[Segment, ...]:
    """Segments of the full-size `labels` (H, W), from far to near; things of one word are counted from the nearest."""
    masks = [(kind, labels == number) for number, kind in enumerate(kinds)]
    found = [(float(np.median(z[mask])), kind, mask) for kind, mask in masks if mask.any()]
    found.sort(key=lambda entry: -entry[0])
    left = Counter(kind for _, kind, _ in found)
    counted = {kind for kind, count in left.items() if count > 1 or kind == "object"}
    segments = []
    for _, kind, mask in found:
        name = f"{kind} {left[kind]}" if kind in counted else kind
        left[kind] -= 1
        segments.append(Segment(name=name, label=kind, mask=mask))
    return tuple(segments)
