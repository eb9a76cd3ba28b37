"""`multiplane decompose`: a photo in, a layered scene and the files made from it out."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from multiplane_cli.choices import check_boxes, check_points, read_prompts
from multiplane_cli.overwrite import refuse_to_overwrite
from multiplane_cli.progress import Progress, progress

if TYPE_CHECKING:
    from multiplane.decompose import Backends
    from multiplane.scene import Photo, Scene

FORMATS = ("psd", "ora", "glb", "mp4", "png", "sheet", "html", "ply")
"""What `--to` takes. The scene archive is always written: every later command starts from it."""


def _formats(text: str) -> str:
    asked = [word.strip().lower() for word in text.split(",") if word.strip()]
    unknown = [word for word in asked if word not in FORMATS]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} is not one of: {', '.join(FORMATS)}")
    return ",".join(dict.fromkeys(asked))


def decompose(
    photo: Annotated[Path, typer.Argument(help="A picture: PNG, JPEG, TIFF, WebP, AVIF, or HEIC with its plug-in.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results; made if it is not there.")],
    to: Annotated[
        str, typer.Option(callback=_formats, help=f"What to write beside the scene, of: {', '.join(FORMATS)}.")
    ] = "psd,glb,sheet",
    layers: Annotated[int, typer.Option(min=1, max=64, help="At most so many layers.")] = 6,
    depth: Annotated[
        str, typer.Option(help="Depth: builtin, a model's name, a model's folder, or your own depth map (a file).")
    ] = "builtin",
    depth_kind: Annotated[
        Literal["metres", "disparity"] | None,
        typer.Option(help="What a depth file holds; else float files are metres and integer ones disparity."),
    ] = None,
    depth_near: Annotated[
        Literal["white", "black"], typer.Option(help="Which end of a disparity file is near.")
    ] = "white",
    segment: Annotated[
        str, typer.Option(help="Segments: builtin, a model's name or folder, a label map, or a folder of masks.")
    ] = "builtin",
    point: Annotated[
        list[str],
        typer.Option(
            callback=check_points,
            metavar="X,Y ...",
            help="A thing to be a layer of its own, by a pixel in it. Repeat it for more things; 'X,Y X,Y -X,Y' is one"
            " thing from several points, a minus before those that are not in it.",
        ),
    ] = [],  # noqa: B006
    box: Annotated[
        list[str],
        typer.Option(
            callback=check_boxes,
            metavar="X0,Y0,X1,Y1 ...",
            help="A thing to be a layer of its own, by its left, top, right and bottom; points may follow.",
        ),
    ] = [],  # noqa: B006
    mask: Annotated[
        list[Path],
        typer.Option(
            help="A mask of the photo's size, white or opaque where a layer of its own is; its name names it."
        ),
    ] = [],  # noqa: B006
    prompt: Annotated[
        list[str],
        typer.Option(metavar="WORDS", help="Things to be layers of their own, by words; needs Grounding DINO on disk."),
    ] = [],  # noqa: B006
    only: Annotated[bool, typer.Option("--only", help="What was chosen, and all else as one background.")] = False,
    select: Annotated[
        str, typer.Option(help="What answers points and boxes: builtin, sam-vit-base, or a model's folder.")
    ] = "builtin",
    find: Annotated[str, typer.Option(help="What answers words: a model's name or folder.")] = "grounding-dino-tiny",
    matte: Annotated[str, typer.Option(help="Matte: closed-form or guided (faster).")] = "closed-form",
    inpaint: Annotated[str, typer.Option(help="Fill: patches or smooth (faster).")] = "patches",
    focal: Annotated[
        float | None, typer.Option(min=1.0, max=5000.0, help="35 mm equivalent focal length; else from EXIF, else 30.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 0,
    force: Annotated[bool, typer.Option("--force", "-f", help="Replace files that are already there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Split PHOTO into ordered layers with depth, filled in behind.

    The layers composite back to the photo exactly.

    Examples:

      multiplane decompose photo.jpg -o layers

      multiplane decompose photo.jpg -o layers --to psd,mp4 --layers 4

      multiplane decompose photo.tif -o layers --depth depth.exr --depth-kind metres

      multiplane decompose photo.jpg -o layers --point 420,310 --point "120,80 140,200 -130,140"

      multiplane decompose photo.jpg -o layers --box 80,40,420,390 --mask hand.png --only
    """
    from multiplane.formats.write import check_folder

    if only and not (point or box or mask or prompt):
        raise typer.BadParameter("there is nothing to keep apart; add --point, --box, --mask or --prompt")
    targets = _targets(out, photo.stem, to)
    refuse_to_overwrite(targets.values(), force)
    check_folder(out)
    with progress(quiet=as_json) as stages:
        stages.begin("read")
        picture, backends = _inputs(photo, focal, depth, depth_kind, depth_near, segment, matte, inpaint)
        if point or box or mask or prompt:
            backends = _choosing(backends, point, box, mask, prompt, only, select, find)
        from multiplane.decompose import decompose as decompose_photo

        scene = decompose_photo(picture, backends, layers=layers, seed=seed, report=stages.begin)
        del picture
        _write(scene, targets, stages)
    _report(scene, targets, stages, as_json)


def _targets(out: Path, stem: str, to: str) -> dict[str, Path]:
    """Where each result goes, by format; the scene archive comes first."""
    names = {"sheet": f"{stem}-sheet.png", "png": f"{stem}-layers"}
    targets = {"scene": out / f"{stem}.multiplane"}
    targets.update({kind: out / names.get(kind, f"{stem}.{kind}") for kind in to.split(",") if kind})
    return targets


def _inputs(
    photo: Path,
    focal: float | None,
    depth: str,
    depth_kind: Literal["metres", "disparity"] | None,
    depth_near: Literal["white", "black"],
    segment: str,
    matte: str,
    inpaint: str,
) -> "tuple[Photo, Backends]":
    from multiplane.decompose import Backends
    from multiplane.depth import load_depth
    from multiplane.depth.file import depth_from_file
    from multiplane.inpaint import load_inpaint
    from multiplane.matte import load_matte
    from multiplane.photo.read import read_photo
    from multiplane.segment import load_segment
    from multiplane.segment.file import segments_from_file

    picture = read_photo(photo, focal)
    # Unlike Path's, these take a name too long for the disk for one that is not there.
    is_depth_map = os.path.isfile(depth)  # noqa: PTH113
    is_masks = os.path.isdir(segment) and not Path(segment, "config.json").exists()  # noqa: PTH112
    is_segment_map = is_masks or os.path.isfile(segment)  # noqa: PTH113
    backends = Backends(
        depth=depth_from_file(Path(depth), depth_kind, depth_near) if is_depth_map else load_depth(depth),
        segment=segments_from_file(Path(segment)) if is_segment_map else load_segment(segment),
        matte=load_matte(matte),
        inpaint=load_inpaint(inpaint),
        depth_name=f"file:{Path(depth).name}" if is_depth_map else Path(depth).name,
        keep_segments=is_segment_map,
        segment_name=f"file:{Path(segment).name}" if is_segment_map else Path(segment).name,
    )
    return picture, backends


def _choosing(
    backends: "Backends",
    point: list[str],
    box: list[str],
    mask: list[Path],
    prompt: list[str],
    only: bool,
    select: str,
    find: str,
) -> "Backends":
    """`backends` with what the user chose: each a layer of its own, and the rest as ever, or one background."""
    from multiplane.segment.chosen import Choices, choose, one_background
    from multiplane.segment.prompted import load_finder, load_prompted

    choices = Choices(read_prompts(point, box), tuple(mask), tuple(prompt))
    chosen = choose(choices, load_prompted(select), load_finder(find) if prompt else None)
    return replace(backends, choose=chosen, segment=one_background if only else backends.segment)


def _write(scene: "Scene", targets: dict[str, Path], stages: Progress) -> None:
    from multiplane.formats.write import make_folder, write_together

    make_folder(targets["scene"].parent)
    write_together(_encoded(scene, targets, stages))


def _encoded(scene: "Scene", targets: dict[str, Path], stages: Progress) -> Iterator[tuple[Path, bytes]]:
    """Each file's path and bytes; the folder of PNGs, which is written whole by itself, comes last."""
    from multiplane.formats.png_folder import write_png_folder
    from multiplane.formats.save import load_encoder
    from multiplane_cli.render import encode_clip

    for kind, path in sorted(targets.items(), key=lambda target: target[0] == "png"):
        stages.begin(f"write {path.name}")
        if kind == "mp4":
            yield path, encode_clip(scene, on_share=stages.share)
        elif kind == "png":
            write_png_folder(scene, path)
        else:
            yield path, load_encoder(path)(scene)


def _report(scene: "Scene", targets: dict[str, Path], stages: Progress, as_json: bool) -> None:
    if as_json:
        facts = {
            "files": {kind: str(path) for kind, path in targets.items()},
            "layers": [
                {"id": layer.id, "name": layer.name, "plane": layer.plane, "depth": round(layer.depth, 4)}
                for layer in scene.layers
            ],
            "focal_35mm": round(scene.camera.focal_35mm, 2),
            "focal_source": scene.origin.focal_source,
            "seconds": stages.seconds,
        }
        typer.echo(json.dumps(facts))
        return
    count = len(scene.layers)
    assumed = " (assumed; --focal sets it)" if scene.origin.focal_source == "default" else ""
    typer.echo(f"{count} layer{'s' if count != 1 else ''}, camera {scene.camera.focal_35mm:.0f} mm{assumed}")
    for path in targets.values():
        typer.echo(str(path))
