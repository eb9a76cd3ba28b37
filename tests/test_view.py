"""The viewer's protocol over a real server: descriptions, pictures, every edit, undo and redo, saving, exporting."""

import io
import json
import shutil
import threading
import time
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from skimage.data import coffee

from multiplane.formats.archive import decode_archive, load_scene
from multiplane.formats.revision import open_scene, read_history, write_edit
from multiplane.formats.save import SUFFIXES, save
from multiplane.formats.view_pictures import ViewPicture
from multiplane.inpaint import load_inpaint
from multiplane.matte import load_matte
from multiplane_cli.view_bench import Bench, Stopped
from multiplane_cli.view_export import TITLES
from multiplane_cli.view_pictures import PREFIX, Pictures
from multiplane_cli.view_session import Session
from scenes import assert_same_scene, hostile_scene, noise_scene, photo_of, picture_scene
from viewer_client import viewer


@pytest.fixture(autouse=True)
def quick_tools(monkeypatch):
    """The matte and the fill that take least time, and discs around points instead of things."""
    matte, inpaint = load_matte("guided"), load_inpaint("smooth")
    monkeypatch.setattr("multiplane.matte.load_matte", lambda _: matte)
    monkeypatch.setattr("multiplane.inpaint.load_inpaint", lambda _: inpaint)
    monkeypatch.setattr("multiplane.segment.prompted.load_prompted", lambda _: _disc)


def _disc(rgb, z, prompt):
    left, top, right, bottom = prompt.box or (*prompt.points[0][:2], *prompt.points[0][:2])
    rows, columns = np.ogrid[: rgb.shape[0], : rgb.shape[1]]
    return np.hypot(columns - (left + right) / 2, rows - (top + bottom) / 2) < 15


@pytest.fixture
def file(tmp_path):
    """A photograph, peeled into two discs before a backdrop."""
    path = tmp_path / "photo.multiplane"
    save(picture_scene(np.ascontiguousarray(coffee()[::4, ::4]), count=3), path)
    return path


@pytest.fixture
def work(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def page(file, work):
    with viewer(Session(file, work)) as client:
        yield client


def ids(description):
    return [layer["id"] for layer in description["layers"]]


def picture(client, address):
    return np.asarray(Image.open(io.BytesIO(client.ask(address))))


def test_the_description_says_what_can_be_done(page, file):
    described = page.scene()
    assert (described["editable"], described["canUndo"], described["canRedo"], described["unsaved"]) == (
        True, False, False, False,
    )  # fmt: skip
    assert [each["suffix"] for each in described["formats"]] == list(TITLES)
    assert described["file"] == file.name
    assert ids(described) == ["layer-0", "layer-1", "layer-2"]


def test_everything_that_can_be_saved_can_be_exported():
    assert set(SUFFIXES) <= set(TITLES)


def test_the_pictures_are_the_layers_and_the_photo(page, file):
    scene, described = load_scene(file), page.scene()
    for layer, row in zip(scene.layers, described["layers"], strict=True):
        texture = picture(page, row["texture"])
        seen = layer.visible
        assert np.array_equal(texture[seen], np.rint(layer.rgba[seen] * 255).astype(np.uint8))
        assert np.array_equal(picture(page, row["filled"]) > 0, layer.filled)
        assert max(picture(page, row["thumbnail"]).shape[:2]) <= 96
    assert np.array_equal(picture(page, described["photo"]), photo_of(scene))
    assert np.array_equal(picture(page, "/api/photo"), photo_of(scene))
    assert page.headers["Cache-Control"] == "no-store"
    page.ask("/api/picture/texture-0")
    assert page.last == 404


def test_what_did_not_change_keeps_its_address(page):
    before = page.scene()["layers"]
    after = page.edit("rename", id="layer-1", name="disc")["layers"]
    assert [row["texture"] for row in after] == [row["texture"] for row in before]
    assert [row["disparity"] for row in after] == [row["disparity"] for row in before]


def test_new_words_do_not_cost_a_new_description(page, monkeypatch):
    before = page.scene()

    def fail(*_):
        raise AssertionError("described anew")

    monkeypatch.setattr("multiplane_cli.view_api.describe_view", fail)
    named = page.edit("rename", id="layer-1", name="disc")
    placed = page.edit("setPlane", id="layer-1", plane="background")
    assert (named["layers"][1]["name"], placed["layers"][1]["plane"]) == ("disc", "background")
    rest = ("name", "plane")
    for rows in (named["layers"], placed["layers"]):
        for row, old in zip(rows, before["layers"], strict=True):
            assert {key: row[key] for key in row if key not in rest} == {
                key: old[key] for key in old if key not in rest
            }
    monkeypatch.undo()
    assert len(page.edit("drop", id="layer-1")["layers"]) == 2


def test_the_photo_stays_what_it_was_before_all_edits(page, file):
    photo = page.scene()["photo"]
    after = page.edit("drop", id="layer-2")
    assert after["photo"] == photo
    page.post("/api/save")
    with viewer(Session(file, page.session.working.parent)) as again:
        assert again.scene()["photo"].split("?")[0] == photo.split("?")[0]


EDITS = (
    {"action": "rename", "id": "layer-1", "name": "the disc"},
    {"action": "setPlane", "id": "layer-1", "plane": "foreground"},
    {"action": "reorder", "id": "layer-2", "before": "layer-1"},
    {"action": "reorder", "id": "layer-1", "after": "layer-2"},
    {"action": "merge", "ids": ["layer-1", "layer-2"]},
    {"action": "drop", "id": "layer-2"},
    {"action": "drop", "id": "layer-2", "shadow": True},
    {"action": "move", "id": "layer-2", "dx": 12, "dy": -3},
    {"action": "move", "id": "layer-2", "dx": -9.5, "physics": False},
    {"action": "scale", "id": "layer-2", "factor": 0.8},
    {"action": "flip", "id": "layer-2"},
    {"action": "duplicate", "id": "layer-2", "dx": 20, "name": "twin"},
    {"action": "select", "points": [[75, 37, 1], [140, 90, 0]]},
    {"action": "select", "box": [20, 10, 60, 60], "points": [], "name": "corner"},
)

WORDS = {"setPlane": "set-plane", "select": "split"}
"""What the command line calls an action where the page has another word."""


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: " ".join(map(str, edit.values())))
def test_every_edit_can_be_undone_redone_saved_and_read_again(page, file, edit):
    first, before = load_scene(file), page.scene()
    after = page.edit(**edit)
    assert page.last == 200, after
    assert after["did"].startswith("remove" if edit.get("shadow") else WORDS.get(edit["action"], edit["action"]))
    assert (after["canUndo"], after["canRedo"], after["unsaved"]) == (True, False, True)
    assert after["layers"] != before["layers"] or edit.get("after")
    assert_same_scene(load_scene(file), first)
    edited = page.session.scene
    back = page.edit("undo")
    assert (back["layers"], back["canUndo"], back["canRedo"]) == (before["layers"], False, True)
    assert not back["unsaved"]
    assert page.edit("redo")["layers"] == after["layers"]
    assert page.post("/api/save") == {"path": str(file)}
    assert not page.scene()["unsaved"]
    assert_same_scene(load_scene(file), edited)
    assert [step.words for step in read_history(file).past] == [after["did"]]


def test_what_answers_clicks_can_be_loaded_beforehand(page):
    assert page.post("/api/prepare") == {}


def test_the_order_is_far_to_near_and_before_is_farther(page):
    assert ids(page.edit("reorder", id="layer-2", before="layer-1")) == ["layer-0", "layer-2", "layer-1"]
    assert ids(page.edit("reorder", id="layer-2", after="layer-1")) == ["layer-0", "layer-1", "layer-2"]


def test_a_selection_becomes_a_layer_and_the_picture_stays(page, file):
    photo = photo_of(load_scene(file))
    after = page.edit("select", points=[[75, 37, 1], [140, 90, 0]], name="coffee")
    assert len(after["layers"]) == 4
    assert "coffee" in [row["name"] for row in after["layers"]]
    assert np.array_equal(photo_of(page.session.scene), photo)


def test_a_dropped_thing_takes_its_shadow_along_if_asked(work, tmp_path):
    scene = noise_scene(count=4, shadow=True)
    shadow, thing = scene.layers[1], scene.layers[2]
    assert shadow.caster == thing.id
    path = tmp_path / "shadow.multiplane"
    save(scene, path)
    with viewer(Session(path, work)) as page:
        alone = page.edit("drop", id=thing.id)
        assert shadow.id in ids(alone)
        assert shadow.name in alone["note"]
        page.edit("undo")
        both = page.edit("drop", id=thing.id, shadow=True)
        assert ids(both) == ["layer-0", "layer-3"]
        assert not both["note"]


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ({}, 400, "no action"),
        ({"action": "explode"}, 400, "explode"),
        ({"action": ["undo"]}, 400, "no action"),
        ({"action": "rename", "id": "layer-1"}, 400, "name"),
        ({"action": "rename", "id": "layer-1", "name": 3}, 400, "name"),
        ({"action": "rename", "id": "layer-1", "name": "x" * 1000}, 400, "name"),
        ({"action": "rename", "id": "layer-1", "name": " "}, 409, "blank"),
        ({"action": "rename", "id": "layer-1", "name": "half \ud83d"}, 400, "half a letter"),
        ({"action": "rename", "id": "layer", "name": "a"}, 409, "reload"),
        ({"action": "drop", "id": "layer-0"}, 409, "backdrop"),
        ({"action": "drop"}, 400, "id"),
        ({"action": "merge", "ids": "layer-1"}, 400, "ids"),
        ({"action": "merge", "ids": ["layer-1"]}, 409, "two"),
        ({"action": "merge", "ids": ["layer-1", 7]}, 409, "7"),
        ({"action": "reorder", "id": "layer-1"}, 400, "before"),
        ({"action": "reorder", "id": "layer-1", "before": "layer-0"}, 409, "backdrop"),
        ({"action": "reorder", "id": "layer-1", "before": "layer-1"}, 409, "itself"),
        ({"action": "setPlane", "id": "layer-1", "plane": "middle"}, 400, "midground"),
        ({"action": "select"}, 409, "point"),
        ({"action": "select", "points": [[1, 2]]}, 400, "3 numbers"),
        ({"action": "select", "points": [["a", 2, 1]]}, 400, "3 numbers"),
        ({"action": "select", "points": [[1, 2, 1]] * 300}, 400, "256"),
        ({"action": "select", "points": [[-5, 2, 1]]}, 409, "outside"),
        ({"action": "select", "points": [[1e9, 2, 1]]}, 409, "outside"),
        ({"action": "select", "box": [9, 9, 2, 2]}, 409, "area"),
        ({"action": "move", "id": "layer-0", "dx": 5}, 409, "backdrop"),
        ({"action": "move", "id": "layer-1", "dx": "5"}, 400, "dx"),
        ({"action": "move", "id": "layer-1", "dx": True}, 400, "dx"),
        ({"action": "move", "id": "layer-1", "dx": 10**400}, 400, "dx"),
        ({"action": "move", "id": "layer-1", "dx": 1e9, "physics": False}, 409, "layer-1"),
        ({"action": "scale", "id": "layer-1"}, 400, "factor"),
        ({"action": "scale", "id": "layer-1", "factor": -1}, 409, "-1 times"),
        ({"action": "select", "points": [[10**400, 2, 1]]}, 400, "3 numbers"),
        ({"action": "undo"}, 409, "nothing to undo"),
        ({"action": "redo"}, 409, "nothing to redo"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_changes_nothing(page, file, asked, status, words):
    before, first = page.scene(), file.read_bytes()
    refused = json.loads(page.ask("/api/edit", asked))
    assert page.last == status, refused
    assert words in refused["error"]
    assert len(refused["error"].splitlines()) == 1
    assert page.scene() == before
    assert file.read_bytes() == first


def test_names_that_break_careless_writers_do_not_break_the_page(work, tmp_path):
    path = tmp_path / "hostile.multiplane"
    scene = hostile_scene()
    save(scene, path)
    with viewer(Session(path, work)) as page:
        assert [row["name"] for row in page.scene()["layers"]] == [layer.name for layer in scene.layers]
        name = '<img src=x onerror=alert(1)>"\u2028&'
        assert name in [row["name"] for row in page.edit("rename", id="layer-1", name=name)["layers"]]


def test_edits_made_before_can_be_undone_here(file, work):
    opened = open_scene(file)
    write_edit(opened, replace(opened.scene, layers=opened.scene.layers[:2]), "drop 'layer-2'", file)
    with viewer(Session(file, work)) as page:
        assert page.scene()["undoWords"] == "drop 'layer-2'"
        assert len(page.edit("undo")["layers"]) == 3
        page.post("/api/save")
    assert len(load_scene(file).layers) == 3
    assert len(read_history(file).future) == 1


def test_saving_never_writes_over_what_another_program_wrote(page, file):
    page.edit("rename", id="layer-1", name="mine")
    other = open_scene(file)
    write_edit(other, replace(other.scene, layers=other.scene.layers[:2]), "drop 'layer-2'", file)
    assert json.loads(page.ask("/api/status"))["changedOnDisk"]
    refused = page.post("/api/save")
    assert (page.last, refused["overwrite"]) == (409, True)
    assert file.name in refused["error"]
    assert len(load_scene(file).layers) == 2
    assert page.post("/api/save", overwrite=True) == {"path": str(file)}
    assert [layer.name for layer in load_scene(file).layers][1] == "mine"
    assert not json.loads(page.ask("/api/status"))["changedOnDisk"]


def test_a_file_that_another_program_wrote_is_read_again_unless_edits_would_be_lost(page, file):
    revision = page.scene()["revision"]
    other = open_scene(file)
    write_edit(other, replace(other.scene, layers=other.scene.layers[:2]), "drop 'layer-2'", file)
    status = json.loads(page.ask("/api/status"))
    assert status == {"revision": revision + 1, "changedOnDisk": False}
    refused = page.edit("rename", id="layer-2", name="gone")
    assert page.last == 409
    assert "read again" in refused["error"]
    described = page.scene()
    assert len(described["layers"]) == 2
    assert described["revision"] == revision + 1
    assert not described["unsaved"]


def test_another_scene_under_the_same_name_is_shown_with_its_own_photo(page, file):
    old = page.scene()
    other = noise_scene(count=3)
    save(other, file)
    described = page.scene()
    assert (described["width"], described["height"]) == (other.camera.width, other.camera.height)
    assert described["photo"] != old["photo"]
    assert np.array_equal(picture(page, described["photo"]), photo_of(other))


def test_a_picture_that_failed_is_tried_again_and_old_ones_are_forgotten(monkeypatch):
    monkeypatch.setattr("multiplane_cli.view_pictures.MOST_KEPT", 0)
    tries = []

    def encode():
        tries.append(1)
        if len(tries) == 1:
            raise MemoryError
        return b"12345", "image/png"

    pictures = Pictures()
    address = pictures.add(ViewPicture("texture", "a", "1", encode))
    pictures.encode_all()
    name = address.removeprefix(PREFIX)
    with pytest.raises(MemoryError):
        pictures.find(name)
    pictures.add(ViewPicture("texture", "a", "1", encode))
    pictures.encode_all()
    assert pictures.find(name).body == b"12345"
    pictures.add(ViewPicture("texture", "a", "2", lambda: (b"2", "image/png")))
    pictures.encode_all()
    assert pictures.find("texture-2").body == b"2"
    assert pictures.find(name) is None
    pictures.stop()


def test_a_file_that_is_gone_can_be_saved_anew(page, file):
    page.edit("rename", id="layer-1", name="mine")
    file.unlink()
    assert page.post("/api/save")["overwrite"]
    page.post("/api/save", overwrite=True)
    assert load_scene(file).layers[1].name == "mine"


def test_a_save_that_fails_leaves_the_file_as_it_was(page, file, monkeypatch):
    before = file.read_bytes()
    page.edit("rename", id="layer-1", name="mine")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    refused = page.post("/api/save")
    assert page.last == 409
    assert "disk is full" in refused["error"]
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir() if path.name.startswith(".")] == []
    assert page.scene()["unsaved"]


def test_a_new_scene_is_not_on_the_disk_until_it_is_saved(file, work, tmp_path):
    target = tmp_path / "new.multiplane"
    scene = load_scene(file)
    with viewer(Session.unsaved_scene(scene, target, work)) as page:
        assert page.scene()["unsaved"]
        assert not target.exists()
        page.edit("drop", id="layer-2")
        assert page.edit("undo")["unsaved"]
        assert page.post("/api/save") == {"path": str(target)}
        assert_same_scene(load_scene(target), scene)
    shutil.copyfile(file, tmp_path / "there.multiplane")
    with viewer(Session.unsaved_scene(scene, tmp_path / "there.multiplane", work)) as page:
        assert "already" in page.post("/api/save")["error"]


@pytest.mark.parametrize("suffix", [".psd", ".png", ".multiplane", ".jsx", ".zip", ".mp4"])
def test_exports_are_files_to_save(page, suffix):
    data = page.ask("/api/export", {"suffix": suffix})
    assert page.last == 200
    name = page.headers["Content-Disposition"].split("''")[1]
    assert name == {".jsx": "photo.jsx.zip", ".zip": "photo-layers.zip"}.get(suffix, "photo" + suffix)
    if suffix == ".multiplane":
        assert_same_scene(decode_archive(data), page.session.scene)
    if suffix == ".jsx":
        assert zipfile.ZipFile(io.BytesIO(data)).namelist() == ["photo.jsx", "photo.psd"]
    if suffix == ".zip":
        assert "photo-layers/layers.json" in zipfile.ZipFile(io.BytesIO(data)).namelist()


def test_an_export_that_cannot_be_is_one_line(page):
    for suffix in (".doc", "", None, 3, "../x.psd"):
        assert "choose one of" in page.post("/api/export", suffix=suffix)["error"]
        assert page.last == 400


def test_many_pages_at_once_are_served_one_edit_at_a_time(page):
    found = []

    def rename(number):
        found.append(page.__class__(page.server, page.session).edit("rename", id="layer-1", name=f"name {number}"))

    threads = [threading.Thread(target=rename, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each["revision"] for each in found) == list(range(1, 9))
    assert len(read_history(page.session.working).past) == 8


def test_states_beyond_what_is_remembered_are_read_from_the_working_copy(page, monkeypatch):
    monkeypatch.setattr("multiplane_cli.view_session.MOST_REMEMBERED", 0)
    before = page.scene()["layers"]
    page.edit("drop", id="layer-2")
    page.edit("rename", id="layer-1", name="disc")
    page.edit("undo")
    assert page.edit("undo")["layers"] == before


def test_an_interruption_ends_the_bench_and_whoever_waits_is_told():
    bench, errors = Bench(), []

    def interrupt():
        raise KeyboardInterrupt

    def ask(job):
        try:
            bench.do(job)
        except Stopped as error:
            errors.append(error)

    askers = [threading.Thread(target=ask, args=(job,)) for job in (interrupt, time.time)]
    for asker in askers:
        asker.start()
    with pytest.raises(KeyboardInterrupt):
        bench.work()
    ask(time.time)
    for asker in askers:
        asker.join(10)
    assert len(errors) >= 2
    assert not any(asker.is_alive() for asker in askers)
