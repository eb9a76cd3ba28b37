"""The depth backend that reads a depth map from the user's own file.

What the numbers mean, unless told otherwise:

* integers (PNG, TIFF, and whatever else an image can be) are relative disparity: brighter is nearer;
* floats (TIFF, EXR, NPY, NPZ) are depth in metres: larger is farther;
* integers read as metres are millimetres, as depth cameras write them.

Unknown is what is not finite, what is transparent, and 0 where 0 cannot be meant: in metres, and in measured (float)
disparity. In an integer disparity map 0 is the black of the farthest thing, often painted by hand, and stays.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Mask
from multiplane.depth.array_file import is_array_file, read_array
from multiplane.errors import DepthFileError, FormatError
from multiplane.pixels.disparity import depth_from_disparity
from multiplane.pixels.nearest import from_nearest
from multiplane.raster.raster import Raster, same_frame
from multiplane.raster.read import read_raster
from multiplane.scene import DepthMap, Photo

Kind: TypeAlias = Literal["metres", "disparity"]
Near: TypeAlias = Literal["white", "black"]

METRES_PER_UNIT = 0.001
"""What one step of an integer image is worth in metres: a millimetre, the convention of RGB-D cameras."""
NEAREST_METRES = 1e-6
"""Depths below a micrometre are no depths: they count as unknown."""
GREY_SPREAD = 4
"""Levels by which the channels of an 8-bit map may differ: what JPEG makes of grey."""


def depth_from_file(path: Path, kind: Kind | None = None, near: Near = "white") -> Callable[[Photo], DepthMap]:
    """A backend that gives every photo the depth map in the file at `path`, resized if only its scale differs.

    `kind` says what the numbers mean (None: see the top of this file). `near` says which end of a disparity map is
    near: "white" for larger is nearer, "black" for larger is farther; metres do not ask. Metres give a metric depth
    map, disparity one that spans NEAR to FAR of `pixels.disparity`.

    Raises DepthFileError here for a file that cannot be read or holds no depth, and later, when the backend is
    called, for a photo of another shape.
    """
    values, known, measured = _read(path)
    metric = kind == "metres" or (kind is None and measured)
    if metric:
        values = values if measured else values * np.float32(METRES_PER_UNIT)
        known &= values >= NEAREST_METRES
    elif measured:
        known &= values != 0
    if not known.any():
        raise DepthFileError(f"{str(path)!r} holds no depth: all is 0, transparent or not finite; export it again")
    filled = _filled(values if metric else _disparity(values, known, near), known)

    def backend(photo: Photo) -> DepthMap:
        fitted = _fit(filled, photo, path, metric)
        return DepthMap(fitted, metric=True) if metric else DepthMap(depth_from_disparity(fitted))

    return backend


def _disparity(values: Floats, known: Mask, near: Near) -> Floats:
    """Known values (H, W) in [0, 1] with 1 the nearest; in float64 on the way, for values that span all of float32."""
    low, high = float(values[known].min()), float(values[known].max())
    share = np.where(known, values, low).astype(np.float64)
    share -= low
    share /= (high - low) or 1.0
    return np.asarray(share if near == "white" else 1.0 - share, np.float32)


def _filled(values: Floats, known: Mask) -> Floats:
    """Unknown pixels take the value of the nearest known one."""
    if known.all():
        return values
    filled, _ = from_nearest(values, known)
    return filled


def _fit(values: Floats, photo: Photo, path: Path, metric: bool) -> Floats:
    """The map at the photo's size: as it is where it fits, averaged or interpolated where only the scale differs.

    Metres are interpolated as 1/z, as disparity is: so a plane stays a plane.
    """
    height, width = values.shape
    camera = photo.camera
    if (width, height) == (camera.width, camera.height):
        return values
    if not same_frame(width, height, camera.width, camera.height):
        raise DepthFileError(
            f"{str(path)!r} is {width} x {height} pixels but the photo is {camera.width} x {camera.height}, which is"
            " another shape; crop the depth map as the photo is cropped"
        )
    method = cv2.INTER_AREA if width > camera.width else cv2.INTER_LINEAR
    resized = cv2.resize(1.0 / values if metric else values, (camera.width, camera.height), interpolation=method)
    return np.asarray(1.0 / resized if metric else resized, np.float32)


def _read(path: Path) -> tuple[Floats, Mask, bool]:
    """Values (H, W), which of them are known, and whether they were stored as floats."""
    try:
        if is_array_file(path):
            stored, opaque = read_array(path), None
        else:
            raster = read_raster(path)
            stored, opaque = _grey(raster, path), _opaque(raster)
    except FormatError as error:
        raise DepthFileError(str(error)) from error
    with np.errstate(over="ignore"):  # a float64 beyond float32 becomes infinite, which is unknown
        values = stored.astype(np.float32)
    known = np.isfinite(values)
    if opaque is not None:
        known &= opaque
    return values, known, stored.dtype.kind == "f"


def _grey(raster: Raster, path: Path) -> NDArray[Any]:
    """The one channel (H, W) of a grey picture, also of one stored as colour; FormatError for a real colour picture."""
    samples = raster.samples if raster.palette is None else raster.palette[raster.samples][..., :3]
    if samples.ndim == 2:
        return samples
    if raster.space != "cmyk":
        top = np.iinfo(samples.dtype).max if samples.dtype.kind in "iu" else 255
        spread = max(_furthest(samples[..., 0], samples[..., 1]), _furthest(samples[..., 1], samples[..., 2]))
        if spread <= GREY_SPREAD * (top / 255):
            return np.asarray(samples[..., 1])
    raise FormatError(f"{str(path)!r} is a colour picture, not a depth map; export the depth as grey levels or floats")


def _furthest(one: NDArray[Any], other: NDArray[Any]) -> float:
    return float(np.nanmax(np.abs(one.astype(np.float32) - other)))


def _opaque(raster: Raster) -> Mask | None:
    if raster.palette is not None:
        return np.asarray(raster.palette[:, 3][raster.samples] > 0)
    return None if raster.alpha is None else np.asarray(raster.alpha > 0)
