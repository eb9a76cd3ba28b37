"""Weighs the cues against each other over the graph of regions: one least-squares problem, solved exactly."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats
from multiplane.depth.cues.balance import balance
from multiplane.depth.cues.regions import Regions
from multiplane.depth.cues.subject import standing_parts

Values = NDArray[np.float64]

COLOUR = 12.0
"""Lab distance at which neighbours stop pulling each other to one depth."""
PRIOR, GROUND, SKY, SUBJECT = 0.5, 0.5, 10.0, 3.0
"""What a region's own cue weighs against a link to a like neighbour, which weighs 1."""
SHARP, HAZE, SIDES = 0.15, 0.15, 0.08
"""Disparity that the whole range of these weaker cues makes."""
STAND = 0.7
"""Where between its middle (0) and its foot (1) a subject takes its depth from: feet are hidden or missed often."""
TILT = 0.25
"""How much of the usual slope a subject keeps from its top to its bottom."""
LIFT = 0.12
"""Disparity by which a believed subject stands out from what is usual at its place."""


@dataclass(frozen=True)
class Cues:
    """What every region (N,) says, in [0, 1], and the horizon's row as a share of the height."""

    sky: Values
    ground: Values
    subject: Values
    sharp: Values
    """Sharpness of edges; 0.5 where there is nothing to tell by."""
    haze: Values
    horizon: float
    trust: float
    """How far the subject is to be believed."""


def usual_disparity(row: Values) -> Values:
    """What a region at `row` in [0, 1] has where nothing else is known: pictures get nearer towards their bottom."""
    return np.asarray(0.08 + 0.84 * row**1.4)


def expected_disparity(regions: Regions, cues: Cues) -> Values:
    """The usual disparity (N,), more where edges are sharp and towards the sides, less where there is haze."""
    expected = usual_disparity(regions.centre[:, 1])
    expected = expected + SHARP * (cues.sharp - 0.5)
    open_air = min(1.0, float((cues.sky * regions.size).sum() / regions.size.sum()) / 0.05)
    clear = 1 - cues.sky
    usual_haze = float((cues.haze * clear * regions.size).sum() / max((clear * regions.size).sum(), 1.0))
    expected = expected - HAZE * open_air * (cues.haze - usual_haze)
    return np.asarray(expected + SIDES * (1 - open_air) * (2 * np.abs(regions.centre[:, 0] - 0.5)) ** 2)


def ground_disparity(row: Values, horizon: float) -> Values:
    """Disparity of a level plane: 1/z is linear in the row, nothing at the horizon, 1 at the bottom border."""
    return np.asarray(0.06 + 0.94 * np.clip((row - horizon) / (1 - horizon), 0, 1))


def fuse(regions: Regions, cues: Cues, outline: Floats) -> Values:
    """Disparity (N,) in about [0, 1]: least squares over the cues and the links of touching regions."""
    row = regions.centre[:, 1]
    plane = ground_disparity(row, cues.horizon)
    weight = np.full(regions.count, PRIOR)
    pull = PRIOR * expected_disparity(regions, cues)
    for strength, target in (
        (GROUND * cues.ground, plane),
        (SKY * cues.sky, np.zeros(regions.count)),
        subject_pull(regions, cues, outline),
    ):
        weight, pull = weight + strength, pull + strength * target
    link, slope = links(regions, cues, plane)
    return balance(weight, pull / weight, regions.pairs, link, slope)


def subject_pull(regions: Regions, cues: Cues, outline: Floats) -> tuple[Values, Values]:
    """Weight and disparity (N,) that subjects ask for: the whole of it stands where its foot stands."""
    weight, target = np.zeros(regions.count), np.zeros(regions.count)
    for inside, foot, upright in standing_parts(outline > 0.5):
        share = regions.mean(inside.astype(np.float32))
        own = regions.centre[share > 0.5, 1]
        if len(own) == 0:
            continue
        stand = STAND * foot + (1 - STAND) * float(own.mean())
        target[share > 0.5] = usual_disparity(stand + TILT * (own - stand)) + LIFT
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
