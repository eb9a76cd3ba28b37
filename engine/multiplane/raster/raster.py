"""The noun Raster: the samples of an image file as they are stored, and the limits every file must keep."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from multiplane.errors import FormatError
from multiplane.raster.jpeg import JpegCoding
from multiplane.raster.kinds import Kind

Space: TypeAlias = Literal["grey", "rgb", "cmyk", "palette"]

MAX_PIXELS = 150_000_000
"""Larger images are refused before they are decoded: a photo of this size is already 1.8 GB of float32."""
ASPECT_TOLERANCE = 0.01
"""Two sizes show the same frame when their aspects differ by no more than this share."""


@dataclass(frozen=True)
class Raster:
    """Samples as stored: uint8 or uint16, or from deep TIFFs also int32, uint32 or float32; not yet turned upright.

    `samples` is (H, W) for grey and palette, (H, W, 3) for rgb, (H, W, 4) for cmyk (0 is no ink). `alpha` (H, W) is
    straight, of the samples' type, and None where the file has no transparency. `palette` (N, 4) is RGBA uint8.
    `exif` maps tag numbers to values as Pillow or tifffile parsed them, camera tags included. `jpeg` says how a JPEG
    was compressed.
    """

    kind: Kind
    space: Space
    samples: NDArray[Any]
    alpha: NDArray[Any] | None = None
    palette: NDArray[np.uint8] | None = None
    icc: bytes | None = None
    dpi: float | None = None
    exif: Mapping[int, Any] = field(default_factory=dict)
    frames: int = 1
    jpeg: JpegCoding | None = None

    @property
    def width(self) -> int:
        """Columns as stored."""
        return int(self.samples.shape[1])

    @property
    def height(self) -> int:
        """Rows as stored."""
        return int(self.samples.shape[0])


def check_size(path: Path, width: int, height: int) -> None:
    """Raise FormatError unless an image of this size has pixels, and no more than fit in memory."""
    if width < 1 or height < 1:
        raise FormatError(f"{str(path)!r} is {width} x {height} pixels, so there is nothing in it; export it again")
    if width * height > MAX_PIXELS:
        raise FormatError(
            f"{str(path)!r} is {width} x {height} pixels ({width * height / 1e6:.0f} megapixels), more than the"
            f" {MAX_PIXELS // 1_000_000} megapixels that are read; scale it down first"
        )


def same_frame(width: int, height: int, other_width: int, other_height: int) -> bool:
    """Whether two pixel sizes have the same aspect, so that one picture can be resized to the other.

    A small picture's aspect is only known to half a pixel, which is allowed too.
    """
    share = (width * other_height) / (height * other_width)
    slack = max(ASPECT_TOLERANCE, 0.5 / min(width, height, other_width, other_height))
    return abs(float(np.log(share))) <= slack
