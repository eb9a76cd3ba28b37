"""What a file says about its layers, without unpacking their pixels: for every format we write."""

from pathlib import Path

from multiplane.errors import FormatError
from multiplane.formats.archive import load_manifest
from multiplane.formats.facts_rows import FileFacts, facts_from
from multiplane.formats.manifest import parse_json

READABLE = (
    ".multiplane, .psd, .psb, .glb, .ora, .exr, .usdz, .pptx, .jsx, .py, .ply, .html, .mp4, a contact sheet (.png),"
    " a folder of layers"
)
FOLDERS_MANIFEST = "layers.json"
EXR_START = b"\x76\x2f\x31\x01"
CLIP_START = slice(4, 8), b"ftyp"
"""Where an MP4 says that it is one."""
LONGEST_START = 8


def read_facts(path: Path) -> FileFacts:
    """The facts of the file at `path`, whose kind its first bytes tell. Raises FormatError where it cannot be read.

    A folder of layers is named by itself or by its manifest.
    """
    file = path / FOLDERS_MANIFEST if (path / FOLDERS_MANIFEST).is_file() else path
    try:
        with file.open("rb") as opened:
            start = opened.read(LONGEST_START)
    except OSError as error:
        raise FormatError(f"cannot read {path}: {error.strerror}; name one of: {READABLE}") from error
    try:
        facts = _of(file, start)
    except Exception as error:  # libraries raise whatever the damage provokes: struct, index, key errors
        raise FormatError(f"cannot read {path}: damaged ({' '.join(str(error).split())}); write it again") from error
    if facts is not None:
        return facts
    if start.startswith(b"PK"):
        return facts_from(load_manifest(path), "multiplane scene")
    raise FormatError(f"cannot read {path}: its first bytes are of no format known here; name one of: {READABLE}")


def _of(path: Path, start: bytes) -> FileFacts | None:
    """The facts of a file that begins with `start`; None of a scene, and of what is not known."""
    if start.startswith(b"8BPS"):
        from multiplane.formats.facts_photoshop import photoshop_facts

        return photoshop_facts(path)
    if start.startswith(b"glTF"):
        from multiplane.formats.facts_gltf import gltf_facts

        return gltf_facts(path)
    if start.startswith(EXR_START):
        from multiplane.formats.facts_exr import exr_facts

        return exr_facts(path)
    if start.startswith(b"PK"):
        from multiplane.formats.facts_zip import zip_facts

        return zip_facts(path)
    if start.startswith(b"{"):
        return facts_from(parse_json(path.read_bytes(), path.name), "folder of layers")
    where, mark = CLIP_START
    if start[where] == mark:
        from multiplane.formats.facts_clip import clip_facts

        return clip_facts(path)
    from multiplane.formats.facts_described import described_facts

    return described_facts(path, start)
