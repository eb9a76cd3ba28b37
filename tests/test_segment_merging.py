"""Regions are joined with what they belong to: measures add up, kinds stay apart, the likeliest join first."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multiplane.perception.network import CLASSES
from multiplane.segment.affinity import affinity, pair_features, undivided
from multiplane.segment.meaning import Meaning
from multiplane.segment.merging import Stage, stages, without_debris
from multiplane.segment.region_graph import BELOW, LENGTH, SIZE, STEP, SUBJECT, RegionGraph, measure_regions
from tolerances import SOLVER


def made_up(seed: int, height: int = 48, width: int = 60, cell: int = 6) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Square regions of a picture of noise, and its maps."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width] // cell
    labels = (rows * (columns.max() + 1) + columns).astype(np.int32)
    lab = (rng.random((height, width, 3)) * 80).astype(np.float32)
    disparity = rng.random((height, width)).astype(np.float32)
    return labels, (lab, disparity)


def meaning(seed: int, height: int = 48, width: int = 60) -> Meaning:
    rng = np.random.default_rng(seed)
    classes = rng.random((len(CLASSES), height, width)).astype(np.float32)
    flat, edges, contours = rng.random((3, height, width)).astype(np.float32)
    tokens, fine = rng.random((48, 4, 6)).astype(np.float32), rng.random((48, 12, 16)).astype(np.float32)
    return Meaning(classes / classes.sum(axis=0), flat, edges, contours, tokens, fine)


def graph_of(seed: int) -> tuple[np.ndarray, RegionGraph]:
    labels, maps = made_up(seed)
    return labels, measure_regions(labels, *maps, meaning(seed))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 12))
def test_the_measures_of_joined_regions_are_those_of_the_regions_as_one(seed: int, groups: int) -> None:
    labels, graph = graph_of(seed)
    group = np.unique(np.random.default_rng(seed).integers(0, groups, graph.count), return_inverse=True)[1]
    joined, direct = (
        graph.joined(group),
        measure_regions(group[labels].astype(np.int32), *made_up(seed)[1], meaning(seed)),
    )
    assert np.array_equal(joined.pairs, direct.pairs)
    assert np.allclose(joined.sums, direct.sums, rtol=SOLVER)
    assert np.allclose(joined.classes, direct.classes, rtol=SOLVER)
    assert np.allclose(joined.borders, direct.borders, rtol=SOLVER, atol=SOLVER)


def test_what_is_signed_turns_with_the_order_of_its_ends() -> None:
    _, graph = graph_of(3)
    turned = graph.joined(np.arange(graph.count)[::-1].copy())
    first, second = turned.pairs.T
    back = {
        (graph.count - 1 - b, graph.count - 1 - a): row for a, b, row in zip(first, second, turned.borders, strict=True)
    }
    for pair, row in zip(graph.pairs, graph.borders, strict=True):
        other = back[tuple(pair)]
        assert np.isclose(other[STEP], -row[STEP])
        assert np.isclose(other[BELOW], -row[BELOW])
        assert np.isclose(other[LENGTH], row[LENGTH])


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1000))
def test_what_has_not_grown_would_be_judged_as_it_was(seed: int) -> None:
    _, graph = graph_of(seed)
    some = list(stages(graph, affinity))
    assert len(some) > 5
    for stage, surest in some[:-1]:
        anew = affinity(stage.graph)
        assert np.allclose(stage.likely, anew, atol=SOLVER)
        assert np.isclose(surest, anew.max(), atol=SOLVER)


def test_a_part_of_a_graph_is_judged_as_within_the_whole() -> None:
    _, graph = graph_of(2)
    some = np.array([3, 17, 18, 40])
    assert np.allclose(affinity(graph.part(some)), affinity(graph)[some], atol=SOLVER)


def test_two_even_fields_are_two_things_and_their_pieces_are_one_each() -> None:
    labels, (lab, disparity) = made_up(1)
    left = np.broadcast_to(np.arange(60) < 30, labels.shape)
    lab[:] = np.where(left[..., None], [30.0, 40.0, 10.0], [80.0, -10.0, 30.0])
    disparity[:] = np.where(left, 0.9, 0.1)
    seen = meaning(1)
    blank = np.zeros_like(seen.subject)
    even = Meaning(np.full_like(seen.classes, 0.1), blank, blank, blank, seen.tokens * 0, seen.fine * 0)
    graph = measure_regions(labels, lab, disparity, even)
    stage = next(stage for stage, surest in stages(graph, affinity) if surest < 0.85)
    group = without_debris(stage, affinity).group
    assert np.array_equal(group[labels] == group[labels[0, 0]], left)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1000))
def test_every_stage_is_coarser_down_to_a_single_group_and_only_neighbours_join(seed: int) -> None:
    labels, graph = graph_of(seed)
    counts = []
    for stage, _ in stages(graph, affinity):
        counts.append(stage.graph.count)
        for group in range(min(stage.graph.count, 5)):
            assert cv2.connectedComponents((stage.group[labels] == group).astype(np.uint8), connectivity=4)[0] == 2
    assert counts == sorted(set(counts), reverse=True)
    assert counts[-1] == 1


@pytest.mark.parametrize("seen_end", [True, False])
def test_what_is_the_subject_does_not_join_what_is_not_where_an_end_is_seen(seen_end: bool) -> None:
    labels, (lab, disparity) = made_up(2)
    left = np.broadcast_to(np.arange(60) < 30, labels.shape).astype(np.float32)
    seen = meaning(2)
    contours = np.full_like(left, float(seen_end))
    apart = Meaning(np.full_like(seen.classes, 0.1), left, left * 0, contours, seen.tokens * 0, seen.fine * 0)
    graph = measure_regions(labels, lab * 0, disparity * 0, apart)
    across = (graph.sums[:, SUBJECT] / graph.sums[:, SIZE])[graph.pairs].sum(axis=1) == 1
    likely = affinity(graph)
    assert across.any()
    assert likely[~across].min() > 0
    assert (likely[across].max() == 0) == seen_end


def halves(height: int, contour: float, sky: float = 0.0, near: float = 0.1) -> RegionGraph:
    """Two regions, left and right, of a light and a dark colour, with `contour` along their border; the right one may
    be of a `sky`, and the left one is `near`er than that by its disparity."""
    left = np.broadcast_to(np.arange(60) < 30, (height, 60))
    lab = np.where(left[..., None], np.float32([80, 0, 0]), np.float32([20, 0, 0])).astype(np.float32)
    seen = meaning(1, height, 60)
    classes = np.full_like(seen.classes, 0.05)
    classes[CLASSES.index("sky")] = np.where(left, 0.05, sky)
    blank = np.zeros_like(seen.subject)
    told = Meaning(classes, blank, blank, np.full_like(blank, contour), seen.tokens * 0, seen.fine * 0)
    disparity = np.where(left, np.float32(near), np.float32(0)).astype(np.float32)
    return measure_regions(np.where(left, 0, 1).astype(np.int32), lab, disparity, told)


@pytest.mark.parametrize(
    ("graph", "one"),
    [
        (halves(120, contour=0.02), True),
        (halves(120, contour=0.5), False),
        (halves(40, contour=0.02), False),
        (halves(120, contour=0.02, sky=0.9, near=0.5), False),
    ],
    ids=["a shadow", "a contour", "too short to tell", "a mast before the sky"],
)
def test_a_long_border_of_which_nothing_is_seen_is_none(graph: RegionGraph, one: bool) -> None:
    assert undivided(graph).tolist() == [one]


def test_what_stands_before_the_sky_never_joins_it() -> None:
    before, within = halves(120, 0.02, sky=0.9, near=0.5), halves(120, 0.02, sky=0.9, near=0.01)
    assert affinity(before)[0] == 0
    assert affinity(within)[0] > 0


def test_the_likeliest_pair_joins_first() -> None:
    _, graph = graph_of(5)
    likely = np.linspace(0.1, 0.9, len(graph.pairs))
    _, (stage, _) = (step for step, _ in zip(stages(graph, lambda g: likely[: len(g.pairs)]), range(2), strict=False))
    a, b = graph.pairs[-1]
    assert stage.group[a] == stage.group[b]


def hardly(graph: RegionGraph) -> np.ndarray:
    return np.full(len(graph.pairs), 0.2)


def test_crumbs_go_to_what_surrounds_them() -> None:
    labels = np.zeros((60, 80), np.int32)
    labels[:, 40:] = 1
    labels[10:13, 10:13] = 2
    lab, disparity = np.zeros((60, 80, 3), np.float32), np.zeros((60, 80), np.float32)
    graph = measure_regions(labels, lab, disparity, meaning(1, 60, 80))
    stage = without_debris(Stage.first(graph, hardly), hardly)
    assert stage.group[2] == stage.group[0] != stage.group[1]


def test_features_are_finite_for_even_pictures() -> None:
    labels, (lab, disparity) = made_up(1)
    graph = measure_regions(labels, lab * 0, disparity * 0, meaning(1))
    assert np.isfinite(pair_features(graph)).all()
    assert graph.sums[:, SIZE].sum() == labels.size
