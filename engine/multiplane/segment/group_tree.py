"""Every group that merging makes, as a tree: what each is made of, and what can be said of it."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from multiplane.segment.affinity import pair_features
from multiplane.segment.group_features import group_features
from multiplane.segment.merging import CLEAR, CLEAR_DEBRIS, DEBRIS, Judge, Stage, stages
from multiplane.segment.region_graph import SIZE, Groups, RegionGraph, Values

LEAST = 0.004
"""Share of the picture below which a group is left out: too small to be a thing by itself."""


@dataclass(frozen=True)
class GroupTree:
    """K groups of N regions, parts before wholes: their `size` (K,) in pixels, the `parent` (K,) that each becomes a
    part of, -1 where none does, `features` (K, F), and how likely the two sides of the `weakest` (K,) joint within each
    are one. Group k is the `number[k]`-th of the stage of merging at which regions were of the groups
    `members[stage[k]]` (N,).
    """

    size: Values
    parent: Groups
    weakest: Values
    features: NDArray[np.float32]
    stage: Groups
    number: Groups
    members: list[Groups]

    def regions(self, group: int) -> NDArray[np.bool_]:
        """The regions (N,) of one group."""
        return np.asarray(self.members[self.stage[group]] == self.number[group])

    def sums(self, values: Values) -> Values:
        """Sums (K, C) over the regions of each group of their `values` (N, C)."""
        out = np.empty((len(self.size), values.shape[1]))
        for number, member in enumerate(self.members):
            here = np.flatnonzero(self.stage == number)
            totals = np.stack([np.bincount(member, column) for column in values.T], axis=1)
            out[here] = totals[self.number[here]]
        return out


@dataclass
class _Growing:
    """The tree so far: a list each for what `GroupTree` has arrays of, and the `node` (groups now,) of each, or -1."""

    least: float
    node: Groups
    size: list[Values] = field(default_factory=list)
    parent: list[int] = field(default_factory=list)
    alone: list[NDArray[np.float32]] = field(default_factory=list)
    made: list[NDArray[np.float32]] = field(default_factory=list)
    stage: list[Groups] = field(default_factory=list)
    number: list[Groups] = field(default_factory=list)
    members: list[Groups] = field(default_factory=list)

    def add(self, now: Stage, fresh: Groups, made: NDArray[np.float32]) -> Groups:
        """Put in the groups `fresh` (G,) of a stage, `made` (G, P) as they were; gives their places in the tree."""
        first = len(self.parent)
        self.size.append(now.graph.sums[fresh, SIZE])
        self.parent += [-1] * len(fresh)
        self.alone.append(group_features(now.graph, now.likely, fresh))
        self.made.append(made)
        self.stage.append(np.full(len(fresh), len(self.members)))
        self.number.append(fresh)
        self.members.append(now.group)
        return np.arange(first, first + len(fresh))

    def start(self, now: Stage) -> None:
        """The first stage: nothing was made of parts."""
        fresh = np.flatnonzero(now.graph.sums[:, SIZE] >= self.least)
        if len(fresh):
            width = pair_features(now.graph.part(np.zeros(1, np.int64))).shape[1]
            made = np.zeros((len(fresh), width + 2), np.float32)
            made[:, width] = 1.0
            self.node[fresh] = self.add(now, fresh, made)

    def grow(self, before: Stage, now: Stage) -> None:
        """The next stage: groups that are as they were keep their places, those that have grown get new ones."""
        further = np.empty(before.graph.count, np.int64)
        further[before.group] = now.group
        parts = np.bincount(further, minlength=now.graph.count)
        node = np.full(now.graph.count, -1)
        stays = parts[further] == 1
        node[further[stays]] = self.node[stays]
        fresh = np.flatnonzero((now.graph.sums[:, SIZE] >= self.least) & (parts > 1))
        if len(fresh):
            node[fresh] = self.add(now, fresh, _how_made(before, further, now, fresh))
            for child in np.flatnonzero((self.node >= 0) & ~stays):
                self.parent[self.node[child]] = int(node[further[child]])
        self.node = node


def _how_made(before: Stage, further: Groups, now: Stage, fresh: Groups) -> NDArray[np.float32]:
    """What can be said (G, P + 2) of the pair that became each of `fresh` (G,), of several the one whose smaller side
    is largest: its features, how likely it was one, and the smaller side's share."""
    graph = before.graph
    place = np.full(now.graph.count, -1)
    place[fresh] = np.arange(len(fresh))
    ends = further[graph.pairs]
    inner = np.flatnonzero((ends[:, 0] == ends[:, 1]) & (place[ends[:, 0]] >= 0))
    smaller = graph.sums[graph.pairs, SIZE].min(axis=1)
    order = inner[np.argsort(smaller[inner], kind="stable")]
    chosen = np.empty(len(fresh), np.int64)
    chosen[place[ends[order, 0]]] = order
    share = smaller[chosen] / now.graph.sums[fresh, SIZE]
    features = pair_features(graph.part(chosen))
    return np.concatenate([features, before.likely[chosen, None], share[:, None]], axis=1).astype(np.float32)


def _weakest(
    size: Values, parent: Groups, likely: NDArray[np.float32], share: NDArray[np.float32], least: float
) -> Values:
    """How likely (K,) it is that both sides of the weakest joint within each group are one; crumbs make no joint, but
    what cannot be one is none.

    `likely` (K,) is that of the last one, `share` (K,) what its smaller side has of the group.
    """
    weakest = np.where((share * size >= least) | (likely <= 0), likely, 1.0)
    for group, above in enumerate(parent.tolist()):
        if above >= 0:
            weakest[above] = min(weakest[above], weakest[group])
    return weakest


def grown(graph: RegionGraph, judge: Judge) -> GroupTree:
    """The tree of merging `graph`, of two regions or more, by `judge` to the end.

    A lamp's post is too small to be in the tree, and no part of what it stands before: it joins last of all.
    """
    whole = float(graph.sums[:, SIZE].sum())

    def careful(some: RegionGraph) -> Values:
        likely, smaller = judge(some), some.sums[some.pairs, SIZE].min(axis=1)
        apart = (smaller >= CLEAR_DEBRIS * DEBRIS * whole) & (smaller < LEAST * whole) & (likely < CLEAR)
        return np.where(apart, 0.0, likely)

    tree = _Growing(LEAST * whole, np.full(graph.count, -1))
    before: Stage | None = None
    for now, _ in stages(graph, careful):
        if before is None:
            tree.start(now)
        else:
            tree.grow(before, now)
        before = now
    size, parent = np.concatenate(tree.size), np.array(tree.parent, np.int64)
    alone, made = np.concatenate(tree.alone), np.concatenate(tree.made)
    weakest = _weakest(size, parent, made[:, -2], made[:, -1], tree.least)
    goes_on = (parent >= 0)[:, None]
    share = np.where(goes_on, (size / size[parent])[:, None], 1.0)
    joints = [weakest[:, None], np.where(goes_on, weakest[parent, None], 0)]
    features = [alone, made, np.where(goes_on, made[parent], 0), share, ~goes_on, *joints]
    return GroupTree(
        size=size,
        parent=parent,
        weakest=weakest,
        features=np.concatenate(features, axis=1).astype(np.float32),
        stage=np.concatenate(tree.stage),
        number=np.concatenate(tree.number),
        members=tree.members,
    )
