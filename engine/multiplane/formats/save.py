"""Saves a scene under a path whose suffix names the format."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from multiplane.errors import FormatError
from multiplane.formats.write import write_atomically
from multiplane.scene import Scene

SUFFIXES = (".multiplane", ".psd", ".psb", ".ora", ".glb", ".ply", ".html", ".png")
"""What `save` writes: archive, Photoshop's two, OpenRaster, a 3D scene, a point cloud, a web page, a contact sheet."""


def save(scene: Scene, path: Path) -> None:
    """Write `scene` to `path` whole or not at all, in the format of its suffix (in any case).

    Raises FormatError for a suffix not in SUFFIXES or a scene the format cannot hold, and OutputError where the system
    refuses.
    """
    write_atomically(path, load_encoder(path)(scene))


def load_encoder(path: Path) -> Callable[[Scene], bytes]:
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
        case ".glb":
            from multiplane.formats.glb import encode_glb

            return encode_glb
        case ".ply":
            from multiplane.formats.ply import encode_ply

            return encode_ply
        case ".html":
            from multiplane.formats.page import encode_page

            return encode_page
        case ".png":
            from multiplane.formats.contact_sheet import encode_contact_sheet

            return encode_contact_sheet
        case unknown:
            what = f"no format is called {unknown!r}" if unknown else f"{path.name!r} names no format"
            raise FormatError(f"{what}; end the name in one of: {', '.join(SUFFIXES)}")
