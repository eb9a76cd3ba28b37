"""What `multiplane export` may ask of a Photoshop file: its options, and the encoders that follow them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, get_args

import typer

if TYPE_CHECKING:
    from multiplane.scene import Scene

Packing: TypeAlias = Literal["zip", "rle"]
Extra: TypeAlias = Literal["depth", "normals", "fill-mask"]
EXTRAS: tuple[Extra, ...] = get_args(Extra)
SUFFIXES = (".psd", ".psb", ".jsx")


def check_extras(text: str | None) -> str | None:
    """The value of --with, lower case; raises BadParameter for a word that names no extra."""
    if text is None:
        return None
    words = [word.strip().lower() for word in text.split(",") if word.strip()]
    unknown = [word for word in words if word not in EXTRAS]
    if unknown or not words:
        what = repr(unknown[0]) if unknown else "nothing"
        raise typer.BadParameter(f"{what} is not one of: {', '.join(EXTRAS)}")
    return ",".join(dict.fromkeys(words))


FullCanvasOption: TypeAlias = Annotated[
    bool | None, typer.Option("--full-canvas", help=".psd, .psb: layers as large as the photo, not trimmed.")
]
MasksOption: TypeAlias = Annotated[
    bool | None, typer.Option("--masks", help=".psd, .psb: soft edges as layer masks, colours go on below them.")
]
ExtrasOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--with", callback=check_extras, help=".psd, .psb: hidden layers, of: depth, normals, fill-mask."),
]
PackingOption: TypeAlias = Annotated[
    Packing | None,
    typer.Option(help=".psd, .psb: zip, or for older programs rle, half as large again or more.", show_default="zip"),
]


@dataclass(frozen=True)
class PhotoshopOptions:
    """As given on the command line; None is what nobody asked for. `extras` has passed `check_extras`."""

    full_canvas: bool | None
    masks: bool | None
    extras: str | None
    packing: Packing | None

    def check_suits(self, out: Path) -> None:
        """Refuse, as wrong usage, an option of a Photoshop file for one of another kind."""
        options = {
            "--full-canvas": self.full_canvas,
            "--masks": self.masks,
            "--with": self.extras,
            "--packing": self.packing,
        }
        given = [name for name, value in options.items() if value is not None]
        if given and out.suffix.lower() not in SUFFIXES:
            raise typer.BadParameter(f"{given[0]} is for Photoshop files: name a {' or '.join(SUFFIXES)} file")

    def encoders(self) -> "dict[str, Callable[[Scene], bytes]]":
        """The encoders of .psd and .psb with these options, by suffix."""
        return {".psd": partial(self._encode, large=False), ".psb": partial(self._encode, large=True)}

    def _encode(self, scene: "Scene", large: bool) -> bytes:
        from multiplane.formats.psd import encode_psd

        asked = (self.extras or "").split(",")
        return encode_psd(
            scene,
            full_canvas=bool(self.full_canvas),
            large=large,
            masks=bool(self.masks),
            extras=[extra for extra in EXTRAS if extra in asked],
            packing=self.packing or "zip",
        )
