"""How deep a thing's shadow is at each pixel: its thrown outline and what the picture shows, weighed together.

Alphabet, per pixel of the surfaces: d the darkening (3) against the lit surface, S its covariance where lit, D the
shadow's own depth, m the signed distance to the thrown outline (inside > 0), t its uncertainty.

    e       = d' S^-1 D / D' S^-1 D, the mixture of channels that tells most (Fisher 1936): 0 where lit, 1 in shadow
    logit p = (e - 1/2) / s^2 + m / t, with s^2 = 1 / D' S^-1 D
    field   = p times D, or the local mean of d under p where the lit surface is even: its texture stays its own
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Mask
from multiplane.light.shadow_darkness import Around, darkness

OUTLINE = 0.05
"""Uncertainty t of the thrown outline, as a share of the thing's larger side ..."""
LEAST_OUTLINE = 1.5
"""... and at least so many working pixels."""
SURE = 4.0
"""Most that the outline alone may say, in logits; inside the pictures counts more."""
UNCERTAIN = 0.3
"""Least standard deviation s: shadows are no plateaus."""
NOISE = 1e-4
"""Variance of darkening that is in every channel for itself."""
FEWEST = 12
"""Working pixels of which anything is said."""
LOCAL = 0.08
"""Blur over which the local mean of darkening is taken, as a share of the thing's larger side."""
TEXTURE = 2.0
"""How many of the lit surface's deviations, beside the shadow's depth, halve the trust in the local mean."""
LEAST, MOST = 0.3, 1.5
"""How deep a shadow may be anywhere, in times its own depth: deeper is a stain below it, or another's."""
CLEAR = 0.06
"""Least D, as log darkening of an encoded colour."""
EVEN = 0.6
"""Most by which a channel's D may differ from the mean of all, as a share of it."""
WARMEST = 0.3
"""How warm a shadow may be before more makes no difference."""
GREEN = 0.4
"""Most by which green's D may leave the mean of red's and blue's: light is warm or cool, not green or purple."""
TELLING = 1.2
"""Least D in standard deviations of the lit surface, in the mixture that tells most."""
HOLDS = 0.45
"""Least share of the thrown outline that must be dark."""
BRIGHT_AROUND = 0.5
"""Least share of the ring around the shadow that must be lit."""


class Shade(NamedTuple):
    """A shadow: log darkening (h, w, 3) on its thing's surroundings, its `depth` (3), and how `cool` it is."""

    field: Floats
    depth: NDArray[np.float64]
    cool: float


def shade_of(near: Around, thrown: Mask, others: Mask, size: int) -> Shade | None:
    """The shadow of a thing of `size` pixels, thrown (h, w) on `near`'s box, if the picture shows it; `others` throw
    theirs too. None where the evidence is weak."""
    known = near.known
    slack = max(2, round(OUTLINE * size))
    lit = known & ~_grown(thrown | others, 2 * slack)
    core = _shrunk(thrown, 1) & known & ~others
    core = core if np.count_nonzero(core) >= FEWEST else thrown & known & ~others
    if np.count_nonzero(core) < FEWEST or np.count_nonzero(lit) < FEWEST:
        return None
    d, s = darkness(near, lit)
    depth = d[core].mean(axis=0) - d[lit].mean(axis=0)
    mean = float(depth.mean())
    green = abs(float(depth[1] - (depth[0] + depth[2]) / 2))
    if mean < CLEAR or float(np.abs(depth - mean).max()) > EVEN * mean or green > GREEN * mean:
        return None
    covariance = np.cov(np.clip(d[lit], -1.5 * mean, 1.5 * mean), rowvar=False) + NOISE * np.eye(3)
    mixture = np.linalg.solve(covariance, depth)
    apart = float(np.sqrt(depth @ mixture))
    if apart < TELLING:
        return None
    e = np.asarray(d @ mixture / (apart * apart), np.float32)
    p = _probability(e, 1.0 / apart, thrown, slack) * known
    if float((p[core] > 0.5).mean()) < HOLDS or not _stands_out(e, p, known & ~others, slack):
        return None
    p = _connected(p, thrown)
    return Shade(
        _field(d, p, known, size, depth, s), depth, float(np.clip((depth[0] - depth[2]) / mean, -WARMEST, 1.0))
    )


def _probability(e: Floats, s: float, thrown: Mask, slack: int) -> Floats:
    inside = cv2.distanceTransform(thrown.view(np.uint8), cv2.DIST_L2, 5)
    outside = cv2.distanceTransform((~thrown).view(np.uint8), cv2.DIST_L2, 5)
    where = np.clip((inside - outside) / max(LEAST_OUTLINE, slack), -20.0, SURE)
    logit = (np.clip(e, -1.0, 1.2) - 0.5) / max(s, UNCERTAIN) ** 2 + where
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logit, -30, 30))), np.float32)


def _stands_out(e: Floats, p: Floats, known: Mask, slack: int) -> bool:
    """Whether most of what surrounds the shadow is lit: a dark patch that goes on is no shadow of this thing."""
    inside = np.asarray(p > 0.5)
    ring = _grown(inside, 2 * slack) & ~_grown(inside, slack // 2 + 1) & known
    return bool(np.count_nonzero(ring) < FEWEST or float((e[ring] < 0.5).mean()) >= BRIGHT_AROUND)


def _connected(p: Floats, thrown: Mask) -> Floats:
    """`p` without the parts that do not meet the thrown outline."""
    count, labels = cv2.connectedComponents((p > 0.2).view(np.uint8), connectivity=8)
    hit = np.bincount(labels[thrown], minlength=count) > 0
    hit[0] = True
    return np.where(hit[labels], p, 0.0).astype(np.float32)


def _field(d: Floats, p: Floats, known: Mask, size: int, depth: NDArray[np.float64], s: float) -> Floats:
    """Log darkening (h, w, 3): inside the shadow its own depth, and the local mean as far as the surface is even."""
    sigma = max(1.5, LOCAL * size)
    weight = p * known
    total = cv2.GaussianBlur(weight, (0, 0), sigma)
    mean = cv2.GaussianBlur(d * weight[..., None], (0, 0), sigma) / np.maximum(total, 1e-4)[..., None]
    even = 1.0 / (1.0 + (TEXTURE * s / float(depth.mean())) ** 2)
    level = np.clip(depth + even * (mean - depth), LEAST * depth, MOST * depth)
    return np.asarray(level * p[..., None], np.float32)


def _grown(mask: Mask, pixels: int) -> Mask:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    return np.asarray(cv2.dilate(mask.view(np.uint8), kernel) > 0)


def _shrunk(mask: Mask, pixels: int) -> Mask:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    return np.asarray(cv2.erode(mask.view(np.uint8), kernel) > 0)
