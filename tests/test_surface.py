"""Hidden depth continues the visible surface: planes exactly, without a step, behind what hides it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multiplane.arrays import Floats, Mask
from multiplane.errors import SceneError
from multiplane.inpaint.surface import BEHIND, continue_depth
from tolerances import SOLVER


def grid(height: int, width: int) -> tuple[Floats, Floats]:
    y, x = np.mgrid[:height, :width].astype(np.float32) + np.float32(0.5)
    return y / height, x / width


def disc(height: int, width: int, share: float) -> Mask:
    y, x = grid(height, width)
    return np.asarray((y - 0.5) ** 2 + (x - 0.5) ** 2 < share / np.pi)


@settings(max_examples=30, deadline=None)
@given(a=st.floats(-0.2, 0.2), b=st.floats(-0.2, 0.2), height=st.integers(8, 60), width=st.integers(8, 60))
def test_a_plane_goes_on_exactly(a: float, b: float, height: int, width: int) -> None:
    y, x = grid(height, width)
    z = (1 / (0.5 + a * x + b * y)).astype(np.float32)
    hole = disc(height, width, 0.2)
    near = np.full_like(z, 0.5)
    out = continue_depth(np.where(hole, near, z), hole, np.zeros(z.shape, np.int32), near)
    assert np.abs(1 / out - 1 / z).max() < SOLVER


def test_two_planes_each_go_on_by_themselves() -> None:
    y, x = grid(200, 300)
    ground = y > 0.55
    z = np.where(ground, 1 / (0.05 + 0.9 * (y - 0.5)), 1 / (0.1 + 0.05 * x)).astype(np.float32)
    hole = disc(200, 300, 0.15)
    near = np.full_like(z, 1.0)
    out = continue_depth(np.where(hole, near, z), hole, ground.astype(np.int32), near)
    assert np.abs(1 / out - 1 / z).max() < SOLVER


def test_a_minority_of_outliers_does_not_tilt_the_plane() -> None:
    rng = np.random.default_rng(0)
    y, x = grid(100, 140)
    z = (1 / (0.3 + 0.2 * x + 0.1 * y)).astype(np.float32)
    hole = disc(100, 140, 0.2)
    seen = z.copy()
    far_from_hole = ~disc(100, 140, 0.3)
    seen[far_from_hole & (rng.random(z.shape) < 0.25)] = 1.0
    out = continue_depth(seen, hole, np.zeros(z.shape, np.int32), np.full_like(z, 0.5))
    assert np.abs(1 / out - 1 / z)[hole].max() < 0.01


def test_a_curved_surface_meets_the_visible_depth_without_a_step() -> None:
    y, x = grid(160, 160)
    z = (2 + np.sin(5 * x) * np.cos(4 * y)).astype(np.float32)
    hole = disc(160, 160, 0.1)
    out = continue_depth(z, hole, np.zeros(z.shape, np.int32), np.full_like(z, 0.5))
    across = hole[:, 1:] != hole[:, :-1]
    steps = np.abs(np.diff(out, axis=1))[across].max()
    assert steps < 2 * np.abs(np.diff(z, axis=1)).max()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), height=st.integers(1, 30), width=st.integers(1, 30))
def test_hidden_depth_is_finite_behind_and_the_rest_unchanged(seed: int, height: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    z = rng.uniform(0.1, 30, (height, width)).astype(np.float32)
    hole = rng.random((height, width)) < rng.choice([0.1, 0.5, 1.1])
    surface = rng.integers(-1, 3, (height, width)).astype(np.int32)
    in_front = rng.uniform(0.1, 30, (height, width)).astype(np.float32)
    before = z.copy()
    out = continue_depth(z, hole, surface, in_front)
    assert out.dtype == np.float32 and np.isfinite(out).all()
    assert np.array_equal(out[~hole], z[~hole]) and np.array_equal(z, before)
    assert (out[hole] >= in_front[hole] * np.float32(BEHIND)).all()


def test_a_surface_nobody_sees_takes_the_farthest_neighbour() -> None:
    z = np.full((40, 60), 3.0, np.float32)
    z[:, 30:] = 8.0
    hole = disc(40, 60, 0.1)
    surface = np.zeros((40, 60), np.int32)
    surface[:, 30:] = 1
    surface[hole] = 5
    out = continue_depth(z, hole, surface, np.ones_like(z))
    assert np.abs(out[hole] - 8.0).max() < 1e-2


def test_a_hole_that_is_everything_lies_just_behind_what_hides_it() -> None:
    z = np.full((5, 6), 3.0, np.float32)
    out = continue_depth(z, np.ones((5, 6), bool), np.zeros((5, 6), np.int32), z)
    assert np.all(out == z * np.float32(BEHIND))


def test_where_nothing_is_known_what_is_not_hidden_keeps_its_depth() -> None:
    """The rim around a hole has nothing in front of it; its own depth is all there is to go by."""
    z = np.full((5, 6), 3.0, np.float32)
    in_front = np.where(disc(5, 6, 0.3), np.float32(4.0), np.finfo(np.float32).tiny).astype(np.float32)
    out = continue_depth(z, np.ones((5, 6), bool), np.zeros((5, 6), np.int32), in_front)
    assert np.array_equal(out, np.where(in_front == 4.0, np.float32(4.0) * np.float32(BEHIND), z))


def test_a_horizon_is_not_crossed() -> None:
    """A ground plane whose hidden part would reach infinity stops at twice the farthest depth seen."""
    y, _ = grid(100, 100)
    z = (1 / np.maximum(0.8 * (y - 0.5), 0.004)).astype(np.float32)
    hole = np.asarray(y < 0.52)
    out = continue_depth(z, hole, np.zeros(z.shape, np.int32), np.full_like(z, 0.5))
    assert out.max() <= 2 * z[~hole].max() * 1.0001


def test_depth_that_is_not_positive_is_refused() -> None:
    z = np.zeros((4, 4), np.float32)
    with pytest.raises(SceneError, match="greater than 0"):
        continue_depth(z, np.ones((4, 4), bool), np.zeros((4, 4), np.int32), z)
