"""What belongs to one thing is learned from pairs that the merging of pictures comes by."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

import affinity
from multiplane.segment.affinity import judge


def mottled_disc() -> affinity.Picture:
    """A mottled red disc on a mottled grey wall."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:120, :160]
    disc = np.hypot(y - 60, x - 70) < 38
    rgb = np.where(disc[..., None], (190, 40, 30), (120, 125, 130)) + rng.normal(0, 8, (120, 160, 3))
    return affinity.Picture(np.clip(rgb, 0, 255).astype(np.uint8), disc.astype(np.int64), None, partly=False)


@pytest.fixture(scope="module")
def example() -> affinity.Example:
    return affinity.example_of(mottled_disc())


def test_every_pixel_of_a_picture_is_of_some_thing(example: affinity.Example) -> None:
    assert example.truth.shape == (example.graph.count, 2)
    share = example.truth.sum(axis=0) / example.truth.sum()
    assert share[1] == pytest.approx(np.pi * 38**2 / (120 * 160), abs=0.02)


def test_one_thing_is_told_from_two_after_one_picture(example: affinity.Example) -> None:
    torch.manual_seed(0)
    with ThreadPoolExecutor(2) as pool:
        features, target, weight = affinity.seen_while_merging([example] * 12, None, 0, pool)
    assert ((target >= 0) & (target <= 1)).all()
    assert (weight > 0).all()
    weights = affinity.teach(features, target, weight)
    found = judge(features, weights)
    assert np.average(found[target > 0.9]) > 0.8
    assert np.average(found[target < 0.1]) < 0.2
