"""Compositing on integer levels and its exact inverse."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from multiplane.pixels.levels import from_levels, to_levels
from multiplane.pixels.over import flatten, over, strips, unblend
from multiplane.scene import Layer
from tolerances import ROUNDING

DTYPES = st.sampled_from([np.uint8, np.uint16])


@st.composite
def pictures(draw, channels=(3, 3), alpha=True):
    """Random pictures of one dtype, and an alpha."""
    dtype = draw(DTYPES)
    h, w = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    shots = [draw(arrays(dtype, (h, w, c))) for c in channels]
    return (*shots, draw(arrays(dtype, (h, w))))


def reference_over(front, behind):
    """Exact rational arithmetic, pixel by pixel, rounded half up (a half never occurs: N is odd)."""
    top = int(np.iinfo(behind.dtype).max)
    out = np.empty_like(behind)
    for index in np.ndindex(behind.shape):
        a, f, b = int(front[(*index[:2], 3)]), int(front[index]), int(behind[index])
        out[index] = (2 * (a * f + (top - a) * b) + top) // (2 * top)
    return out


@given(pictures(channels=(4, 3)))
def test_over_is_the_rounded_quotient(shots):
    front, behind, _ = shots
    assert np.array_equal(over(front, behind), reference_over(front, behind))


@settings(max_examples=300)
@given(pictures(channels=(3, 3, 3)))
def test_over_undoes_unblend_for_any_picture_behind_it_and_any_matte(shots):
    target, behind, wanted, alpha = shots
    front = unblend(target, behind, alpha, wanted)
    assert np.array_equal(over(front, behind), target)


@given(pictures(channels=(3, 3, 3)))
def test_unblend_raises_alpha_only_where_no_colour_would_do(shots):
    target, behind, wanted, alpha = shots
    raised = unblend(target, behind, alpha, wanted)[..., 3]
    assert (raised >= alpha).all()
    top = int(np.iinfo(target.dtype).max)
    for y, x in np.argwhere(raised > alpha):
        a = int(raised[y, x]) - 1
        low = [(2 * (top - a) * int(b) + top) // (2 * top) for b in behind[y, x]]
        high = [(2 * (a * top + (top - a) * int(b)) + top) // (2 * top) for b in behind[y, x]]
        assert any(not lo <= int(t) <= hi for lo, t, hi in zip(low, target[y, x], high, strict=True))


@given(pictures(channels=(3, 3)))
def test_unblend_takes_the_wanted_colour_where_it_serves(shots):
    wanted, behind, alpha = shots
    target = over(np.concatenate([wanted, alpha[..., None]], axis=-1), behind)
    front = unblend(target, behind, alpha, wanted)
    assert np.array_equal(front[..., 3], alpha)
    assert np.array_equal(front[..., :3], wanted)


@given(pictures(channels=(4, 3)))
def test_a_float_compositor_is_within_one_level(shots):
    front, behind, _ = shots
    top = float(np.iinfo(behind.dtype).max)
    f, b = front.astype(np.float64) / top, behind.astype(np.float64) / top
    floating = f[..., 3:] * f[..., :3] + (1 - f[..., 3:]) * b
    assert np.abs(floating - over(front, behind) / top).max() <= ROUNDING


def test_multiply_darkens_by_the_front_colour():
    front = np.array([[[128, 255, 0, 255]]], np.uint8)
    behind = np.array([[[200, 100, 50]]], np.uint8)
    assert over(front, behind, "multiply").tolist() == [[[100, 100, 0]]]


@given(arrays(np.uint16, (3, 4)), st.just(16))
def test_levels_survive_the_way_through_floats(levels, bits):
    assert np.array_equal(to_levels(from_levels(levels), bits), levels)


def test_every_byte_survives_the_way_through_floats():
    levels = np.arange(256, dtype=np.uint8)
    assert np.array_equal(to_levels(from_levels(levels)), levels)


def test_levels_round_and_never_truncate():
    assert to_levels(np.float32([0.999, 0.5, -1.0, 2.0])).tolist() == [255, 128, 0, 255]


def test_strips_cover_every_row_once():
    rows = [row for part in strips(5000, 3000) for row in range(*part.indices(5000))]
    assert rows == list(range(5000))


def test_flatten_places_sheets_at_their_corners():
    def sheet(name, corner, h, w, colour):
        rgba = np.tile(np.float32([*colour, 1.0]), (h, w, 1))
        z = np.ones((h, w), np.float32)
        return Layer(name, name, "object", "background", corner, rgba, z, np.zeros((h, w), bool))

    flat = flatten([sheet("back", (0, 0), 3, 4, (0, 0, 0)), sheet("front", (2, 1), 1, 2, (1, 1, 1))], 3, 4, 8)
    assert flat[..., 0].tolist() == [[0, 0, 0, 0], [0, 0, 255, 255], [0, 0, 0, 0]]
