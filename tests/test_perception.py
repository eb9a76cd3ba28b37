"""The built-in network answers for any picture, in range, the same every time, and stays as small as promised."""

import time

import numpy as np
import pytest
import torch
from cards import make_cards
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from multiplane.errors import BackendError
from multiplane.perception import perceive as module
from multiplane.perception.network import CLASSES, STRIDE, PerceptionNet
from multiplane.perception.perceive import (
    AREA,
    CLOSELY,
    ENLARGED,
    LONGEST,
    WEIGHTS,
    load_network,
    look_closely,
    perceive,
    prepared,
)
from tolerances import SOLVER

MOST_PARAMETERS = 25_000_000
MOST_BYTES = 16_000_000


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((height, width, 3), np.float32)


@settings(max_examples=10)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 9))
def test_any_picture_gets_finite_maps_of_one_shape_in_their_ranges(height: int, width: int, seed: int) -> None:
    seen = perceive(picture(height, width, seed))
    assert seen.classes.shape == (len(CLASSES), *seen.disparity.shape)
    assert seen.edges.shape == seen.subject.shape == seen.disparity.shape
    assert np.isfinite(seen.disparity).all()
    for share in (seen.classes, seen.edges, seen.subject):
        assert share.min() >= 0
        assert share.max() <= 1
    np.testing.assert_allclose(seen.classes.sum(axis=0), 1, atol=SOLVER)


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (300, 400), (2000, 3000), (33, 31)])
def test_the_network_sees_about_the_same_area_in_whole_strides_whatever_the_aspect(size: tuple[int, int]) -> None:
    _, channels, height, width = prepared(picture(*size)).shape
    assert channels == 3
    assert height % STRIDE == width % STRIDE == 0
    assert max(height, width) <= LONGEST
    assert height * width <= 1.35 * AREA


def test_the_same_picture_gives_the_same_maps_and_is_not_changed() -> None:
    rgb = picture(120, 160)
    before = rgb.copy()
    first, second = perceive(rgb), perceive(rgb)
    assert np.array_equal(first.disparity, second.disparity)
    assert np.array_equal(first.classes, second.classes)
    assert np.array_equal(rgb, before)


@pytest.mark.parametrize(
    ("size", "area"), [((1500, 2000), CLOSELY), ((300, 400), ENLARGED * 300 * 400), ((60, 80), AREA)]
)
def test_a_closer_look_is_as_large_as_the_photo_is_worth(size: tuple[int, int], area: int) -> None:
    height, width = look_closely(picture(*size)).disparity.shape
    assert 0.9 * area < 4 * height * width < 1.1 * area


def test_one_closer_look_serves_all_who_ask_until_another_photo_comes() -> None:
    rgb = picture(120, 160)
    first = look_closely(rgb)
    assert look_closely(rgb.copy()) is first
    with pytest.raises(ValueError, match="read-only"):
        first.disparity[0, 0] = 0
    rgb[:60] = 0
    assert not np.array_equal(look_closely(rgb).disparity, first.disparity)


def test_classes_are_asked_for_by_name() -> None:
    seen = perceive(picture(64, 64))
    np.testing.assert_array_equal(seen.of_class("sky"), seen.classes[CLASSES.index("sky")])
    np.testing.assert_allclose(seen.of_class(*CLASSES), 1, atol=SOLVER)


def test_the_weights_are_those_of_the_network_and_fit_in_the_wheel() -> None:
    assert sum(parameter.numel() for parameter in load_network().parameters()) <= MOST_PARAMETERS
    assert WEIGHTS.stat().st_size <= MOST_BYTES
    assert all(torch.isfinite(value).all() for value in load_network().state_dict().values())


def test_a_missing_weights_file_is_one_clear_error(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr(module, "WEIGHTS", tmp_path / "weights.safetensors")
    load_network.cache_clear()
    try:
        with pytest.raises(BackendError, match="install multiplane again"):
            load_network()
    finally:
        load_network.cache_clear()


def test_a_forward_pass_at_the_working_size_takes_no_time_that_anybody_would_notice() -> None:
    """The bar is 300 ms on two quiet cores; ten times that on a busy machine still tells a runaway."""
    rgb = picture(768, 1024)
    perceive(rgb)
    start = time.perf_counter()
    perceive(rgb)
    assert time.perf_counter() - start < 3.0


def test_a_fresh_network_gives_maps_at_half_the_size() -> None:
    maps = PerceptionNet().eval()(torch.zeros(2, 3, 64, 96))
    assert maps.disparity.shape == (2, 32, 48)
    assert maps.classes.shape == (2, len(CLASSES), 32, 48)


def test_what_anybody_sees_in_a_photo_the_network_sees() -> None:
    """A sky is above and ground below; the astronaut is the picture's subject, and a person, before the flag."""
    seen = perceive(make_cards(480, 320).photo.rgb)
    height, width = seen.disparity.shape
    assert seen.of_class("sky")[: height // 8, width // 2 :].mean() > 0.6
    assert seen.of_class("ground")[-height // 8 :, width // 3 :].mean() > 0.6
    dusk = perceive(data.rocket().astype(np.float32) / 255).of_class("sky")
    assert dusk[: height // 4].mean() > dusk[-height // 8 :].mean() + 0.2
    seen = perceive(data.astronaut().astype(np.float32) / 255)
    height, width = seen.subject.shape
    body = np.s_[height // 2 :, width // 4 : width // 2]
    assert seen.subject[body].mean() > 0.6
    assert seen.of_class("person")[body].mean() > 0.5
    assert seen.disparity[body].mean() > seen.disparity[: height // 3, : width // 6].mean()
