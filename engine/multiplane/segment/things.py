"""Regions grouped into things: merged to a tree, cut where its groups are whole, and what is left over put away."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from multiplane.segment.affinity import affinity, undivided
from multiplane.segment.group_tree import grown
from multiplane.segment.merging import CLEAR, Stage, mutual, without_debris
from multiplane.segment.region_graph import Groups, RegionGraph
from multiplane.segment.wholeness import best_cut, groups_of, wholeness


def things_of(graph: RegionGraph) -> Groups:
    """The group (N,) of each region, numbered from 0.

    Groups with nothing to be seen between them are one; what is too small to be a thing joins what it most likely
    belongs to.
    """
    if len(graph.pairs) == 0:
        return np.arange(graph.count)
    tree = grown(graph, affinity)
    chosen = best_cut(tree.size, tree.parent, wholeness(tree))
    group = groups_of(tree, chosen)
    joined = graph.joined(group)
    stage = _rest_joined(Stage(joined, group, affinity(joined)), group >= len(chosen))
    while (one := undivided(stage.graph)).any():
        stage = stage.joined(stage.graph.pairs[one], affinity)
    return without_debris(stage, affinity).group


def _rest_joined(stage: Stage, rest: NDArray[np.bool_]) -> Stage:
    """The stage at which regions that are the `rest` (N,) have joined each other: a lamp's post is thin, yet one."""
    while True:
        small = np.bincount(stage.group, rest) > 0
        among = small[stage.graph.pairs].all(axis=1)
        ready = mutual(replace(stage, likely=np.where(among, stage.likely, -1.0)), CLEAR)
        if not ready.any():
            return stage
        stage = stage.joined(stage.graph.pairs[ready], affinity)
