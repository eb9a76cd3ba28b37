"""What a .psd cannot hold becomes a .psb, is said once, and replaces nothing unasked."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from psd_tools import PSDImage
from typer.testing import CliRunner

from extreme_scene import extreme_scene
from multiplane.formats import psd
from multiplane.formats.archive import encode_archive
from multiplane_cli.main import app
from scenes import noise_scene


def run(*words):
    return CliRunner().invoke(app, [*map(str, words)])


def test_export_of_more_than_30000_pixels(tmp_path):
    scene = tmp_path / "wide.multiplane"
    scene.write_bytes(encode_archive(extreme_scene()))
    done = run("export", scene, tmp_path / "wide.psd")
    assert done.exit_code == 0, done.output
    assert done.stderr == "The scene is larger than a .psd can be: it becomes a .psb.\n"
    assert done.stdout.strip() == str(tmp_path / "wide.psb")
    assert PSDImage.open(tmp_path / "wide.psb").size == (30_001, 12)
    assert not (tmp_path / "wide.psd").exists()
    assert run("export", scene, tmp_path / "wide.psd").exit_code == 1  # the .psb is there already
    assert run("export", scene, tmp_path / "wide.psd", "--force").exit_code == 0


def test_decompose_of_more_than_30000_pixels(tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (4, 30_001, 3), np.uint8)).save(tmp_path / "wide.png")
    fast = ("--matte", "guided", "--inpaint", "smooth", "--layers", 1)
    done = run("decompose", tmp_path / "wide.png", "-o", tmp_path / "out", "--to", "psd", *fast)
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["wide.multiplane", "wide.psb"]
    assert str(tmp_path / "out" / "wide.psb") in done.stdout


@pytest.mark.parametrize("bit_depth", [8, 16])
def test_layers_of_more_bytes_than_a_psd_holds(monkeypatch, bit_depth):
    scene = replace(noise_scene(count=2), bit_depth=bit_depth)
    raw = sum(layer.rgba.size for layer in scene.layers) * bit_depth // 8
    monkeypatch.setattr(psd, "MOST_BYTES_PSD", raw)
    assert not psd.outgrows_psd(scene)
    monkeypatch.setattr(psd, "MOST_BYTES_PSD", raw - 1)
    assert psd.outgrows_psd(scene)


def test_a_script_brings_what_it_opens(tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)).save(tmp_path / "a.png")
    fast = ("--matte", "guided", "--inpaint", "smooth", "--layers", 2)
    done = run("decompose", tmp_path / "a.png", "-o", tmp_path / "out", "--to", "jsx,py,usdz,exr,pptx", *fast)
    assert done.exit_code == 0, done.output
    names = {path.suffix for path in (tmp_path / "out").iterdir()}
    assert names == {".multiplane", ".jsx", ".psd", ".py", ".glb", ".usdz", ".exr", ".pptx"}
