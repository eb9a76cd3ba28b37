"""`multiplane import`: a .psd, .psb or .ora that was edited comes back into its scene, with depth."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from multiplane_cli.overwrite import refuse_to_overwrite
from multiplane_cli.progress import progress

if TYPE_CHECKING:
    from multiplane.reconcile.outcome import Outcome


def import_(
    edited: Annotated[Path, typer.Argument(help="The edited file: .psd, .psb or .ora, exported from the scene.")],
    into: Annotated[Path, typer.Option("--into", help="The scene archive (.multiplane) that it was exported from.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Write the new scene here; else into the scene itself, as an undoable edit."),
    ] = None,
    hidden: Annotated[
        Literal["drop", "keep"], typer.Option(help="What becomes of layers that are switched off in the editor.")
    ] = "drop",
    inpaint: Annotated[
        str, typer.Option(help="How new holes are filled: patches, smooth, lama, or a network's file or folder.")
    ] = "patches",
    force: Annotated[bool, typer.Option("--force", "-f", help="Replace the file of --out if it is there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Bring EDITED back into its scene: repainted, renamed, reordered, moved, masked, new and deleted layers.

    Layers are known again by number, by name, or by how they look, and keep their depth; new ones get one from what
    they stand on or between. The scene's history keeps what was before.

    Examples:

      multiplane import photo.psd --into layers/photo.multiplane

      multiplane import photo.ora --into layers/photo.multiplane -o retouched.multiplane
    """
    from multiplane.formats.read_edited import read_edited
    from multiplane.formats.revision import open_scene, write_edit
    from multiplane.inpaint import load_inpaint
    from multiplane.reconcile.bring_in import bring_in

    if out is not None:
        refuse_to_overwrite([out], force)
    with progress(quiet=as_json) as stages:
        stages.begin("read")
        opened = open_scene(into)
        camera = opened.scene.camera
        file = read_edited(edited, (camera.width, camera.height), opened.scene.alpha is not None)
        outcome = bring_in(opened.scene, file, load_inpaint(inpaint), hidden == "keep", stages.begin)
        target = into if out is None else out
        if not outcome.is_unchanged or out is not None:
            stages.begin(f"write {target.name}")
            write_edit(opened, outcome.scene, f"import {edited.name}", target)
    _tell(outcome, target, as_json)


def _tell(outcome: "Outcome", target: Path, as_json: bool) -> None:
    if as_json:
        facts = {
            "file": str(target),
            "layers": [asdict(fate) for fate in outcome.fates],
            "gone": outcome.gone,
            "hidden": outcome.hidden,
            "notes": outcome.notes,
        }
        typer.echo(json.dumps(facts))
        return
    for note in outcome.notes:
        typer.echo(f"note: {note}", err=True)
    typer.echo(outcome.summary)
    typer.echo(str(target))
