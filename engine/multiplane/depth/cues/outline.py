"""Tidies the outline of a subject: one smooth body without holes, islands or fringes."""

import cv2
import numpy as np

from multiplane.arrays import Mask

FRINGE, GAP = 0.008, 0.03
"""Half the thickness of a fringe that an opening takes off and of a gap that a closing fills, of the long side."""
ROUNDING = 0.008
"""Standard deviation of the blur that rounds the outline, as a share of the long side."""


def whole(mask: Mask) -> Mask:
    """`mask` (H, W) opened, closed, without islands and holes, and rounded; the borders cut nothing off."""
    side = max(mask.shape)
    fringe, gap = max(1, round(FRINGE * side)), max(1, round(GAP * side))
    margin = 2 * gap
    grown = cv2.copyMakeBorder(mask.astype(np.uint8), margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    for step, size in ((cv2.MORPH_OPEN, fringe), (cv2.MORPH_CLOSE, gap)):
        grown = cv2.morphologyEx(grown, step, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * size + 1,) * 2))
    tidy = large_parts(grown[margin:-margin, margin:-margin] > 0)
    blurred = cv2.GaussianBlur(tidy.astype(np.float32), (0, 0), ROUNDING * side, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred > 0.5)


def holes(mask: Mask) -> Mask:
    """What `mask` (H, W) encloses without the help of the borders."""
    _, part = cv2.connectedComponents((~mask).astype(np.uint8), connectivity=4)
    outside = np.unique(np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]]))
    return np.asarray(~mask & ~np.isin(part, outside))


def solidity(mask: Mask) -> float:
    """Share of its convex hull that `mask` (H, W) fills; 0 if it is empty."""
    if not mask.any():
        return 0.0
    hull = cv2.convexHull(np.argwhere(mask)[:, ::-1].astype(np.int32))
    return float(mask.sum() / max(cv2.contourArea(hull), 1.0))


def overlap(first: Mask, second: Mask) -> float:
    """Intersection over union."""
    return float((first & second).sum() / max((first | second).sum(), 1))


def large_parts(mask: Mask) -> Mask:
    """`mask` without parts under a twentieth of its largest, and without holes of that size."""
    kept = mask
    for wanted in (True, False):
        parts, labels, facts, _ = cv2.connectedComponentsWithStats((kept == wanted).astype(np.uint8), connectivity=4)
        area = facts[1:, cv2.CC_STAT_AREA]
        if parts > 1:
            limit = 0.05 * area.max() if wanted else 0.02 * kept.sum()
            small = np.concatenate([[False], area < limit])
            kept = kept ^ small[labels]
    return np.asarray(kept)
