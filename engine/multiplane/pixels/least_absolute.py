"""Fits by least absolute deviations, by reweighting: what juts out pulls little."""

import numpy as np
from numpy.typing import NDArray

ROUNDS = 8
"""Rounds of reweighting."""
RIDGE = 1e-9
"""Keeps a fit that nothing decides from failing, as a share of the trace."""

Vector = NDArray[np.float64]


def least_absolute(terms: Vector, values: Vector, weights: Vector, even: float) -> Vector:
    """The mixture (k,) of `terms` (n, k) that is nearest to `values` (n,), each counting by its `weights` (n,).

    Deviations below `even` > 0 count as squares.
    """
    trust, solution = weights, np.zeros(terms.shape[1])
    for _ in range(ROUNDS):
        weighted = terms * trust[:, None]
        normal = weighted.T @ terms
        solution = np.linalg.solve(normal + RIDGE * np.trace(normal) * np.eye(len(normal)), weighted.T @ values)
        trust = weights / np.maximum(np.abs(terms @ solution - values), even)
    return solution
