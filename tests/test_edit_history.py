"""Edits of an archive: only what changed is encoded, each can be undone and redone, and hostile files are refused."""

import json
import zipfile
from dataclasses import replace
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from multiplane.edit.drop import drop
from multiplane.edit.merge import merge
from multiplane.edit.rename import rename
from multiplane.edit.reorder import reorder
from multiplane.errors import FormatError, OutputError, SceneError
from multiplane.formats import archive as archive_module
from multiplane.formats.archive import encode_archive, load_scene
from multiplane.formats.facts import read_facts
from multiplane.formats.history import MAX_HISTORY_BYTES, MOST_STEPS, History
from multiplane.formats.revision import open_scene, read_history, travel, write_edit
from scenes import assert_same_scene, noise_scene


@pytest.fixture
def path(tmp_path):
    """An archive that was never edited."""
    target = tmp_path / "scene.multiplane"
    target.write_bytes(encode_archive(noise_scene(1, count=4, transparent=True)))
    return target


def edited(path, change, words="an edit", out=None):
    """Apply `change` to the archive at `path`; gives the scene that was written."""
    opened = open_scene(path)
    scene = change(opened.scene)
    write_edit(opened, scene, words, out or path)
    return scene


def entries(path):
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def rewrite(path, change):
    """Write the archive again after `change` of its files {name: bytes} and of its parsed history.json."""
    files = entries(path)
    document = json.loads(files["history.json"])
    change(files, document)
    files["history.json"] = json.dumps(document).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)


def another(scene):
    """A copy of the backdrop under a new name."""
    word = f"new {len(scene.layers)}"
    return replace(scene.layers[0], id=word, name=word)


CHANGES = [
    lambda scene: rename(scene, 1, f"{scene.layers[1].name}'"),
    lambda scene: reorder(scene, 1, len(scene.layers) - 1),
    lambda scene: merge(scene, [len(scene.layers) - 2, len(scene.layers) - 1]),
    lambda scene: drop(scene, len(scene.layers) - 1),
    lambda scene: replace(scene, layers=(*scene.layers, another(scene))),
]


class TestUndo:
    @settings(max_examples=25)
    @given(st.integers(0, 999), st.lists(st.sampled_from(CHANGES), min_size=1, max_size=4))
    def test_goes_back_and_forth_to_the_same_scenes(self, tmp_path_factory, seed, changes):
        path = tmp_path_factory.mktemp("undo") / "s.multiplane"
        path.write_bytes(encode_archive(noise_scene(seed, count=5, transparent=bool(seed % 2))))
        states = [load_scene(path)]
        for change in changes:
            try:
                states.append(edited(path, change))
            except SceneError:
                continue
        for state in reversed(states[:-1]):
            travel(path, "undo", 1, path)
            assert_same_scene(load_scene(path), state)
        for state in states[1:]:
            travel(path, "redo", 1, path)
            assert_same_scene(load_scene(path), state)

    def test_several_steps_at_once(self, path):
        first = load_scene(path)
        for number in range(3):
            edited(path, CHANGES[0], f"edit {number}")
        words, history = travel(path, "undo", 3, path)
        assert words == ["edit 2", "edit 1", "edit 0"]
        assert [step.words for step in history.future] == ["edit 0", "edit 1", "edit 2"]
        assert_same_scene(load_scene(path), first)
        assert travel(path, "redo", 2, path)[0] == ["edit 0", "edit 1"]

    def test_an_edit_ends_what_was_undone(self, path):
        edited(path, CHANGES[0], "one")
        travel(path, "undo", 1, path)
        edited(path, CHANGES[3], "two")
        history = read_history(path)
        assert [step.words for step in history.past] == ["two"]
        assert history.future == ()

    @pytest.mark.parametrize(("direction", "words"), [("undo", "nothing to undo"), ("redo", "nothing to redo")])
    def test_of_nothing_is_told_and_changes_nothing(self, path, direction, words):
        before = path.read_bytes()
        with pytest.raises(SceneError, match=words):
            travel(path, direction, 1, path)
        assert path.read_bytes() == before
        assert list(path.parent.iterdir()) == [path]

    def test_more_steps_than_there_are_change_nothing(self, path):
        edited(path, CHANGES[0])
        before = path.read_bytes()
        with pytest.raises(SceneError, match="nothing to undo"):
            travel(path, "undo", 2, path)
        assert path.read_bytes() == before


class TestFile:
    def test_what_an_edit_left_alone_is_not_encoded_again(self, path, monkeypatch):
        opened = open_scene(path)
        scene = rename(opened.scene, 1, "vase")
        monkeypatch.setattr(archive_module, "encode_png", lambda _: pytest.fail("encoded a PNG"))
        monkeypatch.setattr(archive_module, "_encode_depth", lambda _: pytest.fail("encoded a depth"))
        before = entries(path)
        write_edit(opened, scene, "rename", path)
        after = entries(path)
        assert {name for name in before if name.startswith("layers/")} <= after.keys()
        assert all(after[name] == before[name] for name in before if name != "scene.json")

    def test_it_loads_as_the_edited_scene_and_inspect_reads_it(self, path):
        scene = edited(path, CHANGES[2])
        assert_same_scene(load_scene(path), scene)
        assert [layer.name for layer in read_facts(path).layers] == [layer.name for layer in scene.layers]

    def test_saved_anew_it_has_no_history_and_the_bytes_of_any_such_scene(self, path):
        before = path.read_bytes()
        edited(path, CHANGES[0])
        travel(path, "undo", 1, path)
        assert read_history(path).future
        assert encode_archive(load_scene(path)) == before

    def test_the_same_edits_give_the_same_bytes(self, path, tmp_path):
        copies = [tmp_path / "a.multiplane", tmp_path / "b.multiplane"]
        for copy in copies:
            copy.write_bytes(path.read_bytes())
            for change in CHANGES:
                edited(copy, change)
        assert copies[0].read_bytes() == copies[1].read_bytes()

    def test_another_file_leaves_the_first_as_it_was(self, path, tmp_path):
        before = path.read_bytes()
        scene = edited(path, CHANGES[3], out=tmp_path / "other.multiplane")
        assert path.read_bytes() == before
        assert_same_scene(load_scene(tmp_path / "other.multiplane"), scene)
        travel(tmp_path / "other.multiplane", "undo", 1, tmp_path / "back.multiplane")
        assert encode_archive(load_scene(tmp_path / "back.multiplane")) == before

    def test_only_so_many_steps_are_kept_and_their_pixels_go(self, path):
        edited(path, CHANGES[3], "drop")
        dropped = open_scene(path).history.past[0].scene["layers"][-1]["files"]["rgba"]
        for number in range(MOST_STEPS - 1):
            edited(path, CHANGES[0], f"{number}")
        assert dropped in entries(path)
        edited(path, CHANGES[0], "last")
        assert [step.words for step in read_history(path).past] == [*map(str, range(MOST_STEPS - 1)), "last"]
        assert dropped not in entries(path)

    def test_documents_of_thousands_of_layers_leave_fewer_steps(self):
        large = {"filler": "x" * (MAX_HISTORY_BYTES // 3)}
        history = History()
        for number in range(5):
            history = history.after(f"{number}", large)
        assert [step.words for step in history.past] == ["3", "4"]

    def test_history_follows_its_published_schema(self, path):
        edited(path, CHANGES[0])
        edited(path, CHANGES[0])
        travel(path, "undo", 1, path)
        folder = resources.files("multiplane.formats")
        schema = json.loads(folder.joinpath("history.schema.json").read_text())
        Draft202012Validator.check_schema(schema)
        document = json.loads(entries(path)["history.json"])
        Draft202012Validator(schema).validate(document)
        scenes = Draft202012Validator(json.loads(folder.joinpath("scene.schema.json").read_text()))
        for step in (*document["past"], *document["future"]):
            scenes.validate(step["scene"])

    def test_a_scene_of_version_1_can_be_edited_and_gone_back_to(self, path):
        scene = load_scene(path)
        files = entries(path)
        document = json.loads(files.pop("scene.json"))
        document["version"] = 1
        for number, layer in enumerate(document["layers"]):
            for part in ("rgba", "z", "filled"):
                old, new = layer["files"][part], f"layers/{number:03d}.{part}"
                files[new] = files.get(old) or files[document["layers"][0]["files"][part]]
                layer["files"][part] = new
        files = {name: data for name, data in files.items() if len(name) < 30}
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in {**files, "scene.json": json.dumps(document).encode()}.items():
                archive.writestr(name, data)
        assert_same_scene(load_scene(path), scene)
        assert_same_scene(load_scene(path), scene)
        changed = edited(path, CHANGES[3])
        assert_same_scene(load_scene(path), changed)
        travel(path, "undo", 1, path)
        assert_same_scene(load_scene(path), scene)

    def test_a_file_that_changed_meanwhile_is_not_overwritten(self, path):
        opened = open_scene(path)
        edited(path, CHANGES[0], "somebody else's")
        before = path.read_bytes()
        with pytest.raises(FormatError, match="changed while it was being edited"):
            write_edit(opened, drop(opened.scene, 3), "late", path)
        assert path.read_bytes() == before
        assert list(path.parent.iterdir()) == [path]

    def test_a_target_that_cannot_be_written_is_told(self, path, tmp_path):
        with pytest.raises(OutputError, match="cannot write"):
            edited(path, CHANGES[0], out=tmp_path / "none" / "s.multiplane")


class TestHostile:
    def refused(self, path, words):
        for act in (lambda: open_scene(path), lambda: read_history(path), lambda: travel(path, "undo", 1, path)):
            with pytest.raises(FormatError, match=words) as caught:
                act()
            assert "\n" not in str(caught.value)
        load_scene(path)  # which does not look at the history

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda d: d.update(extra=1), "history.json breaks its schema"),
            (lambda d: d.update(past=d["past"] * 30), "history.json breaks its schema"),
            (lambda d: d["past"][0].update(scene=[]), "history.json breaks its schema"),
            (lambda d: d["past"][0]["scene"].pop("layers"), "scene.json breaks its schema"),
            (lambda d: d["past"][0]["scene"]["layers"][0].update(plane="x"), "layers\\[0\\].plane"),
            (lambda d: d["past"][0]["scene"]["camera"].update(width=300_000, height=300_000), "megapixels"),
            (lambda d: d.update(version=9), "update multiplane"),
        ],
    )
    def test_a_history_that_breaks_its_promise(self, path, change, words):
        edited(path, CHANGES[0])
        rewrite(path, lambda _, document: change(document))
        self.refused(path, words)

    @pytest.mark.parametrize("text", [b"", b"{", b"[" * 10**6, b"[]", b"\xff", b'{"past": 1e999}'])
    def test_a_history_that_is_none(self, path, text):
        files = {**entries(path), "history.json": text}
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        self.refused(path, "history.json")

    def test_a_history_that_deflates_to_more_than_it_may(self, path):
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("history.json", b" " * (1 << 25))
        self.refused(path, "larger than it can rightly be")

    def test_entries_of_the_history_keep_to_their_size(self, path):
        """They are never decoded, but copied: no more than their picture can need."""
        edited(path, CHANGES[3])
        gone = open_scene(path).history.past[0].scene["layers"][-1]["files"]["rgba"]
        files = {**entries(path), gone: bytes(60_000_000)}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        before = path.read_bytes()
        with pytest.raises(FormatError, match="larger than it can rightly be"):
            edited(path, CHANGES[0])
        with pytest.raises(FormatError, match="larger than it can rightly be"):
            travel(path, "undo", 1, path)
        assert path.read_bytes() == before

    def test_what_was_packed_stays_packed(self, path):
        """A zip in a zip does not grow on the way: entries that somebody deflated are deflated again."""
        edited(path, CHANGES[3])
        files = entries(path)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        scene = edited(path, CHANGES[0])
        assert_same_scene(load_scene(path), scene)
        with zipfile.ZipFile(path) as archive:
            kinds = {info.compress_type for info in archive.infolist() if info.filename.startswith("layers/")}
        assert kinds == {zipfile.ZIP_DEFLATED}

    def test_a_missing_entry_is_told_and_the_file_stays(self, path):
        edited(path, CHANGES[3])
        gone = open_scene(path).history.past[0].scene["layers"][-1]["files"]["z"]
        rewrite(path, lambda files, _: files.pop(gone))
        before = path.read_bytes()
        with pytest.raises(FormatError, match=f"no entry '{gone}'"):
            travel(path, "undo", 1, path)
        assert path.read_bytes() == before

    @settings(max_examples=40)
    @given(st.integers(0, 10**6), st.integers(1, 255))
    def test_a_changed_byte_never_crashes(self, tmp_path_factory, place, flip):
        path = tmp_path_factory.mktemp("flip") / "s.multiplane"
        path.write_bytes(encode_archive(noise_scene(1, 9, 7, count=3)))
        edited(path, CHANGES[3])
        data = bytearray(path.read_bytes())
        data[place % len(data)] ^= flip
        path.write_bytes(bytes(data))
        try:
            edited(path, CHANGES[0])
            travel(path, "undo", 2, path)
        except (FormatError, SceneError) as error:
            assert "\n" not in str(error)
