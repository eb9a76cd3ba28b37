"""Cuts a photo into sky, ground, water, background and whole objects, from colours, any depth map and the network."""

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Ints
from multiplane.perception.network import CLASSES
from multiplane.pixels.disparity import shares_of_range
from multiplane.scene import DepthMap, Photo, Segment
from multiplane.segment.figures import GROUND, OTHER, SKY, STEP, WATER, name_groups, put_together
from multiplane.segment.meaning import Meaning, meaning_of
from multiplane.segment.refine import refined_labels
from multiplane.segment.region_graph import CONTOUR, EDGE, LENGTH, RegionGraph, measure_regions
from multiplane.segment.regions import Regions, Values, describe, superpixels
from multiplane.segment.surfaces import find_ground, find_sky
from multiplane.segment.things import things_of

WORKING_SIDE = 640
SPACING = 9
"""Pixels across a superpixel at the working size."""
FALL_WINDOW = 4.0
"""Pixels, as a standard deviation, over which the fall of the ground is read."""
NO_CONTRAST, NO_STEP = 8.0, 0.03
"""Mean Lab contrast and disparity step at a ground's edges, below which there is no edge: it is a thing's own front."""
SURE = 0.6
"""Probability of a class from which a region is of it."""
HIDES = 0.5
"""How much a would-be ground hides of what it borders on (-1 to 1), above which it is a subject."""
KINDS = (OTHER, SKY, GROUND, WATER)
FREE = -1
"""The kind of a region that may be ground, and may be of what stands there."""
HALF_GROUND = 0.5
"""What such a region counts for the ground."""
LEAST_APART = 0.02
"""Share of the picture from which a sky or a ground is set apart from a group that it went into."""
SEEN = 0.2
"""Contour or edge, as the network sees it on average, along the border at which it is set apart."""
WINDING = 5.0
"""Length of that border, in sides of a square as large as the picture, from which it is none."""
NEARLY_ALL, MOSTLY = 0.8, 0.5
"""Share of a group that is of a surface, from which the whole is, and where no border is seen inside of it."""
SOFT = 1.2
"""Pixels, at the working size, over which a group's outline is smoothed where the photo has no edge."""


def segment_photo(photo: Photo, depth: DepthMap) -> tuple[Segment, ...]:
    """Disjoint masks that cover the photo: sky, ground, water, background, and every object whole; about 3 to 15.

    Works for any depth map whose disparity 1/z is right up to scale and shift. Deterministic.
    """
    guide, disparity = working_copies(photo.rgb, depth.z)
    groups, kinds = group_picture(guide, disparity, meaning_of(photo.rgb, disparity.shape))
    scores = (cv2.GaussianBlur((groups == g).astype(np.float32), (0, 0), SOFT) for g in range(len(kinds)))
    labels = refined_labels(scores, guide, photo.rgb)
    return name_groups(labels, kinds, depth.z)


def working_copies(rgb: Floats, z: Floats) -> tuple[Floats, Floats]:
    """`rgb` (h, w, 3) and disparity (h, w) in [0, 1] at the working size, never larger than the photo."""
    height, width = z.shape
    scale = min(1.0, WORKING_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    guide = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA) if scale < 1.0 else rgb
    disparity = 1.0 / (cv2.resize(z, size, interpolation=cv2.INTER_AREA) if scale < 1.0 else z)
    return guide, shares_of_range(disparity)


def group_picture(guide: Floats, disparity: Floats, meaning: Meaning) -> tuple[Ints, list[str]]:
    """The group (h, w) of every pixel at the working size, and the kind of each group."""
    lab = cv2.cvtColor(guide, cv2.COLOR_RGB2Lab)
    smooth = cv2.GaussianBlur(lab, (0, 0), 1.0)
    labels = superpixels(lab, disparity, SPACING)
    regions, graph = describe(labels, lab, disparity, meaning), measure_regions(labels, lab, disparity, meaning)
    group = things_of(graph)
    kinds = surfaces_of(regions, colour_slope(smooth), fall_of(disparity))
    group, kinds = surfaces_set_apart(group, kinds, regions, graph)
    surface = surface_of_groups(group, kinds, regions.size)
    if runs_into_objects(regions, surface[group]):
        surface = np.where(surface == GROUND, OTHER, surface)
    return put_together(regions, group, surface)


def surfaces_set_apart(
    group: NDArray[np.int64], kinds: NDArray[np.int64], regions: Regions, graph: RegionGraph
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The `group` (N,) and kind of every region, where sky and ground that went into a group of other things have
    their own.

    `kinds` (N,) are those of the regions. A wall and the floor before it are often alike enough to be taken for one;
    but where no border is seen between the two, as in a field out of focus, they are one.
    """
    group, kinds = group.copy(), kinds.copy()
    size, whole = np.bincount(group, regions.size), regions.size.sum()
    for kind, name, open_to_it in ((SKY, "sky", (SKY,)), (GROUND, "ground", (GROUND, FREE))):
        sure = np.isin(kinds, open_to_it) & (regions.classes[:, CLASSES.index(name)] > SURE)
        plain = np.bincount(group, regions.size * (sure & (kinds == kind)), len(size))
        mixed = (plain > LEAST_APART * whole) & (plain < NEARLY_ALL * size)
        for number in np.flatnonzero(mixed):
            members, own = sure & (group == number), group == number
            share = regions.size[members].sum() / size[number]
            if share < NEARLY_ALL and seen_around(members, own, graph) > SEEN:
                kinds[members], group[members] = kind, group.max() + 1
            elif share > MOSTLY:
                kinds[own] = kind
        size = np.bincount(group, regions.size)
    return group, kinds


def seen_around(members: NDArray[np.bool_], group: NDArray[np.bool_], graph: RegionGraph) -> float:
    """The network's contour or edge, the clearer one, along the border of `members` (N,) with their `group` (N,).

    None where that is so long that it is no border, but a scatter of specks.
    """
    inner = group[graph.pairs].all(axis=1) & (members[graph.pairs].sum(axis=1) == 1)
    border = graph.borders[inner].sum(axis=0)
    if border[LENGTH] > WINDING * np.sqrt(graph.area):
        return 0.0
    return float(border[[CONTOUR, EDGE]].max() / max(border[LENGTH], 1.0))


def surface_of_groups(group: NDArray[np.int64], kinds: NDArray[np.int64], size: Values) -> NDArray[np.int64]:
    """SKY, GROUND, WATER or OTHER for every group (M,): what nearly all its regions (N,) are, by their `kinds` (N,)."""
    count = int(group.max()) + 1
    weights = [size * ((kinds == kind) + HALF_GROUND * (kind == GROUND) * (kinds == FREE)) for kind in KINDS]
    sums = np.stack([np.bincount(group, weight, count) for weight in weights], axis=1)
    shares = sums / np.maximum(sums.sum(axis=1, keepdims=True), 1e-9)
    return np.where(shares.max(axis=1) > NEARLY_ALL, shares.argmax(axis=1), OTHER).astype(np.int64)


def surfaces_of(regions: Regions, slope: Floats, fall: Floats) -> NDArray[np.int64]:
    """SKY, GROUND, WATER, FREE or OTHER for every region (N,): what the network says, backed by the geometry.

    `slope` (h, w) is how fast colour changes, `fall` (h, w) how much nearer the surface comes per row. Where the
    geometry is plain, it decides unless the network is sure of something else; where it is silent, the network does.
    """
    by_name = dict(zip(CLASSES, regions.classes.T, strict=True))
    best = regions.classes.argmax(axis=1)
    sure = regions.classes.max(axis=1) > SURE

    def denied(*names: str) -> NDArray[np.bool_]:
        return np.asarray(sure & ~np.isin(best, [CLASSES.index(name) for name in names]))

    geometric_sky = find_sky(regions, slope)
    sky = (by_name["sky"] > SURE) | (geometric_sky & ~denied("sky", "mountain", "water"))
    water = ~sky & (by_name["water"] > SURE)
    geometric = find_ground(regions, sky, fall)
    open_to_ground = ~sky & ~water & ~denied("ground", "water", "vegetation", "object")
    seen = ~sky & ~water & (by_name["ground"] > SURE) & ~geometric.surely.any()
    ground = (geometric.surely & open_to_ground) | seen
    near = (geometric.near & open_to_ground) | (~sky & ~water & (by_name["ground"] > SURE))
    return np.select([sky, ground, water, near], [SKY, GROUND, WATER, FREE], OTHER).astype(np.int64)


def runs_into_objects(regions: Regions, surface: NDArray[np.int64]) -> bool:
    """Whether the would-be ground is a subject's own front: it meets all else almost without an edge, or hides it.

    `surface` (N,) is that of every region. A ground is met by what stands on it, and hidden by it; only a subject
    stands out from most of what it borders on.
    """
    sides = surface[regions.pairs]
    border = (sides == GROUND).any(axis=1) & (sides == OTHER).any(axis=1)
    if not border.any():
        return False
    weights = regions.length[border]
    contrast = np.average(regions.contrast[border], weights=weights)
    step = np.average(np.abs(regions.step[border]), weights=weights)
    nearer = np.where(sides[border, 0] == GROUND, -regions.step[border], regions.step[border])
    hidden = np.average(np.clip(nearer / STEP, -1.0, 1.0), weights=weights)
    return bool((contrast < NO_CONTRAST and step < NO_STEP) or hidden > HIDES)


def fall_of(disparity: Floats) -> Floats:
    """How much disparity grows per row (h, w), read over a window wide enough to leave texture and noise behind."""
    smooth = cv2.GaussianBlur(disparity, (0, 0), FALL_WINDOW)
    return np.asarray(cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=1 / 8), np.float32)


def colour_slope(lab: Floats) -> Floats:
    """How fast colour changes at every pixel (h, w), in Lab units per pixel."""
    slopes: list[NDArray[np.float32]] = [cv2.Sobel(lab, cv2.CV_32F, *axis, scale=1 / 8) for axis in ((1, 0), (0, 1))]
    return np.asarray(np.sqrt(sum((slope**2).sum(axis=-1) for slope in slopes)), np.float32)
