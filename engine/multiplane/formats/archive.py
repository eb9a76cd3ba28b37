"""The .multiplane archive: a zip of scene.json, PNG layers and float depths that gives the scene back bit for bit."""

import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import tifffile

from multiplane.arrays import Floats, Mask
from multiplane.errors import FormatError, SceneError
from multiplane.formats.manifest import ALPHA_ENTRY, PROFILE_ENTRY, manifest_of, parse_manifest
from multiplane.formats.png import decode_png, encode_png
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.scene import Camera, Layer, Origin, Scene

MIMETYPE = b"image/x-multiplane"
MAX_CANVAS_PIXELS = 1 << 28
MAX_PIXELS = 1 << 29
"""Of all layers together: 21 bytes each in memory, so 11 GB; a 100-megapixel photo in five full sheets."""
MAX_DOCUMENT_BYTES = 1 << 24
MAX_PROFILE_BYTES = 1 << 24
SLACK_BYTES = 1 << 16
"""What an entry may be larger than its raw pixels: headers, and filter bytes of a picture that does not compress."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""Of every entry, so that the same scene gives the same bytes."""
PLAIN_TIFF = {"NONE", "DEFLATE", "ADOBE_DEFLATE"}


def encode_archive(scene: Scene) -> bytes:
    """The archive of `scene`; colours are rounded to the scene's bit depth, on whose grid they should lie already."""
    document = manifest_of(scene)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        _put(archive, "mimetype", MIMETYPE)
        text = json.dumps(document, indent=2, ensure_ascii=True).encode("ascii")
        _put(archive, "scene.json", text, zipfile.ZIP_DEFLATED)
        if scene.icc_profile is not None:
            _put(archive, PROFILE_ENTRY, scene.icc_profile)
        if scene.alpha is not None:
            _put(archive, ALPHA_ENTRY, encode_png(to_levels(scene.alpha, scene.bit_depth)))
        for layer, entry in zip(scene.layers, document["layers"], strict=True):
            _put(archive, entry["files"]["rgba"], encode_png(to_levels(layer.rgba, scene.bit_depth)))
            _put(archive, entry["files"]["z"], _encode_depth(layer.z))
            _put(archive, entry["files"]["filled"], encode_png(layer.filled.astype(np.uint8) * np.uint8(255)))
    return buffer.getvalue()


def decode_archive(data: bytes) -> Scene:
    """The scene in an archive's bytes; inverse of `encode_archive`. Raises FormatError, one line, for anything else."""
    return _decode(io.BytesIO(data))


def load_scene(path: Path) -> Scene:
    """The scene in the archive at `path`. Raises FormatError where it cannot be read."""
    with open_archive(path) as file:
        try:
            return _decode(file)
        except FormatError as error:
            raise FormatError(f"cannot read {path}: {error}") from error


def load_manifest(path: Path) -> dict[str, Any]:
    """The valid scene.json of the archive at `path`, without its pixels. Raises FormatError where it cannot be read."""
    with open_archive(path) as file:
        try:
            return _Entries(file).manifest()
        except FormatError as error:
            raise FormatError(f"cannot read {path}: {error}") from error


def open_archive(path: Path) -> IO[bytes]:
    """The file at `path`, open for reading; raises FormatError where the system refuses."""
    try:
        return path.open("rb")
    except OSError as error:
        raise FormatError(f"cannot read {path}: {error.strerror}; name a .multiplane file") from error


def _decode(file: IO[bytes]) -> Scene:
    entries = _Entries(file)
    document = entries.manifest()
    size = int(document["camera"]["height"]), int(document["camera"]["width"])
    _check_total(size, document["layers"])
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
        )
    except SceneError as error:
        raise FormatError(f"the archive holds no valid scene ({error}); write the scene again") from error


def _layers(entries: "_Entries", documents: list[dict[str, Any]], bit_depth: int) -> Iterator[Layer]:
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


def _check_total(size: tuple[int, int], documents: list[dict[str, Any]]) -> None:
    canvas = size[0] * size[1]
    total = sum(int(document["size"][0]) * int(document["size"][1]) for document in documents)
    if canvas > MAX_CANVAS_PIXELS or total > MAX_PIXELS:
        raise FormatError(
            f"the scene claims {canvas / 1e6:.0f} megapixels and {total / 1e6:.0f} in its layers, but this version"
            f" reads up to {MAX_CANVAS_PIXELS / 1e6:.0f} and {MAX_PIXELS / 1e6:.0f}; use a smaller photo"
        )


def _put(archive: zipfile.ZipFile, name: str, data: bytes, method: int = zipfile.ZIP_STORED) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = method
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, data)


def _encode_depth(z: Floats) -> bytes:
    buffer = io.BytesIO()
    rows = max(1, (1 << 18) // z.shape[1])  # strips of a megabyte: unpacked side by side, and little at once
    tifffile.imwrite(
        buffer, z, compression="zlib", compressionargs={"level": 1}, predictor=True, rowsperstrip=rows, metadata=None
    )
    return buffer.getvalue()


class _Entries:
    """The entries of an archive nobody vouches for: no size is believed until it is checked."""

    def __init__(self, file: IO[bytes]) -> None:
        try:
            self._archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise FormatError(f"not a whole .multiplane archive ({error}); write the scene again") from error

    def manifest(self) -> dict[str, Any]:
        """The valid scene.json."""
        return parse_manifest(self.read("scene.json", MAX_DOCUMENT_BYTES))

    def read(self, name: str, limit: int) -> bytes:
        """The bytes of an entry that declares and holds at most `limit`."""
        try:
            info = self._archive.getinfo(name)
        except KeyError as error:
            raise FormatError(f"the archive has no entry {name!r}; write the scene again") from error
        if info.file_size > limit or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise FormatError(
                f"entry {name!r} is larger than it can rightly be, or packed in a way this version does not read"
            )
        try:
            with self._archive.open(info) as entry:
                return entry.read(info.file_size)  # a stated length also bounds what is unpacked
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError) as error:
            raise FormatError(f"entry {name!r} is damaged ({error}); write the scene again") from error

    def png(self, name: str, shape: tuple[int, ...], bit_depth: int) -> Any:
        """Levels of `shape` and `bit_depth`."""
        return decode_png(self.read(name, _limit(shape, bit_depth // 8)), shape, bit_depth, f"entry {name!r}")

    def depth(self, name: str, shape: tuple[int, int]) -> Floats:
        """Float32 depths (H, W)."""
        data = self.read(name, _limit(shape, 4))
        try:
            with tifffile.TiffFile(io.BytesIO(data)) as file:
                page = file.pages.first
                plain = page.compression.name in PLAIN_TIFF and not page.is_tiled and page.dtype == np.float32
                if page.shape != shape or not plain:
                    raise FormatError(f"entry {name!r} is not a plain float32 TIFF of {shape[1]} x {shape[0]} pixels")
                return np.asarray(page.asarray(), np.float32)
        except FormatError:
            raise
        except Exception as error:  # tifffile raises whatever the damage provokes: struct, index, key, value errors
            raise FormatError(f"entry {name!r} is damaged ({error}); write the scene again") from error


def _limit(shape: tuple[int, ...], sample_bytes: int) -> int:
    raw = int(np.prod(shape, dtype=np.int64)) * sample_bytes
    return raw + raw // 64 + shape[0] + SLACK_BYTES
