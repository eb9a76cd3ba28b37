"""`multiplane relight`: a scene in, the same under another light out, in any format, or as a clip of a moving light."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from multiplane_cli.light_options import (
    AmbientOption,
    EnvOption,
    IntensityOption,
    KeepOption,
    KelvinOption,
    LightOptions,
    PointOption,
    SoftnessOption,
    SunOption,
    TurnOption,
)
from multiplane_cli.overwrite import refuse_to_overwrite
from multiplane_cli.progress import Progress, progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from multiplane.light.lights import Light
    from multiplane.light.relight import Lit
    from multiplane.scene import Scene

PASSES = (".psd", ".psb")


def relight(
    scene: Annotated[Path, typer.Argument(help="A scene archive (.multiplane).")],
    out: Annotated[
        Path,
        typer.Argument(
            help="The picture (.png), the layers (.multiplane, .psd, .ora, .exr, .glb, .html ...) or a clip (.mp4)."
        ),
    ],
    sun: SunOption = [],  # noqa: B006
    point: PointOption = [],  # noqa: B006
    ambient: AmbientOption = None,
    env: EnvOption = None,
    env_turn: TurnOption = 0.0,
    keep: KeepOption = 0.0,
    intensity: IntensityOption = None,
    kelvin: KelvinOption = None,
    softness: SoftnessOption = None,
    passes: Annotated[
        bool, typer.Option("--passes", help=".psd, .psb: leave the layers, and add the light as layers that blend.")
    ] = False,
    swing: Annotated[float, typer.Option(min=1, max=180, help=".mp4: how far the suns swing, in degrees.")] = 60.0,
    seconds: Annotated[float, typer.Option(min=0.5, max=120, help=".mp4: length of the loop.")] = 4.0,
    fps: Annotated[int, typer.Option(min=1, max=120, help=".mp4: frames a second.")] = 24,
    max_side: Annotated[int, typer.Option(min=16, max=8192, help=".mp4: longer side in pixels.")] = 1280,
    force: Annotated[bool, typer.Option("--force", "-f", help="Replace a file that is already there.")] = False,
) -> None:
    """Put SCENE under another light and write it. Layers cast shadows on what is behind them.

    After the numbers of a light may stand what is only its own, as in --sun "90,30 intensity=0.5 kelvin=3000".

    Examples:

      multiplane relight layers/photo.multiplane evening.png --sun -80,12 --kelvin 3000

      multiplane relight layers/photo.multiplane night.png --ambient "12000 intensity=0.15" --point 420,180,2.5

      multiplane relight layers/photo.multiplane lit.psd --sun 120,40 --keep 0.6 --passes

      multiplane relight layers/photo.multiplane moving.mp4 --sun 0,35 --swing 80
    """
    from multiplane.formats.archive import load_scene
    from multiplane.formats.write import check_folder

    options = LightOptions(sun, point, ambient, env, env_turn, keep, intensity, kelvin, softness)
    options.check()
    if passes and out.suffix.lower() not in PASSES:
        raise typer.BadParameter("--passes is for Photoshop files: name a .psd or .psb file")
    if out.suffix.lower() == ".mp4" and not sun:
        raise typer.BadParameter("a clip needs a sun that moves: add --sun AZ,EL")
    refuse_to_overwrite([out], force)
    check_folder(out.parent)
    with progress() as stages:
        stages.begin("read")
        loaded = load_scene(scene)
        stages.begin("light")
        _write(loaded, options, out, stages, passes, (swing, seconds, fps, max_side))
    typer.echo(str(out))


def _write(
    scene: "Scene",
    options: LightOptions,
    out: Path,
    stages: Progress,
    passes: bool,
    clip: tuple[float, float, int, int],
) -> None:
    from multiplane.formats.save import save
    from multiplane.formats.write import write_atomically
    from multiplane.light.relight import prepare_light, relit

    lit = prepare_light(scene)
    lights = options.lights(scene.camera, lit.lights)
    stages.begin(f"write {out.name}")
    suffix = out.suffix.lower()
    if suffix == ".mp4":
        write_atomically(out, _encode_clip(lit, lights, clip, stages))
    elif passes:
        save(scene, out, {suffix: _pass_encoder(lit, lights, large=suffix == ".psb")})
    elif suffix == ".png":
        write_atomically(out, _encode_picture(lit, lights))
    else:
        save(relit(lit, lights), out)


def _encode_clip(lit: "Lit", lights: "Sequence[Light]", clip: tuple[float, float, int, int], stages: Progress) -> bytes:
    from multiplane.light.clip import light_clip
    from multiplane.render.clip import clip_size
    from multiplane.render.video import encode_mp4

    swing, seconds, fps, max_side = clip
    size = clip_size(lit.scene.camera, max_side)
    known = replace(lit.scene, key_light=lit.key)
    return encode_mp4(light_clip(known, lights, swing, seconds, int(fps), size, stages.share), int(fps))


def _pass_encoder(lit: "Lit", lights: "Sequence[Light]", large: bool) -> "Callable[[Scene], bytes]":
    from multiplane.formats.psd import encode_psd
    from multiplane.light.passes import light_passes

    return lambda scene: encode_psd(scene, large=large, passes=light_passes(lit, lights))


def _encode_picture(lit: "Lit", lights: "Sequence[Light]") -> bytes:
    """The relit picture as a PNG, with the photo's transparency."""
    import numpy as np

    from multiplane.formats.png import encode_png
    from multiplane.light.relight import relit_picture
    from multiplane.pixels.levels import to_levels

    picture, alpha = relit_picture(lit, lights), lit.scene.alpha
    if alpha is None:
        return encode_png(picture)
    with_alpha: NDArray[Any] = np.dstack([picture, to_levels(alpha, lit.scene.bit_depth)])
    return encode_png(with_alpha)
