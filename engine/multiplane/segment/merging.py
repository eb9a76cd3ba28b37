"""Joins regions that are surely of one thing first, then the less sure, until a single group is left."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from multiplane.segment.region_graph import LENGTH, SIZE, Groups, RegionGraph, Values

SUREST, STRIDE = 0.97, 0.02
"""The probability that pairs need at first, and how much less than the likeliest will do once none reaches it."""
DEBRIS = 0.015
"""Share of the picture below which a group is no layer of its own ..."""
CLEAR, CLEAR_DEBRIS = 0.2, 0.16
"""... times this where it is less likely than that to belong to any of its neighbours, like a pole before the sky."""
EMBEDDED = 0.5
"""What a neighbour all around counts for debris beside the probability that it belongs there."""

Judge = Callable[[RegionGraph], Values]
"""Probability (M,) of each pair of a graph to be of one thing, by what the two and their common border are alone."""


@dataclass(frozen=True)
class Stage:
    """The `graph` of the groups so far, the `group` (N,) of each region, and how `likely` (M,) each pair is one."""

    graph: RegionGraph
    group: Groups
    likely: Values

    @classmethod
    def first(cls, graph: RegionGraph, judge: Judge) -> "Stage":
        """Every region by itself."""
        return cls(graph, np.arange(graph.count), judge(graph))

    def joined(self, pairs: Groups, judge: Judge) -> "Stage":
        """The stage at which these pairs of groups (P, 2) are one. Only what has grown is judged anew."""
        count = self.graph.count
        links = coo_matrix((np.ones(len(pairs)), pairs.T), shape=(count, count))
        further = np.asarray(connected_components(links, directed=False)[1], np.int64)
        graph, alone = self.graph.joined(further), np.bincount(further) == 1
        # Components are numbered by their first member: pairs that stay as they are keep their order.
        stays = alone[graph.pairs].all(axis=1)
        likely = np.empty(len(graph.pairs))
        likely[stays] = self.likely[alone[further[self.graph.pairs]].all(axis=1)]
        likely[~stays] = judge(graph.part(np.flatnonzero(~stays)))
        return Stage(graph, further[self.group], likely)


def stages(graph: RegionGraph, judge: Judge) -> Iterator[tuple[Stage, float]]:
    """Every stage of the merging, and the greatest probability at which it would go on: -1 at the last, a single group.

    The pairs of each round are each other's likeliest. What two groups are to each other is judged anew whenever one
    has grown (as in Nunez-Iglesias et al., "Machine learning of hierarchical clustering", PLoS ONE 2013).
    """
    stage, enough = Stage.first(graph, judge), SUREST
    while len(stage.graph.pairs):
        surest = float(stage.likely.max())
        yield stage, surest
        if surest < enough:
            enough = surest - STRIDE
        stage = stage.joined(stage.graph.pairs[mutual(stage, enough)], judge)
    yield stage, -1.0


def mutual(stage: Stage, enough: float) -> NDArray[np.bool_]:
    """Pairs (M,) that are the likeliest of both their ends, and at least as likely as `enough`."""
    graph, likely = stage.graph, stage.likely
    rank = np.empty(len(likely), np.int64)
    rank[np.argsort(likely, kind="stable")] = np.arange(len(likely))
    best = np.full(graph.count, -1, np.int64)
    for ends in graph.pairs.T:
        np.maximum.at(best, ends, rank)
    first, second = graph.pairs.T
    return np.asarray((rank == best[first]) & (rank == best[second]) & (likely >= enough))


def without_debris(stage: Stage, judge: Judge) -> Stage:
    """The stage at which every group is large enough, or the only one."""
    while len(stage.graph.pairs):
        graph = stage.graph
        size, likely, length = graph.sums[:, SIZE], stage.likely, graph.borders[:, LENGTH]
        first, second = graph.pairs.T
        closest, around = np.zeros((2, graph.count))
        for ends in (first, second):
            np.maximum.at(closest, ends, likely)
            np.add.at(around, ends, length)
        small = size < DEBRIS * np.where(closest < CLEAR, CLEAR_DEBRIS, 1.0) * size.sum()
        if not small.any():
            break
        own, other = np.concatenate([first, second]), np.concatenate([second, first])
        fit = np.concatenate([likely, likely]) + EMBEDDED * np.concatenate([length, length]) / around[own]
        order = np.lexsort((other, fit, own))
        is_best = np.append(own[order][1:] != own[order][:-1], True)
        # The smaller half goes first: what it joins may be large enough then.
        goes = small & (size <= np.median(size[small]))
        chosen = order[is_best & goes[own[order]]]
        stage = stage.joined(np.stack([own[chosen], other[chosen]], axis=1), judge)
    return stage
