"""Superpixels of a picture and its disparity, and the graph of which touch and how strong the edge between them is."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Ints
from multiplane.segment.meaning import Meaning

Values = NDArray[np.float64]

DISPARITY_IN_LAB = 90.0
"""Lab units that the whole disparity range is worth to a superpixel."""
RULER = 8.0
"""How much nearness counts against likeness in SLIC; higher is more compact."""
REACH = 3
"""How many pixels beyond an edge both sides are read: past the blur that pictures and depth maps have there."""
FULL_STEP, FULL_CONTRAST = 0.10, 35.0
"""The disparity step (see `nearness_gain`) and the Lab distance at which an edge is as strong as can be."""
SPLIT = 0.15
"""Disparity that a superpixel spans where it is cut in two."""
THIN = 3.6
"""Pixels across (twice the area over the outline), below which both sides of an edge cannot be read beyond it."""
DEPTH_SHARE = 0.75
"""How much of an edge's strength depth decides; colour decides the rest."""
MEANING = 0.2
"""What a change of class, or from the subject to what is not, adds to an edge's strength."""


@dataclass(frozen=True)
class Regions:
    """N regions: `labels` (h, w) in 0..N-1; per region `size` and `centre` (N, 2) as (x, y), `disparity`, `lab`,
    `classes` (N, C), probabilities, and `subject`, in [0, 1].

    Per touching pair (M, 2), first < second: `length` of the common border in pixels, `strength` of the edge in
    [0, 1], Lab `contrast` across it, and signed `step`, disparity of the second minus that of the first beside it.
    """

    labels: Ints
    size: Values
    disparity: Values
    lab: Values
    centre: Values
    classes: Values
    subject: Values
    pairs: NDArray[np.int64]
    length: Values
    contrast: Values
    strength: Values
    step: Values

    @property
    def count(self) -> int:
        """N."""
        return len(self.size)

    def mean(self, values: Floats) -> Values:
        """Mean of `values` (h, w) over each region."""
        return np.asarray(np.bincount(self.labels.ravel(), values.ravel(), self.count) / self.size)


def superpixels(lab: Floats, disparity: Floats, spacing: int) -> Ints:
    """Labels (h, w) of about `spacing` wide superpixels that follow edges of `lab` (h, w, 3) and `disparity` (h, w).

    SLIC: Achanta et al., "SLIC superpixels compared to state-of-the-art superpixel methods", PAMI 2012.
    """
    height, width = disparity.shape
    if min(height, width) < 2 * spacing:  # SLIC needs room for its seeds: thin pictures are cut into plain squares
        across = -(-width // spacing)
        cells = np.arange(height)[:, None] // spacing * across + np.arange(width)[None] // spacing
        return np.asarray(cells, np.int32)
    seen = np.dstack([lab, disparity * np.float32(DISPARITY_IN_LAB)]).astype(np.float32)
    slic = cv2.ximgproc.createSuperpixelSLIC(seen, cv2.ximgproc.SLIC, spacing, RULER)
    slic.iterate(6)
    slic.enforceLabelConnectivity(20)
    return split_at_steps(np.asarray(slic.getLabels(), np.int64), disparity)


def split_at_steps(labels: NDArray[np.int64], disparity: Floats) -> Ints:
    """`labels` (h, w) with every superpixel that spans a disparity step cut in two there, numbered anew from 0.

    What is thinner than a superpixel, a pole or a stem, would else drown in what it stands before.
    """
    flat, values = labels.ravel(), disparity.ravel()
    count = int(flat.max()) + 1
    low, high = np.full(count, np.inf, np.float32), np.full(count, -np.inf, np.float32)
    np.minimum.at(low, flat, values)
    np.maximum.at(high, flat, values)
    nearer = (high - low > SPLIT)[flat] & (values > ((low + high) / 2)[flat])
    numbers = np.unique(2 * flat + nearer, return_inverse=True)[1]
    return np.asarray(numbers.reshape(labels.shape), np.int32)


def describe(labels: Ints, lab: Floats, disparity: Floats, meaning: Meaning) -> Regions:
    """Measure regions `labels` (h, w), numbered 0..N-1, and the edges between those that touch."""
    flat, count = labels.ravel(), int(labels.max()) + 1
    size = np.bincount(flat, minlength=count).astype(np.float64)
    rows, columns = np.mgrid[: labels.shape[0], : labels.shape[1]]

    def mean(values: NDArray[np.generic]) -> Values:
        return np.asarray(np.bincount(flat, values.ravel(), count) / size)

    mean_disparity, mean_lab = mean(disparity), np.stack([mean(lab[..., k]) for k in range(3)], axis=1)
    pairs, length, step, contrast = _edges(labels, lab, disparity)
    first, second = pairs.T
    outline = np.bincount(first, length, count) + np.bincount(second, length, count)
    thin = 2.0 * size < THIN * outline
    use_means = thin[first] | thin[second]
    step = np.where(use_means, mean_disparity[second] - mean_disparity[first], step)
    contrast = np.where(use_means, np.linalg.norm(mean_lab[second] - mean_lab[first], axis=1), contrast)
    near = np.maximum(mean_disparity[first], mean_disparity[second])
    by_depth = np.minimum(np.abs(step) * nearness_gain(near) / FULL_STEP, 1.0)
    by_colour = np.minimum(contrast / FULL_CONTRAST, 1.0)
    classes = np.stack([mean(plane) for plane in meaning.classes], axis=1)
    subject = mean(meaning.subject)
    by_meaning = unlike(classes[first], classes[second], subject[first], subject[second])
    seen = DEPTH_SHARE * by_depth + (1.0 - DEPTH_SHARE) * by_colour
    return Regions(
        labels=labels,
        size=size,
        disparity=mean_disparity,
        lab=mean_lab,
        centre=np.stack([mean(columns), mean(rows)], axis=1),
        pairs=pairs,
        length=length,
        contrast=contrast,
        classes=classes,
        subject=subject,
        strength=seen + MEANING * by_meaning * (1.0 - seen),
        step=step,
    )


def unlike(classes: Values, other_classes: Values, subject: Values, other_subject: Values) -> Values:
    """How unlike two things are in class (..., C), and in being the subject (...) or not, from 0 to 1."""
    apart = 0.5 * np.abs(classes - other_classes).sum(axis=-1)
    return np.asarray(np.maximum(apart, np.abs(subject - other_subject)))


def nearness_gain(disparity: Values) -> Values:
    """How much a disparity step counts by where it is: two far things differ by little disparity, and yet are two."""
    return np.asarray(0.65 / (0.25 + np.clip(disparity, 0.0, 1.0)))


def _edges(labels: Ints, lab: Floats, disparity: Floats) -> tuple[NDArray[np.int64], Values, Values, Values]:
    """Touching pairs, border lengths, mean signed disparity steps and mean Lab contrasts across the borders."""
    count = int(labels.max()) + 1
    planes = np.dstack([disparity, cv2.GaussianBlur(lab, (0, 0), 1.0)])
    keys, jumps = [], []
    for axis in (0, 1):
        size = labels.shape[axis]
        before, after = np.moveaxis(labels, axis, 0)[:-1], np.moveaxis(labels, axis, 0)[1:]
        at = np.nonzero(before != after)
        first, second = before[at].astype(np.int64), after[at].astype(np.int64)
        turned = np.moveaxis(planes, axis, 0)
        jump = turned[np.minimum(at[0] + 1 + REACH, size - 1), at[1]] - turned[np.maximum(at[0] - REACH, 0), at[1]]
        jumps.append(np.where((first < second)[:, None], jump, -jump))
        keys.append(np.minimum(first, second) * count + np.maximum(first, second))
    unique, which = np.unique(np.concatenate(keys), return_inverse=True)
    length = np.bincount(which, minlength=len(unique)).astype(np.float64)
    jump = np.concatenate(jumps)
    mean = np.stack([np.bincount(which, jump[:, k], len(unique)) for k in range(4)], axis=1) / length[:, None]
    pairs = np.stack([unique // count, unique % count], axis=1)
    return pairs, length, mean[:, 0], np.linalg.norm(mean[:, 1:], axis=1)
