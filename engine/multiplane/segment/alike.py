"""How like one another the places of a picture are, by what the network knows of them."""

import cv2
import numpy as np

from multiplane.arrays import Floats
from multiplane.segment.meaning import Meaning

MOST_SEEDS = 12
"""Places of an area that stand for it."""


def directions(features: Floats) -> Floats:
    """Features (K, h, w) less the picture's mean, each place's of length one: their products are cosines."""
    centred = features - features.mean(axis=(1, 2), keepdims=True)
    return np.asarray(centred / np.maximum(np.linalg.norm(centred, axis=0), 1e-6), np.float32)


def alike_to(told: Meaning, seeds: list[int]) -> list[Floats]:
    """Cosines (h, w) of every cell with the seed that it is most like, and with all on average: of tokens, of `fine`.

    `seeds` are numbers of cells, row by row; `told` has directions for features.
    """
    shape = told.subject.shape
    rows, columns = np.divmod(np.asarray(seeds)[:: -(-len(seeds) // MOST_SEEDS)], shape[1])
    found = []
    for features in (told.tokens, told.fine):
        height, width = features.shape[1:]
        spots = features[:, rows * height // shape[0], columns * width // shape[1]]
        cosines = np.einsum("ks,khw->shw", spots, features, optimize=True)
        found += [_on_cells(plane, shape) for plane in (cosines.max(axis=0), cosines.mean(axis=0))]
    return found


def towards(told: Meaning, weight: Floats) -> list[Floats]:
    """Cosines (h, w) of every cell with the mean of the cells that `weight` (h, w) counts: of tokens, and of `fine`."""
    found = []
    for features in (told.tokens, told.fine):
        counted = cv2.resize(weight, features.shape[:0:-1], interpolation=cv2.INTER_AREA)
        mean = np.einsum("khw,hw->k", features, counted)
        mean /= max(float(np.linalg.norm(mean)), 1e-6)
        found.append(_on_cells(np.einsum("khw,k->hw", features, mean), weight.shape))
    return found


def _on_cells(plane: Floats, shape: tuple[int, ...]) -> Floats:
    return np.asarray(cv2.resize(plane, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR))
