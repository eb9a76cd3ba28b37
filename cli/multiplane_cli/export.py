"""`multiplane export`: a scene in, one file of another format out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from multiplane_cli.model_options import (
    GeometryOption,
    LitOption,
    ModelOptions,
    MoveOption,
    TextureSizeOption,
    TexturesOption,
    TrianglesOption,
)
from multiplane_cli.overwrite import refuse_to_overwrite
from multiplane_cli.photoshop_options import (
    ExtrasOption,
    FullCanvasOption,
    MasksOption,
    PackingOption,
    PhotoshopOptions,
)
from multiplane_cli.picture_options import (
    DeepOption,
    LayersOnlyOption,
    MaxMegabytesOption,
    PictureOptions,
    PicturesOption,
    SinglePartOption,
)

if TYPE_CHECKING:
    from multiplane.scene import Scene


def export(
    scene: Annotated[Path, typer.Argument(help="A scene archive (.multiplane).")],
    out: Annotated[
        Path,
        typer.Argument(
            help="A file (.psd, .psb, .ora, .exr, .pptx, .glb, .usdz, .jsx for After Effects, .py for Blender, .ply,"
            " .html, .png contact sheet, .multiplane), or a folder of layers with their maps."
        ),
    ],
    geometry: GeometryOption = None,
    triangles: TrianglesOption = None,
    lit: LitOption = None,
    textures: TexturesOption = None,
    texture_size: TextureSizeOption = None,
    move: MoveOption = None,
    full_canvas: FullCanvasOption = None,
    masks: MasksOption = None,
    extras: ExtrasOption = None,
    packing: PackingOption = None,
    single_part: SinglePartOption = None,
    deep: DeepOption = None,
    pictures: PicturesOption = None,
    layers_only: LayersOnlyOption = None,
    max_megabytes: MaxMegabytesOption = None,
    force: Annotated[bool, typer.Option("--force", "-f", help="Replace what is already there.")] = False,
) -> None:
    """Write SCENE in another format, chosen by the suffix; without one, a folder of layers.

    Examples:

      multiplane export layers/photo.multiplane photo.psd

      multiplane export layers/photo.multiplane photo.psb --masks --with depth,normals

      multiplane export layers/photo.multiplane layers-as-tiff --pictures tiff

      multiplane export layers/photo.multiplane photo.exr

      multiplane export layers/photo.multiplane photo.glb --geometry relief --triangles 20000 --lit --move sway

      multiplane export layers/photo.multiplane photo.jsx    (and photo.psd, which it opens)

      multiplane export layers/photo.multiplane photo.html --max-megabytes 8
    """
    from multiplane.formats.archive import load_scene
    from multiplane.formats.save import files_of, save

    model = ModelOptions(geometry, triangles, lit, textures, texture_size, move)
    photoshop = PhotoshopOptions(full_canvas, masks, extras, packing)
    others = PictureOptions(single_part, deep, pictures, layers_only, max_megabytes)
    for options in (model, photoshop, others):
        options.check_suits(out)
    refuse_to_overwrite(files_of(out), force)
    loaded = load_scene(scene)
    out = _fitted(out, loaded, force)
    if out.suffix:
        save(loaded, out, {".glb": model.encoder(), **photoshop.encoders(), **others.encoders()})
    else:
        others.write_folder(loaded, out)
    typer.echo("\n".join(map(str, files_of(out))))


def _fitted(out: Path, scene: "Scene", force: bool) -> Path:
    """`out`, or what is written instead where its format cannot hold a scene so large, and says so."""
    from multiplane.formats.save import fitting

    fitted = fitting(out, scene)
    if fitted != out:
        refuse_to_overwrite([fitted], force)
        typer.echo("The scene is larger than a .psd can be: it becomes a .psb.", err=True)
    return fitted
