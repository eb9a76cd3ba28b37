"""`multiplane export` of models and of scripts: options reach the file, a script brings what it opens."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from gltf_view import read
from multiplane.formats.save import save
from scenes import picture_scene


def export(*words: object) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "multiplane"), "export", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scene") / "photo.multiplane"
    save(picture_scene(np.ascontiguousarray(skimage.data.astronaut()[::4, ::4])), path)
    return path


def test_options_of_a_model_reach_the_file(scene: Path, tmp_path: Path) -> None:
    shape = ("--geometry", "relief", "--triangles", 900, "--move", "sway")
    looks = ("--lit", "--textures", "webp", "--texture-size", 64)
    done = export(scene, tmp_path / "a.glb", *shape, *looks)
    assert done.returncode == 0, done.stderr
    doc = read((tmp_path / "a.glb").read_bytes())
    facts = doc.scenes[0].extras
    assert facts["geometry"] == "relief"
    assert 100 < facts["triangles"] <= 900
    assert facts["eye_budget"] >= 0
    assert {"EXT_texture_webp", "KHR_lights_punctual", "KHR_materials_variants"} <= set(doc.extensionsUsed)
    assert [each.name for each in doc.animations] == ["sway"]


@pytest.mark.parametrize(("script", "opened"), [("a.jsx", "a.psd"), ("a.py", "a.glb")])
def test_a_script_comes_with_what_it_opens_and_replaces_neither_unasked(
    script: str, opened: str, scene: Path, tmp_path: Path
) -> None:
    (tmp_path / opened).write_text("mine")
    done = export(scene, tmp_path / script)
    assert (done.returncode, (tmp_path / opened).read_text()) == (1, "mine")
    assert not (tmp_path / script).exists()
    done = export(scene, tmp_path / script, "--force")
    assert done.stdout.split() == [str(tmp_path / script), str(tmp_path / opened)]
    assert (tmp_path / opened).stat().st_size > 1000


@pytest.mark.parametrize(
    ("words", "complaint"),
    [(("a.psd", "--lit"), "--lit is for 3D models"), (("a.glb", "--triangles", "99"), "is for --geometry relief")],
)
def test_an_option_that_would_do_nothing_is_refused(
    words: tuple[str, ...], complaint: str, scene: Path, tmp_path: Path
) -> None:
    done = export(scene, tmp_path / words[0], *words[1:])
    assert done.returncode == 2
    assert complaint in done.stderr
    assert not list(tmp_path.iterdir())
