"""Natural breaks: classes of numbers with the least scatter inside (Jenks 1967, solved exactly as in Fisher 1958)."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 256
Toll = Callable[[float], float]
"""What it costs to have a bound at a value, as a share of the scatter of all values together."""


def natural_breaks(values: NDArray[Any], weights: NDArray[Any], count: int, toll: Toll = lambda _: 0.0) -> list[float]:
    """The `count` - 1 bounds, ascending, between classes of `values` (N,), each of which counts `weights` (N,).

    Values are counted in BINS equal steps first. Fewer bounds where there are not so many different values.
    """
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return []
    mass, edges = np.histogram(values, BINS, (low, high), weights=weights)
    centres, mass = ((edges[:-1] + edges[1:]) / 2)[mass > 0], mass[mass > 0]
    moments = [np.concatenate([[0.0], np.cumsum(mass * centres**power)]) for power in (0, 1, 2)]
    bounds = (centres[:-1] + centres[1:]) / 2

    def scatter(starts: NDArray[np.int64], stop: int) -> NDArray[np.floating]:
        total, first, second = (moment[stop] - moment[starts] for moment in moments)
        return np.asarray(second - first**2 / total)

    whole = float(scatter(np.array([0]), len(centres))[0])
    tolls = np.array([0.0, *(whole * toll(float(bound)) for bound in bounds)])
    # best[n]: the least cost of the first n values in k + 1 classes; cuts[k][n]: where the last of them begins.
    best = np.array([0.0, *(float(scatter(np.array([0]), n)[0]) for n in range(1, len(centres) + 1))])
    cuts: list[NDArray[np.int64]] = []
    for k in range(1, min(count, len(centres))):
        row, cut = np.full(len(centres) + 1, np.inf), np.zeros(len(centres) + 1, np.int64)
        for n in range(k + 1, len(centres) + 1):
            starts = np.arange(k, n)
            cost = best[starts] + scatter(starts, n) + tolls[starts]
            cut[n], row[n] = starts[int(cost.argmin())], float(cost.min())
        best = row
        cuts.append(cut)
    places, stop = [], len(centres)
    for cut in reversed(cuts):
        stop = int(cut[stop])
        places.append(stop)
    return [float(bounds[place - 1]) for place in reversed(places)]
