"""How deep a thing's shadow is at each pixel: its thrown outline and what the picture shows, weighed together.

Alphabet, per pixel of the surfaces: d the darkening against the lit surface, s its standard deviation where lit, D the
shadow's own depth, m the signed distance to the thrown outline (inside > 0), t its uncertainty.

    logit p = (d D - D^2 / 2) / s^2 + m / t           two normal densities about 0 and D, and where the outline lies
    field   = p (smoothed) times the local mean of d under p, so that texture stays on the surface
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from multiplane.arrays import Floats, Mask
from multiplane.light.shadow_darkness import Around, darkness

OUTLINE = 0.05
"""Uncertainty t of the thrown outline, as a share of the thing's larger side ..."""
LEAST_OUTLINE = 1.5
"""... and at least so many working pixels."""
SURE = 4.0
"""Most that the outline alone may say, in logits; inside the pictures counts more."""
UNCERTAIN = 0.3
"""Least standard deviation of d, as a share of D: shadows are no plateaus."""
CLEAR = 0.06
"""Least D, as log darkening of an encoded colour."""
EVEN = 0.6
"""Most by which a channel's D may differ from the mean of all, as a share of it."""
TELLING = 1.2
"""Least D in standard deviations of the lit surface."""
HOLDS = 0.45
"""Least share of the thrown outline that must be dark."""
BRIGHT_AROUND = 0.5
"""Least share of the ring around the shadow that must be lit."""


class Shade(NamedTuple):
    """A shadow: its log darkening (h, w, 3) on the box of the thing's surroundings, and its outline (h, w) there."""

    field: Floats
    outline: Mask


def shade_of(near: Around, thrown: Mask, others: Mask, size: int) -> Shade | None:
    """The shadow of a thing of `size` pixels, thrown (h, w) on `near`'s box, if the picture shows it; `others` throw
    theirs too. None where the evidence is weak."""
    known = near.known
    slack = max(2, round(OUTLINE * size))
    free = ~_grown(thrown | others, 2 * slack)
    d, s = darkness(near, known & free)
    core = _shrunk(thrown, 1) & known & ~others
    core = core if np.count_nonzero(core) >= 12 else thrown & known & ~others
    if np.count_nonzero(core) < 12:
        return None
    depth = np.median(d[core], axis=0)
    mean = float(depth.mean())
    if mean < max(CLEAR, TELLING * s) or float(np.abs(depth - mean).max()) > EVEN * mean:
        return None
    p = _probability(d.mean(axis=-1), mean, s, thrown, slack) * known
    if float((p[core] > 0.5).mean()) < HOLDS or not _stands_out(d.mean(axis=-1), p, known & ~others, mean, slack):
        return None
    p = _connected(p, thrown)
    return Shade(_field(d, p, known, size), np.asarray(p > 0.5))


def _probability(d: Floats, depth: float, s: float, thrown: Mask, slack: int) -> Floats:
    spread = max(s, UNCERTAIN * depth)
    inside = cv2.distanceTransform(thrown.view(np.uint8), cv2.DIST_L2, 5)
    outside = cv2.distanceTransform((~thrown).view(np.uint8), cv2.DIST_L2, 5)
    where = np.clip((inside - outside) / max(LEAST_OUTLINE, slack), -20.0, SURE)
    logit = (np.minimum(d, 1.2 * depth) * depth - depth * depth / 2) / spread**2 + where
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logit, -30, 30))), np.float32)


def _stands_out(d: Floats, p: Floats, known: Mask, depth: float, slack: int) -> bool:
    """Whether most of what surrounds the shadow is lit: a dark patch that goes on is no shadow of this thing."""
    inside = p > 0.5
    ring = _grown(np.asarray(inside), 2 * slack) & ~_grown(np.asarray(inside), slack // 2 + 1) & known
    if np.count_nonzero(ring) < 12:
        return True
    return float((d[ring] < 0.5 * depth).mean()) >= BRIGHT_AROUND


def _connected(p: Floats, thrown: Mask) -> Floats:
    """`p` without the parts that do not meet the thrown outline."""
    count, labels = cv2.connectedComponents((p > 0.2).view(np.uint8), connectivity=8)
    hit = np.bincount(labels[thrown], minlength=count) > 0
    hit[0] = True
    return np.where(hit[labels], p, 0.0).astype(np.float32)


def _field(d: Floats, p: Floats, known: Mask, size: int) -> Floats:
    """Log darkening (h, w, 3): smooth inside the shadow, ending with it."""
    sigma = max(1.5, 0.08 * size)
    weight = p * known
    total = cv2.GaussianBlur(weight, (0, 0), sigma)
    mean = cv2.GaussianBlur(np.clip(d, 0, None) * weight[..., None], (0, 0), sigma)
    level = mean / np.maximum(total, 1e-4)[..., None]
    return np.asarray(np.clip(level, 0, None) * p[..., None], np.float32)


def _grown(mask: Mask, pixels: int) -> Mask:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    return np.asarray(cv2.dilate(mask.view(np.uint8), kernel) > 0)


def _shrunk(mask: Mask, pixels: int) -> Mask:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    return np.asarray(cv2.erode(mask.view(np.uint8), kernel) > 0)
