"""Reads the entries of a .multiplane zip that nobody vouches for: no size is believed until it is checked."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
import tifffile

from multiplane.arrays import Floats
from multiplane.errors import FormatError
from multiplane.formats.manifest import parse_manifest
from multiplane.formats.png import decode_png

MAX_DOCUMENT_BYTES = 1 << 24
SLACK_BYTES = 1 << 16
"""What an entry may be larger than its raw pixels: headers, and filter bytes of a picture that does not compress."""
CHUNK_BYTES = 1 << 20
EPOCH = (1980, 1, 1, 0, 0, 0)
"""Of every entry, so that the same scene gives the same bytes."""
PLAIN_TIFF = {"NONE", "DEFLATE", "ADOBE_DEFLATE"}
UNPACK_ERRORS = (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError)


class Entries:
    """The entries of an archive; every complaint is a FormatError of one line."""

    def __init__(self, file: IO[bytes]) -> None:
        try:
            self._archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise FormatError(f"not a whole .multiplane archive ({error}); write the scene again") from error

    def __contains__(self, name: str) -> bool:
        return name in self._archive.NameToInfo

    def manifest(self) -> dict[str, Any]:
        """The valid scene.json."""
        return parse_manifest(self.read("scene.json", MAX_DOCUMENT_BYTES))

    def read(self, name: str, limit: int) -> bytes:
        """The bytes of an entry that declares and holds at most `limit`."""
        return b"".join(self._chunks(self._info(name, limit)))

    def copy(self, name: str, limit: int, into: zipfile.ZipFile) -> None:
        """Put the entry `name`, of at most `limit` bytes, into another archive, packed as it is here."""
        source = self._info(name, limit)
        entry = zip_entry(name, source.compress_type)
        entry.file_size = source.file_size  # tells the writer beforehand whether 32 bits are enough
        with into.open(entry, "w") as target:
            for chunk in self._chunks(source):
                target.write(chunk)

    def png(self, name: str, shape: tuple[int, ...], bit_depth: int) -> Any:
        """Levels of `shape` and `bit_depth`."""
        return decode_png(self.read(name, size_limit(shape, bit_depth // 8)), shape, bit_depth, f"entry {name!r}")

    def depth(self, name: str, shape: tuple[int, int]) -> Floats:
        """Float32 depths (H, W)."""
        data = self.read(name, size_limit(shape, 4))
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

    def _info(self, name: str, limit: int) -> zipfile.ZipInfo:
        try:
            info = self._archive.getinfo(name)
        except KeyError as error:
            raise FormatError(f"the archive has no entry {name!r}; write the scene again") from error
        if info.file_size > limit or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise FormatError(
                f"entry {name!r} is larger than it can rightly be, or packed in a way this version does not read"
            )
        return info

    def _chunks(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        """The entry's bytes, at most as many as it declares: a stated length also bounds what is unpacked."""
        left = info.file_size
        try:
            with self._archive.open(info) as entry:
                while left > 0 and (chunk := entry.read(min(left, CHUNK_BYTES))):
                    left -= len(chunk)
                    yield chunk
        except UNPACK_ERRORS as error:
            raise FormatError(f"entry {info.filename!r} is damaged ({error}); write the scene again") from error
        if left:
            raise FormatError(f"entry {info.filename!r} is cut short; write the scene again")


def size_limit(shape: tuple[int, ...], sample_bytes: int) -> int:
    """The most bytes an entry may have that holds an array of `shape`."""
    raw = int(np.prod(shape, dtype=np.int64)) * sample_bytes
    return raw + raw // 64 + shape[0] + SLACK_BYTES


def zip_entry(name: str, method: int) -> zipfile.ZipInfo:
    """The head of an entry to be written: the same whenever and wherever it is written."""
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = method
    entry.external_attr = 0o644 << 16
    return entry
