"""Which groups are things by themselves: networks that judge each group of a merging tree, and the best cut through it.

A merging that stops everywhere at one probability leaves a crowd in one piece and a tablecloth in ten. What is a whole
thing shows when it is there: so each group is judged as it is, and of all divisions of the picture into groups of the
tree the one that is judged best is taken (Arbelaez et al., "Multiscale combinatorial grouping", CVPR 2014, rank the
groups of such trees by what they look like).
"""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from multiplane.segment.affinity import Weights, judge, weights_of
from multiplane.segment.group_tree import GroupTree
from multiplane.segment.region_graph import Groups, Values

WEIGHTS = Path(__file__).with_name("wholeness.safetensors")
LIKELY = 0.5
"""How likely both sides of a joint are one, below which it tells against the whole."""
SCALE = 0.85
"""Power of a group's area that it counts by: by area alone, many small things would not count beside what is large."""
KEEP = 1.08
"""How much what a whole is worth counts beside what its parts are: of two divisions hardly apart, the plainer one."""


def wholeness(tree: GroupTree) -> Values:
    """The IoU to be expected of each group (K,) of `tree` with whatever thing one of its pixels is of, less where its
    weakest joint is unlikely to be one, down to none where that plainly divides it.
    """
    return whole_by(tree.features, tree.weakest, load_weights())


def whole_by(features: NDArray[np.float32], weakest: Values, weights: Weights) -> Values:
    """The same of groups of `features` (K, F) and `weakest` (K,) joints, by networks of these `weights`."""
    return np.asarray(judge(features, weights) * np.sqrt(np.minimum(weakest / LIKELY, 1.0)))


@cache
def load_weights() -> Weights:
    """The networks' weights, which lie beside this file."""
    return weights_of(WEIGHTS)


def best_cut(size: Values, parent: Groups, quality: Values) -> list[int]:
    """The groups of a tree, none within another, whose `quality` (K,) is the greatest, by their `size` (K,), in sum.

    `parent` (K,) is that of each, after it, or -1. Solved exactly from the parts upwards; what of a group is in none of
    its parts counts as they do.
    """
    parts: list[list[int]] = [[] for _ in parent]
    worth = size**SCALE
    best = quality * worth
    whole = np.ones(len(parent), np.bool_)
    for group, above in enumerate(parent.tolist()):
        within = parts[group]
        if within:
            below = best[within].sum() * worth[group] / size[within].sum() ** SCALE
            whole[group] = KEEP * best[group] >= below
            best[group] = best[group] if whole[group] else below
        if above >= 0:
            parts[above].append(group)
    found, left = [], [int(group) for group in np.flatnonzero(parent < 0)]
    while left:
        group = left.pop()
        if whole[group]:
            found.append(group)
        else:
            left += parts[group]
    return sorted(found)


def groups_of(tree: GroupTree, chosen: list[int]) -> Groups:
    """The group (N,) of each region, numbered from 0: a chosen one, or, where it is in none, its own."""
    label = np.full(len(tree.members[0]), -1)
    for number, group in enumerate(chosen):
        label[tree.regions(group)] = number
    alone = label < 0
    label[alone] = len(chosen) + np.arange(np.count_nonzero(alone))
    return np.asarray(label, np.int64)
