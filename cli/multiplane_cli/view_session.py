"""A scene under edit in the viewer: a working copy beside the file, which only saving changes."""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from multiplane.errors import MultiplaneError
from multiplane.formats.archive import encode_archive, load_manifest
from multiplane.formats.revision import Opened, open_known, open_scene, read_first, travel, write_edit
from multiplane.formats.write import temporary_beside, write_atomically

if TYPE_CHECKING:
    from multiplane.formats.revision import Direction
    from multiplane.scene import Scene

Stamp: TypeAlias = tuple[int, int, int]
MOST_REMEMBERED = 2 << 30
"""Bytes of arrays kept of states that may be undone or redone to; others are read from the working copy."""


class FileChanged(MultiplaneError):
    """Saving would write over what somebody else wrote."""


class Session:
    """The scene of `file` and its edits, which lie in `folder` until they are saved. For one thread at a time.

    Every edit goes through the same archive functions as on the command line, so its history is the same too.
    """

    def __init__(self, file: Path, folder: Path) -> None:
        self.file, self.working = file, folder / file.name
        self.opened = open_scene(file)
        self._begin()

    @classmethod
    def unsaved_scene(cls, scene: "Scene", file: Path, folder: Path) -> "Session":
        """A session of a new scene that `file` does not hold yet."""
        session = cls.__new__(cls)
        session.file, session.working = file, folder / file.name
        write_atomically(session.working, encode_archive(scene))
        session.opened = open_known(session.working, scene)
        session._begin()
        session._saved = session._seen = None
        return session

    def _begin(self) -> None:
        self._saved: dict[str, Any] | None = self.opened.document
        self._seen: Stamp | None = _stamp(self.file)
        self._recent = [self.opened]
        self.revision = 0

    @property
    def scene(self) -> "Scene":
        """As it is now."""
        return self.opened.scene

    @property
    def unsaved(self) -> bool:
        """Whether the file holds another scene than this one."""
        return self._saved != self.opened.document

    @property
    def changed_on_disk(self) -> bool:
        """Whether somebody else wrote or removed the file since it was read or saved."""
        return _stamp(self.file) != self._seen

    @property
    def stale(self) -> bool:
        """Whether somebody else wrote the file, and no edit here would be lost by reading it again."""
        return not self.unsaved and self.changed_on_disk and self.file.exists()

    def reopen_if_stale(self) -> bool:
        """Read the file again where it is stale, which makes the next revision; says whether that was so."""
        if not self.stale:
            return False
        self.opened = open_scene(self.file)
        revision = self.revision
        self._begin()
        self.revision = revision + 1
        return True

    def first_scene(self) -> "Scene":
        """Before all edits that the history remembers: what it shows is the photo."""
        return read_first(self.opened.path) or self.scene

    def turn_into(self, edited: "Scene", words: str) -> None:
        """Make `edited`, which an edit told in `words` made of the scene, the present one; undoable."""
        write_edit(self.opened, edited, words, self.working)
        self._turn_to(open_known(self.working, edited))

    def travel(self, direction: "Direction") -> str:
        """Undo or redo one edit; gives its words. Raises SceneError where there is none."""
        words, _ = travel(self.opened.path, direction, 1, self.working)
        document = load_manifest(self.working)
        known = next((each.scene for each in self._recent if each.document == document), None)
        self._turn_to(open_scene(self.working) if known is None else open_known(self.working, known))
        return f"{direction} {words[0]}"

    def save(self, overwrite: bool = False) -> Path:
        """Make the file hold the scene with its history, whole or not at all.

        Raises FileChanged where the file is not as it was read or saved last, unless it may be overwritten.
        """
        if not self.unsaved and self.opened.path == self.file:
            return self.file
        if self.changed_on_disk and not overwrite:
            what = "was written by another program since it was opened" if self.file.exists() else "is gone"
            if self._saved is None:
                what = "is there already"
            raise FileChanged(f"{self.file.name} {what}; save over it, or export the scene under another name")
        with temporary_beside(self.file) as temporary:
            _copy_synced(self.opened.path, temporary)
        self._saved, self._seen = self.opened.document, _stamp(self.file)
        return self.file

    def _turn_to(self, opened: Opened) -> None:
        self.opened = opened
        self.revision += 1
        recent = [opened, *(each for each in self._recent if each.document != opened.document)]
        while _bytes_of(recent) > MOST_REMEMBERED and len(recent) > 1:
            recent.pop()
        self._recent = recent


def _stamp(path: Path) -> Stamp | None:
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size, facts.st_ino


def _copy_synced(source: Path, target: Path) -> None:
    with source.open("rb") as old, target.open("xb") as new:
        shutil.copyfileobj(old, new, 1 << 20)
        new.flush()
        os.fsync(new.fileno())


def _bytes_of(states: list[Opened]) -> int:
    """Of all arrays, those that states share counted once."""
    arrays: dict[int, np.ndarray[Any, Any]] = {}
    for state in states:
        for layer in state.scene.layers:
            arrays.update({id(array): array for array in (layer.rgba, layer.z, layer.filled)})
    return sum(array.nbytes for array in arrays.values())
