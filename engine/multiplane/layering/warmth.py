"""Spreads what is known on a grid into what is not, like heat."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import splu

from multiplane.arrays import Floats


def spread(
    sources: list[Floats], known_share: Floats, target: Floats | None = None, pull: Floats | None = None
) -> list[Floats]:
    """Solve Laplace's equation on the cells (h, w) that hold nothing known, with each of `sources` as boundary's heat.

    With `target` (n, h, w) and `pull` (h, w) >= 0 it is the screened one: u - mean of u around = pull (target - u),
    up to the number of neighbours, which brings u to the target over about 1 / sqrt(pull) cells.
    """
    known = known_share > 0
    cold = np.flatnonzero(~known)
    heats = [np.where(known, source / np.maximum(known_share, 1e-6), 0.0).astype(np.float32) for source in sources]
    if len(cold) == 0:
        return heats
    held = np.zeros(len(cold)) if pull is None else pull.ravel()[cold].astype(np.float64)
    number = np.full(known.size, -1)
    number[cold] = np.arange(len(cold))
    here, there = _neighbours(known.shape, number)
    inside = number[there] >= 0
    degree = np.bincount(number[here], minlength=len(cold)) + held
    rows = np.concatenate([np.arange(len(cold)), number[here[inside]]])
    columns = np.concatenate([np.arange(len(cold)), number[there[inside]]])
    values = np.concatenate([degree, np.full(int(inside.sum()), -1.0)])
    laplacian = splu(coo_matrix((values, (rows, columns))).tocsc())
    for index, heat in enumerate(heats):
        right = np.bincount(number[here[~inside]], heat.ravel()[there[~inside]], minlength=len(cold))
        if target is not None:
            right = right + held * target[index].ravel()[cold]
        heat.ravel()[cold] = laplacian.solve(right)
    return heats


def _neighbours(shape: tuple[int, ...], number: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs of neighbouring cells, of which the first has a `number` that is not negative."""
    grid = np.arange(number.size).reshape(shape)
    first = np.concatenate([grid[:, :-1].ravel(), grid[:-1].ravel()])
    second = np.concatenate([grid[:, 1:].ravel(), grid[1:].ravel()])
    here, there = np.concatenate([first, second]), np.concatenate([second, first])
    cold = number[here] >= 0
    return here[cold], there[cold]
