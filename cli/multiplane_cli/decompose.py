"""`multiplane decompose`: a photo in, a layered scene and the files made from it out."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

import multiplane_cli.decompose_options as options
from multiplane_cli.choices import read_prompts
from multiplane_cli.overwrite import refuse_to_overwrite
from multiplane_cli.progress import Progress, progress

if TYPE_CHECKING:
    from multiplane.decompose import Backends
    from multiplane.scene import Photo, Scene


def decompose(
    photo: options.PhotoFile,
    out: options.Out,
    to: options.To = "psd,glb,sheet",
    layers: options.Layers = 8,
    depth: options.Depth = "builtin",
    depth_kind: options.DepthKind = None,
    depth_near: options.DepthNear = "white",
    segment: options.Segment = "builtin",
    point: options.Points = [],  # noqa: B006
    box: options.Boxes = [],  # noqa: B006
    mask: options.Masks = [],  # noqa: B006
    prompt: options.Prompts = [],  # noqa: B006
    only: options.Only = False,
    select: options.Select = "builtin",
    find: options.Find = "grounding-dino-tiny",
    matte: options.Matte = "closed-form",
    inpaint: options.Inpaint = "patches",
    shadows: options.Shadows = False,
    focal: options.Focal = None,
    seed: options.Seed = 0,
    force: options.Force = False,
    as_json: options.AsJson = False,
) -> None:
    """Split PHOTO into ordered layers with depth, filled in behind.

    The layers composite back to the photo exactly.

    Examples:

      multiplane decompose photo.jpg -o layers

      multiplane decompose photo.jpg -o layers --to psd,mp4 --layers 4 --shadows

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

        scene = decompose_photo(picture, backends, layers=layers, seed=seed, report=stages.begin, shadows=shadows)
        del picture
        fitted = _write(scene, targets, force, stages)
    _report(scene, fitted, stages, as_json)


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


def _write(scene: "Scene", targets: dict[str, Path], force: bool, stages: Progress) -> dict[str, Path]:
    """Write the scene to `targets`, or to where it fits instead; gives where it went."""
    from multiplane.formats.save import fitting
    from multiplane.formats.write import make_folder, write_together

    fitted = {kind: fitting(path, scene) for kind, path in targets.items()}
    refuse_to_overwrite(set(fitted.values()) - set(targets.values()), force)
    make_folder(fitted["scene"].parent)
    write_together(_encoded(scene, fitted, stages))
    return fitted


def _encoded(scene: "Scene", targets: dict[str, Path], stages: Progress) -> Iterator[tuple[Path, bytes]]:
    """Each file's path and bytes; the folder of PNGs, which is written whole by itself, comes last."""
    from multiplane.formats.save import load_encoder
    from multiplane.formats.sequence import write_sequence
    from multiplane_cli.render import encode_clip

    for kind, path in sorted(targets.items(), key=lambda target: target[0] == "png"):
        stages.begin(f"write {path.name}")
        if kind == "mp4":
            yield path, encode_clip(scene, on_share=stages.share)
        elif kind == "png":
            write_sequence(scene, path)
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
