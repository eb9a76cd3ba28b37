"""`multiplane edit SCENE`: merge, rename, reorder, drop, set-plane and replace."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from multiplane_cli.edit_job import AsJson, Force, Job, LayerName, Out, listed, run, run_on
from multiplane_cli.progress import Progress

if TYPE_CHECKING:
    from multiplane.scene import Scene

log = logging.getLogger(__name__)


def merge(
    context: typer.Context,
    layers: Annotated[list[str], typer.Argument(help="Two or more layers; the first keeps its id, name and plane.")],
    out: Out = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Make one layer of LAYERS. The picture stays the same in every byte, and every pixel keeps its depth.

    Example:

      multiplane edit photo.multiplane merge "person 1" "person 2"
    """

    def change(scene: "Scene", stages: Progress) -> "tuple[Scene, str]":
        from multiplane.edit.find import find_layer
        from multiplane.edit.merge import merge as merge_layers

        indices = [find_layer(scene, words) for words in layers]
        stages.begin("merge")
        return merge_layers(scene, indices), f"merge {listed(scene.layers[index].id for index in indices)}"

    run(Job(context.obj, out, force, as_json), change)


def rename(
    context: typer.Context,
    layer: LayerName,
    name: Annotated[str, typer.Argument(help="The new name; no two layers may have the same.")],
    out: Out = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Call LAYER something else. Its id stays, so that links to it hold.

    Example:

      multiplane edit photo.multiplane rename object-1 "coffee cup"
    """

    def change(scene: "Scene", index: int, _: Progress) -> "tuple[Scene, str]":
        from multiplane.edit.rename import rename as rename_layer

        return rename_layer(scene, index, name), f"rename {scene.layers[index].id!r} to {name!r}"

    run_on(layer, Job(context.obj, out, force, as_json), change, counts=False)


def reorder(
    context: typer.Context,
    layer: LayerName,
    above: Annotated[str | None, typer.Option(help="Move it right above this layer, nearer to the viewer.")] = None,
    below: Annotated[str | None, typer.Option(help="Move it right below this layer.")] = None,
    to: Annotated[
        int | None, typer.Option(min=0, help="Move it to this place; 0 is the farthest, as inspect counts.")
    ] = None,
    out: Out = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Move LAYER nearer or farther. Where that changes the picture, a warning says by how many pixels.

    Examples:

      multiplane edit photo.multiplane reorder cup --above table

      multiplane edit photo.multiplane reorder lamp --to 1
    """
    if sum(choice is not None for choice in (above, below, to)) != 1:
        raise typer.BadParameter("say where to, one way: --above LAYER, --below LAYER or --to PLACE")

    def change(scene: "Scene", index: int, stages: Progress) -> "tuple[Scene, str]":
        from multiplane.edit.find import find_layer
        from multiplane.edit.reorder import place_beside
        from multiplane.edit.reorder import reorder as reorder_layers

        beside = above if above is not None else below
        if beside is not None:
            place = place_beside(scene, index, find_layer(scene, beside), above is not None)
        else:
            place = index if to is None else to
        stages.begin("reorder")
        return reorder_layers(scene, index, place), f"reorder {scene.layers[index].id!r} to place {place}"

    changed = run_on(layer, Job(context.obj, out, force, as_json), change)
    if changed:
        log.warning("the picture changes in %d pixels, since layers that overlap changed sides", changed)


def drop(
    context: typer.Context,
    layer: LayerName,
    out: Out = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Take LAYER out, so that what is behind it appears, filled in.

    Example:

      multiplane edit photo.multiplane drop "person 1"
    """

    def change(scene: "Scene", index: int, stages: Progress) -> "tuple[Scene, str]":
        from multiplane.edit.drop import drop as drop_layer

        gone = scene.layers[index]
        stages.begin("drop")
        edited = drop_layer(scene, index)
        for each in scene.layers:
            if each.caster == gone.id:
                log.warning("%r, the shadow of %r, stays; drop it too if it should go", each.id, gone.id)
        return edited, f"drop {gone.id!r}"

    run_on(layer, Job(context.obj, out, force, as_json), change)


def set_plane(
    context: typer.Context,
    layer: LayerName,
    plane: Annotated[Literal["foreground", "midground", "background"], typer.Argument(help="The group it belongs to.")],
    out: Out = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Put LAYER into another plane: the group that it is exported in. Its place in the order stays.

    Example:

      multiplane edit photo.multiplane set-plane cup foreground
    """

    def change(scene: "Scene", index: int, _: Progress) -> "tuple[Scene, str]":
        from multiplane.edit.set_plane import set_plane as set_plane_of

        return set_plane_of(scene, index, plane), f"set-plane {scene.layers[index].id!r} {plane}"

    run_on(layer, Job(context.obj, out, force, as_json), change, counts=False)


def replace(
    context: typer.Context,
    layer: LayerName,
    file: Annotated[Path, typer.Argument(help="A picture of the layer's size or the scene's: PNG, TIFF, JPEG, WebP.")],
    harmonise: Annotated[
        bool, typer.Option("--harmonise", help="Give the new pixels the scene's light: direction, brightness, colour.")
    ] = False,
    out: Out = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Give LAYER the pixels of FILE. Without transparency in FILE the layer keeps its outline; depth goes on.

    Examples:

      multiplane edit photo.multiplane replace sky sunset.png

      multiplane edit photo.multiplane replace cup other-cup.png --harmonise
    """

    def change(scene: "Scene", index: int, stages: Progress) -> "tuple[Scene, str]":
        import numpy as np

        from multiplane.edit.replace_pixels import replace_pixels
        from multiplane.photo.read import read_photo
        from multiplane.raster.read import read_raster

        stages.begin(f"read {file.name}")
        photo = read_photo(file)
        alpha = photo.alpha
        if alpha is None and read_raster(file).alpha is not None:
            alpha = np.ones(photo.rgb.shape[:2], np.float32)  # a photo forgets transparency that is opaque everywhere
        stages.begin("replace")
        replaced = replace_pixels(scene, index, photo.rgb, alpha)
        words = f"replace {scene.layers[index].id!r} by {file.name!r}"
        if not harmonise:
            return replaced, words
        stages.begin("harmonise")
        return harmonised(replaced, index), f"{words}, harmonised"

    run_on(layer, Job(context.obj, out, force, as_json), change)


def harmonised(scene: "Scene", index: int) -> "Scene":
    """`scene` with layer `index` in the light of the others."""
    from dataclasses import replace as changed

    from multiplane.light.harmonise import harmonise

    layers = list(scene.layers)
    layers[index] = harmonise(layers[index], scene)
    return changed(scene, layers=tuple(layers))
