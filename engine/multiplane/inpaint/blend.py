"""Joins two answers to one hole: the expected colours near its rim, and patches' texture as far as it can be trusted.

Near the rim, where a moving eye looks, a fill should be right before it is rich. There the low frequencies are the
continued structure's and only the detail is the patches', unless these foretell what is known beside the hole so well
(Wiener's gain, 1 - error / energy) that they need no help: a regular pattern. From some pixels inward on nobody can
tell what was there, and the patches have it all.
"""

import cv2
import numpy as np

from multiplane.arrays import Floats, Mask
from multiplane.inpaint.structure import Continued

THIN, THICK = 28.0, 56.0
"""Depth in working pixels that the hole reaches nearby where it is a thin band, and where it is deep."""
RIM_OF_BAND, RIM = 72.0, 6.0
"""Depth from which on it is all patches. A thin band that is known on one side only, as beside a nearer thing, never
gets there; where a hole is deep or known all round, patches have enough to go by, and fog would be worse."""
SHARE = 0.35
"""Share of that over which nothing of the patches' low frequencies comes in."""
DETAIL, GRAIN = 5.0, 1.0
"""Gaussian scales that part detail from low frequencies, and grain from the rest of the detail."""
MIDDLE = 0.5
"""Share of the detail coarser than grain that is let in at the rim: more looks richer, and is wrong more often."""
SURE = 0.8
"""Trust above which the patches' low frequencies come in too, up to all: a regular pattern is no guess."""
OPTIMISM = 2.0
"""How many times worse patches foretell the hidden than the known beside it, which they were chosen by."""


def blend(patches: Floats, structure: Continued, error: Floats, source: Mask, target: Mask) -> Floats:
    """The joined picture (H, W, 3), changed in `target` only; `error` (H, W) is the patches' squared error on known
    pixels near the hole, NaN elsewhere."""
    depth = cv2.distanceTransform((~source).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    nearby = 2 * int(THIN) + 1
    area = np.ones((nearby, nearby), np.uint8)
    deepest = cv2.dilate(np.where(target, depth, 0), area)
    beside = cv2.dilate(target.view(np.uint8), np.ones((3, 3), np.uint8))
    walled = cv2.dilate((~(source | target)).view(np.uint8) & beside, area) > 0
    rim = np.interp(deepest, (THIN, THICK), (RIM_OF_BAND, RIM))
    rim = np.where(walled, rim, RIM).astype(np.float32)
    inward = np.clip((cv2.blur(depth / rim, (9, 9)) - SHARE) / (1 - SHARE), 0, 1)
    inward = (inward * inward * (3 - 2 * inward)).astype(np.float32)
    trust = _trust(patches, error, source)
    inward = np.maximum(inward, np.clip((trust - SURE) / (1 - SURE), 0, 1))
    low = _masked_blur(patches, source | target, DETAIL)
    middle = _masked_blur(patches, source | target, GRAIN)
    # Patches may have an edge elsewhere than it runs: where one does, only the finest of them is let in.
    joined = structure.rgb + inward[..., None] * (low - structure.rgb)
    for gain, detail in ((MIDDLE * (1 - structure.edge), middle - low), (1 - structure.edge**4, patches - middle)):
        joined += np.maximum(gain, inward)[..., None] * detail
    return np.where(target[..., None], np.clip(joined, 0, 1), patches)


def _trust(patches: Floats, error: Floats, source: Mask) -> Floats:
    """Wiener's gain (H, W) of the patches' detail, carried from the known pixels where it is measured."""
    measured = np.isfinite(error)
    if not measured.any():
        return np.zeros(error.shape, np.float32)
    detail = patches - _masked_blur(patches, source, DETAIL)
    energy = np.where(measured, np.square(detail).sum(axis=-1), 0)
    wrong = np.where(measured, error, 0)
    wide = 2.0 * DETAIL
    sums = np.full((*error.shape, 2), 1e-8, np.float32)
    for scale in (wide, 4 * wide):
        both = np.stack([wrong, energy], axis=-1).astype(np.float32)
        sums += cv2.GaussianBlur(both, (0, 0), scale) / np.float32(scale)
    return np.clip(1 - np.float32(OPTIMISM) * sums[..., 0] / sums[..., 1], 0, 1)


def _masked_blur(values: Floats, mask: Mask, scale: float) -> Floats:
    weight = mask.astype(np.float32)
    count = cv2.GaussianBlur(weight, (0, 0), scale)
    blurred = cv2.GaussianBlur(values * weight[..., None], (0, 0), scale)
    return np.asarray(blurred / np.maximum(count, 1e-4)[..., None], np.float32)
