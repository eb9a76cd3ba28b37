"""The second look adds outlines, and neither another scale nor another scene."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from multiplane.depth import closer_look


@pytest.fixture
def scene(monkeypatch):
    """A photo whose network sees exactly what is there, each part at a scale and shift of its own, 96 pixels wide."""
    rows, columns = np.mgrid[:480, :640].astype(np.float32)
    truth = 0.2 + 0.5 * rows / 480 + 0.3 * (np.hypot(rows - 200, columns - 300) < 90)
    photo = np.repeat(truth[..., None], 3, axis=2).astype(np.float32)
    seen = []

    def perceive(part):
        seen.append(part.shape)
        small = cv2.resize(part[..., 0], (96, 72), interpolation=cv2.INTER_AREA)
        return SimpleNamespace(disparity=small * np.float32(len(seen)) + np.float32(len(seen) / 10))

    monkeypatch.setattr(closer_look, "perceive", perceive)
    first = cv2.resize(photo[..., 0], (96, 72), interpolation=cv2.INTER_AREA)
    return SimpleNamespace(photo=photo, first=first, seen=seen)


def test_outlines_come_finer_at_the_first_looks_scale(scene) -> None:
    closer = closer_look.with_detail(scene.first, scene.photo)
    assert closer.shape == (120, 160)
    assert len(scene.seen) == closer_look.TILES**2
    truth = cv2.resize(scene.photo[..., 0], (160, 120), interpolation=cv2.INTER_AREA)
    before = cv2.resize(scene.first, (160, 120), interpolation=cv2.INTER_CUBIC)
    assert np.abs(closer - truth).mean() < 0.6 * np.abs(before - truth).mean()


def test_a_part_that_saw_another_scene_is_left_out(scene, monkeypatch) -> None:
    noise = np.random.default_rng(0).random((72, 96)).astype(np.float32)
    monkeypatch.setattr(closer_look, "perceive", lambda part: SimpleNamespace(disparity=noise))
    closer = closer_look.with_detail(scene.first, scene.photo)
    assert np.array_equal(closer, cv2.resize(scene.first, (160, 120), interpolation=cv2.INTER_CUBIC))


def test_small_photos_are_seen_once(scene) -> None:
    small = cv2.resize(scene.photo, (200, 150))
    assert closer_look.with_detail(scene.first, small) is scene.first
    assert not scene.seen
