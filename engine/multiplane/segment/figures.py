"""Tells figures from what lies behind them, puts parts of one thing together, and names the result."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from multiplane.arrays import Floats, Ints
from multiplane.perception.network import CLASSES
from multiplane.scene import Segment
from multiplane.segment.regions import FULL_CONTRAST, Regions, Values, unlike

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
ALIKE, UNLIKE = 0.7, 0.3
"""How much less doubtful it is that parts of one class are one thing, and how much more that parts of two are."""
FAR = 0.35
"""Disparity, as a share of the picture's range, beyond which what hides nothing is background."""
PART = 0.35
"""A part stands out from its whole by less than this share of what both stand out from all else."""
ENCLOSED, SWALLOWED = 0.6, 0.65
"""Share of its outline from which a thing is a part of what encloses it: at about the same depth, and at any."""
SAME_PLACE = 0.1
"""Disparity step up to which an enclosed part is at about the same depth."""
HEAP, LARGEST_HEAP = 0.6, 0.6
"""Share of its outline that a heap has in common with the ground, and of the picture that it may fill."""
SAME_HEAP = 0.15
"""Disparity step up to which two things that touch are of one heap."""
MOST = 12
"""Most objects, beside sky, ground and background."""


@dataclass
class Outlines:
    """N groups of regions: `size` in pixels, mean `disparity`, `classes` (N, C), `subject`, and their outlines.

    For every common border (N, N): its `length`, and times that its mean unsigned disparity `step`, the mean of that
    step squared (`energy`), its Lab `contrast`, and how surely (-1 to 1) the row `hides` the column there. `frame` (N,)
    is how many pixels lie on the picture's own border, an outline that nothing encloses. The step is unsigned where
    it is measured, edge by edge: a ball in a bowl is nearer than one side and farther than the other.
    """

    size: Values
    disparity: Values
    classes: Values
    subject: Values
    length: Values
    step: Values
    energy: Values
    contrast: Values
    hides: Values
    frame: Values

    @staticmethod
    def of(regions: Regions, group: NDArray[np.int64]) -> "Outlines":
        """Outlines of the groups to which the regions (M,) belong."""
        count = int(group.max()) + 1
        size = np.asarray(np.bincount(group, regions.size, count), np.float64)

        def mean(values: Values) -> Values:
            return np.asarray(np.bincount(group, regions.size * values, count) / size)

        length, step, energy, contrast, hides = np.zeros((5, count, count))
        first, second = group[regions.pairs.T]
        for matrix, values, turned in (
            (length, regions.length, 1.0),
            (step, regions.length * np.abs(regions.step), 1.0),
            (energy, regions.length * regions.step**2, 1.0),
            (contrast, regions.length * regions.contrast, 1.0),
            (hides, regions.length * np.clip(-regions.step / STEP, -1.0, 1.0), -1.0),
        ):
            np.add.at(matrix, (first, second), values)
            np.add.at(matrix, (second, first), turned * values)
            np.fill_diagonal(matrix, 0.0)
        labels = regions.labels
        border = group[np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])]
        return Outlines(
            size=size,
            disparity=mean(regions.disparity),
            classes=np.stack([mean(plane) for plane in regions.classes.T], axis=1),
            subject=mean(regions.subject),
            length=length,
            step=step,
            energy=energy,
            contrast=contrast,
            hides=hides,
            frame=np.bincount(border, minlength=count).astype(np.float64),
        )

    def join(self, part: int, whole: int) -> None:
        """Let `whole` take in `part`, which is left without any outline."""
        for matrix in (self.length, self.step, self.energy, self.contrast, self.hides):
            matrix[whole] += matrix[part]
            matrix[:, whole] += matrix[:, part]
            matrix[part] = matrix[:, part] = 0.0
            matrix[whole, whole] = 0.0
        share = self.size[part] / (self.size[part] + self.size[whole])
        self.classes[whole] += share * (self.classes[part] - self.classes[whole])
        self.subject[whole] += share * (self.subject[part] - self.subject[whole])
        self.size[whole] += self.size[part]
        self.frame[whole] += self.frame[part]


def put_together(regions: Regions, group: NDArray[np.int64], surface: NDArray[np.int64]) -> tuple[Ints, list[str]]:
    """Labels (h, w) and kinds of whole things, from the `group` (M,) of regions and the `surface` (N,) of groups.

    All sky is one, all ground is one, all water, and all that is far behind, even where other things part it.
    """
    outlines = Outlines.of(regions, group)
    is_object = (surface == OTHER) & ~is_backdrop(outlines, surface)
    target = whole_objects(outlines, is_object)
    target = standing_together(outlines, target, is_object, surface == GROUND)
    classes = np.stack(
        [np.bincount(target[group], regions.size * plane, len(target)) for plane in regions.classes.T], 1
    )
    first_of: dict[str, int] = {}
    kinds = []
    for index, number in enumerate(surface.tolist()):
        kind = thing_word(classes[target[index]]) if is_object[index] else SURFACES.get(number, "background")
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


def whole_objects(outlines: Outlines, is_object: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each group (N,) the group by whose number its whole goes: objects take in their parts, the surest first.

    A head is a part of a person because it stands out far less from the shoulders than both do from the wall behind;
    a cup's inside because the cup encloses it. Uses up `outlines`.
    """
    target = np.arange(len(outlines.size))
    alive = is_object.copy()
    while alive.sum() > 1:
        doubt = _doubt_of_joining(outlines, alive)
        part, whole = (int(index) for index in np.unravel_index(int(doubt.argmin()), doubt.shape))
        most = PART if alive.sum() <= MOST else np.inf
        if doubt[part, whole] > most or np.isinf(doubt[part, whole]):
            break
        if outlines.size[part] > outlines.size[whole]:
            part, whole = whole, part
        outlines.join(part, whole)
        target[target == part] = whole
        alive[part] = False
    return target


def standing_together(
    outlines: Outlines, target: NDArray[np.int64], is_object: NDArray[np.bool_], is_ground: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """`target` (N,) with what stands on the ground in one heap made one: a cup with its saucer, a tray with its food.

    A heap is a set of touching objects that has almost only ground around it.
    """
    alive = is_object & (target == np.arange(len(target)))
    near = outlines.step < SAME_HEAP * outlines.length
    touching = near & alive[:, None] & alive[None, :]
    heap = connected_components(coo_matrix(touching), directed=False)[1]
    target = target.copy()
    for number in np.unique(heap[alive]):
        members = np.flatnonzero((heap == number) & alive)
        around = outlines.length[members][:, ~alive].sum()
        on_ground = outlines.length[members][:, is_ground].sum()
        largest = int(members[outlines.size[members].argmax()])
        if (
            on_ground > HEAP * around
            and outlines.size[members].sum() < LARGEST_HEAP * outlines.size[alive | ~is_object].sum()
        ):
            target[np.isin(target, members)] = largest
    return target


def _doubt_of_joining(outlines: Outlines, alive: NDArray[np.bool_]) -> Values:
    """How doubtful it is (N, N) that row and column are one thing: from 0, above PART too much; inf, not touching."""
    length, step = outlines.length, outlines.step
    between = step / np.maximum(length, 1.0)
    outline = length.sum(axis=1, keepdims=True)
    # What each stands out from all others by: the root mean square step along the rest of its outline, because one
    # clear side says more about a thing than the side that it stands on.
    energy = outlines.energy
    others = np.sqrt(np.maximum(energy.sum(axis=1, keepdims=True) - energy, 0) / np.maximum(outline - length, 1.0))
    doubt = between / np.maximum(np.minimum(others, others.T), 1e-3)
    # Depth decides; one colour on both sides speaks for one thing, two colours a little against it.
    doubt *= 0.6 + 0.6 * np.minimum(outlines.contrast / np.maximum(length, 1.0) / FULL_CONTRAST, 1.0)
    classes, subject = outlines.classes, outlines.subject
    doubt *= ALIKE + UNLIKE * unlike(classes[:, None], classes[None], subject[:, None], subject[None])
    share = length / np.maximum(outline + outlines.frame[:, None], 1.0)
    enclosed = ((share > ENCLOSED) & (between < SAME_PLACE)) | (share > SWALLOWED)
    doubt = np.where(enclosed, np.minimum(doubt, 0.1), doubt)
    return np.where((length > 0) & alive[:, None] & alive[None, :], doubt, np.inf)


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
