"""`multiplane render`: a scene in, a parallax clip out."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from multiplane.errors import FormatError
from multiplane_cli.overwrite import refuse_to_overwrite
from multiplane_cli.progress import progress

if TYPE_CHECKING:
    from multiplane.scene import Scene


def render(
    scene: Annotated[Path, typer.Argument(help="A scene archive (.multiplane).")],
    out: Annotated[Path, typer.Argument(help="The clip to write (.mp4).")],
    seconds: Annotated[float, typer.Option(min=0.5, max=120, help="Length of the loop.")] = 4.0,
    fps: Annotated[int, typer.Option(min=1, max=120, help="Frames a second.")] = 30,
    max_side: Annotated[int, typer.Option(min=16, max=8192, help="Longer side of the clip, in pixels.")] = 1280,
    parallax: Annotated[
        float | None,
        typer.Option(
            min=0, max=0.25, help="Parallax of near against far, as a share of the width; else what the fill allows."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", "-f", help="Replace a file that is already there.")] = False,
) -> None:
    """Move a camera through SCENE along an eased loop and write a parallax clip.

    Example:

      multiplane render layers/photo.multiplane parallax.mp4 --seconds 6
    """
    from multiplane.formats.archive import load_scene
    from multiplane.formats.write import check_folder, write_atomically

    if out.suffix.lower() != ".mp4":
        raise FormatError(f"no clip format is called {out.suffix!r}; end the name in .mp4")
    refuse_to_overwrite([out], force)
    check_folder(out.parent)
    with progress() as stages:
        stages.begin("read")
        loaded = load_scene(scene)
        stages.begin(f"write {out.name}")
        write_atomically(out, encode_clip(loaded, seconds, fps, max_side, parallax, stages.share))
    typer.echo(str(out))


def encode_clip(
    scene: "Scene",
    seconds: float = 4.0,
    fps: int = 30,
    max_side: int = 1280,
    parallax: float | None = None,
    on_share: Callable[[float], None] = lambda _: None,
) -> bytes:
    """Render the clip as the bytes of an MP4; `parallax` is a share of the width, else what the fill allows."""
    from multiplane.render.budget import amplitude_of
    from multiplane.render.clip import render_clip
    from multiplane.render.video import encode_mp4

    amplitude = None if parallax is None else amplitude_of(scene, parallax)
    frames = render_clip(scene, seconds, fps, max_side, amplitude, lambda done, total: on_share(done / total))
    return encode_mp4(frames, fps)
