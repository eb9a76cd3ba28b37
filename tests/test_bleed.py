"""Colours spread under transparency come from the nearest visible pixel, and nothing visible changes."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from multiplane.arrays import Floats
from multiplane.pixels.bleed import bleed


def picture(seed: int, shown: float) -> Floats:
    random = np.random.default_rng(seed)
    rgba = random.random((9, 13, 4), np.float32)
    rgba[..., 3] *= random.random((9, 13)) < shown
    return rgba


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31), shown=st.sampled_from([0.0, 0.02, 0.3, 1.0]))
def test_visible_pixels_and_alphas_never_change(seed: int, shown: float) -> None:
    rgba = picture(seed, shown)
    before = rgba.copy()
    out = bleed(rgba)
    np.testing.assert_array_equal(rgba, before)
    np.testing.assert_array_equal(out[..., 3], rgba[..., 3])
    np.testing.assert_array_equal(out[rgba[..., 3] > 0], rgba[rgba[..., 3] > 0])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_hidden_pixels_take_a_visible_colour_as_near_as_any(seed: int) -> None:
    rgba = picture(seed, 0.05)
    rgba[4, 6, 3] = 1
    out = bleed(rgba)
    seen = np.argwhere(rgba[..., 3] > 0)
    for y, x in np.argwhere(rgba[..., 3] == 0):
        distances = np.hypot(*(seen - (y, x)).T)
        took = np.array([np.array_equal(out[y, x, :3], rgba[i, j, :3]) for i, j in seen])
        assert took.any()
        # A 5 x 5 chamfer errs by at most some 2 % of the distance.
        assert distances[took].min() <= distances.min() * 1.03 + 1e-6


def test_a_picture_without_visible_pixels_comes_back_as_it_was() -> None:
    rgba = picture(1, 0.0)
    np.testing.assert_array_equal(bleed(rgba), rgba)
