"""`multiplane edit`: changes a finished scene, layer by layer, in place and undoably."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from multiplane_cli.edit_history import history, redo, undo
from multiplane_cli.edit_layers import drop, merge, rename, reorder, replace, set_plane
from multiplane_cli.edit_move import duplicate, flip, move, remove, scale
from multiplane_cli.edit_split import split

HELP = ("-h", "--help")


class _SceneFirst(TyperGroup):
    """The operations, whose help is there without a scene, too: `edit split --help`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read SCENE, then leave the rest to the operation."""
        if args and args[0] in self.commands and any(word in HELP for word in args):
            args = ["SCENE", *args]
        elif len(args) > 1 and args[1] in HELP:
            args = [HELP[1]]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=_SceneFirst, no_args_is_help=True)
for command in (
    *(split, merge, rename, reorder, drop, set_plane, replace),
    *(move, scale, flip, duplicate, remove),
    *(undo, redo, history),
):
    app.command()(command)


@app.callback()
def edit(
    context: typer.Context,
    scene: Annotated[Path, typer.Argument(help="A scene archive (.multiplane); it is changed in place.")],
) -> None:
    """Change the layers of SCENE: one operation at a time, each of which can be undone.

    Examples:

      multiplane edit photo.multiplane split table --point 300,150 --name cup

      multiplane edit photo.multiplane split person --by depth

      multiplane edit photo.multiplane merge cup saucer

      multiplane edit photo.multiplane move person --dx 200 --dy -40

      multiplane edit photo.multiplane undo
    """
    context.obj = scene
