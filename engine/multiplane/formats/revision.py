"""Writes an edited scene: only what changed is encoded, the rest is copied as it lies in the archive; undo and redo."""

from __future__ import annotations

import contextlib
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from numpy.typing import NDArray

from multiplane.errors import FormatError
from multiplane.formats.archive import MAX_PROFILE_BYTES, begin, open_archive, pack, put_document, unpack
from multiplane.formats.entries import Entries, size_limit
from multiplane.formats.history import ENTRY, History, history_document, history_in
from multiplane.formats.write import temporary_beside
from multiplane.scene import Scene

Direction: TypeAlias = Literal["undo", "redo"]
Stamp: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True)
class Opened:
    """A scene archive under edit: its present `scene` and `document`, its `history`, and which file it was."""

    path: Path
    scene: Scene
    document: dict[str, Any]
    history: History
    stamp: Stamp

    def entry_of(self, array: NDArray[Any]) -> str | None:
        """The name of the entry that `array` was read from; None for an array that was made since."""
        for layer, row in zip(self.scene.layers, self.document["layers"], strict=True):
            for part in ("rgba", "z", "filled"):
                if getattr(layer, part) is array:
                    return str(row["files"][part])
        return None


def open_scene(path: Path) -> Opened:
    """Read the archive at `path` for an edit. Raises FormatError where it cannot be read."""
    with _entries_of(path) as entries:
        stamp, document = _stamp(path), entries.manifest()
        return Opened(path, unpack(entries, document), document, history_in(entries), stamp)


def open_known(path: Path, scene: Scene) -> Opened:
    """As `open_scene`, of an archive that is known to hold `scene`: no pixel is unpacked."""
    with _entries_of(path) as entries:
        return Opened(path, scene, entries.manifest(), history_in(entries), _stamp(path))


def read_first(path: Path) -> Scene | None:
    """The scene as it was before the oldest edit that the archive's history remembers; None where it has none."""
    with _entries_of(path) as entries:
        history = history_in(entries)
        return unpack(entries, history.past[0].scene) if history.past else None


def read_history(path: Path) -> History:
    """The history of the archive at `path`, without any pixels. Raises FormatError where it cannot be read."""
    with _entries_of(path) as entries:
        return history_in(entries)


def write_edit(opened: Opened, scene: Scene, words: str, target: Path) -> History:
    """Make `target` the archive of `scene`, which an edit told in `words` made of `opened`; gives its history.

    Arrays that `scene` shares with `opened.scene` are not encoded again. Canvas, transparency and profile are those of
    `opened`. Raises FormatError where the file has changed since, and OutputError where the system refuses.
    """
    history = opened.history.after(words, opened.document)
    with temporary_beside(target) as temporary, _entries_of(opened.path) as entries, _new_archive(temporary) as archive:
        if _stamp(opened.path) != opened.stamp:
            raise FormatError("it was changed while it was being edited; run the edit again")
        document = pack(archive, scene, opened.entry_of)
        document.update({key: opened.document[key] for key in ("alpha", "icc_profile")})
        _complete(archive, entries, document, history)
    return history


def travel(path: Path, direction: Direction, steps: int, target: Path) -> tuple[list[str], History]:
    """Make `target` the archive at `path`, `steps` edits back or forth; gives their words, and the history then.

    No pixel is unpacked. Raises SceneError where there are not so many steps.
    """
    words = []
    with temporary_beside(target) as temporary, _entries_of(path) as entries:
        document, history = entries.manifest(), history_in(entries)
        for _ in range(steps):
            history, document, word = (history.undone if direction == "undo" else history.redone)(document)
            words.append(word)
        with _new_archive(temporary) as archive:
            _complete(archive, entries, document, history)
    return words, history


@contextlib.contextmanager
def _entries_of(path: Path) -> Iterator[Entries]:
    """The entries of the archive at `path`; what is wrong with them is told as about `path`."""
    with open_archive(path) as file:
        try:
            yield Entries(file)
        except FormatError as error:
            raise FormatError(f"cannot read {path}: {error}") from error


@contextlib.contextmanager
def _new_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """A zip that is on the disk, and not only in the system's memory, once it is closed."""
    with path.open("xb") as file:
        with zipfile.ZipFile(file, "w") as archive:
            begin(archive)
            yield archive
        file.flush()
        os.fsync(file.fileno())


def _stamp(path: Path) -> Stamp:
    facts = path.stat()
    return facts.st_mtime_ns, facts.st_size, facts.st_ino


def _complete(archive: zipfile.ZipFile, entries: Entries, document: dict[str, Any], history: History) -> None:
    """Put in the documents, and copy every entry that one of them names and that is not in yet; nothing else."""
    put_document(archive, "scene.json", document)
    if history.past or history.future:
        put_document(archive, ENTRY, history_document(history))
    for scene in (document, *history.scenes):
        for name, limit in _named_entries(scene):
            if name not in archive.NameToInfo:
                entries.copy(name, limit, archive)


def _named_entries(document: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """The entries that a valid document names, and the most bytes that each may hold."""
    canvas = int(document["camera"]["height"]), int(document["camera"]["width"])
    sample = int(document["bit_depth"]) // 8
    if document["alpha"] is not None:
        yield document["alpha"], size_limit(canvas, sample)
    if document["icc_profile"] is not None:
        yield document["icc_profile"], MAX_PROFILE_BYTES
    for layer in document["layers"]:
        size = int(layer["size"][1]), int(layer["size"][0])
        yield layer["files"]["rgba"], size_limit((*size, 4), sample)
        yield layer["files"]["z"], size_limit(size, 4)
        yield layer["files"]["filled"], size_limit(size, 1)
