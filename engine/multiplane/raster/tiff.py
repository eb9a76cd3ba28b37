"""Reads the TIFFs that Pillow would cut down or refuse: more than 8 bits a sample, integer or float."""

from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import ExifTags

from multiplane.errors import FormatError
from multiplane.raster.kinds import unreadable
from multiplane.raster.raster import Raster, Space, check_size

ORIENTATION, X_RESOLUTION, RESOLUTION_UNIT, CAMERA_TAGS, ICC_PROFILE, DNG_VERSION = 274, 282, 296, 34665, 34675, 50706
DOTS_PER_INCH = {2: 1.0, 3: 2.54}
"""By resolution unit: inch, centimetre."""
SPACES: dict[tuple[int, int], Space] = {(0, 1): "grey", (1, 1): "grey", (2, 3): "rgb", (5, 4): "cmyk"}
"""By photometric interpretation (white is zero, black is zero, RGB, separated) and colour samples."""
WHITE_IS_ZERO = 0
ASSOCIATED, UNASSOCIATED = 1, 2


def deep_tiff(path: Path) -> Raster | None:
    """The first page of a TIFF with more than 8 bits a sample, or None where it has no more than 8.

    Raises FormatError for raw files and colour spaces that are not read; whatever tifffile raises passes through.
    """
    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        if DNG_VERSION in page.tags or page.photometric in (32803, 34892):
            raise unreadable(path, "a camera's raw file")
        check_size(path, page.imagewidth, page.imagelength)
        if page.dtype is None or page.dtype.itemsize < 2:
            return None
        planes = _planes(page)
        alphas = [kind for kind in page.extrasamples if kind in (ASSOCIATED, UNASSOCIATED)]
        colours = planes.shape[2] - len(page.extrasamples)
        space = SPACES.get((int(page.photometric), colours))
        if space is None:
            name = getattr(page.photometric, "name", page.photometric)
            raise FormatError(
                f"{str(path)!r} is a TIFF of {colours} x {page.bitspersample} bits in {name}; convert it to RGB"
            )
        samples = planes[..., 0] if space == "grey" else planes[..., :colours]
        alpha = planes[..., colours + page.extrasamples.index(alphas[0])] if alphas else None
        if page.photometric == WHITE_IS_ZERO and samples.dtype.kind == "u":
            samples = np.iinfo(samples.dtype).max - samples
        if alpha is not None and alphas[0] == ASSOCIATED and samples.dtype.kind == "u":
            samples = _unassociated(samples, alpha)
        icc = page.tags.get(ICC_PROFILE)
        return Raster(
            "TIFF",
            space,
            np.ascontiguousarray(samples),
            alpha=None if alpha is None else np.ascontiguousarray(alpha),
            icc=bytes(icc.value) if icc is not None else None,
            dpi=_dpi(page),
            exif=_exif(page),
            frames=len(file.pages),
        )


def _planes(page: tifffile.TiffPage) -> NDArray[Any]:
    """The page's samples (H, W, S), in float32 where they are float and native byte order always."""
    samples: NDArray[Any] = page.asarray()
    if page.axes.startswith("S"):
        samples = np.moveaxis(samples, 0, -1)
    samples = samples.reshape(page.imagelength, page.imagewidth, -1)
    if samples.dtype.kind == "f":
        return samples.astype(np.float32)
    return samples.astype(samples.dtype.newbyteorder("="), copy=False)


def _unassociated(samples: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """Colours divided by their alpha, rounded and clipped; 0 where alpha is 0."""
    top = int(np.iinfo(samples.dtype).max)
    opacity = alpha.astype(np.int64).reshape(*alpha.shape, *(1,) * (samples.ndim - 2))
    colour = (samples.astype(np.int64) * top + opacity // 2) // np.maximum(opacity, 1)
    return np.where(opacity > 0, np.minimum(colour, top), 0).astype(samples.dtype)


def _dpi(page: tifffile.TiffPage) -> float | None:
    resolution, unit = page.tags.get(X_RESOLUTION), page.tags.get(RESOLUTION_UNIT)
    scale = DOTS_PER_INCH.get(int(unit.value) if unit is not None else 2)
    if resolution is None or scale is None or not resolution.value[1]:
        return None
    return float(resolution.value[0] / resolution.value[1] * scale)


def _exif(page: tifffile.TiffPage) -> dict[int, Any]:
    """Tag numbers to values; tifffile names the tags of the camera's directory, so their numbers are looked up."""
    camera = page.tags[CAMERA_TAGS].value if CAMERA_TAGS in page.tags else {}
    named = ExifTags.Base.__members__
    return {
        **{tag.code: tag.value for tag in page.tags.values() if tag.code == ORIENTATION},
        **{named[name].value: value for name, value in camera.items() if name in named},
    }
