"""Cuts a picture into a few hundred small regions of one colour, and says which touch and how they differ."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Ints

RULER = 10.0
"""How much nearness counts against colour in SLIC; higher is more compact."""


@dataclass(frozen=True)
class Regions:
    """N regions of a picture: `labels` (H, W) in 0..N-1 and what each looks like.

    `lab` (N, 3) mean CIE Lab; `centre` (N, 2) mean (x, y) in [0, 1] of the picture's sides; `size` (N,) pixels; `pairs`
    (M, 2) touching regions, first < second; `contrast` (M,) Lab distance of each pair.
    """

    labels: Ints
    lab: NDArray[np.float64]
    centre: NDArray[np.float64]
    size: NDArray[np.float64]
    pairs: NDArray[np.int64]
    contrast: NDArray[np.float64]

    @property
    def count(self) -> int:
        """N, the number of regions."""
        return len(self.size)

    def mean(self, values: Floats) -> NDArray[np.float64]:
        """Mean of `values` (H, W) over each region."""
        return np.bincount(self.labels.ravel(), values.ravel(), self.count) / self.size

    def paint(self, values: NDArray[np.float64]) -> Floats:
        """A map (H, W) with each region's own value (N,)."""
        return np.asarray(values.astype(np.float32)[self.labels])


def find_regions(rgb: Floats, spacing: int) -> Regions:
    """Superpixels of about `spacing` x `spacing` pixels that follow edges.

    SLIC: Achanta et al., "SLIC superpixels compared to state-of-the-art superpixel methods", PAMI 2012.
    """
    lab = cv2.cvtColor(cv2.GaussianBlur(rgb, (0, 0), 0.8), cv2.COLOR_RGB2Lab)
    slic = cv2.ximgproc.createSuperpixelSLIC(lab, cv2.ximgproc.SLIC, spacing, RULER)
    slic.iterate(10)
    slic.enforceLabelConnectivity(25)
    labels = np.unique(slic.getLabels(), return_inverse=True)[1].reshape(lab.shape[:2]).astype(np.int32)
    flat = labels.ravel()
    size = np.bincount(flat).astype(np.float64)
    rows, columns = np.indices(labels.shape)
    height, width = labels.shape

    def mean(values: NDArray[np.generic]) -> NDArray[np.float64]:
        return np.bincount(flat, values.ravel()) / size

    colour = np.stack([mean(lab[..., k]) for k in range(3)], axis=1)
    centre = np.stack([mean((columns + 0.5) / width), mean((rows + 0.5) / height)], axis=1)
    pairs = touching(labels)
    contrast = np.linalg.norm(colour[pairs[:, 0]] - colour[pairs[:, 1]], axis=1)
    return Regions(labels, colour, centre, size, pairs, contrast)


def touching(labels: Ints) -> NDArray[np.int64]:
    """Pairs (M, 2) of labels that share a side, each once, smaller first."""
    across = np.stack([labels[:, :-1].ravel(), labels[:, 1:].ravel()], axis=1)
    down = np.stack([labels[:-1].ravel(), labels[1:].ravel()], axis=1)
    both = np.sort(np.concatenate([across, down]).astype(np.int64), axis=1)
    both = both[both[:, 0] != both[:, 1]]
    stride = int(labels.max()) + 1
    keys = np.unique(both[:, 0] * stride + both[:, 1])
    return np.stack([keys // stride, keys % stride], axis=1)
