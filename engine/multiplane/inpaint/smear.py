"""Takes out of a picture's rim what compression smeared of a thing's colour over its edge, before it is filled from.

JPEG keeps chroma in blocks of up to 16 pixels, so that a thing's hue reaches that far beside it. To leave all that out
would leave out the nearest, which says most of what is hidden; so it stays, less the part of its hue that leans
noticeably from the colours farther out towards the thing's own, or rings the other way. Lightness stays as it is.
"""

import cv2
import numpy as np

from multiplane.arrays import Floats, Mask
from multiplane.inpaint.shares import Share
from multiplane.inpaint.smooth import fill_smoothly

NOTICEABLE = 2.3
"""The just noticeable difference of colours in CIE Lab."""
GRAIN = 3
"""Side in pixels of the mean over which a hue's leaning is judged, so that grain does not lean."""


def unsmeared(rgb: Floats, shown: Mask, front: Floats, reach: int) -> Floats:
    """`rgb` (H, W, 3) with the hue mended not where `shown` (H, W) but within `reach` pixels of it.

    `shown` is where the thing covers any of the picture, `front` (H, W, 3) its own colours, continued over its edge.
    The leaning of a pixel is the part of its difference from the membrane over what is farther out that points to the
    front's colour, in the a and b of CIE Lab.
    """
    size = 2 * reach + 1
    around = cv2.dilate(shown.view(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))) > 0
    band = np.asarray(around & ~shown)
    if not band.any() or around.all():
        return rgb
    beyond = rgb.copy()
    fill_smoothly(beyond, Share(band, ~around))
    seen, far, near = (np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2Lab)) for picture in (rgb, beyond, front))
    towards = near[..., 1:] - far[..., 1:]
    towards /= np.maximum(np.linalg.norm(towards, axis=-1, keepdims=True), np.float32(1e-6))
    # The mean of the band alone: the thing's own pixels would lean for their neighbours.
    count = cv2.blur(band.astype(np.float32), (GRAIN, GRAIN))
    away = cv2.blur((seen - far)[..., 1:] * band[..., None], (GRAIN, GRAIN)) / np.maximum(count, 1e-6)[..., None]
    leaning = (away * towards).sum(axis=-1, keepdims=True)
    # Both ways: blocks ring, and of a texture's hues those towards the front must not be taken out alone.
    leaning[~band | (np.abs(leaning[..., 0]) <= NOTICEABLE)] = 0
    seen[..., 1:] -= leaning * towards
    mended = np.clip(cv2.cvtColor(seen, cv2.COLOR_Lab2RGB), 0.0, 1.0)
    return np.where(leaning != 0, mended, rgb).astype(np.float32)
