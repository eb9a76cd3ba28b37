"""Peeling loses nothing, whatever the matte, the fill and the estimated colours are."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from multiplane.layering.peel import BEYOND, own_depth, peel
from multiplane.pixels.levels import from_levels
from multiplane.pixels.over import over

UNIT = st.floats(0, 1, width=32)


@settings(max_examples=200)
@given(st.data(), st.sampled_from([np.uint8, np.uint16]))
def test_front_over_behind_is_the_picture(data, dtype):
    h, w = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5))
    picture = data.draw(arrays(dtype, (h, w, 3)))
    alpha = data.draw(arrays(np.float32, (h, w), elements=UNIT))
    foreground = data.draw(arrays(np.float32, (h, w, 3), elements=UNIT))
    background = data.draw(arrays(np.float32, (h, w, 3), elements=UNIT))
    peeled = peel(picture, alpha, foreground, background)
    assert np.array_equal(over(peeled.front, peeled.behind), picture)


def test_where_the_matte_is_clear_the_picture_stays():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (8, 8, 3)).astype(np.uint8)
    alpha = np.zeros((8, 8), np.float32)
    alpha[2:5, 2:5] = 1
    noise = rng.random((8, 8, 3)).astype(np.float32)
    peeled = peel(picture, alpha, noise, noise)
    outside = alpha == 0
    assert np.array_equal(peeled.behind[outside], picture[outside])
    assert (peeled.front[..., 3][outside] == 0).all()


def test_right_estimates_come_back_as_they_are():
    """With the true colours of both sides, the solved sheet is the true one and alpha is not raised."""
    rng = np.random.default_rng(1)
    front = rng.integers(0, 256, (16, 16, 4)).astype(np.uint8)
    behind = rng.integers(0, 256, (16, 16, 3)).astype(np.uint8)
    picture = over(front, behind)
    alpha, foreground = from_levels(front[..., 3]), from_levels(front[..., :3])
    peeled = peel(picture, alpha, foreground, from_levels(behind))
    solid = front[..., 3] > 0
    assert np.abs(peeled.front[..., 3].astype(int) - front[..., 3]).max() <= 1
    assert np.abs(peeled.behind.astype(int) - behind)[solid & (front[..., 3] < 255)].max() <= 1


def test_depth_of_the_rim_comes_from_inside_the_sheet():
    z = np.full((20, 20), 9.0, np.float32)
    z[5:15, 5:15] = 2.0
    z[5, 5:15] = 6.0  # what a depth map that blurs over an edge gives
    alpha = np.zeros((20, 20), np.float32)
    alpha[5:15, 5:15] = 1
    own = own_depth(z, alpha, rim=2)
    assert (own == 2.0).all()


def test_a_sheet_thinner_than_its_rim_keeps_its_own_depth():
    z = np.full((20, 20), 9.0, np.float32)
    z[:, 10] = 3.0
    alpha = np.zeros((20, 20), np.float32)
    alpha[:, 10] = 1
    assert (own_depth(z, alpha, rim=3)[:, 10] == 3.0).all()


def test_a_wrong_matte_leaves_no_line_behind() -> None:
    """An outline's colour, carried to where the picture shows the background, is not made up for there."""
    picture = np.full((24, 24, 3), 230, np.uint8)
    picture[8:16, 8:16] = 20
    alpha = np.zeros((24, 24), np.float32)
    alpha[6:18, 6:18] = 0.5
    alpha[8:16, 8:16] = 1.0
    dark, light = np.full((24, 24, 3), 20 / 255, np.float32), np.full((24, 24, 3), 230 / 255, np.float32)
    peeled = peel(picture, alpha, dark, light)
    assert np.abs(peeled.behind.astype(int) - 230).max() <= 255 * BEYOND + 1
    assert (over(peeled.front, peeled.behind) == picture).all()
