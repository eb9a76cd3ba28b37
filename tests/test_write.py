"""Nothing is ever half written: a target is whole or as it was, whatever the disk or the user does."""

import errno
import os
import stat

import pytest

from multiplane.errors import FormatError, OutputError
from multiplane.formats.save import SUFFIXES, save
from multiplane.formats.write import (
    check_folder,
    make_folder,
    temporary_beside,
    write_atomically,
    write_folder,
    write_together,
)
from scenes import noise_scene


def refuse(code):
    def fail(*_):
        raise OSError(code, os.strerror(code))

    return fail


def interrupt(*_):
    raise KeyboardInterrupt


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


class TestAFile:
    def test_is_written(self, tmp_path):
        write_atomically(tmp_path / "a.bin", b"new")
        assert contents(tmp_path) == {"a.bin": b"new"}

    def test_is_replaced_and_keeps_its_permissions(self, tmp_path):
        target = tmp_path / "a.bin"
        target.write_bytes(b"old")
        target.chmod(0o640)
        write_atomically(target, b"new")
        assert target.read_bytes() == b"new"
        assert stat.S_IMODE(target.stat().st_mode) == 0o640

    def test_that_is_new_gets_the_permissions_any_program_gives(self, tmp_path):
        write_atomically(tmp_path / "a.bin", b"new")
        (tmp_path / "b.bin").write_bytes(b"")
        assert (tmp_path / "a.bin").stat().st_mode == (tmp_path / "b.bin").stat().st_mode

    def test_behind_a_link_is_what_changes(self, tmp_path):
        (tmp_path / "real").write_bytes(b"old")
        (tmp_path / "link").symlink_to(tmp_path / "real")
        write_atomically(tmp_path / "link", b"new")
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "real").read_bytes() == b"new"

    @pytest.mark.parametrize("step", ["fsync", "replace"])
    @pytest.mark.parametrize(
        ("code", "mend"), [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only"), (errno.EACCES, "no permission")]
    )
    def test_stays_as_it_was_when_the_disk_refuses(self, tmp_path, monkeypatch, step, code, mend):
        target = tmp_path / "a.bin"
        target.write_bytes(b"old")
        monkeypatch.setattr(os, step, refuse(code))
        with pytest.raises(OutputError, match=mend) as caught:
            write_atomically(target, b"new")
        assert str(target) in str(caught.value)
        assert "\n" not in str(caught.value)
        monkeypatch.undo()
        assert contents(tmp_path) == {"a.bin": b"old"}

    def test_stays_as_it_was_when_the_user_interrupts(self, tmp_path, monkeypatch):
        target = tmp_path / "a.bin"
        target.write_bytes(b"old")
        monkeypatch.setattr(os, "fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write_atomically(target, b"new")
        assert contents(tmp_path) == {"a.bin": b"old"}

    def test_that_a_writer_makes_itself_is_whole_or_absent(self, tmp_path):
        with temporary_beside(tmp_path / "clip.mp4") as path:
            assert path.suffix == ".mp4"
            path.write_bytes(b"frames")
            assert not (tmp_path / "clip.mp4").exists()
        assert contents(tmp_path) == {"clip.mp4": b"frames"}
        with pytest.raises(ValueError, match="bad frame"), temporary_beside(tmp_path / "clip.mp4") as path:
            path.write_bytes(b"half")
            raise ValueError("bad frame")
        assert contents(tmp_path) == {"clip.mp4": b"frames"}

    def test_in_a_missing_folder_is_refused_with_the_mend(self, tmp_path):
        with pytest.raises(OutputError, match="does not exist; create it first"):
            write_atomically(tmp_path / "no" / "a.bin", b"new")

    def test_named_like_a_folder_is_refused(self, tmp_path):
        with pytest.raises(OutputError, match="it is a folder; add a file name"):
            write_atomically(tmp_path, b"new")
        assert contents(tmp_path) == {}

    def test_below_a_file_is_refused(self, tmp_path):
        (tmp_path / "file").write_bytes(b"old")
        for write in (
            lambda: write_atomically(tmp_path / "file" / "a", b""),
            lambda: make_folder(tmp_path / "file" / "a"),
        ):
            with pytest.raises(OutputError, match="a file stands where a folder is needed"):
                write()

    def test_that_is_write_protected_is_not_replaced(self, tmp_path, monkeypatch):
        target = tmp_path / "a.bin"
        target.write_bytes(b"old")
        monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anything, so ask as if not root
        with pytest.raises(OutputError, match="no permission"):
            write_atomically(target, b"new")
        assert contents(tmp_path) == {"a.bin": b"old"}

    def test_with_too_long_a_name_is_refused(self, tmp_path):
        with pytest.raises(OutputError, match="name is too long"):
            write_atomically(tmp_path / ("n" * 300), b"new")

    def test_may_have_the_longest_name_a_disk_takes(self, tmp_path):
        write_atomically(tmp_path / ("n" * 251 + ".psd"), b"new")
        assert len(contents(tmp_path)) == 1


class TestAFolder:
    files = (("a", b"1"), ("b", b"2"))

    def test_appears_whole(self, tmp_path):
        write_folder(tmp_path / "new", self.files)
        assert contents(tmp_path / "new") == dict(self.files)
        assert len(list(tmp_path.iterdir())) == 1

    def test_that_is_empty_is_filled(self, tmp_path):
        (tmp_path / "new").mkdir()
        write_folder(tmp_path / "new", self.files)
        assert contents(tmp_path / "new") == dict(self.files)

    def test_with_a_users_files_is_refused(self, tmp_path):
        (tmp_path / "letter.txt").write_bytes(b"dear")
        with pytest.raises(OutputError, match="not empty"):
            write_folder(tmp_path, self.files)
        assert contents(tmp_path) == {"letter.txt": b"dear"}

    def test_of_ours_is_brought_up_to_date_around_a_users_files(self, tmp_path):
        target = tmp_path / "t"
        write_folder(target, (("a", b"old"), ("stale", b"old")))
        (target / "letter.txt").write_bytes(b"dear")
        write_folder(target, self.files, ours=frozenset({"a", "stale"}))
        assert contents(target) == {**dict(self.files), "letter.txt": b"dear"}

    def test_never_replaces_a_users_file(self, tmp_path):
        target = tmp_path / "t"
        write_folder(target, (("a", b"old"),))
        (target / "b").write_bytes(b"the user's")
        with pytest.raises(OutputError, match="'b' stands there and is not ours"):
            write_folder(target, self.files, ours=frozenset({"a"}))
        assert contents(target) == {"a": b"old", "b": b"the user's"}

    @pytest.mark.parametrize("fail", [refuse(errno.ENOSPC), interrupt])
    def test_stays_as_it_was_when_writing_fails(self, tmp_path, monkeypatch, fail):
        target = tmp_path / "t"
        write_folder(target, (("a", b"old"),))
        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises((OutputError, KeyboardInterrupt)):
            write_folder(target, self.files, ours=frozenset({"a"}))
        assert contents(target) == {"a": b"old"}
        assert len(list(tmp_path.iterdir())) == 1

    def test_below_a_missing_one_is_refused(self, tmp_path):
        with pytest.raises(OutputError, match="does not exist; create it first"):
            write_folder(tmp_path / "no" / "t", self.files)


class TestSave:
    @pytest.mark.parametrize("suffix", [".multiplane", ".psd", ".PSB", ".glb", ".png"])
    def test_chooses_the_format_by_the_suffix_in_any_case(self, tmp_path, suffix):
        starts = {".multiplane": b"PK", ".psd": b"8BPS\0\1", ".PSB": b"8BPS\0\2", ".glb": b"glTF", ".png": b"\x89PNG"}
        save(noise_scene(), tmp_path / f"scene{suffix}")
        assert (tmp_path / f"scene{suffix}").read_bytes().startswith(starts[suffix])

    @pytest.mark.parametrize("name", ["scene.tga", "scene", "scene.psd.bak"])
    def test_names_the_choices_for_a_suffix_it_does_not_know(self, tmp_path, name):
        with pytest.raises(FormatError) as caught:
            save(noise_scene(), tmp_path / name)
        assert all(suffix in str(caught.value) for suffix in SUFFIXES)
        assert not list(tmp_path.iterdir())


class TestFilesTogether:
    def test_are_written(self, tmp_path):
        write_together((tmp_path / name, name.encode()) for name in ("a", "b"))
        assert contents(tmp_path) == {"a": b"a", "b": b"b"}

    def test_stay_as_they_were_when_the_last_of_them_fails(self, tmp_path):
        (tmp_path / "a").write_bytes(b"old")

        def files():
            yield tmp_path / "a", b"new"
            yield tmp_path / "b", b"new"
            raise FormatError("a scene that the third format cannot hold")

        with pytest.raises(FormatError, match="third format"):
            write_together(files())
        assert contents(tmp_path) == {"a": b"old"}

    def test_name_the_one_the_system_refuses(self, tmp_path):
        (tmp_path / "b").mkdir()
        with pytest.raises(OutputError, match="/b: it is a folder"):
            write_together([(tmp_path / "a", b"new"), (tmp_path / "b", b"new")])
        assert not (tmp_path / "a").exists()


class TestAFolderIsChecked:
    def test_without_being_made(self, tmp_path):
        check_folder(tmp_path / "new" / "deep")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("below", ["taken", "taken/deep", "long" * 100])
    def test_and_refused_where_it_cannot_be_made(self, tmp_path, below):
        (tmp_path / "taken").write_bytes(b"mine")
        with pytest.raises(OutputError, match=r"write to another folder|choose a shorter one"):
            check_folder(tmp_path / below)

    def test_and_refused_where_nothing_may_be_written(self, tmp_path, monkeypatch):
        monkeypatch.setattr(os, "access", lambda *_: False)
        with pytest.raises(OutputError, match="no permission"):
            check_folder(tmp_path / "new")
