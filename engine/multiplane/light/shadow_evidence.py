"""How much darker than lit each pixel of the surfaces around a thing is, as far as a thing's shadow can explain it.

Alphabet: l = log colour of a receiver, blurred over its grain; l0 what it would be if lit, a quadratic in x and y
fitted so that dark outliers do not pull it down; d = l0 - l the darkening. A shadow darkens all channels alike, up to
the tint of the light that still gets there (Finlayson et al., PAMI 2006: log ratios of lit and shaded are one vector).
"""

import cv2
import numpy as np

from multiplane.arrays import Floats, Mask
from multiplane.light.shadow_view import View
from multiplane.pixels.boxes import bounds, window

GRAIN = 1.5
"""Blur, in working pixels, that takes texture off before brightness is compared."""
AROUND = 0.8
"""How far around a thing shadows are looked for, as a share of its larger side."""
LEAST_DARKENING = 0.10
"""Log darkening below which a pixel does not count as shaded."""
NOISE = 3.0
"""Times the receiver's own unevenness by which a shadow must stand out."""
TINT = 0.45
"""Most by which the darkening of a channel may differ from the mean of all, as a share of it."""
ROUNDS = 12
TOUCH = 2
"""Working pixels between a thing's outline and a shadow that touches it."""
LEAST_AREA = 24
FLOOR = 0.02
"""Added to colours before the logarithm: noise in the dark is no light."""


def darkening_by(view: View, caster: int, receivers: list[int]) -> Floats:
    """Log darkening (h, w, 3) >= 0 of the `receivers` that the shadow of layer `caster` may explain; 0 elsewhere."""
    thing = np.asarray(view.owner == caster)
    found = np.zeros((*thing.shape, 3), np.float32)
    if not thing.any():
        return found
    top, bottom, left, right = bounds(thing)
    reach = max(8, round(AROUND * max(bottom - top, right - left)))
    box = window((top, bottom, left, right), reach, reach, thing.shape)
    for receiver in receivers:
        surface = np.asarray(view.owner[box] == receiver)
        found[box] = np.maximum(found[box], _on(view.rgb[box], surface, thing[box]))
    return found


def _on(rgb: Floats, surface: Mask, thing: Mask) -> Floats:
    nothing = np.zeros((*surface.shape, 3), np.float32)
    if np.count_nonzero(surface) < 8 * LEAST_AREA:
        return nothing
    log = _masked_blur(np.log(rgb + FLOOR), surface)
    lit, spread = _lit(log, surface)
    darker = np.where(surface[..., None], lit - log, 0.0)
    mean = darker.mean(axis=-1)
    alike = np.abs(darker - mean[..., None]).max(axis=-1) <= TINT * mean + 0.04
    shaded = surface & alike & (mean > max(LEAST_DARKENING, NOISE * spread))
    kept = _touching(np.asarray(shaded), thing)
    soft = cv2.GaussianBlur(_grown(kept).astype(np.float32), (0, 0), 1.0)
    return np.asarray(np.maximum(darker, 0.0) * soft[..., None], np.float32)


def _lit(log: Floats, surface: Mask) -> tuple[Floats, float]:
    """What the surface would be if lit (h, w, 3), and how uneven it is when lit."""
    ys, xs = np.nonzero(surface)
    height, width = surface.shape

    def design(y: Floats, x: Floats) -> Floats:
        v, u = y / height - 0.5, x / width - 0.5
        return np.stack([np.ones_like(u), u, v, u * u, u * v, v * v], axis=-1)

    terms = design(ys.astype(np.float32), xs.astype(np.float32))
    values = log[ys, xs]
    weight = np.ones(len(ys), np.float32)
    spread = 0.2
    ridge = np.diag([0.0, 1e-3, 1e-3, 1e-2, 1e-2, 1e-2]) * len(ys)
    for _ in range(ROUNDS):
        weighted = terms * weight[:, None]
        solution = np.linalg.solve(terms.T @ weighted + ridge, weighted.T @ values)
        below = (terms @ solution - values).mean(axis=-1)
        spread = max(
            0.01, 1.4826 * float(np.median(np.abs(np.minimum(below, 0.0))[below < 0])) if (below < 0).any() else 0.01
        )
        weight = np.where(below > 2 * spread, (2 * spread / np.maximum(below, 1e-6)) ** 2, 1.0).astype(np.float32)
    grid = np.mgrid[:height, :width].astype(np.float32)
    return np.asarray(design(grid[0], grid[1]) @ solution, np.float32), spread


def _masked_blur(values: Floats, mask: Mask) -> Floats:
    weight = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), GRAIN)
    blurred = cv2.GaussianBlur(np.where(mask[..., None], values, 0).astype(np.float32), (0, 0), GRAIN)
    return np.asarray(blurred / np.maximum(weight, 1e-4)[..., None], np.float32)


def _touching(shaded: Mask, thing: Mask) -> Mask:
    """The parts of `shaded` that touch the thing."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(shaded.view(np.uint8), connectivity=4)
    near = cv2.dilate(thing.view(np.uint8), np.ones((2 * TOUCH + 1, 2 * TOUCH + 1), np.uint8)) > 0
    touched = np.bincount(labels[near & shaded], minlength=count)
    keep = (touched >= 3) & (stats[:, cv2.CC_STAT_AREA] >= LEAST_AREA)
    keep[0] = False
    return np.asarray(keep[labels])


def _grown(mask: Mask) -> Mask:
    return np.asarray(cv2.dilate(mask.view(np.uint8), np.ones((3, 3), np.uint8)) > 0)
