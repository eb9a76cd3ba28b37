"""Closed-form matting (Levin, Lischinski and Weiss 2008) in a band around a mask's border."""

import cv2
import numpy as np

from multiplane.arrays import Floats, Mask
from multiplane.matte.band import Band, find_band, scale_of
from multiplane.matte.border import border_box, drop_specks, to_full_size
from multiplane.matte.solve import solve_pulled
from multiplane.matte.strays import FAR_1MP

WORKING_PIXELS = 2_200_000
"""Crops larger than this are solved smaller and brought to full size with a guided filter."""
UNKNOWN_LIMIT = 150_000
"""Bounds the linear system."""
EPSILON = 1e-4
"""Colour variance that counts as noise within a 3 x 3 window: much, for the band is narrow and photos are noisy."""


def matte_closed_form(rgb: Floats, mask: Mask) -> Floats:
    """Soft alpha (H, W) in [0, 1] of the object under the rough `mask` (H, W) in `rgb` (H, W, 3).

    The band around the mask's border is solved, the rest is kept: 1 inside, 0 outside. Mask errors of a few pixels
    (per megapixel) move to the photo's edge. An object cut by the picture's frame stays opaque there.
    """
    alpha = mask.astype(np.float32)
    box = border_box(mask, 1.5 * FAR_1MP * scale_of(*mask.shape))
    if box is None:
        return alpha
    colours, inside = rgb[box], mask[box]
    shrink = min(1.0, float(np.sqrt(WORKING_PIXELS / inside.size)))
    band, small = _working_band(colours, inside, scale_of(*mask.shape), shrink)
    if (count := np.count_nonzero(band.unknown)) > UNKNOWN_LIMIT:
        shrink *= UNKNOWN_LIMIT / count * 0.95 if shrink < 1 else float(np.sqrt(UNKNOWN_LIMIT / count)) * 0.95
        band, small = _working_band(colours, inside, scale_of(*mask.shape), shrink)
    solved = drop_specks(_solve(small, band), band.unknown, band.alpha)
    alpha[box] = solved if shrink == 1.0 else to_full_size(solved, band.unknown, small, colours)
    return alpha


def _working_band(rgb: Floats, mask: Mask, scale: float, shrink: float) -> tuple[Band, Floats]:
    """The band at the working size, and the picture there."""
    if shrink < 1.0:
        size = (max(1, round(mask.shape[1] * shrink)), max(1, round(mask.shape[0] * shrink)))
        rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
        mask = cv2.resize(mask.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) >= 128
    return find_band(rgb, mask, max(1.0, scale * shrink)), rgb


def _solve(rgb: Floats, band: Band) -> Floats:
    return solve_pulled(rgb, band.unknown, band.alpha, band.pull, EPSILON)
