"""Reads a photo from a file: the one way in from the disk to the noun."""

from pathlib import Path

import numpy as np

from multiplane.arrays import Floats, Levels
from multiplane.errors import FormatError, PhotoError
from multiplane.photo.bleed import bleed_of
from multiplane.photo.colour import srgb_levels
from multiplane.photo.exif import exif_camera, upright
from multiplane.pixels.levels import from_levels
from multiplane.raster.raster import Raster
from multiplane.raster.read import read_raster
from multiplane.scene import Camera, Photo


def read_photo(path: Path, focal_35mm: float | None = None) -> Photo:
    """Read PNG, JPEG, TIFF, WebP, AVIF, GIF, BMP, or HEIC where pillow-heif is installed.

    The photo is upright (EXIF orientation applied), in sRGB (its ICC profile applied, and kept in `icc_profile`), and
    on the grid of its own bit depth: 16 for PNG and TIFF of 16 bits a sample, else 8. Animations give their first
    frame. The focal length is `focal_35mm` (35 mm equivalent, in mm) if given, else EXIF's, else the default.

    Raises PhotoError, one line naming the file and the mend, for everything that is not a whole readable image.
    """
    if focal_35mm is not None and not 0 < focal_35mm < np.inf:
        raise PhotoError(f"a focal length must be more than 0 mm and finite, not {focal_35mm}; a phone has about 26")
    try:
        raster = read_raster(path)
    except FormatError as error:
        raise PhotoError(str(error)) from error
    if raster.samples.dtype not in (np.uint8, np.uint16):
        raise PhotoError(
            f"{str(path)!r} holds {raster.samples.dtype} samples, whose white is not defined; save it as 8 or 16 bit"
        )
    rgb, alpha = _floats(raster, path.name)
    height, width = rgb.shape[:2]
    stated = exif_camera(raster.exif, raster.width, width, height)
    given = None if focal_35mm is None else Camera.from_focal_35mm(width, height, focal_35mm)
    return Photo(
        rgb,
        given or stated or Camera.from_focal_35mm(width, height),
        name=path.stem,
        bit_depth=16 if raster.samples.dtype == np.uint16 else 8,
        alpha=alpha,
        icc_profile=raster.icc,
        dpi=round(raster.dpi, 2) if raster.dpi is not None and 0 < raster.dpi < np.inf else None,
        focal_source="given" if given else "exif" if stated else "default",
        bleed=bleed_of(raster.jpeg),
    )


def _floats(raster: Raster, name: str) -> tuple[Floats, Floats | None]:
    """Upright colours (H, W, 3) in sRGB, and alpha (H, W) or None where everything is opaque."""
    alpha = _alpha(raster)
    rgb = from_levels(upright(srgb_levels(raster, name), raster.exif))
    if alpha is None or alpha.min() == np.iinfo(alpha.dtype).max:
        return rgb, None
    return rgb, from_levels(upright(alpha, raster.exif))


def _alpha(raster: Raster) -> Levels | None:
    if raster.palette is not None:
        return np.asarray(raster.palette[:, 3][raster.samples])
    return raster.alpha
