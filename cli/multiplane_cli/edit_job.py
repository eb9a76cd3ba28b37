"""Reads a scene, lets an operation change it, writes it with its history, and tells what was done."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from multiplane.errors import FormatError
from multiplane_cli.overwrite import refuse_to_overwrite
from multiplane_cli.progress import Progress, progress

if TYPE_CHECKING:
    from multiplane.formats.history import History
    from multiplane.scene import Scene

SUFFIX = ".multiplane"

LayerName: TypeAlias = Annotated[str, typer.Argument(help="A layer's id, its name, or a part that fits only it.")]
Out: TypeAlias = Annotated[
    Path | None, typer.Option("--out", "-o", help="Write the edited scene here, and leave SCENE as it is.")
]
Force: TypeAlias = Annotated[bool, typer.Option("--force", "-f", help="Replace the file of --out if it is there.")]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Change: TypeAlias = "Callable[[Scene, Progress], tuple[Scene, str]]"
"""Makes of a scene the edited one, and says in words what it did."""
LayerChange: TypeAlias = "Callable[[Scene, int, Progress], tuple[Scene, str]]"
"""The same for one of its layers, by index."""


@dataclass(frozen=True)
class Job:
    """Which scene is edited, where it is written (None: in place), and how the result is told."""

    scene: Path
    out: Path | None
    force: bool
    as_json: bool

    @property
    def target(self) -> Path:
        """Where the edited scene goes."""
        return self.scene if self.out is None else self.out

    def check(self) -> None:
        """Refuse a target that would not be a scene, or stands there already, before any work is done."""
        if self.out is None:
            return
        if self.out.suffix.lower() != SUFFIX:
            raise FormatError(f"an edited scene ends in {SUFFIX}, unlike {self.out.name!r}; export it afterwards")
        refuse_to_overwrite([self.out], self.force)


def run(job: Job, change: Change, counts: bool = False) -> int:
    """Change the job's scene and write it; gives how many pixels look different, where it `counts` them."""
    from multiplane.formats.revision import open_scene, write_edit

    job.check()
    with progress(quiet=job.as_json) as stages:
        stages.begin("read")
        opened = open_scene(job.scene)
        edited, words = change(opened.scene, stages)
        changed = 0
        if counts:
            from multiplane.edit.pixels_changed import pixels_changed

            stages.begin("compare")
            changed = pixels_changed(opened.scene, edited)
        stages.begin(f"write {job.target.name}")
        history = write_edit(opened, edited, words, job.target)
    tell(job, [words], history, {"pixels_changed": changed, "seconds": stages.seconds})
    return changed


def run_on(layer: str, job: Job, change: LayerChange, counts: bool = True) -> int:
    """The same for a change of one layer, which may be said by its id, its name, or a part that fits only it."""

    def change_it(scene: "Scene", stages: Progress) -> "tuple[Scene, str]":
        from multiplane.edit.find import find_layer

        return change(scene, find_layer(scene, layer), stages)

    return run(job, change_it, counts)


def tell(job: Job, words: list[str], history: "History", more: dict[str, Any]) -> None:
    """Print what was done, and where the result lies; with --json, also its layers and how far it can be undone."""
    if not job.as_json:
        for each in words:
            typer.echo(each)
        if more.get("pixels_changed"):
            typer.echo(f"{more['pixels_changed']} pixels of the picture changed")
        typer.echo(str(job.target))
        return
    from multiplane.formats.archive import load_manifest

    rows = load_manifest(job.target)["layers"]
    facts = {
        "scene": str(job.target),
        "did": words,
        "layers": [{key: value for key, value in row.items() if key != "files"} for row in rows],
        "undo": len(history.past),
        "redo": len(history.future),
        **more,
    }
    typer.echo(json.dumps(facts))


def listed(ids: Iterable[str]) -> str:
    """Ids in one line that nothing in them can break."""
    return ", ".join(repr(each) for each in ids)
