"""Natural breaks: classes of numbers with the least scatter inside (Jenks 1967, solved exactly as in Fisher 1958)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 256


def natural_breaks(values: NDArray[Any], weights: NDArray[Any], count: int) -> list[float]:
    """The `count` - 1 bounds, ascending, between classes of `values` (N,), each of which counts `weights` (N,).

    Values are counted in BINS equal steps first. Fewer bounds where there are not so many different values.
    """
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return []
    mass, edges = np.histogram(values, BINS, (low, high), weights=weights)
    centres, mass = ((edges[:-1] + edges[1:]) / 2)[mass > 0], mass[mass > 0]
    count = min(count, len(centres))
    moments = [np.concatenate([[0.0], np.cumsum(mass * centres**power)]) for power in (0, 1, 2)]

    def scatter(starts: NDArray[np.int64], stop: int) -> NDArray[np.floating]:
        total, first, second = (moment[stop] - moment[starts] for moment in moments)
        return np.asarray(second - first**2 / total)

    # best[k][n]: the least scatter of the first n values in k + 1 classes; cut[k][n]: where the last class begins.
    best = [np.array([0.0, *(float(scatter(np.array([0]), n)[0]) for n in range(1, len(centres) + 1))])]
    cuts: list[NDArray[np.int64]] = []
    for k in range(1, count):
        row, cut = np.full(len(centres) + 1, np.inf), np.zeros(len(centres) + 1, np.int64)
        for n in range(k + 1, len(centres) + 1):
            starts = np.arange(k, n)
            cost = best[-1][starts] + scatter(starts, n)
            cut[n], row[n] = starts[int(cost.argmin())], float(cost.min())
        best.append(row)
        cuts.append(cut)
    bounds, stop = [], len(centres)
    for cut in reversed(cuts):
        stop = int(cut[stop])
        bounds.append(float((centres[stop - 1] + centres[stop]) / 2))
    return bounds[::-1]
