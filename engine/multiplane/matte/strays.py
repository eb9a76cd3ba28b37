"""Finds what stands out of a mask far beyond its border: hair, whiskers, poles and branches that it cut off.

They are thin, of the object's colour, and hang on it along their length.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Mask
from multiplane.matte.border import REACH_1MP
from multiplane.matte.colours import Sides, sides_by_colour

FAR_1MP = 56.0
"""How far out strays are looked for, in pixels of a 1-megapixel picture ..."""
FAR_OF_SIZE = 0.6
"""... and at most, as a share of the side of a square as large as the mask: a post's shadow is as thin and dark as the
post, and hangs on it."""
MOST_PIXELS = 60_000
"""More pixels than this are looked at in a smaller picture ..."""
LEAST_SHRINK = 0.4
"""... but not in one so small that hair is lost in it."""
LIKE_OBJECT, TRUSTED = 0.45, 0.6
"""Place between the sides' colours, and trust in it, from which a pixel out there may be a stray's."""
THIN = 2.0
"""Half the width up to which something counts as thin, as a share of the mask error."""
LONG = 2.5
"""Least length, as a share of the mask error: shorter bits are the background's."""


def find_strays(rgb: Floats, mask: Mask, d: Floats, sides: Sides, crisp: float, reach: float) -> tuple[Mask, Sides]:
    """Pixels (H, W) outside the mask that strays may cover, and `sides` with their colours told apart.

    `d` (H, W) is the signed distance to the border of `mask` (H, W), > 0 inside; `sides` is known up to `reach`.
    Wider windows of colour than near the border see past dense hair.
    """
    far = min(FAR_1MP / REACH_1MP * reach, FAR_OF_SIZE * float(np.sqrt(np.count_nonzero(mask))))
    zone = np.asarray((d <= -crisp) & (d > -far))
    count = np.count_nonzero(zone)
    if count == 0:
        return zone, sides
    shrink = min(1.0, max(LEAST_SHRINK, float(np.sqrt(MOST_PIXELS / count))))
    small, distance, where = _smaller(rgb, d, zone, shrink)
    beyond = sides_by_colour(small, distance, where, crisp * shrink, far * shrink)
    height, width = mask.shape

    def enlarged(values: Floats) -> Floats:
        return np.asarray(cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR))

    alike = enlarged(((beyond.place > LIKE_OBJECT) & (beyond.trust > TRUSTED)).astype(np.float32)) > 0.5
    strays = _hanging(zone & alike, mask | (d > -crisp), crisp)
    open_there = np.asarray((cv2.dilate(strays.view(np.uint8), _disc(0.67 * crisp)) > 0) & zone)
    better = open_there & (enlarged(beyond.trust) > sides.trust)
    merged = Sides(
        np.where(better, enlarged(beyond.place), sides.place),
        np.where(better, enlarged(beyond.separation), sides.separation),
        np.where(better, enlarged(beyond.two), sides.two),
        sides.inside,
    )
    return open_there, merged


def _smaller(rgb: Floats, d: Floats, zone: Mask, shrink: float) -> tuple[Floats, Floats, Mask]:
    if shrink == 1.0:
        return rgb, d, zone
    size = (max(1, round(d.shape[1] * shrink)), max(1, round(d.shape[0] * shrink)))
    small, distance = (cv2.resize(values, size, interpolation=cv2.INTER_AREA) for values in (rgb, d * shrink))
    where = cv2.resize(zone.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
    return small, distance, np.asarray(where)


def _hanging(strays: Mask, mask: Mask, crisp: float) -> Mask:
    """Those of `strays` that are thin and long and hang on the mask."""
    thick = cv2.dilate(cv2.morphologyEx(strays.view(np.uint8), cv2.MORPH_OPEN, _disc(THIN * crisp)), _disc(2.0)) > 0
    thin = strays & ~thick
    linked = cv2.dilate((thin | mask).view(np.uint8), np.ones((3, 3), np.uint8))
    _, parts = cv2.connectedComponents(linked, connectivity=8)
    attached = np.zeros(int(parts.max()) + 1, bool)
    attached[np.unique(parts[mask])] = True
    attached[0] = False
    thin &= attached[parts]
    _, pieces, facts, _ = cv2.connectedComponentsWithStats(thin.astype(np.uint8), connectivity=8)
    long = np.hypot(facts[:, cv2.CC_STAT_WIDTH], facts[:, cv2.CC_STAT_HEIGHT]) >= LONG * crisp
    long[0] = False
    return np.asarray(long[pieces])


def _disc(radius: float) -> NDArray[np.uint8]:
    size = 2 * round(radius) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))
