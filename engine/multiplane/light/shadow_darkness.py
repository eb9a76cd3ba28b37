"""How much darker each pixel of the surfaces around a thing is than they are when lit.

Alphabet: l = log colour of a surface, blurred over its grain; l0 what it would be if lit, a quadratic in x and y of
each surface; d = l0 - l the darkening. Light that is kept off darkens all channels of all materials alike, up to the
tint of the light that still gets there (Finlayson et al., PAMI 2006: log ratios of lit and shaded are one vector).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from multiplane.arrays import Floats, Ints, Mask
from multiplane.pixels.boxes import bounds, window

GRAIN = 1.2
"""Blur, in working pixels, that takes texture off before brightness is compared."""
AROUND = 1.5
"""How far around a thing its surroundings reach, as a share of its larger side."""
LEAST_AROUND = 12
"""... and at least so many working pixels."""
ROUNDS = 12
FLOOR = 0.02
"""Added to colours before the logarithm: noise in the dark is no light."""
FEWEST = 150
"""Pixels of a surface in the surroundings below which nothing is said of it."""


@dataclass(frozen=True)
class Around:
    """The surroundings of a thing: a box (rows, columns) of the picture, and arrays on it.

    `surface` (h, w): index of the layer that is a surface there, or -1. `log` (h, w, 3): log colours, blurred.
    """

    box: tuple[slice, slice]
    surface: Ints
    log: Floats

    @property
    def known(self) -> Mask:
        """Where (h, w) shadows are looked for."""
        return np.asarray(self.surface >= 0)


def around(rgb: Floats, owner: Ints, thing: Mask, surfaces: list[int]) -> Around:
    """The surroundings of `thing` (h, w), not empty, in `rgb` (h, w, 3) where `owner` (h, w) is one of `surfaces`."""
    top, bottom, left, right = bounds(thing)
    reach = max(LEAST_AROUND, round(AROUND * max(bottom - top, right - left)))
    box = window((top, bottom, left, right), reach, reach, thing.shape)
    mine = owner[box]
    surface = np.full(mine.shape, -1, np.int32)
    log = np.log(rgb[box] + np.float32(FLOOR))
    smooth = np.zeros_like(log)
    for index in surfaces:
        here = np.asarray(mine == index)
        if np.count_nonzero(here) < FEWEST:
            continue
        surface[here] = index
        smooth[here] = _masked_blur(log, here)[here]
    return Around(box, surface, smooth)


def darkness(near: Around, lit: Mask | None = None) -> tuple[Floats, float]:
    """Darkening d (h, w, 3), 0 off the surfaces, and its standard deviation (of the mean of channels) where lit.

    `lit` (h, w) says where no shadow is; without, dark outliers are taken for shaded and pull nothing down.
    """
    found = np.zeros_like(near.log)
    spreads, counts = [], []
    for index in np.unique(near.surface[near.known]):
        here = np.asarray(near.surface == index)
        sure = here if lit is None else here & lit
        if np.count_nonzero(sure) < FEWEST // 2:
            sure = here
        smooth, spread = _lit(near.log, sure, robust=lit is None)
        found[here] = (smooth - near.log)[here]
        spreads.append(spread)
        counts.append(np.count_nonzero(sure))
    return found, float(np.average(spreads, weights=counts)) if counts else 0.0


def _lit(log: Floats, surface: Mask, robust: bool) -> tuple[Floats, float]:
    """The smooth log colour (h, w, 3) of a lit surface, and how uneven it is about that."""
    ys, xs = np.nonzero(surface)
    height, width = surface.shape
    v, u = np.mgrid[:height, :width].astype(np.float32)
    v, u = v / height - 0.5, u / width - 0.5
    design = np.stack([np.ones_like(u), u, v, u * u, u * v, v * v], axis=-1)
    terms, values = design[ys, xs], log[ys, xs]
    trust = np.ones(len(ys), np.float32)
    ridge = np.diag([0.0, 1e-3, 1e-3, 1e-2, 1e-2, 1e-2]) * len(ys)
    for _ in range(ROUNDS):
        weighted = terms * trust[:, None]
        solution = np.linalg.solve(terms.T @ weighted + ridge, weighted.T @ values)
        below = (terms @ solution - values).mean(axis=-1)
        side = np.maximum(-below, 0.0)[below <= 0] if robust else np.abs(below)
        spread = max(0.01, 1.4826 * float(np.median(side)) if len(side) else 0.0)
        away = below if robust else np.abs(below)
        trust = np.where(away > 2 * spread, (2 * spread / np.maximum(away, 1e-6)) ** 2, 1.0).astype(np.float32)
    return np.asarray(design @ solution, np.float32), spread


def _masked_blur(values: Floats, mask: Mask) -> Floats:
    weight = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), GRAIN)
    blurred = cv2.GaussianBlur(np.where(mask[..., None], values, 0).astype(np.float32), (0, 0), GRAIN)
    return np.asarray(blurred / np.maximum(weight, 1e-4)[..., None], np.float32)
