"""Weighs the cues against each other over the graph of regions: one least-squares problem, solved exactly."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats
from multiplane.depth.cues.regions import Regions
from multiplane.depth.cues.subject import standing_parts

Values = NDArray[np.float64]

COLOUR = 12.0
"""Lab distance at which neighbours stop pulling each other to one depth."""
PRIOR, GROUND, SKY, SUBJECT = 0.6, 1.0, 10.0, 3.0
"""What a region's own cue weighs against a link to a like neighbour, which weighs 1."""
LIFT = 0.12
"""Disparity by which a believed subject stands out from the ground at its foot."""


@dataclass(frozen=True)
class Cues:
    """What every region (N,) says, in [0, 1], and the horizon's row as a share of the height."""

    sky: Values
    ground: Values
    subject: Values
    horizon: float
    trust: float
    """How far the subject is to be believed."""


def usual_disparity(row: Values) -> Values:
    """What a region at `row` in [0, 1] has where nothing else is known: pictures get nearer towards their bottom."""
    return 0.1 + 0.8 * row


def ground_disparity(row: Values, horizon: float) -> Values:
    """Disparity of a level plane: 1/z is linear in the row, nothing at the horizon, 1 at the bottom border."""
    return np.asarray(0.06 + 0.94 * np.clip((row - horizon) / (1 - horizon), 0, 1))


def fuse(regions: Regions, cues: Cues, outline: Floats) -> Values:
    """Disparity (N,) in about [0, 1]: least squares over the cues and the links of touching regions."""
    row = regions.centre[:, 1]
    plane = ground_disparity(row, cues.horizon)
    weight = np.full(regions.count, PRIOR)
    pull = PRIOR * usual_disparity(row)
    for strength, target in (
        (GROUND * cues.ground, plane),
        (SKY * cues.sky, np.zeros(regions.count)),
        subject_pull(regions, cues, outline),
    ):
        weight, pull = weight + strength, pull + strength * target
    link, slope = links(regions, cues, plane)
    first, second = regions.pairs.T
    system, right = np.diag(weight), pull
    np.add.at(system, (first, first), link)
    np.add.at(system, (second, second), link)
    np.add.at(system, (first, second), -link)
    np.add.at(system, (second, first), -link)
    np.add.at(right, first, link * slope)
    np.add.at(right, second, -link * slope)
    return np.asarray(np.linalg.solve(system, right))


def subject_pull(regions: Regions, cues: Cues, outline: Floats) -> tuple[Values, Values]:
    """Weight and disparity (N,) that subjects ask for: the whole of it stands where its foot stands."""
    weight, target = np.zeros(regions.count), np.zeros(regions.count)
    for inside, foot, upright in standing_parts(outline > 0.5):
        share = regions.mean(inside.astype(np.float32))
        # A thing that floats has no foot on the ground, but it is at least as near as things usually are there.
        near = float(max(ground_disparity(np.asarray(foot), cues.horizon), usual_disparity(np.asarray(foot))))
        target[share > 0.5] = min(1.0, near + LIFT * cues.trust)
        weight += SUBJECT * cues.trust * upright * share
    return weight, target


def links(regions: Regions, cues: Cues, plane: Values) -> tuple[Values, Values]:
    """Weight and wanted difference (first less second) (M,) of each pair of touching regions."""
    first, second = regions.pairs.T
    step = regions.centre[second] - regions.centre[first]
    steep = np.abs(step[:, 1]) / np.maximum(np.abs(step).sum(axis=1), 1e-9)
    upper = np.where(step[:, 1] > 0, first, second)
    lower = np.where(step[:, 1] > 0, second, first)
    # Upright things go on upwards from where they stand, whatever their colours.
    contact = steep * np.clip(1 - cues.ground[upper], 0, 1) * (0.3 + 0.7 * cues.ground[lower])
    like = np.exp(-((regions.contrast / COLOUR) ** 2)) * (0.4 + 0.6 * steep) + 0.15 * contact + 0.01
    # Different kinds of things are not one surface; the ground meets what stands on it only from below.
    side = np.abs(cues.ground[first] - cues.ground[second]) * (1 - contact)
    apart = np.maximum(np.abs(cues.sky[first] - cues.sky[second]), side)
    edge = np.abs(cues.subject[first] - cues.subject[second]) * cues.trust
    both = cues.ground[first] * cues.ground[second]
    return like * (1 - apart) ** 2 * (1 - 0.97 * edge) ** 2 + 1e-4, both * (plane[first] - plane[second])
