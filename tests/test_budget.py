"""How far an eye may move: as far as what is behind was filled in with care, whatever else is in the scene."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from multiplane.formats.archive import load_manifest, load_scene
from multiplane.formats.save import save
from multiplane.render.budget import WELL_FILLED, amplitude_of, safe_amplitude, safe_parallax
from multiplane.render.clip import render_clip
from multiplane.scene import Camera, Layer, Scene

WIDTH, HEIGHT = 600, 400


def sheet(name: str, width: int, z: float, x: int) -> Layer:
    """A grey card from column `x` on; the two farther ones are wholly filled in where the nearest hides them."""
    rgba = np.full((HEIGHT, width, 4), (0.5, 0.5, 0.5, 1), np.float32)
    filled = np.zeros((HEIGHT, width), bool)
    filled[:, 300 - x :] = x < 300
    return Layer(name, name, "object", "background", (x, 0), rgba, np.full((HEIGHT, width), z, np.float32), filled)


def two_cards(hidden: int) -> Scene:
    """A card at depth 2 over the right half; the one at depth 4 goes on for `hidden` pixels behind it."""
    back, middle, front = (
        sheet("back", WIDTH, 10.0, 0),
        sheet("middle", 300 + hidden, 4.0, 0),
        sheet("front", 300, 2.0, 300),
    )
    return Scene(Camera.from_focal_35mm(WIDTH, HEIGHT), (back, middle, front))


def test_the_share_of_the_width_and_the_amplitude_say_the_same() -> None:
    scene = two_cards(40)
    assert amplitude_of(scene, safe_parallax(scene)) == pytest.approx(safe_amplitude(scene))


def test_parallax_is_what_near_and_far_move_against_each_other() -> None:
    """Between depths 2 and 4, of which 40 pixels are filled in, that is 40 pixels of the width."""
    assert 34 / WIDTH <= safe_parallax(two_cards(40)) <= 40 / WIDTH


def test_a_fill_without_end_is_trusted_only_as_deep_as_care_goes() -> None:
    scene = two_cards(300)
    uncovered = safe_amplitude(scene) * scene.camera.focal * (1 / 2 - 1 / 4)
    assert uncovered == pytest.approx(WELL_FILLED * np.hypot(WIDTH, HEIGHT), abs=2)


def test_taking_the_nearest_card_away_gives_all_room() -> None:
    scene = two_cards(40)
    assert safe_parallax(replace(scene, layers=scene.layers[:1])) == float("inf")


def test_a_scene_of_sheets_that_only_multiply_has_all_room() -> None:
    scene = two_cards(40)
    shadows = tuple(replace(layer, blend="multiply") for layer in scene.layers)
    assert safe_parallax(replace(scene, layers=shadows)) == float("inf")


def test_a_clip_keeps_to_the_parallax_that_the_archive_tells_unless_told_otherwise(tmp_path: Path) -> None:
    """Behind the grey that was filled in lies red, which a clip by itself never uncovers."""
    scene = two_cards(10)
    red = np.full((HEIGHT, WIDTH, 4), (1, 0, 0, 1), np.float32)
    save(replace(scene, layers=(replace(scene.layers[0], rgba=red), *scene.layers[1:])), tmp_path / "s.multiplane")
    told, read = load_manifest(tmp_path / "s.multiplane")["safe_parallax"], load_scene(tmp_path / "s.multiplane")
    assert 0 < told == safe_parallax(read)
    # Far enough out that a clip would uncover red if it went by taste alone: near and far are depths 2 and 4 here.
    assert told < 0.025
    for amplitude, uncovered in ((None, False), (amplitude_of(read, 0.1), True)):
        frames = np.stack(list(render_clip(read, 1.0, 12, 300, amplitude))).astype(int)
        assert bool((frames[..., 0] - frames[..., 1] > 60).any()) is uncovered
