"""What every place of a picture has to do with the places that a user points at, in numbers that a classifier reads."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from multiplane.arrays import Floats, Mask
from multiplane.segment.alike import alike_to, directions, towards
from multiplane.segment.meaning import Meaning
from multiplane.segment.prompt import Box, Prompt

Cells = NDArray[np.float32]
"""One value for each of the N cells of the grid, row by row; (N, K) where there are K of them."""

SHORT, LONG = 1.5, 6.0
"""Cells, as standard deviations, over which colours are read: a spot's own, and its neighbourhood's."""
WAYS = ("colour", "depth", "meaning", "contours", "all")
"""What makes a way long: changes of colour, steps in depth, the network's edges and changes of class, its contours; or
all of these.
"""
STEP_COST = 0.02
"""What one cell further costs where nothing changes at all."""
FULL_COLOUR, FULL_STEP = 30.0, 0.08
"""The Lab distance and the step in disparity, from one cell to the next, that cost as much as can be."""
MIDDLE = 0.35
"""Share of a box, by its sides, that stands in for a point where none is given."""
STEEP = 2.0
"""How the network's edges count: an edge of 0.5 a quarter of a sure one."""


@dataclass(frozen=True)
class Grid:
    """A picture in N = h x w cells: `lab` (h, w, 3), `disparity` (h, w) in [0, 1], what the network says of it, and for
    each of WAYS the graph of what it costs to go from cell to cell.

    The features of `meaning` are centred on the picture's mean and of length one: `tokens` (K, h', w') on their own
    coarse grid, `fine` (L, h, w) on that of the cells.
    """

    lab: Floats
    disparity: Floats
    meaning: Meaning
    ways: tuple[csr_matrix, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return int(self.disparity.shape[0]), int(self.disparity.shape[1])

    @staticmethod
    def of(rgb: Floats, disparity: Floats, meaning: Meaning) -> "Grid":
        """A grid of maps of one size: `rgb` (h, w, 3), `disparity` (h, w) in any unit, and what the network says."""
        low, high = np.quantile(disparity, [0.01, 0.99])
        near = np.clip((disparity - low) / max(float(high - low), 1e-6), 0.0, 1.0).astype(np.float32)
        lab = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2Lab)
        told = replace(meaning, tokens=directions(meaning.tokens), fine=directions(meaning.fine))
        return Grid(lab, near, told, _ways(lab, near, told))


def _ways(lab: Floats, disparity: Floats, told: Meaning) -> tuple[csr_matrix, ...]:
    height, width = disparity.shape
    index = np.arange(height * width).reshape(height, width)
    froms, tos, costs = [], [], []
    for down, across in ((0, 1), (1, 0), (1, 1), (1, -1)):
        first = (slice(0, height - down), slice(max(0, -across), width - max(0, across)))
        second = (slice(down, height), slice(max(0, across), width + min(0, across)))
        length = float(np.hypot(down, across))
        colour = np.minimum(np.linalg.norm(lab[first] - lab[second], axis=-1) / FULL_COLOUR, 1.0)
        depth = np.minimum(np.abs(disparity[first] - disparity[second]) / FULL_STEP, 1.0)
        classes = told.classes
        change = 0.5 * np.abs(classes[:, first[0], first[1]] - classes[:, second[0], second[1]]).sum(axis=0)
        change = np.maximum(change, np.abs(told.subject[first] - told.subject[second]))
        meaning = np.minimum(change + np.maximum(told.edges[first], told.edges[second]) ** STEEP, 1.0)
        contours = np.maximum(told.contours[first], told.contours[second])
        froms.append(index[first].ravel())
        tos.append(index[second].ravel())
        parts = (colour, depth, meaning, contours, (colour + depth + meaning + contours) / 4.0)
        costs.append(np.stack([length * (STEP_COST + part.ravel()) for part in parts]))
    pair = (np.concatenate(froms), np.concatenate(tos))
    cost = np.concatenate(costs, axis=1)
    return tuple(csr_matrix((values, pair), (index.size, index.size)) for values in cost)


def features(grid: Grid, prompt: Prompt) -> Cells:
    """What is known of every cell (N, K) before anything is decided; `prompt` is in cells of the grid."""
    height, width = grid.shape
    inside = box_cells(prompt.box, grid.shape)
    seeds = _cells_of(prompt, True, grid.shape)
    if not seeds:
        seeds = _middle(inside)
    beside = _cells_of(prompt, False, grid.shape)
    columns = [
        *_places(grid, prompt, seeds, inside),
        *_ways_from(grid, seeds),
        *_likeness(grid, seeds),
        *alike_to(grid.meaning, seeds),
        *_against(grid, seeds, beside, prompt.box is not None, inside),
        *_own(grid, seeds),
    ]
    return np.stack([np.asarray(column, np.float32).reshape(height * width) for column in columns], axis=1)


def box_cells(box: Box | None, shape: tuple[int, int]) -> Mask:
    """The cells (h, w) in `box`, at least one; all where there is none."""
    mask = np.ones(shape, np.bool_)
    if box is None:
        return mask
    mask[:] = False
    left, right = (int(np.clip(np.rint(edge), 0, shape[1] - 1)) for edge in (box[0], box[2] - 1))
    top, bottom = (int(np.clip(np.rint(edge), 0, shape[0] - 1)) for edge in (box[1], box[3] - 1))
    mask[top : max(top, bottom) + 1, left : max(left, right) + 1] = True
    return mask


def _cells_of(prompt: Prompt, positive: bool, shape: tuple[int, int]) -> list[int]:
    return [
        min(int(y), shape[0] - 1) * shape[1] + min(int(x), shape[1] - 1)
        for x, y, sign in prompt.points
        if sign == positive
    ]


def _middle(inside: Mask) -> list[int]:
    rows, columns = np.nonzero(inside)
    near = np.ones(len(rows), np.bool_)
    for places in (rows, columns):
        centre, half = (places.min() + places.max()) / 2, (places.max() - places.min() + 1) / 2
        near &= np.abs(places - centre) <= max(MIDDLE * half, 0.5)
    return list((rows[near] * inside.shape[1] + columns[near]).tolist())


def _places(grid: Grid, prompt: Prompt, seeds: list[int], inside: Mask) -> list[Floats]:
    """Where a cell lies in the picture, from the nearest seed, and in the box."""
    height, width = grid.shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    diagonal = float(np.hypot(height, width))
    seed_rows, seed_columns = np.divmod(np.asarray(seeds), width)
    across = (columns - seed_columns.mean()) / diagonal
    down = (rows - seed_rows.mean()) / diagonal
    far = np.ones((height, width), np.uint8)
    far.reshape(-1)[seeds] = 0
    distance = cv2.distanceTransform(far, cv2.DIST_L2, 5) / diagonal
    margin = np.minimum.reduce([rows, columns, height - 1 - rows, width - 1 - columns]) / diagonal
    places = [across, down, distance, margin]
    if prompt.box is None:
        return [*places, *(np.zeros((height, width), np.float32) for _ in range(4))]
    left, top, right, bottom = prompt.box
    x = (columns + 0.5 - (left + right) / 2) / max((right - left) / 2, 0.5)
    y = (rows + 0.5 - (top + bottom) / 2) / max((bottom - top) / 2, 0.5)
    return [*places, np.clip(x, -2, 2), np.clip(y, -2, 2), np.clip(np.maximum(abs(x), abs(y)), 0, 2), inside]


def _ways_from(grid: Grid, seeds: list[int]) -> list[Floats]:
    """How long the way from the seeds to a cell is, in each of WAYS, and what share of the picture is nearer."""
    columns = []
    for graph in grid.ways:
        distance = dijkstra(graph, directed=False, indices=seeds, min_only=True)
        rank = np.empty(len(distance), np.float32)
        rank[np.argsort(distance, kind="stable")] = np.linspace(0.0, 1.0, len(distance))
        columns += [np.log(distance + 0.1), rank]
    return columns


def _likeness(grid: Grid, seeds: list[int]) -> list[Floats]:
    """How like the seed that it is most like a cell is: in colour, near and far around it, depth, class, subject."""
    columns = []
    for deviation in (SHORT, LONG):
        lab = cv2.GaussianBlur(grid.lab, (0, 0), deviation).reshape(-1, 3)
        columns.append(_least([np.linalg.norm(lab - spot, axis=1) / FULL_COLOUR for spot in _spots(lab, seeds)]))
    disparity = cv2.GaussianBlur(grid.disparity, (0, 0), 0.7).reshape(-1, 1)
    gaps = [disparity[:, 0] - spot[0] for spot in _spots(disparity, seeds)]
    columns.append(_least([np.abs(gap) for gap in gaps]))
    columns.append(np.mean(gaps, axis=0))
    classes = grid.meaning.classes.reshape(len(grid.meaning.classes), -1).T
    columns.append(_least([0.5 * np.abs(classes - spot).sum(axis=1) for spot in _spots(classes, seeds)]))
    subject = grid.meaning.subject.reshape(-1, 1)
    columns.append(_least([np.abs(subject[:, 0] - spot[0]) for spot in _spots(subject, seeds)]))
    return columns


def _spots(values: Floats, seeds: list[int]) -> Floats:
    """The values (S, K) at the seeds; their mean and spread where the seeds are a whole area."""
    found = values[seeds]
    if len(found) <= 8:
        return found
    order = np.argsort(found[:, 0], kind="stable")
    return np.stack([part.mean(axis=0) for part in np.array_split(found[order], 4)])


def _least(values: list[Floats]) -> Floats:
    return np.asarray(np.minimum.reduce(values), np.float32)


def _against(grid: Grid, seeds: list[int], beside: list[int], boxed: bool, inside: Mask) -> list[Floats]:
    """The way from what is not the thing, negative points and all outside a box, beside the way from the seeds."""
    graph = grid.ways[-1]
    size = grid.disparity.size
    nothing = np.zeros(size, np.float32)
    near = dijkstra(graph, directed=False, indices=seeds, min_only=True)
    columns = []
    outside = np.flatnonzero(~inside.ravel()).tolist() if boxed else []
    for cells in (beside, outside):
        if not cells:
            columns += [nothing] * 7
            continue
        way = dijkstra(graph, directed=False, indices=cells, min_only=True)
        lab = cv2.GaussianBlur(grid.lab, (0, 0), SHORT).reshape(-1, 3)
        unlike = _least([np.linalg.norm(lab - spot, axis=1) / FULL_COLOUR for spot in _spots(lab, cells)])
        columns += [np.log(way + 0.1) + 3.0, (near + 0.05) / (near + way + 0.1), unlike]
        columns += alike_to(grid.meaning, cells)
    return columns


def _own(grid: Grid, seeds: list[int]) -> list[Floats]:
    """What a cell is by itself, and what the seeds are."""
    told = grid.meaning
    classes = told.classes.reshape(len(told.classes), -1)
    size = classes.shape[1]
    own = [*classes, told.subject, grid.disparity, told.edges, told.contours]
    of_seeds = [*classes[:, seeds].mean(axis=1)]
    of_seeds += [float(plane.reshape(-1)[seeds].mean()) for plane in (told.subject, grid.disparity)]
    return [*own, *(np.full(size, value, np.float32) for value in of_seeds)]


def around(grid: Grid, share: Floats) -> Cells:
    """What a first answer `share` (h, w), the probability of being the thing, says of every cell (N, K).

    How likely the cell and its neighbourhoods are, and how like the cell is what is likely, and what is not.
    """
    logit = np.clip(np.log((share + 1e-4) / (1.0001 - share)), -6.0, 6.0)
    columns = [logit, *(cv2.GaussianBlur(share, (0, 0), deviation) for deviation in (1.5, 4.0, 10.0))]
    told = grid.meaning
    for weight in (share**2, (1.0 - share) ** 2):
        whole = float(weight.sum()) + 1e-3
        means = [(plane, float((weight * plane).sum()) / whole) for plane in (grid.disparity, told.subject)]
        columns += [np.abs(plane - mean) for plane, mean in means]
        classes = np.einsum("chw,hw->c", told.classes, weight) / whole
        columns.append(0.5 * np.abs(told.classes - classes[:, None, None]).sum(axis=0))
        columns += towards(told, weight)
    columns += [_colour_odds(grid.lab, share), np.full(share.shape, share.mean())]
    graph = grid.ways[-1]
    for likely in (share, 1.0 - share):
        cells = np.flatnonzero(likely.ravel() >= min(0.8, float(likely.max()))).tolist()
        columns.append(np.log(dijkstra(graph, directed=False, indices=cells, min_only=True) + 0.1))
    return np.stack([np.asarray(column, np.float32).reshape(-1) for column in columns], axis=1)


def _colour_odds(lab: Floats, share: Floats) -> Floats:
    """How much more a cell's colour (h, w) is the thing's than all else's, as a logarithm, by smoothed histograms."""
    bins = ((lab + np.array([0, 128, 128])) * np.array([8 / 100, 16 / 256, 16 / 256])).clip(0, 15).astype(np.int64)
    bins[..., 0] = np.minimum(bins[..., 0], 7)
    flat = (bins[..., 0] * 256 + bins[..., 1] * 16 + bins[..., 2]).ravel()
    counts = []
    for weight in (share, 1.0 - share):
        count = np.bincount(flat, weight.ravel(), 8 * 256).reshape(8, 16, 16).astype(np.float32)
        for axis in range(3):
            count = 0.5 * count + 0.25 * (np.roll(count, 1, axis) + np.roll(count, -1, axis))
        counts.append(count.reshape(-1) / max(float(weight.sum()), 1e-3))
    return np.asarray(np.log((counts[0][flat] + 1e-4) / (counts[1][flat] + 1e-4)).reshape(share.shape), np.float32)
