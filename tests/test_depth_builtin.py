"""The built-in depth keeps its contract at any size, repeats, and orders what anybody would order."""

import numpy as np
import pytest
from cards import make_cards
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from multiplane.depth import load_depth
from multiplane.depth.builtin import estimate_depth
from multiplane.pixels.disparity import FAR, NEAR
from multiplane.scene import Camera, Photo
from tolerances import SOLVER


def photo_of(rgb: np.ndarray) -> Photo:
    values = np.ascontiguousarray(rgb[..., :3]).astype(np.float32)
    values = values / np.float32(255) if values.max() > 1 else values
    return Photo(values, Camera.from_focal_35mm(rgb.shape[1], rgb.shape[0]))


@settings(max_examples=10)
@given(st.integers(1, 70), st.integers(1, 70), st.integers(0, 5))
def test_any_size_of_noise_gives_finite_positive_depth_of_the_photos_shape(height: int, width: int, seed: int) -> None:
    z = estimate_depth(photo_of(np.random.default_rng(seed).random((height, width, 3), np.float32))).z
    assert z.shape == (height, width)
    assert NEAR - SOLVER <= z.min() <= z.max() <= FAR + 0.01


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (1, 900), (900, 1), (3, 700), (601, 37)])
def test_constant_pictures_of_odd_sizes_have_a_depth(size: tuple[int, int]) -> None:
    assert estimate_depth(photo_of(np.full((*size, 3), 0.5))).z.shape == size


def test_it_is_what_load_depth_gives_and_repeats() -> None:
    photo = photo_of(data.coffee())
    assert load_depth("builtin") is estimate_depth
    assert np.array_equal(estimate_depth(photo).z, estimate_depth(photo).z)


def test_people_stand_before_what_is_behind_them_and_sky_is_farthest() -> None:
    z = estimate_depth(photo_of(data.astronaut())).z
    assert np.median(z[300:450, 150:300]) < 0.7 * np.median(z[:150, 380:])
    z = estimate_depth(photo_of(data.rocket())).z
    assert np.median(z[:80, 150:450]) > 0.95 * FAR
    assert np.median(z[:80, 150:450]) > 2.5 * np.median(z[-25:])


def test_a_rendered_still_of_known_depth_comes_out_in_order() -> None:
    cards = make_cards(480, 320)
    z = estimate_depth(cards.photo).z
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, z.size, (2, 20_000))
    truth, guess = cards.z.ravel(), z.ravel()
    apart = np.abs(np.log(truth[first] / truth[second])) > 0.1
    agree = (truth[first] > truth[second]) == (guess[first] > guess[second])
    assert agree[apart].mean() > 0.8
