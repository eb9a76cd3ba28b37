"""`multiplane import` on files: in place and undoable by default, elsewhere with -o, one line for what goes wrong."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from multiplane.formats.archive import load_scene
from multiplane.formats.revision import travel
from multiplane.formats.save import save
from multiplane_cli.main import main
from scenes import assert_same_scene, noise_scene


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs the command line; gives exit code, standard output, standard error."""

    def multiplane(*words):
        monkeypatch.setattr(sys, "argv", ["multiplane", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            main()
        said = capsys.readouterr()
        return stop.value.code or 0, said.out, said.err

    return multiplane


@pytest.fixture
def files(tmp_path):
    """A scene, the archive of it, and a .psd in which a designer renamed a layer and deleted another."""
    scene = noise_scene(6, count=5)
    edited = replace(scene, layers=(*scene.layers[:2], replace(scene.layers[2], name="mine"), scene.layers[4]))
    save(scene, tmp_path / "scene.multiplane")
    save(edited, tmp_path / "edited.psd")
    return scene, edited, tmp_path / "scene.multiplane", tmp_path / "edited.psd"


def test_changes_the_scene_itself_and_can_be_undone(run, files):
    scene, edited, archive, psd = files
    code, out, err = run("import", psd, "--into", archive)
    assert (code, err) == (0, "")
    assert out == f"3 kept, 1 renamed, 1 gone\n{archive}\n"
    assert_same_scene(load_scene(archive), edited)
    assert travel(archive, "undo", 1, archive)[0] == ["import edited.psd"]
    assert_same_scene(load_scene(archive), scene)


def test_with_out_the_scene_stays_and_nothing_is_replaced_unasked(run, files, tmp_path):
    _, edited, archive, psd = files
    before = archive.read_bytes()
    target = tmp_path / "new.multiplane"
    assert run("import", psd, "--into", archive, "-o", target)[0] == 0
    assert_same_scene(load_scene(target), edited)
    code, _, err = run("import", psd, "--into", archive, "-o", target)
    assert (code, err.count("\n")) == (1, 1)
    assert "--force" in err
    assert run("import", psd, "--into", archive, "-o", target, "--force")[0] == 0
    assert archive.read_bytes() == before


def test_what_was_not_edited_is_not_written(run, files, tmp_path):
    scene, _, archive, _ = files
    save(scene, tmp_path / "same.ora")
    before = archive.read_bytes()
    code, out, _ = run("import", tmp_path / "same.ora", "--into", archive)
    assert (code, out) == (0, f"5 kept\n{archive}\n")
    assert archive.read_bytes() == before


def test_json_tells_every_layer(run, files):
    _, edited, archive, psd = files
    code, out, _ = run("import", psd, "--into", archive, "--json")
    facts = json.loads(out)
    assert code == 0
    assert [layer["name"] for layer in facts["layers"]] == [layer.name for layer in edited.layers]
    assert [layer["changes"] for layer in facts["layers"]] == [[], [], ["renamed"], []]
    assert facts["gone"] == ["030 thing 3"]
    assert np.isfinite([layer["depth"] for layer in facts["layers"]]).all()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data: data[: len(data) // 2], "damaged"),
        (lambda _: b"no", "no layered file"),
        (lambda _: b"", "no layered"),
    ],
    ids=["cut short", "other", "empty"],
)
def test_a_damaged_file_is_one_line_and_changes_nothing(run, files, damage, words):
    _, _, archive, psd = files
    before = archive.read_bytes()
    psd.write_bytes(damage(psd.read_bytes()))
    code, out, err = run("import", psd, "--into", archive)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert words in err
    assert archive.read_bytes() == before


def test_another_scenes_file_is_refused_by_its_size(run, files, tmp_path):
    save(noise_scene(1, 40, 40), tmp_path / "other.ora")
    code, _, err = run("import", tmp_path / "other.ora", "--into", files[2])
    assert code == 1
    assert "40 x 40 pixels, but the scene's is 23 x 17" in err
