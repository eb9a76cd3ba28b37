"""`multiplane export` to .exr, .pptx, .usdz and folders: options do what they say, and suit what they are given for."""

import json

import pytest
from typer.testing import CliRunner

from multiplane.formats.archive import encode_archive
from multiplane.formats.facts import read_facts
from multiplane_cli.main import app
from scenes import noise_scene


@pytest.fixture
def scene(tmp_path):
    path = tmp_path / "scene.multiplane"
    path.write_bytes(encode_archive(noise_scene(count=3)))
    return path


def export(*words):
    return CliRunner().invoke(app, ["export", *map(str, words)])


@pytest.mark.parametrize("suffix", [".exr", ".pptx", ".usdz"])
def test_every_suffix_is_written_and_inspected(scene, tmp_path, suffix):
    done = export(scene, tmp_path / f"a{suffix}")
    assert done.exit_code == 0, done.output
    assert [layer.id for layer in read_facts(tmp_path / f"a{suffix}").layers] == ["layer-0", "layer-1", "layer-2"]
    assert export(scene, tmp_path / f"a{suffix}").exit_code == 1  # it is there already


def test_single_part(scene, tmp_path):
    assert export(scene, tmp_path / "a.exr", "--single-part").exit_code == 0
    assert read_facts(tmp_path / "a.exr").kind == "OpenEXR, 1 part"


def test_a_folder_brings_maps_unless_only_layers_are_asked_for(scene, tmp_path):
    assert export(scene, tmp_path / "all", "--pictures", "tiff").exit_code == 0
    assert export(scene, tmp_path / "few", "--layers-only").exit_code == 0
    everything, few = (json.loads((tmp_path / name / "layers.json").read_text()) for name in ("all", "few"))
    assert everything["layers"][0]["maps"]["normals"] == "01 thing 0.normals.tif"
    assert "maps" not in few["layers"][0]
    assert few["layers"][0]["file"] == "01 thing 0.png"


@pytest.mark.parametrize(
    "words", [("a.psd", "--single-part"), ("a.exr", "--layers-only"), ("a.exr", "--pictures", "png")]
)
def test_options_for_something_else_are_wrong_usage(scene, tmp_path, words):
    done = export(scene, tmp_path / words[0], *words[1:])
    assert done.exit_code == 2
    assert words[1] in done.output
    assert not (tmp_path / words[0]).exists()
