"""The matting Laplacian of Levin, Lischinski and Weiss (2008), built for the unknown pixels of a band only.

Alphabet: I colours, k a 3 x 3 window, mu_k and S_k its colour mean and covariance, c_i = I_i - mu_k.

    L_ij = sum over the windows k that hold i and j of  [i = j] - (1 + c_i' (S_k + eps U)^-1 c_j) / 9     (eq. 12)

Its rows sum to 0, and over even surfaces alpha is carried far by what little is left of them: in float32 rounding
would drown that, so all is float64. An unknown pixel meets at most its 5 x 5 neighbours, so the matrix is gathered
as 25 numbers a row, without sorting.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from multiplane.arrays import Floats, Mask

Doubles = NDArray[np.float64]
Indices = NDArray[np.int64]
WINDOW = tuple((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1))
CHUNK = 1 << 16
"""Windows worked on at once: keeps the intermediates in the cache and small."""


def band_laplacian(rgb: Floats, unknown: Mask, known_alpha: Floats, epsilon: float) -> tuple[csr_matrix, Doubles]:
    """The matrix L_uu and the right side -L_uk alpha_k over the unknown pixels, in row-major order.

    `rgb` (H, W, 3), `unknown` (H, W), `known_alpha` (H, W), read outside `unknown`. Windows that would leave the
    picture do not exist; a pixel without any window has an empty row.
    """
    width = unknown.shape[1]
    pixels = np.flatnonzero(unknown)
    rows = np.full(unknown.size, pixels.size, np.int64)  # known pixels share one waste column
    rows[pixels] = np.arange(pixels.size)
    entries = np.zeros((25, pixels.size + 1))
    centres = _window_centres(unknown)
    colours = rgb.reshape(-1, 3)
    for start in range(0, centres.size, CHUNK):
        _add_windows(entries, colours, centres[start : start + CHUNK], rows, width, epsilon)
    return _split(entries[:, :-1], pixels, rows, known_alpha.ravel(), width)


def _window_centres(unknown: Mask) -> Indices:
    """Flat indices of the pixels whose whole 3 x 3 window lies inside and holds an unknown pixel."""
    height, width = unknown.shape
    touched = np.zeros_like(unknown)
    if height > 2 and width > 2:
        inner = touched[1:-1, 1:-1]
        for dy, dx in WINDOW:
            inner |= unknown[1 + dy : height - 1 + dy, 1 + dx : width - 1 + dx]
    return np.flatnonzero(touched)


def _add_windows(
    entries: Doubles, colours: Floats, centres: Indices, rows: Indices, width: int, epsilon: float
) -> None:
    """Add the 81 entries of each window to `entries` (25 neighbour offsets, unknown rows)."""
    members = [centres + dy * width + dx for dy, dx in WINDOW]
    centred = np.stack([colours[member].T for member in members]).astype(np.float64)  # (9, 3, n)
    centred -= centred.mean(axis=0)
    inverse = _inverse_covariance(centred, epsilon)
    targets = [rows[member] for member in members]
    for i, (yi, xi) in enumerate(WINDOW):
        whitened = np.einsum("abn,bn->an", inverse, centred[i])
        for j, (yj, xj) in enumerate(WINDOW[i:], start=i):
            value = (i == j) - (1.0 + np.einsum("an,an->n", whitened, centred[j])) / 9.0
            offset = (yj - yi + 2) * 5 + xj - xi + 2
            # For one member of the window the rows of different windows differ (but for the waste column).
            entries[offset][targets[i]] += value
            if i != j:
                entries[24 - offset][targets[j]] += value


def _inverse_covariance(centred: Doubles, epsilon: float) -> Doubles:
    """(S + epsilon U)^-1 as (3, 3, n) of centred colours (9, 3, n), by the adjugate."""
    s = np.einsum("kan,kbn->abn", centred, centred) / 9.0
    for axis in range(3):
        s[axis, axis] += epsilon
    adjugate: Doubles = np.empty_like(s)
    for a in range(3):
        for b in range(3):
            (p, q), (r, t) = ((a + 1) % 3, (a + 2) % 3), ((b + 1) % 3, (b + 2) % 3)
            adjugate[a, b] = s[p, r] * s[q, t] - s[p, t] * s[q, r]
    adjugate /= np.einsum("an,an->n", s[0], adjugate[0])
    return adjugate


def _split(
    entries: Doubles, pixels: Indices, rows: Indices, known_alpha: Floats, width: int
) -> tuple[csr_matrix, Doubles]:
    """Entries with an unknown column form the matrix; the others, times their alpha, the right side."""
    steps = np.array([dy * width + dx for dy in range(-2, 3) for dx in range(-2, 3)])
    neighbours = np.clip(pixels[:, None] + steps, 0, rows.size - 1)  # entries beyond the picture are 0
    values = np.ascontiguousarray(entries.T)
    columns = rows[neighbours]
    inside = (columns < pixels.size) & (values != 0)
    right = -np.where(columns < pixels.size, 0, values * known_alpha[neighbours]).sum(axis=1)
    starts = np.concatenate([[0], np.cumsum(inside.sum(axis=1))])
    matrix = csr_matrix((values[inside], columns[inside].astype(np.int32), starts.astype(np.int32)), (pixels.size,) * 2)
    return matrix, right
