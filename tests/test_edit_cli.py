"""`multiplane edit` on a real scene: every operation, one-line errors, undo, JSON, and nothing replaced unasked."""

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image
from skimage.data import coffee

from multiplane.formats.archive import load_scene
from multiplane.formats.save import save
from multiplane_cli.main import main
from scenes import assert_same_scene, photo_of, picture_scene

FAST = ("--matte", "guided", "--inpaint", "smooth")


class Done(NamedTuple):
    """How a command ended, as a finished process would tell it."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def multiplane(capsys, monkeypatch):
    """Runs the command line as the installed program does, in this process, which is quicker."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["multiplane", *map(str, words)])
        monkeypatch.setattr(logging.root, "handlers", [])  # so that warnings go to this run's stderr
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
        return Done(code, *capsys.readouterr())

    return run


@pytest.fixture
def edit(multiplane):
    """Runs `multiplane edit`."""
    return lambda scene, *words: multiplane("edit", scene, *words)


def ids(path):
    return [layer.id for layer in load_scene(path).layers]


@pytest.fixture
def scene(tmp_path):
    """A photograph, peeled into two discs before a backdrop."""
    path = tmp_path / "photo.multiplane"
    save(picture_scene(np.ascontiguousarray(coffee()[::3, ::3]), count=3), path)
    return path


def assert_one_clear_line(done, words):
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("multiplane: ")
    assert words in done.stderr


def test_a_day_of_edits_can_be_taken_back(edit, multiplane, scene, tmp_path):
    """Split, merge, rename and set-plane keep the picture; reorder, drop and replace say what they change."""
    first = load_scene(scene)
    photo = photo_of(first)
    mask = tmp_path / "mask.png"
    half = np.zeros(photo.shape[:2], np.uint8)
    half[:, : half.shape[1] // 2] = 255
    Image.fromarray(half).save(mask)
    exact = [
        ("split", "backdrop", "--mask", mask, "--name", "left half", *FAST),
        ("rename", "left half", "curtain"),
        ("set-plane", "curtain", "midground"),
        ("merge", "layer-2", "layer-1", "curtain"),
    ]
    for words in exact:
        done = edit(scene, *words)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == str(scene)
        assert done.stderr == ""
        assert np.array_equal(photo_of(load_scene(scene)), photo), words
    assert ids(scene) == ["layer-0", "layer-2"]
    back = edit(scene, "undo", "4")
    assert back.stdout.count("undo ") == 4
    assert_same_scene(load_scene(scene), first)
    assert edit(scene, "redo", "3").returncode == 0
    assert "curtain" in multiplane("inspect", scene).stdout
    listed = edit(scene, "history").stdout.splitlines()
    assert [line[:7] for line in listed] == ["undo  3", "undo  2", "undo  1", "redo  1"]
    assert "rename 'layer-3' to 'curtain'" in listed[1]


def test_what_changes_the_picture_is_counted(edit, scene, tmp_path):
    painted = tmp_path / "red.png"
    height, width = load_scene(scene).layers[2].rgba.shape[:2]
    Image.new("RGB", (width, height), "red").save(painted)
    photo = photo_of(load_scene(scene))
    for words in (("replace", "layer-2", painted), ("drop", "layer-2"), ("reorder", "layer-2", "--below", "layer-1")):
        done = edit(scene, *words, "-o", tmp_path / "other.multiplane", "--force")
        assert done.returncode == 0, done.stderr
        changed = (photo_of(load_scene(tmp_path / "other.multiplane")) != photo).any(axis=-1).sum()
        said = [line for line in done.stdout.splitlines() if line.endswith("pixels of the picture changed")]
        assert said == ([f"{changed} pixels of the picture changed"] if changed else [])
        if words[0] == "reorder":
            assert (f"in {changed} pixels" in done.stderr) == bool(changed)
    assert edit(scene, "history").stdout == "no edits yet\n"


def test_json_is_one_object(edit, scene):
    for words in (("rename", "layer-2", "disc"), ("undo",), ("redo",)):
        facts = json.loads(edit(scene, *words, "--json").stdout)
        assert facts["scene"] == str(scene)
        assert len(facts["layers"]) == 3
    assert (facts["undo"], facts["redo"]) == (1, 0)
    assert facts["layers"][2]["name"] == "disc"
    assert json.loads(edit(scene, "history", "--json").stdout) == {
        "past": ["rename 'layer-2' to 'disc'"],
        "future": [],
    }


def test_a_split_at_a_point_takes_the_thing_there(edit, tmp_path):
    """A photograph in one layer: the coffee is somewhere in the middle, the table's corner is not of it."""
    scene = tmp_path / "coffee.multiplane"
    save(picture_scene(np.ascontiguousarray(coffee()[::2, ::2]), count=1), scene)
    photo = photo_of(load_scene(scene))
    done = edit(scene, "split", "backdrop", "--point", "148,75 -290,190", "--name", "coffee", *FAST)
    assert done.returncode == 0, done.stderr
    after = load_scene(scene)
    assert np.array_equal(photo_of(after), photo)
    assert [layer.name for layer in after.layers] == ["000 backdrop", "coffee"]
    x, y = after.layers[1].corner
    assert after.layers[1].rgba[75 - y, 148 - x, 3] == 1
    assert after.layers[0].filled[75, 148]


def test_the_installed_program_knows_it(scene):
    program = Path(sys.executable).parent / "multiplane"
    done = subprocess.run([program, "edit", scene, "history"], capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (0, "no edits yet\n", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("drop", "vase"), "no layer is called 'vase'; choose one of: layer-2, layer-1, layer-0"),
        (("drop", "layer"), "fits more than one layer"),
        (("drop", "backdrop"), "is the backdrop"),
        (("rename", "layer-1", "000 backdrop"), "is called '000 backdrop' already"),
        (("reorder", "layer-1", "--to", "7"), "no place 7 among 3"),
        (("merge", "layer-1", "layer-1"), "two different layers"),
        (("split", "layer-1", "--by", "component"), "hangs together"),
        (("split", "layer-1", "--point", "0,0"), "does not show at 0,0; there are: layer-0"),
        (("split", "layer-1", "--by", "depth", "--matte", "none"), "no matte backend"),
        (("replace", "layer-1", "missing.png"), "missing.png"),
        (("split", "layer-1", "--mask", "missing.png"), "missing.png"),
        (("undo",), "nothing to undo"),
        (("redo",), "nothing to redo"),
        (("drop", "layer-1", "-o", "photo.psd"), "ends in .multiplane"),
    ],
)
def test_what_cannot_be_is_told_in_one_line_and_changes_nothing(edit, scene, words, said):
    before = scene.read_bytes()
    assert_one_clear_line(edit(scene, *words), said)
    assert scene.read_bytes() == before
    assert list(scene.parent.iterdir()) == [scene]


def test_nothing_is_replaced_unasked(edit, scene):
    assert_one_clear_line(edit(scene, "drop", "layer-1", "-o", scene), "--force")


def test_usage_errors_exit_with_2(edit, scene):
    for words in (
        (),
        ("nonsense",),
        ("split", "layer-1"),
        ("split", "layer-1", "--by", "depth", "--point", "3,3"),
        ("split", "layer-1", "--point", "3,3", "--into", "2"),
        ("split", "layer-1", "--by", "depth", "--name", "x"),
        ("split", "layer-1", "--point", ""),
        ("reorder", "layer-1"),
        ("reorder", "layer-1", "--to", "1", "--above", "layer-2"),
        ("set-plane", "layer-1", "middle"),
    ):
        assert edit(scene, *words).returncode == 2, words


def test_help_needs_no_scene(multiplane, scene):
    for words in (("--help",), ("split", "--help"), (scene, "split", "--help"), (scene, "-h"), ("undo", "-h")):
        done = multiplane("edit", *words)
        assert done.returncode == 0, done.stderr
        assert "Example" in done.stdout
