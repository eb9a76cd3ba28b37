"""`multiplane export`: a scene in, one file of another format out."""

from pathlib import Path
from typing import Annotated

import typer

from multiplane_cli.overwrite import refuse_to_overwrite


def export(
    scene: Annotated[Path, typer.Argument(help="A scene archive (.multiplane).")],
    out: Annotated[
        Path,
        typer.Argument(help="A file (.psd, .glb, .ply, .html, .png contact sheet, .multiplane), or a folder for PNGs."),
    ],
    force: Annotated[bool, typer.Option("--force", "-f", help="Replace what is already there.")] = False,
) -> None:
    """Write SCENE in another format, chosen by the suffix; without one, a folder of PNG layers.

    Examples:

      multiplane export layers/photo.multiplane photo.psd

      multiplane export layers/photo.multiplane layers-as-png
    """
    from multiplane.formats.archive import load_scene
    from multiplane.formats.png_folder import write_png_folder
    from multiplane.formats.save import save

    refuse_to_overwrite([out], force)
    loaded = load_scene(scene)
    if out.suffix:
        save(loaded, out)
    else:
        write_png_folder(loaded, out)
    typer.echo(str(out))
