"""The options of `multiplane decompose`, each with what --help says of it."""

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from multiplane_cli.choices import check_boxes, check_points

FORMATS = (
    *("psd", "psb", "ora", "exr", "png", "pptx", "sheet"),
    *("glb", "usdz", "ply", "jsx", "py", "html", "mp4"),
)
"""What `--to` takes. The scene archive is always written: every later command starts from it."""
OPENED_BY = {"jsx": "psd", "py": "glb"}
"""A script, and what it opens, which is written beside it."""


def _formats(text: str) -> str:
    asked = [word.strip().lower() for word in text.split(",") if word.strip()]
    unknown = [word for word in asked if word not in FORMATS]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} is not one of: {', '.join(FORMATS)}")
    return ",".join(dict.fromkeys([*(OPENED_BY[each] for each in asked if each in OPENED_BY), *asked]))


PhotoFile: TypeAlias = Annotated[
    Path, typer.Argument(help="A picture: PNG, JPEG, TIFF, WebP, AVIF, or HEIC with its plug-in.")
]
Out: TypeAlias = Annotated[Path, typer.Option("--out", "-o", help="Folder for the results; made if it is not there.")]
To: TypeAlias = Annotated[
    str, typer.Option(callback=_formats, help=f"What to write beside the scene, of: {', '.join(FORMATS)}.")
]
Layers: TypeAlias = Annotated[int, typer.Option(min=1, max=64, help="At most so many layers.")]
Depth: TypeAlias = Annotated[
    str, typer.Option(help="Depth: builtin, a model's name, a model's folder, or your own depth map (a file).")
]
DepthKind: TypeAlias = Annotated[
    Literal["metres", "disparity"] | None,
    typer.Option(help="What a depth file holds; else float files are metres and integer ones disparity."),
]
DepthNear: TypeAlias = Annotated[Literal["white", "black"], typer.Option(help="Which end of a disparity file is near.")]
Segment: TypeAlias = Annotated[
    str, typer.Option(help="Segments: builtin, a model's name or folder, a label map, or a folder of masks.")
]
Points: TypeAlias = Annotated[
    list[str],
    typer.Option(
        callback=check_points,
        metavar="X,Y ...",
        help="A thing to be a layer of its own, by a pixel in it. Repeat it for more things; 'X,Y X,Y -X,Y' is one"
        " thing from several points, a minus before those that are not in it.",
    ),
]
Boxes: TypeAlias = Annotated[
    list[str],
    typer.Option(
        callback=check_boxes,
        metavar="X0,Y0,X1,Y1 ...",
        help="A thing to be a layer of its own, by its left, top, right and bottom; points may follow.",
    ),
]
Masks: TypeAlias = Annotated[
    list[Path],
    typer.Option(
        metavar="FILE",
        help="A mask of the photo's size, white or opaque where a layer of its own is; its name names it.",
    ),
]
Prompts: TypeAlias = Annotated[
    list[str],
    typer.Option(metavar="WORDS", help="Things to be layers of their own, by words; needs Grounding DINO on disk."),
]
Only: TypeAlias = Annotated[bool, typer.Option("--only", help="What was chosen, and all else as one background.")]
Select: TypeAlias = Annotated[
    str, typer.Option(help="What answers points and boxes: builtin, sam-vit-base, or a model's folder.")
]
Find: TypeAlias = Annotated[str, typer.Option(help="What answers words: a model's name or folder.")]
Matte: TypeAlias = Annotated[
    str, typer.Option(help="Matte: closed-form, guided (faster), or a ViTMatte model's name or folder.")
]
Inpaint: TypeAlias = Annotated[
    str, typer.Option(help="Fill: patches, smooth (faster), lama, a TorchScript file like it, or a diffusers folder.")
]
Shadows: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--shadows/--no-shadows", help="Shadows that things clearly throw as layers that multiply, over lit surfaces."
    ),
]
Focal: TypeAlias = Annotated[
    float | None, typer.Option(min=1.0, max=5000.0, help="35 mm equivalent focal length; else from EXIF, else 30.")
]
Seed: TypeAlias = Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")]
Force: TypeAlias = Annotated[bool, typer.Option("--force", "-f", help="Replace files that are already there.")]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
