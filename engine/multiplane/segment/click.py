"""The built-in answer to points and boxes: the whole thing that they are in, from colours, depth and the network."""

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from multiplane.arrays import Floats, Ints, Mask
from multiplane.segment.builtin import group_picture, meaning_of, working_copies
from multiplane.segment.prompt import Prompt
from multiplane.segment.refine import refined_labels
from multiplane.segment.regions import describe, superpixels

SPACING = 9
SOFT = 1.2
HELD = 0.6


def select(rgb: Floats, z: Floats, prompt: Prompt) -> Mask:
    """The mask (H, W) of the thing in `rgb` (H, W, 3) that `prompt` points at; see `PromptedBackend`."""
    height, width = z.shape
    prompt.check_inside(width, height)
    guide, disparity = working_copies(rgb, z)
    small = _select_small(
        guide, disparity, rgb, _scaled(prompt, disparity.shape[1] / width, disparity.shape[0] / height)
    )
    inside = cv2.GaussianBlur(small.astype(np.float32), (0, 0), SOFT)
    mask = refined_labels(iter((1.0 - inside, inside)), guide, rgb) > 0
    for x, y, positive in prompt.points:
        mask[int(y), int(x)] = positive
    return np.asarray(mask)


def _scaled(prompt: Prompt, across: float, down: float) -> Prompt:
    points = tuple((x * across, y * down, positive) for x, y, positive in prompt.points)
    box = prompt.box and (prompt.box[0] * across, prompt.box[1] * down, prompt.box[2] * across, prompt.box[3] * down)
    return Prompt(points, box)


def _select_small(guide: Floats, disparity: Floats, rgb: Floats, prompt: Prompt) -> Mask:
    meaning = meaning_of(rgb, disparity.shape)
    groups, _ = group_picture(guide, disparity, meaning)
    inside = np.ones(groups.shape, np.bool_) if prompt.box is None else _box_mask(prompt.box, groups.shape)
    positive = [(int(x), int(y)) for x, y, sign in prompt.points if sign]
    negative = [(int(x), int(y)) for x, y, sign in prompt.points if not sign]
    if positive:
        wanted = {int(groups[y, x]) for x, y in positive}
    else:
        area = np.bincount(groups.ravel())
        wanted = set(np.flatnonzero(np.bincount(groups[inside], minlength=len(area)) > HELD * area).tolist())
        if not wanted:
            wanted = {int(np.bincount(groups[inside]).argmax())}
    chosen = np.isin(groups, list(wanted)) & inside
    if negative:
        lab = cv2.cvtColor(guide, cv2.COLOR_RGB2Lab)
        regions = describe(superpixels(lab, disparity, SPACING), lab, disparity, meaning)
        labels = regions.labels
        first, second = regions.pairs.T
        size = (regions.count, regions.count)
        graph = coo_matrix((regions.strength + 1e-3, (first, second)), size).tocsr()
        near = _distance(graph, labels, positive) if positive else np.full(regions.count, 0.5)
        chosen &= (near < _distance(graph, labels, negative))[labels]
    return np.asarray(chosen)


def _distance(graph: object, labels: Ints, points: list[tuple[int, int]]) -> NDArray[np.float64]:
    seeds = [int(labels[y, x]) for x, y in points]
    return np.asarray(dijkstra(graph, directed=False, indices=seeds, min_only=True))


def _box_mask(box: tuple[float, float, float, float], shape: tuple[int, ...]) -> Mask:
    mask = np.zeros(shape, np.bool_)
    left, top = max(0, int(box[0])), max(0, int(box[1]))
    mask[top : max(top + 1, int(np.ceil(box[3]))), left : max(left + 1, int(np.ceil(box[2])))] = True
    return mask
