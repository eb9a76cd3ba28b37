"""The files that the viewer's page may ask for: every format that `multiplane export` writes, and a clip."""

import io
import tempfile
import zipfile
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from multiplane_viewer.answer import Answer, Refused

if TYPE_CHECKING:
    from multiplane.scene import Scene

FOLDER, CLIP = ".zip", ".mp4"
TITLES: Mapping[str, str] = MappingProxyType(
    {
        ".psd": "Photoshop",
        ".psb": "Photoshop, large",
        ".ora": "OpenRaster (Krita)",
        ".exr": "OpenEXR layers",
        ".pptx": "PowerPoint",
        ".glb": "3D model (glTF)",
        ".usdz": "3D model (USD)",
        ".jsx": "After Effects script, with its .psd",
        ".py": "Blender script, with its .glb",
        ".ply": "Point cloud",
        ".html": "Web page",
        ".png": "Contact sheet",
        CLIP: "Parallax clip",
        FOLDER: "Folder of layers and their maps",
        ".multiplane": "Scene archive",
    }
)
"""What can be exported, by suffix, in the order in which it is offered. A script comes zipped with what it opens."""
MEDIA_TYPE = "application/octet-stream"
"""Of every export: it is saved, never shown."""


def export(scene: "Scene", suffix: object, stem: str) -> Answer:
    """`scene` in the format of `suffix`, as a file to save whose name begins with `stem`.

    Raises Refused for a suffix not in TITLES, FormatError for a scene that the format cannot hold.
    """
    if not isinstance(suffix, str) or suffix not in TITLES:
        raise Refused(HTTPStatus.BAD_REQUEST, f"no format is called {suffix!r}; choose one of: {', '.join(TITLES)}")
    from multiplane.formats.save import files_of, fitting, load_encoder

    if suffix == FOLDER:
        return _saved(_zipped(_layer_files(scene, stem)), f"{stem}-layers.zip")
    if suffix == CLIP:
        from multiplane_cli.render import encode_clip

        return _saved(encode_clip(scene), f"{stem}.mp4")
    path = fitting(Path(stem + suffix), scene)
    files = {str(each): load_encoder(each)(scene) for each in files_of(path)}
    if len(files) > 1:
        return _saved(_zipped(files), f"{path.name}.zip")
    return _saved(files[str(path)], path.name)


def _layer_files(scene: "Scene", stem: str) -> dict[str, bytes]:
    from multiplane.formats.sequence import ALL_MAPS, write_sequence

    with tempfile.TemporaryDirectory(prefix="multiplane-") as place:
        folder = Path(place) / "layers"
        write_sequence(scene, folder, maps=ALL_MAPS)
        return {f"{stem}-layers/{path.name}": path.read_bytes() for path in sorted(folder.iterdir())}


def _zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip of files that are packed in themselves."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _saved(body: bytes, name: str) -> Answer:
    return Answer(body, MEDIA_TYPE, file_name=name)
