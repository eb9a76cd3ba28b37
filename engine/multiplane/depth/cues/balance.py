"""Least squares on the graph of regions: each has a wish, and touching ones want to differ by a given step."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import spsolve

Values = NDArray[np.float64]


def balance(weight: Values, wish: Values, pairs: NDArray[np.int64], link: Values, step: Values | float = 0.0) -> Values:
    """The x (N,) that minimises sum weight (x - wish)^2 + sum link (x_i - x_j - step)^2 over pairs i, j (M, 2).

    `weight` must be positive somewhere in every connected part.
    """
    count, (first, second) = len(weight), pairs.T
    every = np.arange(count)
    rows = np.concatenate([every, first, second, first, second])
    columns = np.concatenate([every, first, second, second, first])
    entries = np.concatenate([weight, link, link, -link, -link])
    system = coo_matrix((entries, (rows, columns)), (count, count)).tocsc()
    push = np.broadcast_to(link * step, link.shape)
    right = weight * wish + np.bincount(first, push, count) - np.bincount(second, push, count)
    return np.atleast_1d(spsolve(system, right))
