"""What teaches the click networks: things out of numbered maps, parts of photos, cells on disk, random windows."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from click_cells import load, save
from click_data import Example, Outlined, from_numbered
from click_train import COARSE, disturbed
from multiplane.segment.meaning import Meaning


def example(rows: int = 40, columns: int = 48) -> Example:
    """An example whose every map says which column it is of, and whose thing is the right half."""
    across = np.broadcast_to(np.arange(columns, dtype=np.float32), (rows, columns)) / columns
    coarse = across[::COARSE, ::COARSE] + np.float32((COARSE - 1) / 2 / columns)
    things = (across >= 0.5).astype(np.float32)[None]
    meaning = Meaning(across[None], across, across, across, coarse[None], across[None])
    return Example(np.repeat(across[..., None], 3, axis=-1), across, meaning, things, "instances", False)


def test_numbered_maps_are_things_and_what_nobody_said_is_the_nearest_ones(tmp_path: Path) -> None:
    numbers = np.zeros((20, 30), np.uint8)
    numbers[5:15, 4:12], numbers[5:15, 14:24] = 1, 2
    numbers[5:15, 12:14] = 255
    for folder, picture in (("photos", np.zeros((20, 30, 3), np.uint8)), ("things", numbers)):
        (tmp_path / folder).mkdir()
        cv2.imwrite(str(tmp_path / folder / ("a.jpg" if folder == "photos" else "a.png")), picture)
    (outlined,) = from_numbered(tmp_path / "photos", tmp_path / "things")
    first, second = outlined.masks
    assert first[7:13, 4:13].all()
    assert second[7:13, 13:24].all()
    assert not (first & second).any()


def test_a_part_shows_its_things_where_it_shows_their_colours() -> None:
    mask = np.zeros((60, 80), np.bool_)
    mask[20:40, 10:70] = True
    rgb = np.where(mask[..., None], np.uint8(200), np.uint8(10)) * np.ones(3, np.uint8)
    part = Outlined(rgb, [mask], "instances", False).part(np.random.default_rng(3))
    assert part.rgb.shape[0] < 60
    assert part.rgb.shape[1] < 80
    assert ((part.rgb[..., 0] == 200) == part.masks[0]).all()


def test_cells_come_back_from_disk(tmp_path: Path) -> None:
    before = example()
    (tmp_path / "part").mkdir()
    save(before, tmp_path / "part" / "one.npz")
    (after,) = load(tmp_path)
    assert (after.source, after.held_out) == ("instances", False)
    for name in ("rgb", "disparity", "things"):
        np.testing.assert_allclose(getattr(after, name), getattr(before, name), atol=1e-3)
    np.testing.assert_allclose(after.meaning.tokens, before.meaning.tokens, atol=1e-3)


@pytest.mark.parametrize("seed", range(12))
def test_windows_keep_every_map_in_its_place(seed: int) -> None:
    shown = disturbed(example(), np.random.default_rng(seed))
    told, (rows, columns) = shown.meaning, shown.disparity.shape
    assert rows % COARSE == columns % COARSE == 0
    np.testing.assert_array_equal(told.subject, shown.disparity)
    np.testing.assert_array_equal(shown.things[0], (shown.disparity >= 0.5).astype(np.float32))
    coarse = told.subject.reshape(rows // COARSE, COARSE, columns // COARSE, COARSE).mean(axis=(1, 3))
    np.testing.assert_allclose(told.tokens[0], coarse, atol=1e-5)
