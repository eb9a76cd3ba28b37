"""The .multiplane archive: a zip of scene.json, PNG layers and float depths that gives the scene back bit for bit."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from multiplane.arrays import Floats, Mask
from multiplane.errors import FormatError, SceneError
from multiplane.formats.entries import Entries, zip_entry
from multiplane.formats.manifest import ALPHA_ENTRY, PROFILE_ENTRY, check_total, light_in, manifest_of
from multiplane.formats.png import encode_png
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.scene import Camera, Layer, Origin, Scene

MIMETYPE = b"image/x-multiplane"
MAX_PROFILE_BYTES = 1 << 24
DIGEST_LETTERS = 32
"""128 bits of an entry's SHA-256 are its name: equal names hold equal bytes."""

Known = Callable[[NDArray[Any]], str | None]
"""The name of the entry that holds an array already, if there is one."""


def encode_archive(scene: Scene) -> bytes:
    """The archive of `scene`; colours are rounded to the scene's bit depth, on whose grid they should lie already."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        begin(archive)
        document = pack(archive, scene, lambda _: None)
        put_document(archive, "scene.json", document)
        if scene.icc_profile is not None:
            put(archive, PROFILE_ENTRY, scene.icc_profile)
        if scene.alpha is not None:
            put(archive, ALPHA_ENTRY, encode_png(to_levels(scene.alpha, scene.bit_depth)))
    return buffer.getvalue()


def decode_archive(data: bytes) -> Scene:
    """The scene in an archive's bytes; inverse of `encode_archive`. Raises FormatError, one line, for anything else."""
    entries = Entries(io.BytesIO(data))
    return unpack(entries, entries.manifest())


def load_scene(path: Path) -> Scene:
    """The scene in the archive at `path`. Raises FormatError where it cannot be read."""
    with open_archive(path) as file:
        try:
            entries = Entries(file)
            return unpack(entries, entries.manifest())
        except FormatError as error:
            raise FormatError(f"cannot read {path}: {error}") from error


def load_manifest(path: Path) -> dict[str, Any]:
    """The valid scene.json of the archive at `path`, without its pixels. Raises FormatError where it cannot be read."""
    with open_archive(path) as file:
        try:
            return Entries(file).manifest()
        except FormatError as error:
            raise FormatError(f"cannot read {path}: {error}") from error


def open_archive(path: Path) -> IO[bytes]:
    """The file at `path`, open for reading; raises FormatError where the system refuses."""
    try:
        return path.open("rb")
    except OSError as error:
        raise FormatError(f"cannot read {path}: {error.strerror}; name a .multiplane file") from error


def unpack(entries: Entries, document: dict[str, Any]) -> Scene:
    """The scene that the valid `document` describes, its pixels from `entries`."""
    check_total(document)
    size = int(document["camera"]["height"]), int(document["camera"]["width"])
    bit_depth, alpha, profile = document["bit_depth"], document["alpha"], document["icc_profile"]
    try:
        return Scene(
            camera=Camera(size[1], size[0], document["camera"]["focal"]),
            layers=tuple(_layers(entries, document["layers"], bit_depth)),
            bit_depth=bit_depth,
            alpha=None if alpha is None else from_levels(entries.png(alpha, size, bit_depth)),
            icc_profile=None if profile is None else entries.read(profile, MAX_PROFILE_BYTES),
            dpi=document["dpi"],
            origin=Origin(**document["origin"]),
            key_light=light_in(document),
        )
    except SceneError as error:
        raise FormatError(f"the archive holds no valid scene ({error}); write the scene again") from error


def _layers(entries: Entries, documents: list[dict[str, Any]], bit_depth: int) -> Iterator[Layer]:
    for document in documents:
        width, height = (int(length) for length in document["size"])
        files = document["files"]
        yield Layer(
            id=document["id"],
            name=document["name"],
            label=document["label"],
            plane=document["plane"],
            corner=(int(document["corner"][0]), int(document["corner"][1])),
            rgba=from_levels(entries.png(files["rgba"], (height, width, 4), bit_depth)),
            z=entries.depth(files["z"], (height, width)),
            filled=_mask(entries.png(files["filled"], (height, width), 8)),
            caster=document["caster"],
            blend=document["blend"],
        )


def _mask(levels: Any) -> Mask:
    return np.asarray(levels >= 128)


def begin(archive: zipfile.ZipFile) -> None:
    """Put in what stands first in every archive, so that its first bytes tell what it is."""
    put(archive, "mimetype", MIMETYPE)


def pack(archive: zipfile.ZipFile, scene: Scene, known: Known) -> dict[str, Any]:
    """Put in the layers' pixels under names made of their content, but for arrays `known`; gives scene.json."""
    files = [
        {
            "rgba": known(layer.rgba) or _put_named(archive, "png", encode_png(to_levels(layer.rgba, scene.bit_depth))),
            "z": known(layer.z) or _put_named(archive, "z.tif", _encode_depth(layer.z)),
            "filled": known(layer.filled) or _put_named(archive, "filled.png", _encode_mask(layer.filled)),
        }
        for layer in scene.layers
    ]
    return manifest_of(scene, files)


def put_document(archive: zipfile.ZipFile, name: str, document: dict[str, Any]) -> None:
    """Put in a JSON document."""
    put(archive, name, json.dumps(document, indent=2, ensure_ascii=True).encode("ascii"), zipfile.ZIP_DEFLATED)


def put(archive: zipfile.ZipFile, name: str, data: bytes, method: int = zipfile.ZIP_STORED) -> None:
    """Put in an entry; what is packed in itself (PNG, TIFF) is not packed twice."""
    archive.writestr(zip_entry(name, method), data)


def _put_named(archive: zipfile.ZipFile, suffix: str, data: bytes) -> str:
    name = f"layers/{hashlib.sha256(data).hexdigest()[:DIGEST_LETTERS]}.{suffix}"
    if name not in archive.NameToInfo:
        put(archive, name, data)
    return name


def _encode_mask(mask: Mask) -> bytes:
    return encode_png(mask.astype(np.uint8) * np.uint8(255))


def _encode_depth(z: Floats) -> bytes:
    buffer = io.BytesIO()
    rows = max(1, (1 << 18) // z.shape[1])  # strips of a megabyte: unpacked side by side, and little at once
    tifffile.imwrite(
        buffer, z, compression="zlib", compressionargs={"level": 1}, predictor=True, rowsperstrip=rows, metadata=None
    )
    return buffer.getvalue()
