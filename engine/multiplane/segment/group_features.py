"""What can be said of a group of regions by itself: its outline, its neighbours, its classes, its colours."""

import numpy as np
from numpy.typing import NDArray

from multiplane.segment.affinity import UNIT_LAB
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
    SHARPNESS,
    SIZE,
    SLOPE,
    SPAN,
    STEP,
    STEP_SIZE,
    STEP_SQUARED,
    SUBJECT,
    Groups,
    RegionGraph,
    Values,
    X,
    Y,
)
from multiplane.segment.regions import nearness_gain


def group_features(graph: RegionGraph, likely: Values, groups: Groups) -> NDArray[np.float32]:
    """Features (G, F) of the `groups` (G,) of `graph`, whose pairs are `likely` (M,) to be one."""
    place = np.full(graph.count, -1)
    place[groups] = np.arange(len(groups))
    own, other, which, turned = _outlines(graph.pairs, place)
    length = graph.borders[which, LENGTH]
    around = np.maximum(np.bincount(own, length, len(groups)), 1.0)

    def on_outline(values: Values) -> Values:
        """The mean along each group's outline of `values`, one for each of its borders."""
        return np.asarray(np.bincount(own, length * values, len(groups)) / around)

    mean = graph.sums / graph.sums[:, :1]
    classes = graph.classes / graph.sums[:, :1]
    closest = np.zeros(len(groups))
    np.maximum.at(closest, own, likely[which])
    beside = np.stack([on_outline(plane[other]) for plane in classes.T], axis=1)
    subject = on_outline(mean[other, SUBJECT])
    signed = [np.bincount(own, turned * graph.borders[which, k], len(groups)) / around for k in (STEP, BELOW, HIDES)]
    columns = [
        *_shape(graph, groups, around),
        *_border(graph.around[groups] / around[:, None], signed, nearness_gain(mean[groups, DISPARITY])),
        closest,
        on_outline(likely[which]),
        mean[groups, SUBJECT],
        subject,
        mean[groups, SUBJECT] - subject,
        *_inside(mean[groups]),
        *_colours(graph, groups),
        *_kinds(classes[groups], beside),
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def _outlines(pairs: Groups, place: Groups) -> tuple[Groups, Groups, Groups, Values]:
    """Every border of the groups that have a `place`: that, who is across, which pair it is, and 1 or -1 where the
    group is the second or the first of the pair."""
    own = np.concatenate([place[pairs[:, 0]], place[pairs[:, 1]]])
    other = np.concatenate([pairs[:, 1], pairs[:, 0]])
    which = np.tile(np.arange(len(pairs)), 2)
    turned = np.repeat([-1.0, 1.0], len(pairs))
    ours = own >= 0
    return own[ours], other[ours], which[ours], turned[ours]


def _shape(graph: RegionGraph, groups: Groups, around: Values) -> list[Values]:
    size, frame = graph.sums[groups, SIZE], graph.sums[groups, FRAME]
    whole = around + frame
    return [np.log(size / graph.area) / 4, frame / np.sqrt(size), 4 * np.pi * size / whole**2, frame / whole]


def _border(mean: Values, signed: list[Values], gain: Values) -> list[Values]:
    step, below, hides = signed
    return [
        mean[:, STEP_SIZE] * gain,
        np.sqrt(np.maximum(mean[:, STEP_SQUARED], 0.0)) * gain,
        mean[:, FAR_STEP] * gain,
        mean[:, CONTRAST] / UNIT_LAB,
        mean[:, FAR_CONTRAST] / UNIT_LAB,
        mean[:, EDGE],
        mean[:, CONTOUR],
        mean[:, CLEAR],
        mean[:, SPAN] * 5,
        mean[:, SHARPNESS] / 10,
        step * gain,
        below,
        hides,
    ]


def _inside(mean: Values) -> list[Values]:
    spread = np.sqrt(np.maximum(mean[:, DISPARITY_SQUARED] - mean[:, DISPARITY] ** 2, 0.0))
    texture = np.sqrt(np.maximum(mean[:, LIGHT_SQUARED] - mean[:, LIGHT] ** 2, 0.0))
    return [
        mean[:, DISPARITY],
        spread,
        texture / 15,
        mean[:, SLOPE] / 5,
        mean[:, FALL] * 100,
        mean[:, LEAN] * 100,
        mean[:, X],
        mean[:, Y],
    ]


def _colours(graph: RegionGraph, groups: Groups) -> list[Values]:
    """How many colours there are, and how far tokens and features agree, each in all of a group."""
    size = graph.sums[groups, SIZE]
    palette = graph.palette[groups] / size[:, None]
    agree = [np.linalg.norm(sums[groups], axis=1) / size for sums in (graph.tokens, graph.fine)]
    return [_entropy(palette), *agree]


def _kinds(classes: Values, beside: Values) -> list[Values]:
    return [
        classes.max(axis=1),
        _entropy(classes),
        0.5 * np.abs(classes - beside).sum(axis=1),
        (classes * beside).sum(axis=1),
        *classes.T,
        *beside.T,
    ]


def _entropy(shares: Values) -> Values:
    return np.asarray(-(shares * np.log(shares + 1e-6)).sum(axis=1))
