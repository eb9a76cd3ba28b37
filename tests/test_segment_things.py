"""The tree of all groups that merging makes, and the cut through it that is taken."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from multiplane.segment.affinity import affinity, judge
from multiplane.segment.group_tree import LEAST, grown
from multiplane.segment.region_graph import SIZE, RegionGraph
from multiplane.segment.things import things_of
from multiplane.segment.wholeness import KEEP, LIKELY, SCALE, best_cut, groups_of, load_weights, wholeness
from test_segment_merging import graph_of
from tolerances import SOLVER


@pytest.fixture(scope="module")
def graph() -> RegionGraph:
    return graph_of(7)[1]


def test_parts_come_before_wholes_and_lie_within_them(graph: RegionGraph) -> None:
    tree = grown(graph, affinity)
    sizes = graph.sums[:, SIZE]
    for group, parent in enumerate(tree.parent):
        own = tree.regions(group)
        assert np.isclose(sizes[own].sum(), tree.size[group])
        assert tree.size[group] >= LEAST * sizes.sum()
        if parent >= 0:
            assert parent > group
            assert tree.regions(int(parent))[own].all()
            assert tree.size[parent] > tree.size[group]
    assert np.count_nonzero(tree.parent < 0) == 1
    assert np.isclose(tree.size[tree.parent < 0], sizes.sum())


def test_sums_over_groups_are_those_of_their_regions(graph: RegionGraph) -> None:
    tree = grown(graph, affinity)
    values = np.random.default_rng(0).random((graph.count, 3))
    direct = [values[tree.regions(group)].sum(axis=0) for group in range(len(tree.size))]
    assert np.allclose(tree.sums(values), direct, rtol=SOLVER)


def test_every_group_is_described_and_judged(graph: RegionGraph) -> None:
    tree = grown(graph, affinity)
    assert np.isfinite(tree.features).all()
    assert tree.features.shape == (len(tree.size), load_weights()["mean"].shape[1])
    quality = wholeness(tree)
    assert ((quality >= 0) & (quality < 1)).all()
    sound = tree.weakest >= LIKELY
    told = judge(tree.features, load_weights())
    assert np.array_equal(quality[sound], told[sound])
    assert (quality[~sound] < told[~sound]).all()
    assert (quality[tree.weakest == 0] == 0).all()


def test_the_weakest_joint_within_is_passed_on_to_every_whole(graph: RegionGraph) -> None:
    tree = grown(graph, affinity)
    for group, parent in enumerate(tree.parent):
        if parent >= 0:
            assert tree.weakest[parent] <= tree.weakest[group]
    assert tree.weakest.min() < tree.weakest.max() <= 1


@st.composite
def trees(draw: st.DrawFn) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Sizes, parents and qualities of a few groups; every group but the last has a later one for a parent."""
    count = draw(st.integers(2, 7))
    parent = [draw(st.integers(k + 1, count - 1)) for k in range(count - 1)] + [-1]
    own = [draw(st.integers(1, 20)) for _ in range(count)]
    size = np.array(own, np.float64)
    for group, above in enumerate(parent[:-1]):
        size[above] += size[group]
    quality = np.array([draw(st.floats(0.05, 0.95)) for _ in range(count)])
    return size, np.array(parent), quality


def worth_of(
    cut: list[int], size: NDArray[np.float64], parent: NDArray[np.int64], quality: NDArray[np.float64]
) -> float:
    """What a cut is worth, with what is in no part of a group counted as its parts are, from the top down."""
    parts = {group: np.flatnonzero(parent == group).tolist() for group in range(len(parent))}

    def worth(group: int) -> float:
        if group in cut:
            return float(quality[group] * size[group] ** SCALE)
        within = parts[group]
        scale = (size[group] / sum(size[part] for part in within)) ** SCALE
        return float(scale * sum(worth(part) for part in within))

    return worth(len(parent) - 1)


@settings(max_examples=60, deadline=None)
@given(trees())
def test_the_cut_divides_all_and_none_is_better(
    tree: tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]],
) -> None:
    size, parent, quality = tree
    count = len(parent)
    above = {group: [] for group in range(count)}
    for group in range(count - 2, -1, -1):
        above[group] = [int(parent[group]), *above[int(parent[group])]]
    ends = [group for group in range(count) if group not in parent]

    def is_cut(chosen: tuple[bool, ...]) -> bool:
        return all(sum(chosen[one] for one in (end, *above[end])) == 1 for end in ends)

    found = best_cut(size, parent, quality)
    assert is_cut(tuple(group in found for group in range(count)))
    cuts = [
        [group for group in range(count) if chosen[group]]
        for chosen in product((False, True), repeat=count)
        if is_cut(chosen) and all(any(group == end or group in above[end] for end in ends) for group in range(count))
    ]
    best = max(worth_of(cut, size, parent, quality) for cut in cuts)
    # Each whole that was kept may be worth a little less than its parts, once on every level.
    assert worth_of(found, size, parent, quality) >= best / KEEP**count - SOLVER


def test_what_no_chosen_group_holds_is_by_itself(graph: RegionGraph) -> None:
    tree = grown(graph, affinity)
    one = int(np.flatnonzero(tree.parent >= 0)[-1])
    group = groups_of(tree, [one])
    inside = tree.regions(one)
    assert (group[inside] == 0).all()
    assert sorted(group[~inside].tolist()) == list(range(1, 1 + np.count_nonzero(~inside)))


def test_things_cover_all_regions_and_are_the_same_each_time(graph: RegionGraph) -> None:
    group = things_of(graph)
    assert group.shape == (graph.count,)
    assert np.array_equal(np.unique(group), np.arange(group.max() + 1))
    assert np.array_equal(group, things_of(graph))
