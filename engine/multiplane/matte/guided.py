"""A fast matte by guided filter (He, Sun and Tang 2013) in a band around a mask's border."""

import cv2
import numpy as np

from multiplane.arrays import Floats, Mask
from multiplane.matte.band import CRISP_1MP, scale_of, signed_distance
from multiplane.matte.border import VEIL, apply_model, border_box, guided_model

WORKING_PIXELS = 500_000
"""The local models are fitted on at most this many pixels."""
EPSILON = 1e-4
"""Colour variance below which a window counts as flat."""


def matte_guided(rgb: Floats, mask: Mask) -> Floats:
    """Soft alpha (H, W) in [0, 1] of the object under the rough `mask` (H, W) in `rgb` (H, W, 3), fast.

    1 inside and 0 outside a band around the mask's border; within it, the mask follows the photo's edges as far as
    colour is locally a linear function of the side.
    """
    alpha = mask.astype(np.float32)
    half = 2.0 * CRISP_1MP * scale_of(*mask.shape)
    box = border_box(mask, 2.5 * half)
    if box is None:
        return alpha
    colours, inside = rgb[box], mask[box]
    shrink = min(1.0, float(np.sqrt(WORKING_PIXELS / inside.size)))
    size = (max(1, round(inside.shape[1] * shrink)), max(1, round(inside.shape[0] * shrink)))
    small = cv2.resize(colours, size, interpolation=cv2.INTER_AREA)
    cover = cv2.resize(inside.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    reach = np.abs(signed_distance(cover >= 0.5)) < half * shrink
    model = guided_model(small, cover, reach, max(1, round(half * shrink)), EPSILON)
    soft = apply_model(model, reach, cover, colours)
    alpha[box] = np.clip((soft - 3 * VEIL) / (1.0 - 6.0 * VEIL), 0.0, 1.0)
    return alpha
