"""How the built-in answer to points looks closer at what is small, and what it calls alike."""

import numpy as np
import pytest

from multiplane.segment.alike import alike_to, directions, towards
from multiplane.segment.click_window import CLOSER, fitted, seen_in, surroundings, within
from multiplane.segment.meaning import Meaning
from multiplane.segment.prompt import Prompt

SHAPE = (480, 640)


def disc(x: float, y: float, radius: float, shape: tuple[int, int] = (48, 64)) -> np.ndarray:
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return ((columns - x) ** 2 + (rows - y) ** 2 < radius**2).astype(np.float32)


def test_what_is_small_is_looked_at_with_room_around_it() -> None:
    window = surroundings(disc(20, 30, 4), Prompt(((205, 305, True),)), SHAPE)
    assert window is not None
    rows, columns = window
    assert rows.start <= 230 and rows.stop >= 380
    assert columns.start <= 130 and columns.stop >= 280
    assert (rows.stop - rows.start) * (columns.stop - columns.start) <= CLOSER * SHAPE[0] * SHAPE[1]


def test_what_is_large_or_nowhere_is_not_looked_at_again() -> None:
    prompt = Prompt(((320, 240, True),))
    assert surroundings(disc(32, 24, 20), prompt, SHAPE) is None
    assert surroundings(np.zeros((48, 64), np.float32), prompt, SHAPE) is None


@pytest.mark.parametrize("place", [(0.0, 0.0), (639.9, 0.0), (639.9, 479.9), (100.0, 300.0)])
def test_every_point_in_the_thing_is_in_the_window(place: tuple[float, float]) -> None:
    window = surroundings(disc(place[0] / 10, place[1] / 10, 3), Prompt(((*place, True),)), SHAPE)
    assert window is not None
    ((x, y, positive),) = within(Prompt(((*place, True),)), window).points
    assert positive
    assert 0 <= x < window[1].stop - window[1].start
    assert 0 <= y < window[0].stop - window[0].start


def test_a_prompt_moves_with_the_window_and_loses_what_lies_beside_it() -> None:
    window = (slice(100, 200), slice(50, 150))
    prompt = Prompt(((60, 110, True), (10, 10, False), (149, 199, False)), (40, 90, 120, 180))
    assert within(prompt, window) == Prompt(((10, 10, True), (99, 99, False)), (-10, -10, 70, 80))


def test_a_prompt_fits_a_picture_of_another_size() -> None:
    assert fitted(Prompt(((64, 48, True),)), SHAPE, (240, 160)) == Prompt(((16.0, 24.0, True),))


def test_a_part_of_a_coarse_map_is_what_the_whole_shows_there() -> None:
    rows, columns = np.mgrid[:48, :64].astype(np.float32)
    part = seen_in(3 * rows + columns, (slice(100, 200), slice(200, 400)), SHAPE, (20, 40))
    places = np.mgrid[:20, :40] + 0.5
    expected = 3 * ((100 + places[0] * 5) / 10 - 0.5) + (200 + places[1] * 5) / 10 - 0.5
    np.testing.assert_allclose(part, expected, atol=0.2)  # OpenCV places samples to 1/32 of a pixel


def told_of(left: np.ndarray, right: np.ndarray) -> Meaning:
    """A picture (8, 16) whose left half has the features `left`, and whose right has `right`."""
    halves = np.where(np.arange(16) < 8, left[:, None], right[:, None])
    fine = np.repeat(halves[:, None], 8, axis=1).astype(np.float32)
    plane = np.zeros((8, 16), np.float32)
    return Meaning(plane[None], plane, plane, plane, directions(fine[:, ::4, ::4]), directions(fine))


def test_cells_are_like_their_own_kind_and_unlike_the_other() -> None:
    told = told_of(np.array([1.0, 0, 0]), np.array([0, 1.0, 0]))
    np.testing.assert_allclose(np.linalg.norm(told.fine, axis=0), 1.0, atol=1e-5)
    for seeds, kinds in (([0, 17], 1), ([0, 15], 2)):
        nearest, mean = alike_to(told, seeds)[2:]
        assert nearest[:, :8].min() > 0.99
        assert (nearest[:, 8:].max() < -0.99) == (kinds == 1)
        assert abs(mean[4, 12] - (-1.0 if kinds == 1 else 0.0)) < 0.01


def test_likeness_to_a_first_answer_is_likeness_to_its_mean() -> None:
    told = told_of(np.array([1.0, 0, 0]), np.array([0, 1.0, 0]))
    weight = np.zeros((8, 16), np.float32)
    weight[:, :8] = 1.0
    for plane in towards(told, weight):
        assert plane[:, :6].min() > 0.9
        assert plane[:, 10:].max() < -0.9
