"""`multiplane edit SCENE`: move, scale, flip, duplicate and remove, with shadows that follow."""

from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from multiplane_cli.edit_job import AsJson, Force, Job, LayerName, Out, run_on
from multiplane_cli.progress import Progress

if TYPE_CHECKING:
    from multiplane.scene import Scene

Right: TypeAlias = Annotated[float, typer.Option("--dx", help="Pixels to the right; less than 0 is to the left.")]
Down: TypeAlias = Annotated[
    float, typer.Option("--dy", help="Pixels down, towards the viewer; less than 0 is up, farther away.")
]
Away: TypeAlias = Annotated[float, typer.Option("--dz", help="And so much farther away, in the scene's unit of depth.")]
Physics: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--physics/--no-physics",
        help="Along the ground, smaller when farther away, its shadow and its place in the order following; or flat.",
    ),
]


def move(
    context: typer.Context,
    layer: LayerName,
    dx: Right = 0.0,
    dy: Down = 0.0,
    dz: Away = 0.0,
    physics: Physics = True,
    out: Out = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Move LAYER: its foot is dragged along the ground, and its shadow, size and place in the order follow.

    Examples:

      multiplane edit photo.multiplane move person --dx 200 --dy -40

      multiplane edit photo.multiplane move cup --dx -80 --no-physics
    """
    if not (dx or dy or dz):
        raise typer.BadParameter("say how far: --dx, --dy, --dz, or several")

    def change(scene: "Scene", index: int, stages: Progress) -> "tuple[Scene, str]":
        from multiplane.edit.move import move as move_layer

        stages.begin("move")
        flat = "" if physics else ", flat"
        words = f"move {scene.layers[index].id!r} by {_shift(dx, dy, dz)}{flat}"
        return move_layer(scene, index, dx, dy, dz, physics), words

    run_on(layer, Job(context.obj, out, force, as_json), change)


def scale(
    context: typer.Context,
    layer: LayerName,
    factor: Annotated[float, typer.Argument(help="How many times as large: 1.5, or 0.8.")],
    out: Out = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Make LAYER larger or smaller where it stands, and its shadow with it.

    Example:

      multiplane edit photo.multiplane scale cup 1.25
    """

    def change(scene: "Scene", index: int, stages: Progress) -> "tuple[Scene, str]":
        from multiplane.edit.scale import scale as scale_layer

        stages.begin("scale")
        return scale_layer(scene, index, factor), f"scale {scene.layers[index].id!r} by {factor:g}"

    run_on(layer, Job(context.obj, out, force, as_json), change)


def flip(
    context: typer.Context,
    layer: LayerName,
    out: Out = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Mirror LAYER left to right. Its shadow is cast anew, since the light stays where it is.

    Example:

      multiplane edit photo.multiplane flip person
    """

    def change(scene: "Scene", index: int, stages: Progress) -> "tuple[Scene, str]":
        from multiplane.edit.flip import flip as flip_layer

        stages.begin("flip")
        return flip_layer(scene, index), f"flip {scene.layers[index].id!r}"

    run_on(layer, Job(context.obj, out, force, as_json), change)


def duplicate(
    context: typer.Context,
    layer: LayerName,
    dx: Right = 0.0,
    dy: Down = 0.0,
    dz: Away = 0.0,
    physics: Physics = True,
    name: Annotated[str | None, typer.Option(help="What the copy is called.")] = None,
    out: Out = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Make a copy of LAYER and of its shadow, moved as by move.

    Example:

      multiplane edit photo.multiplane duplicate tree --dx 240 --dy -20 --name "tree behind"
    """

    def change(scene: "Scene", index: int, stages: Progress) -> "tuple[Scene, str]":
        from multiplane.edit.duplicate import duplicate as duplicate_layer

        stages.begin("duplicate")
        edited, copy = duplicate_layer(scene, index, dx, dy, dz, physics, name)
        return edited, f"duplicate {scene.layers[index].id!r} as {copy!r}, moved by {_shift(dx, dy, dz)}"

    run_on(layer, Job(context.obj, out, force, as_json), change)


def remove(
    context: typer.Context,
    layer: LayerName,
    out: Out = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Take LAYER out, together with the shadows that it throws. (drop takes LAYER alone.)

    Example:

      multiplane edit photo.multiplane remove "person 1"
    """

    def change(scene: "Scene", index: int, stages: Progress) -> "tuple[Scene, str]":
        from multiplane.edit.remove import remove as remove_layer

        stages.begin("remove")
        edited = remove_layer(scene, index)
        shadows = len(scene.layers) - len(edited.layers) - 1
        return edited, f"remove {scene.layers[index].id!r}{' and its shadow' if shadows else ''}"

    run_on(layer, Job(context.obj, out, force, as_json), change)


def _shift(dx: float, dy: float, dz: float) -> str:
    return f"{dx:g}, {dy:g}" + (f", {dz:g} in depth" if dz else "")
