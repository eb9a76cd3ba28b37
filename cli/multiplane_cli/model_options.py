"""What `multiplane export` may ask of a 3D model: its options, and the encoder that follows them."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

if TYPE_CHECKING:
    from multiplane.formats.gltf.stage import CameraMove
    from multiplane.scene import Layer, Scene

Geometry: TypeAlias = Literal["planes", "relief"]
Textures: TypeAlias = Literal["png", "jpeg", "webp"]
Move: TypeAlias = Literal["sway", "slide", "rise", "push"]
"""The names of `multiplane.render.path.MOVES`."""

GeometryOption: TypeAlias = Annotated[
    Geometry | None,
    typer.Option(help=".glb: flat planes, or a relief that follows the depth.", show_default="planes"),
]
TrianglesOption: TypeAlias = Annotated[
    int | None, typer.Option(min=2, help="Relief: at most so many, all layers together.", show_default="50000")
]
LitOption: TypeAlias = Annotated[
    bool | None, typer.Option("--lit", help=".glb: adds a variant that answers to light, and two lights.")
]
TexturesOption: TypeAlias = Annotated[
    Textures | None, typer.Option(help=".glb: how textures are packed; jpeg, webp are lossy.", show_default="png")
]
TextureSizeOption: TypeAlias = Annotated[
    int | None, typer.Option(min=1, help=".glb: longest side of a texture; else as the photo, tiled above 8192.")
]
MoveOption: TypeAlias = Annotated[
    Move | None, typer.Option(help=".glb: animates the camera, in a loop from the photo.")
]

SUFFIXES = (".glb", ".py")
KEYS_A_SECOND = 24


@dataclass(frozen=True)
class ModelOptions:
    """As given on the command line; None is what nobody asked for."""

    geometry: Geometry | None
    triangles: int | None
    lit: bool | None
    textures: Textures | None
    texture_size: int | None
    move: Move | None

    def check_suits(self, out: Path) -> None:
        """Refuse, as wrong usage, an option of a model for a file that holds none."""
        given = [name for name, value in asdict(self).items() if value is not None]
        if given and out.suffix.lower() not in SUFFIXES:
            option = "--" + given[0].replace("_", "-")
            raise typer.BadParameter(f"{option} is for 3D models: name a {' or '.join(SUFFIXES)} file")
        if self.triangles is not None and self.geometry != "relief":
            raise typer.BadParameter("--triangles is for --geometry relief")

    def encoder(self) -> "Callable[[Scene], bytes]":
        """The encoder of a .glb with these options."""

        def encode(scene: "Scene") -> bytes:
            from multiplane.formats.glb import DEFAULT_TRIANGLES, encode_glb
            from multiplane.render.budget import safe_amplitude

            reach = safe_amplitude(scene)
            return encode_glb(
                scene,
                self.geometry or "planes",
                lit=bool(self.lit),
                texture=self.textures or "png",
                texture_size=self.texture_size,
                triangles=self.triangles or DEFAULT_TRIANGLES,
                move=None if self.move is None else camera_move(scene, self.move),
                eye_budget=reach if reach < float("inf") else None,
                albedo=_albedo(scene) if self.lit else (),
            )

        return encode


def _albedo(scene: "Scene") -> "tuple[Layer, ...]":
    """The colours that a lit model has: those of the photo without its light."""
    from multiplane.light.albedo import albedo_layers
    from multiplane.light.relight import prepare_light

    return albedo_layers(prepare_light(scene))


def camera_move(scene: "Scene", name: Move) -> "CameraMove":
    """The loop called `name`, as far as a clip goes by itself, around the depth that a clip keeps in place."""
    from multiplane.formats.gltf.stage import CameraMove
    from multiplane.render.clip import default_amplitude
    from multiplane.render.depths import shown_depths
    from multiplane.render.path import MOVE_SECONDS, MOVES, loop_path

    reach = default_amplitude(scene)
    aside, up, forward = (share * reach for share in MOVES[name])
    eyes = loop_path(round(MOVE_SECONDS * KEYS_A_SECOND), aside, up, forward)
    return CameraMove(name, MOVE_SECONDS, [(eye.x, eye.y, eye.z) for eye in eyes], 1.0 / shown_depths(scene).focus)
