"""`multiplane edit SCENE split`: one layer becomes several, by depth, by component, or by what somebody points at."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from multiplane_cli.choices import check_boxes, check_points, read_prompts
from multiplane_cli.edit_job import AsJson, Force, Job, LayerName, Out, listed, run
from multiplane_cli.progress import Progress

if TYPE_CHECKING:
    from multiplane.edit.split import Parts
    from multiplane.scene import Scene


def split(
    context: typer.Context,
    layer: LayerName,
    by: Annotated[
        Literal["depth", "component"] | None,
        typer.Option(help="depth: near and far parts; component: parts that do not touch."),
    ] = None,
    into: Annotated[
        int | None,
        typer.Option(min=2, max=32, help="How many parts --by depth makes (2), or --by component makes at most (12)."),
    ] = None,
    point: Annotated[
        str | None,
        typer.Option(metavar="X,Y ...", help="The thing at this pixel; more points, a minus before those not in it."),
    ] = None,
    box: Annotated[
        str | None, typer.Option(metavar="X0,Y0,X1,Y1 ...", help="The thing in this box; points may follow.")
    ] = None,
    mask: Annotated[
        Path | None, typer.Option(help="What is white or opaque in this picture, of the scene's size or the layer's.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What the new layer is called.")] = None,
    select: Annotated[
        str, typer.Option(help="What answers points and boxes: builtin, a model's name, or its folder.")
    ] = "builtin",
    matte: Annotated[str, typer.Option(help="Matte: closed-form or guided (faster).")] = "closed-form",
    inpaint: Annotated[str, typer.Option(help="Fill: patches or smooth (faster).")] = "patches",
    out: Out = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Cut LAYER into several, soft-edged, filled in behind. The picture stays the same in every byte.

    The nearer part stands above. The largest part keeps the id, or what is left of the layer around what you chose.
    The parts can be split again.

    Examples:

      multiplane edit photo.multiplane split person --by depth --into 3

      multiplane edit photo.multiplane split birds --by component

      multiplane edit photo.multiplane split table --box 80,40,420,390 --name cup
    """
    if sum(choice is not None for choice in (by, point, box, mask)) != 1:
        raise typer.BadParameter("say how to split, one way: --by depth, --by component, --point, --box or --mask")
    if into is not None and by is None:
        raise typer.BadParameter("--into goes with --by depth or --by component")
    points, boxes = check_points([point] if point else []), check_boxes([box] if box else [])

    def parts_of(scene: "Scene", index: int) -> "Parts":
        if by == "depth":
            from multiplane.edit.by_depth import by_depth

            return by_depth(scene.layers[index], into or 2)
        if by == "component":
            from multiplane.edit.by_component import MOST, by_component

            return by_component(scene.layers[index], into or MOST)
        from multiplane.edit.by_selection import by_mask, by_prompt

        if mask is not None:
            from multiplane.raster.read import read_raster
            from multiplane.segment.file import inside_of

            return by_mask(scene, index, inside_of(read_raster(mask), mask), name)
        from multiplane.segment.prompted import load_prompted

        return by_prompt(scene, index, read_prompts(points, boxes)[0], load_prompted(select), name)

    def change(scene: "Scene", stages: Progress) -> "tuple[Scene, str]":
        from multiplane.edit.find import find_layer
        from multiplane.edit.rename import check_name
        from multiplane.edit.split import split as split_layer
        from multiplane.inpaint import load_inpaint
        from multiplane.matte import load_matte

        index = find_layer(scene, layer)
        tools = load_matte(matte), load_inpaint(inpaint)
        if name is not None:
            check_name(scene, name)
        stages.begin("find the parts")
        parts = parts_of(scene, index)
        stages.begin("cut them out and fill in behind")
        edited = split_layer(scene, index, parts, *tools, scene.origin.seed)
        made = [each.id for each in edited.layers[index : index + len(parts.masks)]]
        return edited, f"split {scene.layers[index].id!r} into {listed(reversed(made))}"

    run(Job(context.obj, out, force, as_json), change)
