"""Puts finished bytes on a disk whole or not at all: a temporary sibling, then a rename."""

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from multiplane.errors import OutputError

TEMPORARY_PREFIX = ".multiplane-"
"""Short on purpose: the temporary's name must fit wherever the target's fits."""


def write_atomically(path: Path, data: bytes | memoryview) -> None:
    """Make `path` hold `data`; on any failure or interruption what stood there before stands there still.

    A link is followed, so that its target is what changes. Raises OutputError where the system refuses.
    """
    with temporary_beside(path) as temporary:
        _write_synced(temporary, data)


def write_together(files: Iterable[tuple[Path, bytes]]) -> None:
    """Make every path hold its bytes, taken one at a time; all are on the disk before the first takes its place.

    So on any failure or interruption on the way, also of the iterable, what stood at every path stands there still.
    """
    with contextlib.ExitStack() as places:
        for path, data in files:
            _write_synced(places.enter_context(temporary_beside(path)), data)
            del data  # before the next ones are made


@contextlib.contextmanager
def temporary_beside(path: Path) -> Iterator[Path]:
    """A path for a writer that needs one (a video encoder): renamed to `path` at the end, removed on any failure.

    It keeps `path`'s suffix. An OSError inside is told as OutputError about `path`.
    """
    with _told_as_output_error(path):
        target = Path(os.path.realpath(path))
        _refuse_unsuitable(target)
        temporary = _sibling(target)
        try:
            yield temporary
            if target.exists():
                temporary.chmod(target.stat().st_mode & 0o777)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make `folder` and those above it, where they are not there yet. Raises OutputError where the system refuses."""
    with _told_as_output_error(folder):
        folder.mkdir(parents=True, exist_ok=True)


def check_folder(folder: Path) -> None:
    """Raise OutputError where `make_folder` would, or writing into `folder` would; nothing is written to find out."""
    with _told_as_output_error(folder):
        there = _nearest_there(folder.absolute())
        if not there.is_dir():
            code = errno.EEXIST if there == folder.absolute() else errno.ENOTDIR
            raise OSError(code, os.strerror(code))
        if not os.access(there, os.W_OK | os.X_OK):
            code = errno.EROFS if _is_read_only(there) else errno.EACCES
            raise OSError(code, os.strerror(code))


def _nearest_there(path: Path) -> Path:
    for place in (path, *path.parents):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            place.stat()
            return place
    return path


def _is_read_only(folder: Path) -> bool:
    return hasattr(os, "statvfs") and bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def write_folder(folder: Path, files: Iterable[tuple[str, bytes]], ours: frozenset[str] = frozenset()) -> None:
    """Make `folder` hold `files` (name, bytes), taken one at a time; all are on the disk before the first is moved in.

    A new or empty folder appears in one rename. Into a folder that holds something, files are moved one by one, in
    order (so a manifest belongs last), replacing only names in `ours`: what an earlier write left there. Of `ours`,
    those not written again are removed; a user's own files are never touched. Raises OutputError where a file that is
    not in `ours` stands in the way, and where the system refuses.
    """
    with _told_as_output_error(folder):
        target = Path(os.path.realpath(folder))
        present = {entry.name for entry in target.iterdir()} if target.exists() else set()
        if present and not ours:
            raise OutputError(f"cannot write into {folder}: the folder is not empty; name a new or an empty one")
        temporary = _sibling(target)
        try:
            temporary.mkdir()
            names = _write_all(temporary, files)
            _refuse_strangers(folder, present & set(names) - ours)
            if present:
                _move_in(temporary, target, names, present & ours)
            else:
                _take_place(temporary, target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _sibling(target: Path) -> Path:
    return target.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(6)}{target.suffix}")


def _refuse_unsuitable(target: Path) -> None:
    # A rename would go over a folder's name or a write-protected file without asking; writing into them would not.
    if target.is_dir():
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
    if target.exists() and not (target.is_file() and os.access(target, os.W_OK)):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))


def _write_synced(path: Path, data: bytes | memoryview) -> None:
    # Made with 0666 less the umask, as any program does: tempfile's 0600 would lock a colleague out.
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _write_all(folder: Path, files: Iterable[tuple[str, bytes]]) -> list[str]:
    names = []
    for name, data in files:
        _write_synced(folder / name, data)
        names.append(name)
    return names


def _refuse_strangers(folder: Path, strangers: set[str]) -> None:
    if strangers:
        what = f"{min(strangers)!r} stands there and is not ours"
        raise OutputError(f"cannot write into {folder}: {what}; move it away, or name a new folder")


def _take_place(temporary: Path, target: Path) -> None:
    if target.exists():
        target.rmdir()  # empty; a rename onto an existing folder fails on Windows
    temporary.rename(target)


def _move_in(temporary: Path, target: Path, names: list[str], stale: set[str]) -> None:
    for name in names:
        (temporary / name).replace(target / name)
    for name in stale.difference(names):
        (target / name).unlink()


@contextlib.contextmanager
def _told_as_output_error(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"cannot write {path}: {_reason_and_mend(path, error)}") from error


def _reason_and_mend(path: Path, error: OSError) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return "the disk is full; free some space, or write to another one"
        case errno.EROFS:
            return "the disk is read-only; write to another one"
        case errno.EACCES | errno.EPERM:
            return "no permission to write it or in its folder; write to another folder"
        case errno.ENOENT:
            return f"the folder {path.parent} does not exist; create it first"
        case errno.ENOTDIR:
            return "a file stands where a folder is needed; write to another folder"
        case errno.EEXIST:
            return "a file of that name is in the way; write to another folder"
        case errno.EISDIR:
            return "it is a folder; add a file name"
        case errno.ENAMETOOLONG:
            return "the name is too long for this disk; choose a shorter one"
        case _:
            return f"{error.strerror or error}; write to another folder"
