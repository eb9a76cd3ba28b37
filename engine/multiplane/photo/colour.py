"""Brings stored samples of any colour space to sRGB levels, through their ICC profile where they have one.

Relative colorimetric with black point compensation, which is what editors do by default. LittleCMS's shortcuts
are measured before they are trusted: at 16 bits its precalculated tables miss by up to 27 of 255 levels on a wide
gamut, so they are used only where they agree with the exact path.
"""

import logging
from functools import cache
from typing import Any, Literal

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Levels
from multiplane.raster.raster import Raster

log = logging.getLogger(__name__)

BLACK_POINT = int(imagecodecs.CMS.FLAGS.BLACKPOINTCOMPENSATION)
EXACT = BLACK_POINT | int(imagecodecs.CMS.FLAGS.NOOPTIMIZE)
RELATIVE = int(imagecodecs.CMS.INTENT.RELATIVE_COLORIMETRIC)
SIGNATURES = {b"RGB ": "rgb", b"GRAY": "gray", b"CMYK": "cmyk"}
"""Colour spaces of a profile, which stand at byte 16 of its header, in LittleCMS's words."""
STRIP_PIXELS = 1 << 21
PROBES_A_SIDE = 12


def srgb_levels(raster: Raster, name: str) -> Levels:
    """The colours (H, W, 3) of a uint8 or uint16 raster in sRGB, at its own bit depth.

    An sRGB profile, or none, leaves RGB levels as they are. A profile that is broken or of the wrong colour space is
    left out, and the log says so; CMYK without a profile is read as plain device inks.
    """
    samples: NDArray[Any] = raster.palette[raster.samples][..., :3] if raster.palette is not None else raster.samples
    if raster.icc is not None:
        try:
            return _converted(samples, raster.icc)
        except (imagecodecs.CmsError, ValueError) as error:
            log.warning("%r: its colour profile cannot be used (%s); its colours are taken as sRGB", name, error)
    elif raster.space == "cmyk":
        log.warning("%r is CMYK without a colour profile; its inks are taken as plain device colours", name)
    if raster.space == "cmyk":
        return _device_rgb(samples)
    return _as_rgb(samples)


def _converted(samples: NDArray[Any], profile: bytes) -> NDArray[Any]:
    """Levels in the profile's colour space as sRGB levels; raises CmsError or ValueError where they do not fit."""
    space = SIGNATURES.get(profile[16:20])
    if space == "rgb" and (samples.ndim == 2 or samples.shape[2] == 3):
        if _is_srgb(profile):
            return _as_rgb(samples)
        if samples.ndim == 3:
            quick = samples.dtype == np.uint8 and _quick_is_right(profile)
            return _by_strips(samples, profile, "rgb", BLACK_POINT if quick else EXACT)
        return _by_table(samples, profile, "rgb")
    if space == "gray" and samples.ndim == 2:
        return _by_table(samples, profile, "gray")
    if space == "cmyk" and samples.ndim == 3 and samples.shape[2] == 4:
        return _by_strips(samples, profile, "cmyk", EXACT)
    stated = profile[16:20].decode("ascii", "replace").strip() or "nothing"
    raise ValueError(f"it describes {stated}, not {'grey' if samples.ndim == 2 else f'{samples.shape[2]} channels'}")


def _by_strips(samples: NDArray[Any], profile: bytes, space: str, flags: int) -> NDArray[Any]:
    """Transform (H, W, 3 or 4) strip by strip, which bounds the temporaries."""
    out = np.empty((*samples.shape[:2], 3), samples.dtype)
    rows = max(1, STRIP_PIXELS // samples.shape[1])
    for start in range(0, len(samples), rows):
        strip = np.ascontiguousarray(samples[start : start + rows])
        out[start : start + rows] = _transform(strip, profile, space, flags)
    return out


def _by_table(samples: NDArray[Any], profile: bytes, space: Literal["gray", "rgb"]) -> NDArray[Any]:
    """Transform grey (H, W) by looking its levels up: there are no more than 65,536 of them."""
    levels: NDArray[Any] = np.arange(int(np.iinfo(samples.dtype).max) + 1).astype(samples.dtype)[:, None]
    table = _transform(levels if space == "gray" else _as_rgb(levels), profile, space, EXACT)
    looked_up: NDArray[Any] = table[:, 0][samples]
    return looked_up


def _transform(samples: NDArray[Any], profile: bytes, space: str, flags: int) -> NDArray[Any]:
    out: NDArray[Any] = imagecodecs.cms_transform(
        samples, profile, _srgb(), colorspace=space, outcolorspace="rgb", intent=RELATIVE, flags=flags
    )
    return out


@cache
def _srgb() -> bytes:
    return bytes(imagecodecs.cms_profile("srgb"))


@cache
def _probes() -> NDArray[np.uint8]:
    """Colours (N, 1, 3) on an even grid over the cube, its faces and corners included."""
    steps = np.linspace(0, 255, PROBES_A_SIDE).round().astype(np.uint8)
    return np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 1, 3)


def _is_srgb(profile: bytes) -> bool:
    """Whether a profile moves no colour by more than one 8-bit level: sRGB profiles come in dozens of spellings."""
    return _furthest(_transform(_probes(), profile, "rgb", EXACT), _probes()) <= 1


def _quick_is_right(profile: bytes) -> bool:
    """Whether LittleCMS's fast 8-bit path gives what the exact one does, to one level."""
    quick = _transform(_probes(), profile, "rgb", BLACK_POINT)
    return _furthest(quick, _transform(_probes(), profile, "rgb", EXACT)) <= 1


def _furthest(one: NDArray[Any], other: NDArray[Any]) -> int:
    return int(np.abs(one.astype(np.int32) - other).max())


def _as_rgb(samples: NDArray[Any]) -> NDArray[Any]:
    rgb: NDArray[Any] = samples if samples.ndim == 3 else np.repeat(samples[..., None], 3, axis=2)
    return rgb


def _device_rgb(inks: NDArray[Any]) -> NDArray[Any]:
    """(1 - C)(1 - K) and so on, rounded: what a screen shows for inks that nobody has described."""
    top = int(np.iinfo(inks.dtype).max)
    out = np.empty((*inks.shape[:2], 3), inks.dtype)
    for row, target in zip(inks, out, strict=True):
        paper = top - row.astype(np.int64)
        target[:] = (paper[:, :3] * paper[:, 3:] + top // 2) // top
    return out
