"""What `multiplane export` may ask of an OpenEXR file, a web page or a folder of layers, and what follows from it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

if TYPE_CHECKING:
    from multiplane.scene import Scene

Pictures: TypeAlias = Literal["png", "tiff"]
SinglePartOption: TypeAlias = Annotated[
    bool | None,
    typer.Option("--single-part", help=".exr: all layers as channels of one part, for programs that know no parts."),
]
DeepOption: TypeAlias = Annotated[
    bool | None,
    typer.Option(
        "--deep", help=".exr: a sample for each layer at every pixel, with its own depth, for deep compositing."
    ),
]
PicturesOption: TypeAlias = Annotated[
    Pictures | None, typer.Option(help="Folder: how its pictures are stored.", show_default="png")
]
LayersOnlyOption: TypeAlias = Annotated[
    bool | None, typer.Option("--layers-only", help="Folder: no depth, normals and masks of each layer.")
]
MaxMegabytesOption: TypeAlias = Annotated[
    float | None,
    typer.Option(min=0.1, help=".html: its textures become lossy, then smaller, until the file fits.", metavar="MB"),
]


@dataclass(frozen=True)
class PictureOptions:
    """As given on the command line; None is what nobody asked for."""

    single_part: bool | None
    deep: bool | None
    pictures: Pictures | None
    layers_only: bool | None
    max_megabytes: float | None

    def check_suits(self, out: Path) -> None:
        """Refuse, as wrong usage, an option of an .exr, an .html or a folder for a file of another kind."""
        for option, given in (("--single-part", self.single_part), ("--deep", self.deep)):
            if given is not None and out.suffix.lower() != ".exr":
                raise typer.BadParameter(f"{option} is for OpenEXR: name an .exr file")
        if self.single_part and self.deep:
            raise typer.BadParameter("--deep holds samples, not layers: leave out --single-part")
        if self.max_megabytes is not None and out.suffix.lower() != ".html":
            raise typer.BadParameter("--max-megabytes is for web pages: name an .html file")
        for option, value in (("--pictures", self.pictures), ("--layers-only", self.layers_only)):
            if value is not None and out.suffix:
                raise typer.BadParameter(f"{option} is for a folder of layers: name one without a suffix")

    def encoders(self) -> "dict[str, Callable[[Scene], bytes]]":
        """The encoders of an .exr and of an .html with these options, by suffix."""
        return {".exr": self._encode_exr, ".html": self._encode_page}

    def write_folder(self, scene: "Scene", folder: Path) -> None:
        """Write the layers, and unless only they are asked for, their maps."""
        from multiplane.formats.sequence import ALL_MAPS, write_sequence

        write_sequence(scene, folder, self.pictures or "png", () if self.layers_only else ALL_MAPS)

    def _encode_exr(self, scene: "Scene") -> bytes:
        if self.deep:
            from multiplane.formats.exr_deep import encode_deep_exr

            return encode_deep_exr(scene)
        from multiplane.formats.exr import encode_exr

        return encode_exr(scene, single_part=bool(self.single_part))

    def _encode_page(self, scene: "Scene") -> bytes:
        from multiplane.formats.page import encode_page

        return encode_page(scene, self.max_megabytes)
