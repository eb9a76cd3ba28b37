"""What a whole thing looks like is learned from every group that the merging of pictures makes."""

import numpy as np
import pytest
import torch

import affinity
import wholes
from multiplane.segment.wholeness import best_cut, whole_by
from test_training_affinity import mottled_disc


@pytest.fixture(scope="module")
def taught() -> wholes.Taught:
    return wholes.tree_of(mottled_disc())


def test_whole_things_are_worth_most_and_every_thing_counts_the_same(taught: wholes.Taught) -> None:
    assert taught.iou.max(axis=0).min() > 0.85
    assert taught.quality[taught.iou[:, 1].argmax()] > 0.8
    everything = int(np.flatnonzero(taught.parent < 0)[0])
    share = taught.large
    assert taught.quality[everything] == pytest.approx(float((share**2).sum() / share.sum()), abs=0.02)
    assert taught.weight.sum() == pytest.approx(2.0, rel=1e-3)


def test_of_what_nobody_outlined_nothing_is_learned() -> None:
    rng = np.random.default_rng(1)
    rgb = np.clip(128 + rng.normal(0, 20, (96, 128, 3)), 0, 255).astype(np.uint8)
    rgb[:, :64] //= 2
    things = np.zeros((96, 128), np.int64)
    none = wholes.tree_of(affinity.Picture(rgb, things, None, partly=True))
    assert (none.weight == 0).all()
    things[20:80, :64] = affinity.OBJECT
    some = wholes.tree_of(affinity.Picture(rgb, things, None, partly=True))
    inside = some.iou[:, affinity.OBJECT] > 0
    assert (some.weight[inside] > 0).all()
    assert (some.weight[~inside] == 0).all()


def test_after_one_picture_its_things_are_chosen(taught: wholes.Taught) -> None:
    torch.manual_seed(0)
    many = 1 + 4 * wholes.BATCH // len(taught.size)
    weights = wholes.teach([taught] * many)
    quality = whole_by(taught.features, taught.weakest, weights)
    assert np.corrcoef(quality, taught.quality)[0, 1] > 0.7
    chosen = best_cut(taught.size, taught.parent, quality)
    assert taught.iou[chosen].max(axis=0).min() > 0.7
    assert "scenes chosen" in wholes.report([taught], weights)
