"""The measures of benchmarks/layers.py: right on cases that anyone can check by hand, and against slow references."""

from itertools import combinations

import numpy as np
import pytest
from benchmarks.baselines import band_components, deepest_point, jenks_bands, natural_breaks, quantile_bands
from benchmarks.edit_distance import align, composite, grouped, score_stacks, warp
from benchmarks.layer_failures import BUDGET, FOUND, FRAGMENTS, SURFACE, Stages, cause_of, outline_seen, segment_ious
from benchmarks.layer_scores import (
    contributions,
    merged_objects,
    occlusion_counts,
    order_counts,
    score_object,
    soft_iou,
)
from benchmarks.measure_alpha import connectivity
from benchmarks.rendered import designs
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from multiplane.pixels.levels import to_levels
from multiplane.pixels.over import over
from tolerances import EXACT, ROUNDING, SOLVER

alphas = arrays(np.float32, (4, 5), elements=st.floats(0, 1, width=32))


def box(shape, top, bottom, left, right):
    mask = np.zeros(shape, np.bool_)
    mask[top:bottom, left:right] = True
    return mask


def plain(mask, colour):
    """A layer (H, W, 4) of one colour under `mask`."""
    return np.dstack([np.broadcast_to(np.float32(colour), (*mask.shape, 3)), mask.astype(np.float32)])


class TestObjects:
    @given(alphas, alphas)
    def test_soft_iou_of_hard_masks_is_iou_and_it_is_symmetric(self, a, b):
        assert soft_iou(a, b) == soft_iou(b, a)
        hard, other = a > 0.5, b > 0.5
        if (hard | other).any():
            assert soft_iou(hard, other) == pytest.approx((hard & other).sum() / (hard | other).sum(), abs=SOLVER)

    @given(st.lists(alphas, min_size=1, max_size=4))
    def test_contributions_add_up_to_what_covers_and_a_hidden_layer_gives_nothing(self, stack):
        bottom = np.ones_like(stack[0])
        shares = contributions([bottom, *stack])
        assert np.abs(np.sum(shares, axis=0) - 1).max() < SOLVER
        assert np.abs(shares[-1] - stack[-1]).max() == EXACT
        assert contributions([bottom, np.ones_like(bottom)])[0].max() == EXACT

    def test_an_object_is_whole_only_in_a_layer_of_its_own(self):
        wanted = box((10, 10), 2, 6, 2, 6)
        rest = (~wanted).astype(np.float32)
        alone = score_object(wanted, [rest, wanted.astype(np.float32)])
        assert alone.iou == 1 and alone.whole and alone.best == alone.holder == 1
        everything = score_object(wanted, [np.ones((10, 10), np.float32)])
        assert everything.held == 1 and not everything.whole
        halves = [
            (wanted & side).astype(np.float32) for side in (box((10, 10), 0, 4, 0, 10), box((10, 10), 4, 10, 0, 10))
        ]
        torn = score_object(wanted, [rest, *halves])
        assert torn.held == pytest.approx(0.5) and not torn.whole and torn.iou == pytest.approx(0.5)

    def test_two_objects_in_one_layer_are_both_merged_and_one_apart_is_not(self):
        first, second, third = (box((6, 12), 1, 5, left, left + 3) for left in (0, 4, 8))
        shares = [np.asarray(mask, np.float32) for mask in (~(first | second | third), first | second, third)]
        assert merged_objects([score_object(mask, shares) for mask in (first, second, third)]) == 2

    def test_what_hides_is_in_front_only_if_its_layer_is_above(self):
        front, behind = box((10, 20), 2, 8, 8, 14), box((10, 20), 3, 7, 2, 12)
        seen = behind & ~front
        known = [(front, front), (seen, behind)]
        rest = np.asarray(~(front | behind), np.float32)
        right = [rest, seen.astype(np.float32), front.astype(np.float32)]
        assert occlusion_counts(known, right).tolist() == [1, 1, 1]
        assert occlusion_counts(known, [right[0], right[2], right[1]]).tolist() == [0, 1, 1]
        assert occlusion_counts(known, [np.ones((10, 20), np.float32)]).tolist() == [0, 0, 1]


class TestOrder:
    def test_a_nearer_square_above_is_right_and_below_is_wrong(self):
        square = box((60, 60), 20, 40, 20, 40)
        disparity = np.where(square, 2.0, 1.0).astype(np.float32)
        shares = [np.asarray(~square, np.float32), square.astype(np.float32)]
        assert order_counts(shares, disparity).tolist() == [[1, 1], [1, 1]]
        assert order_counts(shares[::-1], disparity).tolist() == [[0, 1], [0, 1]]

    def test_unknown_depth_and_a_faint_step_say_nothing(self):
        square = box((60, 60), 20, 40, 20, 40)
        shares = [np.asarray(~square, np.float32), square.astype(np.float32)]
        ramp = np.tile(np.linspace(1, 2, 60, dtype=np.float32), (60, 1))
        assert order_counts(shares, ramp + np.float32(0.01) * square)[:, 1].tolist() == [0, 0]
        assert order_counts(shares, np.where(square, 0, ramp))[:, 1].tolist() == [0, 0]

    def test_a_floor_that_comes_nearer_than_the_chair_on_it_is_behind_along_their_border(self):
        rows = np.linspace(1, 3, 90, dtype=np.float32)[:, None] * np.ones((1, 90), np.float32)
        chair = box((90, 90), 5, 30, 30, 60)
        disparity = np.where(chair, rows[29, 0], rows).astype(np.float32)
        counts = order_counts([np.asarray(~chair, np.float32), chair.astype(np.float32)], disparity)
        assert counts[0].tolist() == [0, 1] and counts[1].tolist() == [1, 1]


class TestBaselines:
    @given(st.lists(st.integers(0, 9), min_size=4, max_size=9), st.integers(1, 4))
    @settings(max_examples=30)
    def test_natural_breaks_scatter_as_little_as_the_best_of_all(self, weights, count):
        places = np.arange(len(weights))

        def scatter(cuts):
            total = 0.0
            for start, end in zip((0, *cuts), (*cuts, len(weights)), strict=True):
                mass = np.array(weights[start:end], float)
                if mass.sum():
                    mean = (mass * places[start:end]).sum() / mass.sum()
                    total += (mass * (places[start:end] - mean) ** 2).sum()
            return total

        found = natural_breaks(np.array(weights, np.float64), count)
        assert len(found) == count - 1
        best = min(scatter(cuts) for cuts in combinations(range(len(weights) + 1), count - 1))
        assert scatter(found) == pytest.approx(best, abs=1e-9)

    def test_bands_part_the_picture_far_to_near(self):
        z = np.repeat(np.array([[8.0], [4.0], [1.0], [0.9]], np.float32), 6, axis=1)
        for bands in (quantile_bands(z, 2), jenks_bands(z, 2)):
            assert np.sum(bands, axis=0).min() == np.sum(bands, axis=0).max() == 1
            assert z[bands[0]].min() >= z[bands[-1]].max()
        assert jenks_bands(z, 2)[1][2:].all() and not jenks_bands(z, 2)[1][:2].any()

    def test_parts_of_a_band_that_do_not_touch_are_apart(self):
        two = box((8, 12), 0, 8, 0, 4) | box((8, 12), 0, 8, 8, 12)
        assert sorted(int(part.sum()) for part in band_components([two, ~two])) == [32, 32, 32]

    def test_the_deepest_point_of_a_square_is_its_middle_and_keeps_off_the_frame(self):
        assert deepest_point(box((20, 20), 5, 14, 3, 12)) == (7, 9)
        assert deepest_point(np.ones((9, 9), np.bool_)) == (4, 4)


class TestEditDistance:
    back = plain(np.ones((12, 16), np.bool_), (0.2, 0.2, 0.2))
    left = plain(box((12, 16), 2, 10, 1, 6), (1, 0, 0))
    right = plain(box((12, 16), 2, 10, 9, 14), (0, 1, 0))
    top = plain(box((12, 16), 4, 8, 3, 12), (0, 0, 1))

    def test_a_stack_against_itself_has_no_error(self):
        for score in score_stacks([self.back, self.left, self.top], [self.back, self.left, self.top]):
            assert score.rgb_l1 == EXACT and score.alpha_iou == 1

    def test_layers_that_hide_nothing_of_each_other_are_one(self):
        assert len(grouped([self.back, self.left, self.right])) == 2
        assert len(grouped([self.back, self.left, self.right, self.top])) == 3

    def test_merging_mends_a_stack_that_is_cut_too_fine(self):
        fine, coarse = [self.back, self.left, self.top], [self.back, composite([self.left, self.top])]
        scores = score_stacks(fine, coarse)
        assert scores[0].alpha_iou < 0.9 and scores[1].alpha_iou == pytest.approx(1, abs=SOLVER)
        assert scores[1].rgb_l1 == pytest.approx(0, abs=SOLVER)

    def test_a_flat_picture_does_not_pass_for_two_layers_however_much_is_merged(self):
        true = [self.back, self.left, self.top]
        assert max(score.alpha_iou for score in score_stacks([composite(true)], true)) < 0.9

    def test_the_wrong_order_costs(self):
        true = [self.back, self.left, self.top]
        assert align([self.back, self.top, self.left], true).alpha_iou < align(true, true).alpha_iou

    @given(arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 4)), elements=st.floats(0, 1)))
    def test_the_path_costs_as_little_as_the_best_of_all(self, cost):
        def least(i, j):
            before = [least(*at) for at in ((i - 1, j), (i, j - 1), (i - 1, j - 1)) if min(at) >= 0]
            return cost[i, j] + (min(before) if before else 0.0)

        path = warp(cost)
        assert path[0] == (0, 0) and path[-1] == (cost.shape[0] - 1, cost.shape[1] - 1)
        assert sum(cost[at] for at in path) == pytest.approx(least(*path[-1]), abs=1e-9)


class TestConnectivity:
    truth = np.clip((np.hypot(*np.mgrid[-30:30, -30:30]) - 18) / -4, 0, 1).astype(np.float32)
    unknown = np.full((60, 60), 0.5, np.float32)

    def test_the_truth_is_connected_as_the_truth_is(self):
        assert connectivity(self.truth, self.truth, self.unknown) == EXACT

    def test_an_island_costs_its_area_and_a_known_one_nothing(self):
        island = self.truth.copy()
        island[2:6, 2:6] = 1
        assert connectivity(island, self.truth, self.unknown) == pytest.approx(16, abs=SOLVER)
        assert connectivity(island, self.truth, np.zeros_like(self.unknown)) == EXACT

    def test_a_faint_veil_is_forgiven(self):
        veil = np.maximum(self.truth, np.float32(0.1))
        assert connectivity(veil, self.truth, self.unknown) == EXACT


class TestFates:
    wanted = box((40, 60), 10, 30, 10, 40)

    def stages(self, segments, layers, most):
        maps = [np.asarray(labels, np.int32) for labels in (segments, layers, most)]
        return Stages(np.ones((40, 60), np.float32), maps[0], ("background", "object", "object"), maps[1], maps[2])

    def test_the_step_that_lost_an_object_is_named(self):
        whole, nothing = self.wanted.astype(int), np.zeros((40, 60), int)
        parts = np.where(self.wanted, np.where(np.arange(60) < 25, 1, 2), 0)
        surfaces = ("background",)
        assert cause_of(self.wanted, 0.95, self.stages(whole, whole, whole), surfaces) == FOUND
        assert cause_of(self.wanted, 0.2, self.stages(whole, nothing, whole), surfaces) == BUDGET
        assert cause_of(self.wanted, 0.5, self.stages(parts, parts, parts), surfaces) == FRAGMENTS
        assert cause_of(self.wanted, 0.2, self.stages(nothing, nothing, nothing), surfaces) == SURFACE
        assert segment_ious(self.wanted, np.asarray(parts, np.int32)) == (0.5, 1.0)

    def test_depth_sees_an_outline_only_where_it_steps(self):
        step = np.where(self.wanted, 1.0, 2.0).astype(np.float32)
        assert outline_seen(self.wanted, step) > 0.95
        ramp = np.linspace(1, 1.5, 60, dtype=np.float32) * np.ones((40, 1), np.float32)
        assert outline_seen(self.wanted, ramp) < 0.05


def test_designs_are_their_layers_composited_and_the_same_again():
    for design, again in zip(designs(3), designs(3), strict=True):
        picture = to_levels(design.layers[0][..., :3])
        for layer in design.layers[1:]:
            picture = over(to_levels(layer), picture)
        assert np.array_equal(picture, to_levels(design.rgb)) and np.array_equal(design.rgb, again.rgb)
        assert design.layers[0][..., 3].min() == 1 and 3 <= len(design.layers) <= 6
        assert all(layer[..., 3].max() > 1 - ROUNDING for layer in design.layers)
