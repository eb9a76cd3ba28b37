"""Finds what one could walk or set a cup on: below the horizon, tied to the bottom border by its own colour."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from multiplane.depth.cues.ramp import ramp
from multiplane.depth.cues.regions import Regions

COLOUR = 16.0
"""Lab path length at which ground ends; texture below the usual step between neighbours is free."""


def find_ground(regions: Regions, figure: NDArray[np.float64], horizon: float) -> NDArray[np.float64]:
    """How surely each region (N,) is ground, in [0, 1]."""
    first, second = regions.pairs.T
    # What stands out is not walked through.
    free = float(np.median(regions.contrast)) if len(regions.contrast) else 0.0
    step = np.maximum(regions.contrast - free, 0) + 15 * np.maximum(figure[first], figure[second]) + 1e-6
    graph = coo_matrix((step, (first, second)), (regions.count, regions.count)).tocsr()
    start = np.unique(regions.labels[-1])
    start = start[figure[start] < 0.5]
    if len(start) == 0:
        return np.zeros(regions.count)
    path = dijkstra(graph, directed=False, indices=start, min_only=True)
    below = ramp(regions.centre[:, 1], horizon, horizon + 0.12)
    return np.asarray(np.exp(-((path / (3 * COLOUR)) ** 2)) * below * (1 - figure))
