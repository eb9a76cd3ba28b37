"""A folder of PNG layers holds everything that puts the photo and its depth together again, under safe names."""

import json
from dataclasses import replace

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multiplane.errors import OutputError
from multiplane.formats.png_folder import depth_levels, file_names, write_png_folder
from multiplane.pixels.levels import to_levels
from multiplane.pixels.over import over
from multiplane.pixels.zbuffer import nearest_depth
from scenes import HOSTILE_NAMES, hostile_scene, noise_scene, photo_of


def png(path):
    return imagecodecs.png_decode(path.read_bytes())


@pytest.mark.parametrize("bit_depth", [8, 16])
def test_the_files_and_their_corners_give_back_the_photo(tmp_path, bit_depth):
    scene = noise_scene(3, bit_depth=bit_depth, shadow=True, transparent=True)
    write_png_folder(scene, tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "layers.json").read_text())
    canvas = np.zeros((scene.camera.height, scene.camera.width, 3), np.uint8 if bit_depth == 8 else np.uint16)
    for row in manifest["layers"]:
        (x, y), (w, h) = row["corner"], row["size"]
        window = canvas[y : y + h, x : x + w]
        window[:] = over(png(tmp_path / "out" / row["file"]).reshape(h, w, 4), window, row["blend"])
    np.testing.assert_array_equal(canvas, photo_of(scene))
    np.testing.assert_array_equal(png(tmp_path / "out" / manifest["alpha"]), to_levels(scene.alpha, bit_depth))
    bottom = to_levels(scene.layers[0].rgba[..., :3], bit_depth)
    np.testing.assert_array_equal(png(tmp_path / "out" / manifest["background"]), bottom)


def test_the_manifest_says_how_to_read_the_depth(tmp_path):
    scene = noise_scene(3)
    write_png_folder(scene, tmp_path / "out")
    depth = json.loads((tmp_path / "out" / "layers.json").read_text())["depth"]
    value = png(tmp_path / "out" / depth["file"]).astype(np.float64)
    assert depth["mapping"] == "z = 1 / (1/far + value/65535 * (1/near - 1/far))"
    z = eval(depth["mapping"].removeprefix("z = "), {"value": value, "near": depth["near"], "far": depth["far"]})
    true = nearest_depth(scene.layers, scene.camera.height, scene.camera.width)
    step = (1 / depth["near"] - 1 / depth["far"]) / 65535
    assert np.abs(1 / z - 1 / true).max() <= step * 0.51


@pytest.mark.parametrize("near", [1e-6, 1.0, 1e6])
def test_a_constant_depth_can_be_written(near):
    levels, low, high = depth_levels(np.full((2, 3), near, np.float32))
    assert low == high == np.float32(near)
    assert not levels.any()


def test_depth_is_that_of_the_uppermost_half_opaque_sheet():
    scene = noise_scene(8, count=5)
    slow = np.zeros((scene.camera.height, scene.camera.width), np.float32)
    for layer in scene.layers:
        for row, column in np.ndindex(layer.z.shape):
            if layer.rgba[row, column, 3] >= 0.5:
                slow[layer.corner[1] + row, layer.corner[0] + column] = layer.z[row, column]
    np.testing.assert_array_equal(nearest_depth(scene.layers, *slow.shape), slow)


class TestFileNames:
    @settings(max_examples=200, deadline=None)
    @given(st.lists(st.text(max_size=200), min_size=1, max_size=5))
    def test_are_safe_on_every_system(self, names):
        made = file_names(names)
        assert len({name.casefold() for name in made}) == len(names)
        for name in made:
            assert len(name.encode()) <= 140
            assert not set(name) & set('<>:"/\\|?*\n\t\0')
            assert all(mark.isprintable() for mark in name)
            assert name[:2].isdigit()  # so no name is a reserved word, begins with a dot or a dash
            assert not name.removesuffix(".png").endswith((".", " "))

    def test_say_the_layers_name_without_its_number(self):
        assert file_names(["000 sky", "010 person 1", "42"]) == ["01 sky.png", "02 person 1.png", "03 42.png"]

    def test_of_hostile_layers_can_be_written(self, tmp_path):
        write_png_folder(hostile_scene(), tmp_path / "out")
        manifest = json.loads((tmp_path / "out" / "layers.json").read_text())
        assert [row["name"] for row in manifest["layers"]] == list(HOSTILE_NAMES)
        assert {path.parent for path in (tmp_path / "out").rglob("*")} == {tmp_path / "out"}

    def test_of_a_name_that_no_encoding_knows_can_be_written(self, tmp_path):
        scene = noise_scene(count=1)
        scene = replace(scene, layers=(replace(scene.layers[0], name="broken \ud800 name"),))
        write_png_folder(scene, tmp_path / "out")
        assert json.loads((tmp_path / "out" / "layers.json").read_text())["layers"][0]["name"] == "broken \ud800 name"


class TestWritingAgain:
    def test_leaves_no_stale_layer_and_no_user_file_out(self, tmp_path):
        target = tmp_path / "out"
        write_png_folder(hostile_scene(), target)
        (target / "notes.txt").write_text("mine")
        write_png_folder(noise_scene(count=2), target)
        assert {path.name for path in target.iterdir()} == {
            "01 thing 0.png", "02 thing 1.png", "background.png", "depth.png", "layers.json", "notes.txt",
        }  # fmt: skip
        assert (target / "notes.txt").read_text() == "mine"

    @pytest.mark.parametrize("manifest", [None, "{}", "[]", "not json", '{"format": "another", "layers": []}'])
    def test_refuses_a_folder_that_is_not_ours(self, tmp_path, manifest):
        (tmp_path / "notes.txt").write_text("mine")
        if manifest is not None:
            (tmp_path / "layers.json").write_text(manifest)
        before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
        with pytest.raises(OutputError, match="not empty"):
            write_png_folder(noise_scene(), tmp_path)
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
