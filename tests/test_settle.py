"""Alpha once both sides are known: where the picture is plainly one of them, it is that one's alone."""

import numpy as np
import pytest

from multiplane.matte.settle import settle

DARK, LIGHT = np.float32(0.1), np.float32(0.9)


def sides(shape: tuple[int, int] = (4, 6)) -> tuple[np.ndarray, np.ndarray]:
    return np.full((*shape, 3), DARK), np.full((*shape, 3), LIGHT)


@pytest.mark.parametrize("colour", [DARK, LIGHT])
def test_what_looks_like_one_side_is_that_sides(colour: np.float32) -> None:
    front, back = sides()
    alpha = np.full((4, 6), 0.5, np.float32)
    alpha[0, 0] = 1.0
    settled = settle(alpha, np.full((4, 6, 3), colour), front, back)
    wanted = 1.0 if colour == DARK else 0.0
    assert np.abs(settled[1:] - wanted).max() < 0.02
    assert settled[0, 0] == 1.0


def test_a_mixture_keeps_the_alpha_of_the_matte() -> None:
    front, back = sides()
    alpha = np.full((4, 6), 0.3, np.float32)
    alpha[0, 0] = 1.0
    middle = np.full((4, 6, 3), np.float32(0.5))
    np.testing.assert_allclose(settle(alpha, middle, front, back), alpha, atol=0.01)


def test_sides_of_one_colour_say_nothing() -> None:
    front, _ = sides()
    alpha = np.linspace(0, 1, 24, dtype=np.float32).reshape(4, 6)
    np.testing.assert_array_equal(settle(alpha, front, front, front), alpha)


def test_the_argument_is_not_changed_and_something_always_stays() -> None:
    front, back = sides()
    alpha = np.full((4, 6), 0.4, np.float32)
    before = alpha.copy()
    np.testing.assert_array_equal(settle(alpha, back, front, back), before)
    np.testing.assert_array_equal(alpha, before)
