"""`multiplane edit SCENE` move, scale, flip, duplicate, remove: from the command line, undoably, told in one line."""

import logging
import sys

import pytest

from multiplane.formats.archive import load_scene
from multiplane.formats.save import save
from multiplane_cli.main import main
from scenes import assert_same_scene
from test_move import box, make


@pytest.fixture
def scene(tmp_path):
    path = tmp_path / "cups.multiplane"
    save(make(box("cup", 60, 4.0)), path)
    return path


@pytest.fixture
def edit(capsys, monkeypatch):
    def run(*words):
        monkeypatch.setattr(sys, "argv", ["multiplane", "edit", *map(str, words)])
        monkeypatch.setattr(logging.root, "handlers", [])
        try:
            main()
        except SystemExit as stop:
            return stop.code or 0, capsys.readouterr()
        return 0, capsys.readouterr()

    return run


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("move", "1 cup", "--dx", "40", "--dy", "-12"), "move 'cup' by 40, -12"),
        (("move", "1 cup", "--dz", "1.5"), "move 'cup' by 0, 0, 1.5 in depth"),
        (("move", "1 cup", "--dx", "9", "--no-physics"), "move 'cup' by 9, 0, flat"),
        (("scale", "1 cup", "0.8"), "scale 'cup' by 0.8"),
        (("flip", "1 cup"), "flip 'cup'"),
        (("duplicate", "1 cup", "--dx", "60", "--name", "mug"), "duplicate 'cup' as 'cup-2', moved by 60, 0"),
        (("remove", "1 cup"), "remove 'cup' and its shadow"),
    ],
)
def test_each_says_what_it_did_and_can_be_undone(edit, scene, words, said):
    before = load_scene(scene)
    code, told = edit(scene, *words)
    assert (code, told.out.splitlines()[0]) == (0, said), told.err
    assert "pixels of the picture changed" in told.out
    assert edit(scene, "undo")[0] == 0
    assert_same_scene(load_scene(scene), before)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("move", "1 cup"), 2, "say how far"),
        (("move", "1 cup", "--dy", "-90"), 1, "above the horizon"),
        (("move", "wall", "--dx", "5"), 1, "is the backdrop"),
        (("scale", "1 cup", "0"), 1, "0.02 to 50 times"),
        (("duplicate", "1 cup", "--name", "010 wall"), 1, "010 wall"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_changes(edit, scene, words, code, said):
    before = scene.read_bytes()
    got, told = edit(scene, *words)
    assert got == code
    assert said in told.err
    assert scene.read_bytes() == before
