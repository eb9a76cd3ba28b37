"""`multiplane edit SCENE split`: one layer becomes several, by depth, by component, or by what somebody points at."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from multiplane_cli.choices import check_boxes, check_points, read_prompts
from multiplane_cli.edit_job import AsJson, Force, Job, LayerName, Out, listed, run
from multiplane_cli.progress import Progress

if TYPE_CHECKING:
    from multiplane.edit.split import Parts
    from multiplane.scene import Scene

By: TypeAlias = Annotated[
    Literal["depth", "component"] | None,
    typer.Option(help="depth: near and far parts; component: parts that do not touch."),
]
Into: TypeAlias = Annotated[
    int | None,
    typer.Option(min=2, max=32, help="How many parts --by depth makes (2), or --by component makes at most (12)."),
]
Point: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="X,Y ...", help="The thing at this pixel; more points, a minus before those not in it."),
]
Box: TypeAlias = Annotated[
    str | None, typer.Option(metavar="X0,Y0,X1,Y1 ...", help="The thing in this box; points may follow.")
]
MaskFile: TypeAlias = Annotated[
    Path | None, typer.Option(help="What is white or opaque in this picture, of the scene's size or the layer's.")
]
NewName: TypeAlias = Annotated[str | None, typer.Option(help="What the chosen part is called.")]
Selector: TypeAlias = Annotated[
    str, typer.Option(help="What answers points and boxes: builtin, a model's name, or its folder.")
]
Matte: TypeAlias = Annotated[str, typer.Option(help="Matte: closed-form or guided (faster).")]
Inpaint: TypeAlias = Annotated[
    str, typer.Option(help="Fill: patches, smooth (faster), lama, or a network's file or folder.")
]


@dataclass(frozen=True)
class _Way:
    """One way to divide a layer, as the options say it; exactly one of `by`, `point`, `box` and `mask` is given."""

    by: Literal["depth", "component"] | None
    into: int | None
    point: str | None
    box: str | None
    mask: Path | None
    name: str | None
    select: str

    def check(self) -> None:
        """Raise BadParameter for options that do not go together."""
        if sum(choice is not None for choice in (self.by, self.point, self.box, self.mask)) != 1:
            raise typer.BadParameter("say how to split, one way: --by depth, --by component, --point, --box or --mask")
        if self.into is not None and self.by is None:
            raise typer.BadParameter("--into goes with --by depth or --by component")
        if self.name is not None and self.by is not None:
            raise typer.BadParameter("--name goes with --point, --box or --mask; rename the parts afterwards")
        check_points([self.point] if self.point is not None else [])
        check_boxes([self.box] if self.box is not None else [])


def split(
    context: typer.Context,
    layer: LayerName,
    by: By = None,
    into: Into = None,
    point: Point = None,
    box: Box = None,
    mask: MaskFile = None,
    name: NewName = None,
    select: Selector = "builtin",
    matte: Matte = "closed-form",
    inpaint: Inpaint = "patches",
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
    way = _Way(by, into, point, box, mask, name, select)
    way.check()

    def change(scene: "Scene", stages: Progress) -> "tuple[Scene, str]":
        return _split(scene, layer, way, (matte, inpaint), stages)

    run(Job(context.obj, out, force, as_json), change)


def _split(scene: "Scene", layer: str, way: _Way, tools: tuple[str, str], stages: Progress) -> "tuple[Scene, str]":
    from multiplane.edit.find import find_layer
    from multiplane.edit.rename import check_name
    from multiplane.edit.split import split as split_layer
    from multiplane.inpaint import load_inpaint
    from multiplane.matte import load_matte

    index = find_layer(scene, layer)
    matte, inpaint = load_matte(tools[0]), load_inpaint(tools[1])
    if way.name is not None:
        check_name(scene, way.name)
    stages.begin("find the parts")
    parts = _parts(scene, index, way)
    stages.begin("cut them out and fill in behind")
    edited = split_layer(scene, index, parts, matte, inpaint, scene.origin.seed)
    made = [each.id for each in edited.layers[index : index + len(parts.masks)]]
    return edited, f"split {scene.layers[index].id!r} into {listed(reversed(made))}"


def _parts(scene: "Scene", index: int, way: _Way) -> "Parts":
    """Layer `index`, divided the `way` that was asked for."""
    if way.by == "depth":
        from multiplane.edit.by_depth import by_depth

        return by_depth(scene.layers[index], way.into or 2)
    if way.by == "component":
        from multiplane.edit.by_component import MOST, by_component

        return by_component(scene.layers[index], way.into or MOST)
    from multiplane.edit.by_selection import by_mask, by_prompt

    if way.mask is not None:
        from multiplane.raster.read import read_raster
        from multiplane.segment.file import inside_of

        return by_mask(scene, index, inside_of(read_raster(way.mask), way.mask), way.name)
    from multiplane.segment.prompted import load_prompted

    points = [way.point] if way.point is not None else []
    boxes = [way.box] if way.box is not None else []
    (prompt,) = read_prompts(points, boxes)
    return by_prompt(scene, index, prompt, load_prompted(way.select), way.name)
