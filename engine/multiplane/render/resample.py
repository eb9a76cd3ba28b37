"""Resampling of a cropped picture from one canvas size to another, exact for crops at any position.

Alphabet: s = out / in the scale, c = (i + 1/2) / s the centre of output pixel i on the input, d distance from it.
Shrinking takes the mean over the pixel's area, with weights s min(1/(2s) + 1/2 - |d|, 1); enlarging interpolates
linearly, with weights 1 - |d|; at s = 1 both are the identity.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from multiplane.arrays import Floats

BAND_VALUES = 1 << 24
"""Input values worked on at once: bounds the memory of the premultiplied copy."""


@dataclass(frozen=True)
class Taps:
    """`first`: the first output pixel that the crop reaches. `matrix` (n_out, n_in): rows are weights of the crop."""

    first: int
    matrix: csr_matrix


def make_taps(canvas_in: int, canvas_out: int, start: int, length: int) -> Taps:
    """Weights for the crop [start, start + length) of an axis; what lies outside of the crop counts as 0.

    Beyond the canvas its edge goes on, so that edges keep their full weight.
    """
    scale = canvas_out / canvas_in
    radius = max(1.0, 0.5 / scale + 0.5)
    first = max(0, int(np.floor((start - radius) * scale)))
    last = min(canvas_out, int(np.ceil((start + length + radius) * scale)))
    out = np.arange(first, last)
    centre = (out + 0.5) / scale
    taps = np.floor(centre - radius - 0.5).astype(np.int64)[:, None] + np.arange(int(2 * radius) + 3)
    distance = np.abs(taps + 0.5 - centre[:, None])
    weights = 1.0 - distance if scale >= 1 else np.minimum(0.5 / scale + 0.5 - distance, 1.0)
    weights = np.maximum(weights, 0.0)
    weights /= weights.sum(axis=1, keepdims=True)
    taps = np.clip(taps, 0, canvas_in - 1) - start
    used = (taps >= 0) & (taps < length) & (weights > 0)
    rows = np.broadcast_to((out - first)[:, None], taps.shape)[used]
    matrix = csr_matrix((weights[used].astype(np.float32), (rows, taps[used])), (len(out), length))
    reached = np.flatnonzero(np.diff(matrix.indptr))
    return Taps(first + int(reached[0]), matrix[reached[0] : reached[-1] + 1])


def resample(read: Callable[[slice], Floats], rows: Taps, columns: Taps) -> Floats:
    """The picture (n_out, m_out, c), where `read(slice)` gives rows (n, m_in, c) of the crop; read in bands."""
    m_in, channels = columns.matrix.shape[1], read(slice(0, 1)).shape[2]
    n_out, m_out = rows.matrix.shape[0], columns.matrix.shape[0]
    out = np.empty((n_out, m_out, channels), np.float32)
    share = n_out / rows.matrix.shape[1]
    step = max(1, int(BAND_VALUES / (m_in * channels) * share))
    for start in range(0, n_out, step):
        band = rows.matrix[start : start + step]
        used = slice(int(band.indices.min()), int(band.indices.max()) + 1)
        lines = band[:, used] @ read(used).reshape(-1, m_in * channels)
        lines = lines.reshape(-1, m_in, channels).transpose(1, 0, 2)
        done = columns.matrix @ lines.reshape(m_in, -1)
        out[start : start + step] = done.reshape(m_out, -1, channels).transpose(1, 0, 2)
    return out
