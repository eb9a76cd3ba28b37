"""Tells figure from ground: regions that the border does not reach through their own colour, and that stand out."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from multiplane.depth.cues.balance import balance
from multiplane.depth.cues.regions import Regions

COLOUR = 10.0
"""Lab distance at which two regions stop being one surface."""
REACH = 0.25
"""Share of the picture's size over which contrast is compared."""
BOTTOM_BORDER = 0.4
"""Weight of the bottom border: subjects are often cut off there, backgrounds seldom end there."""


def find_figure(regions: Regions) -> NDArray[np.float64]:
    """How much each region (N,) belongs to what the picture is of, in [0, 1].

    Robust background detection: Zhu et al., "Saliency optimization from robust background detection", CVPR 2014,
    equations 3 to 9, with a centre prior and a weaker bottom border.
    """
    background = background_likelihood(regions)
    apart = np.linalg.norm(regions.lab[:, None] - regions.lab[None], axis=2)
    far = np.linalg.norm(regions.centre[:, None] - regions.centre[None], axis=2)
    near = np.exp(-(far**2) / (2 * REACH**2))
    share = regions.size / regions.size.sum()
    contrast = (apart * near * background * share).sum(axis=1) / (near * share).sum(axis=1)
    contrast *= np.exp(-((regions.centre - [0.5, 0.55]) ** 2).sum(axis=1) / (2 * 0.35**2)) ** 0.5
    foreground = contrast / max(float(contrast.max()), 1e-9)
    return settle(regions, background, foreground)


def background_likelihood(regions: Regions) -> NDArray[np.float64]:
    """How firmly each region (N,) is tied to the picture's border by paths of its own colour, in [0, 1]."""
    count = regions.count
    length = border_length(regions)
    rim = np.flatnonzero(length > 0)
    edge = np.concatenate([regions.pairs, np.stack([rim, np.roll(rim, 1)], axis=1)]) if len(rim) > 1 else regions.pairs
    first, second = edge.T
    step = np.linalg.norm(regions.lab[first] - regions.lab[second], axis=1)
    least = np.full(count, np.inf)
    np.minimum.at(least, first, step)
    np.minimum.at(least, second, step)
    floor = float(least[np.isfinite(least)].mean()) if np.isfinite(least).any() else 0.0
    # A stored zero would mean "no edge" to the graph, so equal regions lie a hair apart.
    cost = np.maximum(step - floor, 0) + 1e-6
    graph = coo_matrix((cost, (first, second)), (count, count)).tocsr()
    path = dijkstra(graph, directed=False, limit=4 * COLOUR)
    same = np.exp(-(path**2) / (2 * COLOUR**2))
    spacing = np.median(regions.size)
    span = same @ (regions.size / spacing)
    along = same @ length
    tie = along / np.sqrt(span)
    return np.asarray(1 - np.exp(-(tie**2) / 2))


def border_length(regions: Regions) -> NDArray[np.float64]:
    """Each region's length (N,) along the border in region widths, the bottom border counted less."""
    labels, count = regions.labels, regions.count
    sides = (labels[0], labels[:, 0], labels[:, -1])
    length = BOTTOM_BORDER * np.bincount(labels[-1], minlength=count)
    for side in sides:
        length = length + np.bincount(side, minlength=count)
    return np.asarray(length / np.sqrt(np.median(regions.size)))


def settle(regions: Regions, background: NDArray[np.float64], foreground: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least squares between background, foreground and agreement with neighbours of like colour; in [0, 1]."""
    like = np.exp(-(regions.contrast**2) / (2 * COLOUR**2)) + 0.1
    weight = background + foreground + 1e-3
    return np.clip(balance(weight, foreground / weight, regions.pairs, like), 0, 1)
