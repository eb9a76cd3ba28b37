"""What `multiplane view` is pointed at: a scene archive is opened, a photo is split into layers first."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from multiplane_cli.edit_job import SUFFIX
from multiplane_cli.progress import progress

if TYPE_CHECKING:
    from multiplane.scene import Scene
    from multiplane_cli.view_session import Session


def open_session(path: Path, folder: Path) -> "Session":
    """A session of the scene at `path`, or of the photo there; its edits lie in `folder` until they are saved."""
    from multiplane_cli.view_session import Session

    file = scene_file(path)
    return Session(file, folder) if is_saved(path) else Session.unsaved_scene(split_photo(path), file, folder)


def scene_of(path: Path) -> "Scene":
    """The scene at `path`, or that of the photo there."""
    from multiplane.formats.archive import load_scene

    return load_scene(scene_file(path)) if is_saved(path) else split_photo(path)


def scene_file(path: Path) -> Path:
    """The archive at `path`, or the one that belongs to the photo there, whether or not it exists."""
    return path if path.suffix.lower() == SUFFIX else path.with_suffix(SUFFIX)


def is_saved(path: Path) -> bool:
    """Whether the archive is what to show: named itself, or beside its photo and newer than that."""
    file = scene_file(path)
    if file == path:
        return True
    if not (file.is_file() and path.is_file() and file.stat().st_mtime >= path.stat().st_mtime):
        return False
    typer.echo(f"{file.name} lies beside {path.name} and is shown; remove it to split the photo anew", err=True)
    return True


def split_photo(path: Path) -> "Scene":
    """The photo at `path` split into layers, as `multiplane decompose` does by itself."""
    from multiplane.photo.read import read_photo

    with progress() as stages:
        stages.begin("read")
        photo = read_photo(path)
        from multiplane.decompose import Backends, decompose
        from multiplane.depth import load_depth
        from multiplane.inpaint import load_inpaint
        from multiplane.matte import load_matte
        from multiplane.segment import load_segment

        backends = Backends(
            load_depth("builtin"), load_segment("builtin"), load_matte("closed-form"), load_inpaint("patches")
        )
        return decompose(photo, backends, report=stages.begin)
