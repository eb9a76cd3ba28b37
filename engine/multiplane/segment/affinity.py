"""Whether two regions that touch are of one thing: measures of the pair, and two small networks taught to judge."""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from multiplane.errors import BackendError
from multiplane.perception.network import CLASSES
from multiplane.segment.region_graph import (
    BELOW,
    CLEAR,
    CONTOUR,
    CONTRAST,
    DISPARITY,
    DISPARITY_SQUARED,
    EDGE,
    FALL,
    FAR_CONTRAST,
    FAR_STEP,
    FRAME,
    HIDES,
    LEAN,
    LENGTH,
    LIGHT,
    LIGHT_SQUARED,
    RED,
    SHARPNESS,
    SIZE,
    SLOPE,
    SPAN,
    STEP,
    STEP_SIZE,
    STEP_SQUARED,
    SUBJECT,
    YELLOW,
    RegionGraph,
    Values,
    X,
    Y,
)
from multiplane.segment.regions import DEPTH_SHARE, FULL_CONTRAST, FULL_STEP, nearness_gain

WEIGHTS = Path(__file__).with_name("affinity.safetensors")
Weights = dict[str, NDArray[np.float32]]
_COMPARED = (STEP_SQUARED, CONTRAST, EDGE, CONTOUR, CLEAR)
UNIT_LAB, UNIT_COLOUR = 30.0, 20.0
"""Lab units of lightness and of colour that count as one."""
MOSTLY = 0.5
"""Share of a region that is of a class, from which the whole is."""


SUBJECT_APART = (0.3, 0.7)
"""How much more one side is of the subject than the other, from which and up to which that divides them."""
SEEN = (0.1, 0.4)
"""The network's contour or edge along the border, from which the subject may end there, and up to which it surely may:
what it is less sure of in the middle of a thing is no end."""
DIVIDED, BY_STEP = (0.3, 0.8), 0.6
"""Strength of a border, in [0, 1], from which and up to which it divides, and how far it does at most."""
LONG, UNSEEN = 90.0, 0.15
"""Length of a border in pixels of the working size from which it tells that nothing is seen of it, and the network's
contour or edge along it below which nothing is."""
ENDLESS, BEFORE = 0.04, (0.05, 0.15)
"""Disparity, as a share of the picture's range, below which a sky is as far as skies are, and by how much more, from
which and up to which, what is across the border stands before it."""


def affinity(graph: RegionGraph) -> Values:
    """Probability (M,) for each pair of `graph` that both regions are of one thing, less where much divides them.

    What is joined once is never parted: so a plain border, or that one side is the subject and the other is not, is not
    left to the networks alone, which have seen a few hundred pictures.
    """
    return judge(pair_features(graph), load_weights()) * (1.0 - division(graph))


def division(graph: RegionGraph) -> Values:
    """How much (M,), from 0 to 1, plainly divides each pair."""
    border = graph.borders / graph.borders[:, :1]
    by_depth = np.minimum(np.abs(border[:, STEP]) * _gain(graph) / FULL_STEP, 1.0)
    by_colour = np.minimum(border[:, CONTRAST] / FULL_CONTRAST, 1.0)
    strength = DEPTH_SHARE * by_depth + (1.0 - DEPTH_SHARE) * by_colour
    subject = (graph.sums[:, SUBJECT] / graph.sums[:, SIZE])[graph.pairs]
    by_subject = _ramp(np.abs(subject[:, 0] - subject[:, 1]), SUBJECT_APART)
    by_subject *= _ramp(np.maximum(border[:, CONTOUR], border[:, EDGE]), SEEN)
    return np.asarray(1.0 - (1.0 - by_subject) * (1.0 - by_sky(graph)) * (1.0 - BY_STEP * _ramp(strength, DIVIDED)))


def undivided(graph: RegionGraph) -> NDArray[np.bool_]:
    """Pairs (M,) whose border is long and nowhere seen by the network.

    A shadow's edge is plain to see and yet none between things, which is hardly ever missed from end to end. Only once
    all else is joined are borders long enough to tell.
    """
    length = graph.borders[:, LENGTH]
    seen = graph.borders[:, [CONTOUR, EDGE]].max(axis=1) / length
    return np.asarray((length > LONG) & (seen < UNSEEN) & (by_sky(graph) < MOSTLY))


def by_sky(graph: RegionGraph) -> Values:
    """How much (M,), from 0 to 1, one side of each pair stands before the sky that the other is of.

    What the depth sees before the sky is no sky, however much of it shows through, as it does through a mast.
    """
    mean = graph.sums[:, [DISPARITY]] / graph.sums[:, [SIZE]]
    sky = graph.classes[:, CLASSES.index("sky")] / graph.sums[:, SIZE] > MOSTLY
    sky &= mean[:, 0] < ENDLESS
    apart = np.abs(mean[graph.pairs[:, 0], 0] - mean[graph.pairs[:, 1], 0])
    return np.where(sky[graph.pairs].any(axis=1), _ramp(apart, BEFORE), 0.0)


def _ramp(values: Values, ends: tuple[float, float]) -> Values:
    return np.asarray(np.clip((values - ends[0]) / (ends[1] - ends[0]), 0.0, 1.0))


def judge(features: NDArray[np.float32], weights: Weights) -> Values:
    """The networks: features (M, F) to probabilities (M,), two hidden layers with rectifiers, by the mean of the odds.

    `weights` hold K networks, one after the other along their first axis.
    """
    logits = np.mean([_logits(features, {n: w[k] for n, w in weights.items()}) for k in range(len(weights["mean"]))], 0)
    return np.asarray(1.0 / (1.0 + np.exp(-logits)), np.float64)


def _logits(features: NDArray[np.float32], weights: Weights) -> NDArray[np.float32]:
    values = np.clip((features - weights["mean"]) / weights["deviation"], -5.0, 5.0)
    for layer in ("1", "2"):
        values = np.maximum(values @ weights[f"weight{layer}"].T + weights[f"bias{layer}"], 0.0)
    return np.asarray((values @ weights["weight3"].T + weights["bias3"])[:, 0])


@cache
def load_weights() -> Weights:
    """The networks' weights, which lie beside this file."""
    return weights_of(WEIGHTS)


def weights_of(path: Path) -> Weights:
    """Weights that come with the installation. Raises BackendError where they are missing."""
    try:
        return load_file(path)
    except OSError as error:
        raise BackendError(f"{path.name} is missing from the installation; install multiplane again") from error


def pair_features(graph: RegionGraph) -> NDArray[np.float32]:
    """What can be said of each pair (M, F): their border, how they differ, what each is, and both together."""
    first, second = graph.pairs.T
    size = graph.sums[:, SIZE]
    first_larger = size[first] >= size[second]
    large, small = np.where(first_larger, first, second), np.where(first_larger, second, first)
    columns = [
        *_border(graph, first_larger),
        *_difference(graph, first, second),
        *_meaning(graph, first, second),
        *_outlines(graph, small, large),
        *_places(graph, small, large),
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def _gain(graph: RegionGraph) -> Values:
    """How much a step in disparity counts at each pair (M,)."""
    return nearness_gain((graph.sums[:, DISPARITY] / graph.sums[:, SIZE])[graph.pairs].max(axis=1))


def _border(graph: RegionGraph, first_larger: NDArray[np.bool_]) -> list[Values]:
    mean = graph.borders / graph.borders[:, :1]
    gain = _gain(graph)
    towards = np.where(first_larger, 1.0, -1.0)
    return [
        mean[:, STEP_SIZE],
        mean[:, STEP_SIZE] * gain,
        np.sqrt(mean[:, STEP_SQUARED]) * gain,
        mean[:, FAR_STEP] * gain,
        np.abs(mean[:, STEP]) * gain,
        towards * mean[:, STEP] * gain,  # above 0 where the smaller one is the nearer
        mean[:, CONTRAST] / UNIT_LAB,
        mean[:, FAR_CONTRAST] / UNIT_LAB,
        mean[:, EDGE],
        mean[:, CONTOUR],
        mean[:, SPAN] * 5,
        mean[:, SHARPNESS] / 10,
        towards * mean[:, BELOW],
        towards * mean[:, HIDES],
        mean[:, CLEAR],
    ]


def _difference(graph: RegionGraph, first: NDArray[np.int64], second: NDArray[np.int64]) -> list[Values]:
    mean = graph.sums / graph.sums[:, :1]
    apart = np.abs(mean[first] - mean[second])
    texture = np.sqrt(np.maximum(mean[:, LIGHT_SQUARED] - mean[:, LIGHT] ** 2, 0.0))
    palette = graph.palette / graph.sums[:, :1]
    return [
        apart[:, DISPARITY],
        apart[:, LIGHT] / UNIT_LAB,
        np.hypot(apart[:, RED], apart[:, YELLOW]) / UNIT_COLOUR,
        np.abs(texture[first] - texture[second]) / 15,
        apart[:, SLOPE] / 5,
        0.5 * np.abs(palette[first] - palette[second]).sum(axis=1),
        apart[:, FALL] * 100,
        apart[:, LEAN] * 100,
        (mean[first, FALL] + mean[second, FALL]) * 50,
        apart[:, X],
        apart[:, Y],
    ]


def _meaning(graph: RegionGraph, first: NDArray[np.int64], second: NDArray[np.int64]) -> list[Values]:
    classes = graph.classes / graph.sums[:, :1]
    subject = graph.sums[:, SUBJECT] / graph.sums[:, SIZE]
    one, other = classes[first], classes[second]
    tokens, fine = _directions(graph.tokens), _directions(graph.fine)
    return [
        0.5 * np.abs(one - other).sum(axis=1),
        (one * other).sum(axis=1),
        (one.argmax(axis=1) == other.argmax(axis=1)).astype(np.float64),
        *(0.5 * (one + other)).T,
        *np.abs(one - other).T,
        np.abs(subject[first] - subject[second]),
        np.minimum(subject[first], subject[second]),
        np.maximum(subject[first], subject[second]),
        (tokens[first] * tokens[second]).sum(axis=1),
        (fine[first] * fine[second]).sum(axis=1),
    ]


def _directions(sums: Values) -> Values:
    """Sums (N, K) of what is less the picture's mean, as unit vectors: their products are cosines."""
    return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9))


def _outlines(graph: RegionGraph, small: NDArray[np.int64], large: NDArray[np.int64]) -> list[Values]:
    """How this border compares with the rest of either outline, and how compact both are, alone and as one."""
    length, size, frame = graph.borders[:, LENGTH], graph.sums[:, SIZE], graph.sums[:, FRAME]
    around = graph.around[:, LENGTH]
    gain = _gain(graph)
    columns = []
    for ends in (small, large):
        rest = np.maximum(around[ends] - length, 1.0)
        others = [(graph.around[ends, k] - graph.borders[:, k]) / rest for k in _COMPARED]
        columns += [np.sqrt(np.maximum(others[0], 0.0)) * gain, others[1] / UNIT_LAB, *others[2:]]
        columns += [length / np.maximum(around[ends] + frame[ends], 1.0), frame[ends] / np.sqrt(size[ends])]
    whole = around + frame
    joined = whole[small] + whole[large] - 2 * length
    columns.append(4 * np.pi * size[small] / np.maximum(whole[small], 1.0) ** 2)
    columns.append(4 * np.pi * (size[small] + size[large]) / np.maximum(joined, 1.0) ** 2)
    return columns


def _places(graph: RegionGraph, small: NDArray[np.int64], large: NDArray[np.int64]) -> list[Values]:
    mean = graph.sums / graph.sums[:, :1]
    spread = np.sqrt(np.maximum(mean[:, DISPARITY_SQUARED] - mean[:, DISPARITY] ** 2, 0.0))
    share = np.log(graph.sums[:, SIZE] / graph.area) / 4
    columns = []
    for ends in (small, large):
        columns += [share[ends], mean[ends, DISPARITY], mean[ends, Y], spread[ends]]
    return columns
