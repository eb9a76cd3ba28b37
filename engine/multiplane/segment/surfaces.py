"""Finds the two surfaces that nearly every outdoor picture has, and many others: the sky and the ground."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from multiplane.arrays import Floats
from multiplane.segment.regions import Regions, Values

Chosen = NDArray[np.bool_]

FAR = 0.15
"""Disparity, as a share of the picture's range, up to which a region may be sky."""
SMOOTH = 5.0
"""Lab distance per pixel up to which a region is smooth enough for sky."""
ONE_SKY = 0.35
"""Edge strength that two regions of one sky may have: clouds are soft."""
LEAST_SKY, LEAST_GROUND, LEAST_PART = 0.01, 0.03, 0.004
"""Share of the picture below which a surface, or a part of the ground cut off from the rest, is none."""
BLUE_SHARE = 0.3
"""Share of a sky that is blue, unless it is overcast."""
SMEARED = 0.5
"""Disparity up to which a region of the sky's own colour is sky all the same."""
SAME_COLOUR, SAME_SURFACE = 7.0, 13.0
"""Lab distance across an edge up to which a smooth sky, and a ground with its texture, go on."""
SKY_RANGE = 20.0
"""Lab distance from the mean of the sky up to which it is followed."""
BENT_AWAY = 0.12
"""Distance in disparity from its plane up to which a ground that goes on without a step is still followed."""
ON_PLANE = 0.03
"""Distance in disparity from the ground's plane up to which a region lies on it."""
LEAST_FALL, MOST_TILT = 0.3, 0.4
"""The least disparity that a ground gains over the picture's long side, and the most sideways, as a share of that."""
BENEATH = 2.0
"""How much a region beneath a would-be ground counts against one on it."""
WIDE = 0.7
"""Share of the picture's top edge that an overcast sky takes."""
TRIALS = 1200


@dataclass(frozen=True)
class Ground:
    """Regions (N,) that are `surely` ground, and others that are `near` it and may or may not be."""

    surely: Chosen
    near: Chosen


def find_sky(regions: Regions, slope: Floats) -> Chosen:
    """Regions (N,) that are sky: far, smooth, joined to the top edge, and blue, or brighter than all else.

    `slope` (h, w) is how fast colour changes, in Lab units per pixel.
    """
    smooth = regions.mean(slope) < SMOOTH
    far = (regions.disparity < FAR) & smooth
    part = _parts(regions, far, regions.strength < ONE_SKY)
    sky = np.zeros(regions.count, np.bool_)
    for number in np.unique(part[np.unique(regions.labels[0])]):
        members = (part == number) & far
        if regions.size[members].sum() > LEAST_SKY * regions.size.sum() and _looks_like_sky(regions, members):
            sky |= members
    # Networks smear what is near into the sky around it; where the colour goes on, so does the sky.
    if not sky.any():
        return sky
    mean = np.average(regions.lab[sky], axis=0, weights=regions.size[sky])
    alike = smooth & (regions.disparity < SMEARED) & (np.linalg.norm(regions.lab - mean, axis=1) < SKY_RANGE)
    return _grown(regions, sky, alike, regions.contrast < SAME_COLOUR)


def _looks_like_sky(regions: Regions, members: Chosen) -> bool:
    """Blue, at least in part (clouds and sunsets are not), or neutral, far brighter than all else, and wide.

    A pale wall behind a sitter is all of the latter but wide; taken for background, it is where it should be.
    """
    lab, size = regions.lab[members], regions.size[members]
    blue = size @ ((lab[:, 2] < -4.0) & (lab[:, 1] < 12.0)) > BLUE_SHARE * size.sum()
    light, red, yellow = np.average(lab, axis=0, weights=size)
    rest = regions.size * ~members
    others = float((regions.lab[:, 0] * rest).sum() / max(rest.sum(), 1.0))
    wide = float(members[regions.labels[0]].mean()) > WIDE
    overcast = wide and light > 78.0 and light > others + 18.0 and np.hypot(red, yellow) < 8.0
    return bool(blue or overcast)


def find_ground(regions: Regions, sky: Chosen, fall: Floats) -> Ground:
    """Regions of the ground: those on one surface that comes nearer towards the bottom and has nothing beneath it.

    A plane in space is affine in disparity: 1/z = a x + b y + c. It is found by RANSAC over the regions of the lower
    two thirds, and refitted with a bend, because networks bend planes. Nothing can be seen under the ground: a plane
    with much of the picture below it is a subject's front, not a floor. `fall` (h, w) is how much nearer the surface
    comes per row, in disparity: a region that lies on the plane but falls otherwise only touches it, like a foot.
    """
    height, width = regions.labels.shape
    nothing = Ground(np.zeros(regions.count, np.bool_), np.zeros(regions.count, np.bool_))
    place = np.column_stack([regions.centre / max(height, width), np.ones(regions.count)])
    weight = regions.size * ~sky / regions.size.sum()
    plane = _support_plane(place, regions.disparity, weight, height / max(height, width))
    if plane is None:
        return nothing
    level, slope = _bent(place, regions.disparity, weight, plane)
    near = ~sky & (np.abs(regions.disparity - level) < ON_PLANE)
    falls = np.abs(regions.mean(fall) * max(height, width) - slope) < 0.7 * np.abs(slope) + 0.1
    part = _parts(regions, near & falls, regions.contrast < SAME_SURFACE)
    surely = near & falls & _large_or_alike(regions, part, near & falls)[part]
    if regions.size[surely].sum() < LEAST_GROUND * regions.size.sum():
        return nothing
    off = regions.disparity - level
    first, second = regions.pairs.T
    goes_on = (np.abs(off[first] - off[second]) < 0.5 * ON_PLANE) & (regions.contrast < SAME_SURFACE)
    surely = _grown(regions, surely, ~sky & falls & (np.abs(off) < BENT_AWAY), goes_on)
    return Ground(surely, near & ~surely)


def _large_or_alike(regions: Regions, part: NDArray[np.int64], on_plane: Chosen) -> Chosen:
    """Which parts of what lies on the ground's plane are ground: large ones, and small ones of the largest's colour.

    A tray on a table lies on its plane too: a small part of another colour may be a thing of its own.
    """
    weight = regions.size * on_plane
    sizes = np.bincount(part, weight)
    sums = np.stack([np.bincount(part, weight * regions.lab[:, k]) for k in range(3)], axis=1)
    colour = sums / np.maximum(sizes, 1.0)[:, None]
    alike = np.linalg.norm(colour - colour[sizes.argmax()], axis=1) < SAME_SURFACE
    return np.asarray((sizes > LEAST_PART * regions.size.sum()) & (alike | (sizes > 0.25 * sizes.max())))


def _support_plane(place: Values, disparity: Values, weight: Values, bottom: float) -> Values | None:
    """(a, b, c) of the plane with most weight on it and little beneath it, or None where there is no such plane."""
    usable = np.flatnonzero(weight * (place[:, 1] > bottom / 3))
    if len(usable) < 8:
        return None
    rng = np.random.default_rng(0)
    three = usable[rng.integers(0, len(usable), (TRIALS, 3))]
    three = three[np.abs(np.linalg.det(place[three])) > 1e-3]  # nearly in a line, their plane could stand anyhow
    planes = np.linalg.solve(place[three], disparity[three][..., None])[..., 0]
    planes = planes[(planes[:, 1] > LEAST_FALL) & (np.abs(planes[:, 0]) < MOST_TILT * planes[:, 1])]
    if not len(planes):
        return None
    above = (disparity - planes @ place.T).astype(np.float32)
    on_it, beneath = np.abs(above) < ON_PLANE, above < -2 * ON_PLANE
    score = on_it @ weight - BENEATH * (beneath @ weight)
    best = int(score.argmax())
    return np.asarray(planes[best]) if score[best] > LEAST_GROUND else None


def _bent(place: Values, disparity: Values, weight: Values, plane: Values) -> tuple[Values, Values]:
    """The ground's disparity at every region (N,) and its growth downwards, refitted with a term in y squared."""
    terms = np.column_stack([place, place[:, 1] ** 2])
    bent = np.append(plane, 0.0)
    for _ in range(4):
        inside = np.sqrt(weight) * (np.abs(disparity - terms @ bent) < ON_PLANE)
        pull = 0.02 * np.diag([0, 0, 0, 1.0])  # keeps the bend at nothing where the data do not ask for it
        left = np.vstack([terms * inside[:, None], pull])
        bent = np.linalg.lstsq(left, np.append(disparity * inside, np.zeros(4)), rcond=None)[0]
    return terms @ bent, bent[1] + 2.0 * bent[3] * place[:, 1]


def _grown(regions: Regions, seed: Chosen, allowed: Chosen, goes_on: Chosen) -> Chosen:
    """`seed` (N,) and all `allowed` regions (N,) that can be reached from it over edges (M,) that go on."""
    part = _parts(regions, seed | allowed, goes_on)
    reached = np.bincount(part, seed) > 0
    return np.asarray(seed | (allowed & reached[part]))


def _parts(regions: Regions, chosen: Chosen, goes_on: Chosen) -> NDArray[np.int64]:
    """Connected part (N,) of each region, where chosen regions (N,) join over edges (M,) that go on."""
    first, second = regions.pairs.T
    joined = chosen[first] & chosen[second] & goes_on
    graph = coo_matrix((np.ones(joined.sum()), (first[joined], second[joined])), (regions.count, regions.count))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)
