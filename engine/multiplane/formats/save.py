"""Saves a scene under a path whose suffix names the format."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from multiplane.errors import FormatError
from multiplane.formats.write import write_together
from multiplane.scene import Scene

SUFFIXES = (
    *(".multiplane", ".psd", ".psb", ".ora", ".exr", ".pptx"),
    *(".glb", ".usdz", ".jsx", ".py", ".ply", ".html", ".png"),
)
"""What `save` writes: archive, Photoshop's two, OpenRaster, OpenEXR, PowerPoint; glTF, USD, scripts for After Effects
and Blender, a point cloud, a web page, a contact sheet."""
COMPANIONS = MappingProxyType({".jsx": ".psd", ".py": ".glb"})
"""A script's suffix, and that of the file of the same name which it opens."""
Encoder: TypeAlias = Callable[[Scene], bytes]
NO_ENCODERS: Mapping[str, Encoder] = MappingProxyType({})


def save(scene: Scene, path: Path, encoders: Mapping[str, Encoder] = NO_ENCODERS) -> None:
    """Write `scene` to `path` whole or not at all, in the format of its suffix (in any case).

    A script comes with the file that it opens, see `files_of`. `encoders`, by lower-case suffix, stand in for our own,
    with other options. Raises FormatError for a suffix not in SUFFIXES or a scene the format cannot hold, and
    OutputError where the system refuses.
    """
    write_together((each, (encoders.get(each.suffix.lower()) or load_encoder(each))(scene)) for each in files_of(path))


def files_of(path: Path) -> list[Path]:
    """What `save` writes for `path`: it, and beside a script the layered picture or model that it opens."""
    companion = COMPANIONS.get(path.suffix.lower())
    return [path] if companion is None else [path, path.with_suffix(companion)]


def fitting(path: Path, scene: Scene) -> Path:
    """`path`, or for a .psd that is too small a format for `scene` the .psb beside it."""
    if path.suffix.lower() != ".psd":
        return path
    from multiplane.formats.psd import outgrows_psd

    return path.with_suffix(".psb") if outgrows_psd(scene) else path


def load_encoder(path: Path) -> Encoder:
    """The encoder of the format that `path`'s suffix names; nothing heavy is imported before."""
    match path.suffix.lower():
        case ".multiplane":
            from multiplane.formats.archive import encode_archive

            return encode_archive
        case ".psd":
            from multiplane.formats.psd import encode_psd

            return encode_psd
        case ".psb":
            from multiplane.formats.psd import encode_psd

            return partial(encode_psd, large=True)
        case ".ora":
            from multiplane.formats.ora import encode_ora

            return encode_ora
        case ".exr":
            from multiplane.formats.exr import encode_exr

            return encode_exr
        case ".pptx":
            from multiplane.formats.pptx import encode_pptx

            return encode_pptx
        case ".glb" | ".usdz" | ".ply" as model:
            return _load_model_encoder(model)
        case ".jsx":
            from multiplane.formats.after_effects import encode_after_effects

            return encode_after_effects
        case ".py":
            from multiplane.formats.blender import encode_blender

            return encode_blender
        case ".html":
            from multiplane.formats.page import encode_page

            return encode_page
        case ".png":
            from multiplane.formats.contact_sheet import encode_contact_sheet

            return encode_contact_sheet
        case unknown:
            what = f"no format is called {unknown!r}" if unknown else f"{path.name!r} names no format"
            raise FormatError(f"{what}; end the name in one of: {', '.join(SUFFIXES)}")


def _load_model_encoder(suffix: str) -> Encoder:
    match suffix:
        case ".glb":
            from multiplane.formats.glb import encode_glb

            return encode_glb
        case ".usdz":
            from multiplane.formats.usdz import encode_usdz

            return encode_usdz
        case _:
            from multiplane.formats.ply import encode_ply

            return encode_ply
