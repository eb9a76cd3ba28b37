"""`multiplane edit SCENE`: undo, redo and history."""

import json
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from multiplane_cli.edit_job import AsJson, Force, Job, Out, tell
from multiplane_cli.progress import progress

if TYPE_CHECKING:
    from multiplane.formats.revision import Direction

Steps: TypeAlias = Annotated[int, typer.Argument(min=1, help="How many edits.")]


def undo(
    context: typer.Context, steps: Steps = 1, out: Out = None, force: Force = False, as_json: AsJson = False
) -> None:
    """Take back the last edit, or the last STEPS; the archive remembers 20.

    Example:

      multiplane edit photo.multiplane undo
    """
    _travel(Job(context.obj, out, force, as_json), "undo", steps)


def redo(
    context: typer.Context, steps: Steps = 1, out: Out = None, force: Force = False, as_json: AsJson = False
) -> None:
    """Make again what was undone, until the next edit.

    Example:

      multiplane edit photo.multiplane redo 2
    """
    _travel(Job(context.obj, out, force, as_json), "redo", steps)


def history(context: typer.Context, as_json: AsJson = False) -> None:
    """List the edits of SCENE, oldest first: those that can be undone, and those that can be made again.

    Example:

      multiplane edit photo.multiplane history
    """
    from multiplane.formats.revision import read_history

    read = read_history(context.obj)
    past, future = ([step.words for step in side] for side in (read.past, read.future))
    if as_json:
        typer.echo(json.dumps({"past": past, "future": future}))
        return
    if not past and not future:
        typer.echo("no edits yet")
    for back, words in zip(range(len(past), 0, -1), past, strict=True):
        typer.echo(f"undo {back:2d}  {words}")
    for forth, words in enumerate(future, 1):
        typer.echo(f"redo {forth:2d}  {words}")


def _travel(job: Job, direction: "Direction", steps: int) -> None:
    from multiplane.formats.revision import travel

    job.check()
    with progress(quiet=job.as_json) as stages:
        stages.begin(f"write {job.target.name}")
        words, history_now = travel(job.scene, direction, steps, job.target)
    tell(job, [f"{direction} {each}" for each in words], history_now, {"seconds": stages.seconds})
