"""Cuts a thing out along the edges of a picture: the cheapest outline around what is likely to be in it."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from multiplane.arrays import Floats, Mask
from multiplane.segment.prompt import Prompt
from multiplane.segment.regions import Regions, Values

LEAST_SURE = 0.01
"""A region's probability stays so far from 0 and from 1."""
FAINTNESS = 8.0
"""How fast an outline grows cheap with the strength of the edge under it: as exp(-FAINTNESS strength)."""
UNITS = 10.0
"""Whole units of flow that one pixel of the surest outline's log-odds is worth: flows are counted in whole numbers."""
MOST = 1 << 28
"""Units of flow that bind a point's region to its side: more than all else together, less than counting ends."""


def cut_out(share: Floats, regions: Regions, prompt: Prompt, price: float) -> Mask:
    """The pixels (h, w) of the regions that belong to the thing, by `share` (h, w), the probability of each pixel.

    The cut with the least sum of each region's log-odds against its side and of the outline's length, at `price` a
    pixel where there is no edge (Boykov and Jolly, "Interactive graph cuts", ICCV 2001). The regions of points, which
    are in pixels of `share`, are on the side that was said.
    """
    likely = regions.mean(share).clip(LEAST_SURE, 1.0 - LEAST_SURE)
    worth = np.log(likely / (1.0 - likely)) * regions.size * UNITS
    for wanted in (False, True):
        for x, y, positive in prompt.points:
            if positive == wanted:
                worth[regions.labels[int(y), int(x)]] = MOST if positive else -MOST
    between = price * regions.length * np.exp(-FAINTNESS * regions.strength) * UNITS
    return np.asarray(_near_side(regions.pairs, between, worth)[regions.labels])


def _near_side(pairs: NDArray[np.int64], between: Values, worth: Values) -> NDArray[np.bool_]:
    """Which nodes (N,) stay with the source in the minimum cut; a node's `worth` binds it to the source or the sink."""
    count = len(worth)
    nodes = np.arange(count)
    first = np.concatenate([pairs[:, 0], pairs[:, 1], np.full(count, count), nodes])
    second = np.concatenate([pairs[:, 1], pairs[:, 0], nodes, np.full(count, count + 1)])
    capacity = np.concatenate([between, between, np.maximum(worth, 0.0), np.maximum(-worth, 0.0)])
    units = np.rint(np.minimum(capacity, MOST)).astype(np.int32)
    graph = csr_matrix((units, (first, second)), (count + 2, count + 2))
    left = graph - maximum_flow(graph, count, count + 1, method="dinic").flow
    left.data = (left.data > 0).astype(np.int8)
    left.eliminate_zeros()
    near = np.zeros(count + 2, np.bool_)
    near[breadth_first_order(left, count, return_predecessors=False)] = True
    return near[:count]
