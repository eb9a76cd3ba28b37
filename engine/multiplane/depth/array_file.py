"""Reads one two-dimensional array of numbers from an NPY, NPZ or OpenEXR file."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multiplane.errors import FormatError
from multiplane.raster.kinds import first_line, read_head
from multiplane.raster.raster import MAX_PIXELS, check_size

NPY, NPZ, EXR = b"\x93NUMPY", b"PK\x03\x04", b"v/1\x01"
MAX_BYTES = 8 * MAX_PIXELS + 4096
DEPTH_CHANNELS = ("Z", "V", "Y", "R", "G", "B")
"""The last part of the names under which renderers write depth, the surest first; R, G and B only where all agree."""


def is_array_file(path: Path) -> bool:
    """Whether the file starts as an NPY, NPZ or OpenEXR file does; FormatError where it cannot be opened."""
    return read_head(path).startswith((NPY, NPZ, EXR))


def read_array(path: Path) -> NDArray[Any]:
    """The array (H, W) of floats or integers; FormatError, one line, for anything else."""
    head = read_head(path)
    try:
        if head.startswith(NPY):
            array = _readable(path, np.load(path, mmap_mode="r", allow_pickle=False))
        elif head.startswith(NPZ):
            array = _readable(path, _npz(path))
        else:
            array = _exr(path)
    except FormatError:
        raise
    except Exception as error:  # damaged headers raise whatever they lead to
        raise FormatError(
            f"{str(path)!r} is damaged and cannot be read ({first_line(error)}); export or copy it again"
        ) from error
    return array


def _readable(path: Path, array: NDArray[Any]) -> NDArray[Any]:
    """A copy in memory of an array that is two-dimensional but for axes of length 1; FormatError for others."""
    flat = array.reshape([n for n in array.shape if n != 1] if sum(n != 1 for n in array.shape) >= 2 else array.shape)
    if flat.ndim != 2 or flat.dtype.kind not in "fiub":
        shape = " x ".join(map(str, array.shape)) or "a single number"
        raise FormatError(
            f"{str(path)!r} holds {shape} of {array.dtype}, not height x width of numbers; save one depth map in it"
        )
    check_size(path, flat.shape[1], flat.shape[0])
    return np.array(flat, dtype=np.uint8 if flat.dtype.kind == "b" else flat.dtype.newbyteorder("="))


def _npz(path: Path) -> NDArray[Any]:
    """The only array of an NPZ archive; its size is checked before it is unpacked."""
    with zipfile.ZipFile(path) as archive:
        members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
        if len(members) != 1:
            names = ", ".join(repr(info.filename.removesuffix(".npy")) for info in members[:8]) or "none"
            raise FormatError(f"{str(path)!r} must hold one array, but holds {names}; save the depth alone")
        if members[0].file_size > MAX_BYTES:
            raise FormatError(f"{str(path)!r} unpacks to {members[0].file_size:,} bytes, too many; scale it down first")
        array: NDArray[Any] = np.load(io.BytesIO(archive.read(members[0])), allow_pickle=False)
        return array


def _exr(path: Path) -> NDArray[Any]:
    """The depth channel of an OpenEXR file's first part, over its data window."""
    try:
        import OpenEXR
    except ImportError as error:
        raise FormatError(f"{str(path)!r} is OpenEXR, which needs one more package: pip install OpenEXR") from error
    low, high = OpenEXR.File(str(path), header_only=True).header()["dataWindow"]
    check_size(path, int(high[0]) - int(low[0]) + 1, int(high[1]) - int(low[1]) + 1)
    with OpenEXR.File(str(path), separate_channels=True) as file:
        channels = {name: channel.pixels for name, channel in file.channels().items()}
    return _readable(path, channels[_depth_channel(path, channels)])


def _depth_channel(path: Path, channels: dict[str, NDArray[Any]]) -> str:
    """The name of the channel that holds depth: the only one, or the one whose name says so."""
    if len(channels) == 1:
        return next(iter(channels))
    for ending in DEPTH_CHANNELS:
        named = sorted(name for name in channels if name.rpartition(".")[2].upper() == ending)
        if ending in "RGB" and not _grey(channels):
            break
        if named:
            return named[0]
    raise FormatError(f"{str(path)!r} has channels {', '.join(sorted(channels))}; name the one with depth Z")


def _grey(channels: dict[str, NDArray[Any]]) -> bool:
    """Whether all channels but alpha are the same."""
    values = [pixels for name, pixels in channels.items() if name.rpartition(".")[2].upper() != "A"]
    return all(np.array_equal(values[0], other, equal_nan=True) for other in values[1:])
