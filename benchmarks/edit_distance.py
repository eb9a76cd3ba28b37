"""How far two stacks of layers are apart, where it does not matter that one is cut finer than the other.

The measure of Suzuki et al., "LayerD: Decomposing Raster Graphic Designs into Layers", ICCV 2025, section 4: dynamic
time warping pairs the layers of both stacks in their order; a pair's cost is the mean of its colour error and of what
its alphas lack in overlap. Then, one at a time, the two neighbours of either stack whose union costs least are merged,
up to five times, and the scores are given for every number of merges. Layers that hide nothing of each other count as
one to begin with, as there. Unlike there, a stack of two is left alone: merged on, every stack ends as the flat
picture, which fits any other.
"""

from dataclasses import dataclass

import numpy as np
from benchmarks.layer_scores import soft_iou
from numpy.typing import NDArray

from multiplane.arrays import Floats

MOST_MERGES = 5
FEWEST = 2
"""Layers from which a stack is merged no further."""
OVERLAP = 0.02
"""Alpha, in the mean over the smaller of two layers, from which one of them hides something of the other."""

Stack = list[Floats]
"""Layers (H, W, 4) with straight alpha on the whole canvas, from far to near."""


@dataclass(frozen=True)
class StackScore:
    """Means over pairs: colour error `rgb_l1` in [0, 1] (lower is better) and `alpha_iou` (higher is better)."""

    rgb_l1: float
    alpha_iou: float
    pairs: tuple[tuple[int, int], ...]


def score_stacks(found: Stack, true: Stack) -> list[StackScore]:
    """Scores of `found` against `true` after 0, 1, ... MOST_MERGES merges; the last is repeated where none is left."""
    ours, theirs = grouped(found), grouped(true)
    scores = [align(ours, theirs)]
    while len(scores) <= MOST_MERGES:
        merged = best_merge(ours, theirs)
        if merged is not None:
            ours, theirs = merged
        scores.append(align(ours, theirs))
    return scores


def grouped(stack: Stack) -> Stack:
    """`stack` with what nothing hides made one, again and again from the top: the runs that peeling would take off."""
    left, groups = list(range(len(stack))), []
    while left:
        top = [k for k in left if not any(j > k and hides(stack[j], stack[k]) for j in left)]
        groups.append(composite([stack[k] for k in top]))
        left = [k for k in left if k not in top]
    return groups[::-1]


def hides(upper: Floats, lower: Floats) -> bool:
    """Whether `upper` (H, W, 4) covers some of `lower`."""
    a, b = upper[..., 3], lower[..., 3]
    common = float(np.minimum(a, b).sum(dtype=np.float64))
    return common > OVERLAP * min(float(a.sum(dtype=np.float64)), float(b.sum(dtype=np.float64)))


def composite(stack: Stack) -> Floats:
    """Layers (H, W, 4) far to near as one layer with straight alpha."""
    result = stack[0]
    for layer in stack[1:]:
        alpha = layer[..., 3:]
        below = result[..., 3:] * (1 - alpha)
        whole = alpha + below
        colour = (layer[..., :3] * alpha + result[..., :3] * below) / np.maximum(whole, 1e-6)
        result = np.concatenate([colour, whole], axis=-1).astype(np.float32)
    return result


def align(found: Stack, true: Stack) -> StackScore:
    """Dynamic time warping (Sakoe and Chiba 1978) of both stacks, and the mean scores of the pairs on its path."""
    colour, overlap = pair_scores(found, true)
    pairs = warp(cost_of(colour, overlap))
    rows, columns = np.transpose(pairs)
    return StackScore(float(colour[rows, columns].mean()), float(overlap[rows, columns].mean()), tuple(pairs))


def pair_scores(found: Stack, true: Stack) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For every pair (F, T) the colour error, weighted with the true alpha, and the soft IoU of the alphas."""
    colour, overlap = np.zeros((2, len(found), len(true)))
    for i, ours in enumerate(found):
        for j, theirs in enumerate(true):
            weight = theirs[..., 3]
            error = np.abs(ours[..., :3] - theirs[..., :3]).mean(axis=-1)
            colour[i, j] = float((error * weight).sum(dtype=np.float64)) / max(float(weight.sum()), 1e-6)
            overlap[i, j] = soft_iou(ours[..., 3], weight)
    return colour, overlap


def cost_of(colour: NDArray[np.float64], overlap: NDArray[np.float64]) -> NDArray[np.float64]:
    """What pairing costs: the mean of both errors."""
    return np.asarray(0.5 * (colour + 1.0 - overlap))


def warp(cost: NDArray[np.float64]) -> list[tuple[int, int]]:
    """The monotone path through `cost` (F, T), from the first pair to the last, whose sum is least."""
    rows, columns = cost.shape
    total = np.full((rows + 1, columns + 1), np.inf)
    total[0, 0] = 0.0
    for i in range(rows):
        for j in range(columns):
            total[i + 1, j + 1] = cost[i, j] + min(total[i, j], total[i, j + 1], total[i + 1, j])
    i, j, path = rows, columns, []
    while i and j:
        path.append((i - 1, j - 1))
        i, j = min(((i - 1, j - 1), (i - 1, j), (i, j - 1)), key=lambda at: total[at])
    return path[::-1]


def best_merge(found: Stack, true: Stack) -> tuple[Stack, Stack] | None:
    """Both stacks with those two neighbours of one of them merged after which they are nearest; None if none are left.

    Only neighbours that the path pairs with one and the same layer are tried: the rest has found its own.
    """
    best: tuple[float, Stack, Stack] | None = None
    pairs = align(found, true).pairs
    for side, stack in enumerate((found, true)):
        for k in range(len(stack) - 1 if len(stack) > FEWEST else 0):
            if not {pair[1 - side] for pair in pairs if pair[side] == k} & {
                pair[1 - side] for pair in pairs if pair[side] == k + 1
            }:
                continue
            shorter = [*stack[:k], composite(stack[k : k + 2]), *stack[k + 2 :]]
            ours, theirs = (shorter, true) if side == 0 else (found, shorter)
            score = align(ours, theirs)
            cost = 0.5 * (score.rgb_l1 + 1 - score.alpha_iou)
            if best is None or cost < best[0]:
                best = (cost, ours, theirs)
    return best and (best[1], best[2])
