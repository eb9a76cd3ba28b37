"""What a camera's EXIF says about a picture: which way is up, and how long the lens was."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multiplane.scene import Camera

ORIENTATION = 0x0112
FOCAL_LENGTH = 0x920A
FOCAL_LENGTH_35MM = 0xA405
FOCAL_PLANE_X_RESOLUTION = 0xA20E
FOCAL_PLANE_UNIT = 0xA210
PIXEL_X_DIMENSION = 0xA002
UNIT_MM = {2: 25.4, 3: 10.0, 4: 1.0, 5: 0.001}
"""Millimetres by resolution unit: inch (also meant where none is stated), centimetre, millimetre, micrometre."""

SHORTEST_35MM, LONGEST_35MM = 3.0, 5000.0
"""Equivalent focal lengths beyond these are slips of a writer, not lenses."""


def upright(array: NDArray[Any], exif: Mapping[int, Any]) -> NDArray[Any]:
    """Turn or mirror (H, W, ...) as the EXIF orientation asks (1 to 8, table 4.6 of EXIF 2.3); always contiguous."""
    orientation = exif.get(ORIENTATION)
    if orientation in (5, 6, 7, 8):
        array = array.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    return np.ascontiguousarray(array)


def exif_camera(exif: Mapping[int, Any], stored_width: int, width: int, height: int) -> Camera | None:
    """The camera of a picture that is `width` x `height` when upright, or None where EXIF states no focal length.

    The 35 mm equivalent wins; else the true focal length times the sensor's pixels per millimetre, corrected for
    resizing since (`stored_width` against the width the camera recorded).
    """
    camera = None
    equivalent = _number(exif.get(FOCAL_LENGTH_35MM))
    focal, resolution = _number(exif.get(FOCAL_LENGTH)), _number(exif.get(FOCAL_PLANE_X_RESOLUTION))
    if equivalent is not None:
        camera = Camera.from_focal_35mm(width, height, equivalent)
    elif focal is not None and resolution is not None:
        per_mm = resolution / UNIT_MM.get(int(_number(exif.get(FOCAL_PLANE_UNIT)) or 2), 25.4)
        recorded = _number(exif.get(PIXEL_X_DIMENSION)) or stored_width
        camera = Camera(width, height, focal * per_mm * stored_width / recorded)
    return camera if camera is not None and SHORTEST_35MM <= camera.focal_35mm <= LONGEST_35MM else None


def _number(value: Any) -> float | None:
    """A positive finite float from an EXIF number, or None; rationals come as (numerator, denominator) too."""
    try:
        number = float(value[0]) / float(value[1]) if isinstance(value, tuple) and len(value) == 2 else float(value)
    except (TypeError, ValueError, ArithmeticError):
        return None
    return number if 0 < number < float("inf") else None
