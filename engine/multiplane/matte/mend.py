"""Moves a rough mask's border to the photo's own edge, by a random walk that colour steers.

Alphabet: x the probability that a walker who starts at a pixel first meets the object's known inside, w the ease of
stepping between neighbours, small across an edge of the photo (Grady 2006); h and t hold x to what colour says of
the pixel itself (Grady 2005, eq. 8), and weakly to the mask, which decides where nothing else does:

    minimise  sum of w_ij (x_i - x_j)^2 + sum of h_i (x_i - t_i)^2

Unlike a matte it need not explain a colour: a strip of a third colour goes to one side or the other as a whole.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, diags

from multiplane.arrays import Floats, Mask
from multiplane.matte.colours import SENSOR_VARIANCE, Sides, ramp
from multiplane.matte.descend import conjugate_gradients

Pixels = tuple[NDArray[np.intp], NDArray[np.intp]]
BY_COLOUR, BY_MASK, BY_MASK_ALONE = 0.2, 0.004, 0.25
"""How strongly colour and the mask hold a pixel, against a step over an even surface of ease 1; the last where colour
does not tell the sides apart."""
HARDEST = 1e-3
"""Ease of a step across the strongest edge."""
TOLERANCE, MOST_STEPS = 2e-3, 150
EDGE = 0.35
"""Edges count from this share of the mean step in colour around the border."""


def inside_chance(rgb: Floats, mask: Mask, open_to_change: Mask, sides: Sides) -> Floats:
    """The chance (H, W) in [0, 1] that a pixel is the object's; `mask` itself where not `open_to_change` (H, W).

    The mended mask is where it is above one half.
    """
    chance = mask.astype(np.float32)
    count = np.count_nonzero(open_to_change)
    if count == 0:
        return chance
    number = np.full(mask.shape, -1, np.int64)
    number[open_to_change] = np.arange(count)
    by_colour = BY_COLOUR * np.abs(sides.inside[open_to_change])
    by_mask = BY_MASK + BY_MASK_ALONE * (1.0 - ramp(sides.separation[open_to_change], 1.0, 3.0))
    diagonal = (by_colour + by_mask).astype(np.float64)
    right = by_colour * (sides.inside[open_to_change] > 0) + by_mask * mask[open_to_change]
    rows, columns, values = [], [], []
    for near, far, ease in _steps(rgb, open_to_change):
        i, j = number[near], number[far]
        both = (i >= 0) & (j >= 0)
        for here, there, beyond in ((i, j, far), (j, i, near)):
            mine = here >= 0
            diagonal += np.bincount(here[mine], ease[mine], count)
            fixed = mine & (there < 0)
            right += np.bincount(here[fixed], ease[fixed] * chance[beyond][fixed], count)
            rows.append(here[both])
            columns.append(there[both])
            values.append(-ease[both])
    off = coo_matrix((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), (count, count))
    matrix = off.tocsr() + diags(diagonal, format="csr")
    solution = conjugate_gradients(
        matrix, right.astype(np.float64), chance[open_to_change].astype(np.float64), TOLERANCE, MOST_STEPS
    )
    chance[open_to_change] = np.clip(solution, 0.0, 1.0)
    return chance


def _steps(rgb: Floats, open_to_change: Mask) -> list[tuple[Pixels, Pixels, NDArray[np.float64]]]:
    """Pairs of neighbours (their rows and columns) of which one is open, with the ease of stepping between them."""
    pairs, squares = [], []
    for axis in (0, 1):
        first, second = (slice(None, -1), slice(1, None)) if axis == 0 else (np.s_[:, :-1], np.s_[:, 1:])
        rows, columns = np.nonzero(open_to_change[first] | open_to_change[second])
        near = (rows, columns)
        far = (rows + 1, columns) if axis == 0 else (rows, columns + 1)
        pairs.append((near, far))
        squares.append(np.square(rgb[near] - rgb[far]).sum(axis=1, dtype=np.float64))
    scale = EDGE * float(np.concatenate(squares).mean()) + SENSOR_VARIANCE
    return [(near, far, np.exp(-square / scale) + HARDEST) for (near, far), square in zip(pairs, squares, strict=True)]
