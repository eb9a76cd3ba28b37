"""Relative depth of one photo from the classical cues, without any trained model and without torch."""

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats
from multiplane.depth.cues.defocus import find_sharpness
from multiplane.depth.cues.focus import find_focus
from multiplane.depth.cues.ground import find_ground
from multiplane.depth.cues.haze import find_haze
from multiplane.depth.cues.horizon import find_horizon
from multiplane.depth.cues.regions import Regions, find_regions
from multiplane.depth.cues.saliency import find_figure
from multiplane.depth.cues.sky import find_sky, trace_sky
from multiplane.depth.cues.subject import find_body, find_subject
from multiplane.depth.edge_aware import smooth_within_edges, upsample
from multiplane.depth.fusion import Cues, fuse, ground_disparity
from multiplane.pixels.disparity import depth_from_disparity
from multiplane.scene import DepthMap, Photo

WORKING_SIDE = 512
"""Long side of the copy that the cues look at; they were tuned at this size."""
LEAST_SIDE = 32
"""Thinner pictures are stretched to this, so that every cue has something to look at."""
SPACING = 16
"""Pixels across a region."""
BORROW = 0.08
"""How far a mast against the sky looks for the depth of what it belongs to, as a share of the long side."""
PURE = 0.95
"""Share of a region on one side of the subject's outline from which on it belongs to that side whole."""
LENS = 0.65
"""Trust in shallow depth of field from which on the lens alone says what the subject is."""
FOCUS = 0.8
"""What the whole range of sharpness adds to the figure cue."""


def estimate_depth_classically(photo: Photo) -> DepthMap:
    """Relative depth in [1, 20] of any photo (H, W): sky farthest, ground a ramp, subjects whole and nearer."""
    small = working_copy(photo.rgb)
    disparity = working_disparity(small)
    return DepthMap(depth_from_disparity(upsample(disparity, small, photo.rgb)), metric=False)


def working_copy(rgb: Floats) -> Floats:
    """`rgb` at the working size, no side under LEAST_SIDE."""
    height, width = rgb.shape[:2]
    scale = min(1.0, WORKING_SIDE / max(height, width))
    size = (max(LEAST_SIDE, round(width * scale)), max(LEAST_SIDE, round(height * scale)))
    if size == (width, height):
        return rgb
    shrinks = size[0] <= width and size[1] <= height
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR))


def working_disparity(rgb: Floats) -> Floats:
    """Relative disparity (h, w) of a picture of about the working size."""
    regions = find_regions(rgb, SPACING)
    focus = find_focus(rgb, regions)
    by_lens = focus.trust > LENS
    sky = find_sky(rgb, regions)
    if by_lens:
        outline, trust = find_body(rgb, regions, focus)
        sky = sky * (1 - regions.mean(outline))  # a blurred wall may pass for sky, and pale fur then for more of it
    sharp, haze = find_sharpness(rgb, regions), find_haze(rgb, regions)
    # A lens tells what the picture is of more surely than colours do, where it was focused at all.
    figure = np.clip(find_figure(regions) + FOCUS * (sharp - 0.5), 0, 1) * (1 - sky)
    if not by_lens:
        outline, trust = find_subject(rgb, regions, figure)
    subject = regions.mean(outline)
    horizon = find_horizon(rgb, sky_edge(regions, sky))
    ground = find_ground(regions, np.maximum(figure, subject), horizon) * (1 - sky)
    value = fuse(regions, Cues(sky, ground, subject, sharp, haze, horizon, trust), outline)
    disparity = paint_planes(regions, value, ground, horizon)
    if by_lens:
        disparity = trace_outline(disparity, regions, outline)
    disparity = smooth_within_edges(disparity)
    painted = regions.paint(sky)
    return put_sky_behind(disparity, painted, trace_sky(rgb, painted))


def trace_outline(disparity: Floats, regions: Regions, outline: Floats) -> Floats:
    """`disparity` (h, w) with the regions that `outline` cuts in two redrawn: each half takes the depth of its side."""
    share = regions.paint(regions.mean(outline))
    size = (2 * SPACING + 1,) * 2
    traced = disparity
    for side, amount in ((outline > 0.5, share), (outline <= 0.5, 1 - share)):
        pure = (amount > PURE).astype(np.float32)
        weight = cv2.blur(pure, size, borderType=cv2.BORDER_REPLICATE)
        nearby = cv2.blur(pure * disparity, size, borderType=cv2.BORDER_REPLICATE) / np.maximum(weight, 1e-6)
        traced = np.where(side & (amount <= PURE) & (weight > 1e-3), nearby, traced)
    return np.asarray(traced, np.float32)


def put_sky_behind(disparity: Floats, sky: Floats, traced: Floats) -> Floats:
    """`disparity` (h, w) with the sky redrawn along `traced`; what turns out not to be sky borrows depth near by."""
    solid = np.where(sky < 0.5, 1.0, 0.0).astype(np.float32)
    if solid.all():
        return disparity
    size = (2 * round(BORROW * max(sky.shape)) + 1,) * 2
    weight = cv2.blur(solid, size, borderType=cv2.BORDER_REPLICATE)
    nearby = cv2.blur(solid * disparity, size, borderType=cv2.BORDER_REPLICATE) / np.maximum(weight, 1e-6)
    standing = np.where((solid == 0) & (weight > 1e-3), np.maximum(nearby, disparity), disparity)
    return np.asarray(standing * (1 - traced), np.float32)


def sky_edge(regions: Regions, sky: NDArray[np.float64]) -> float | None:
    """Row (share of the height) of the sky's lower edge in all but its lowest columns; None without much of a sky."""
    mask = regions.paint(sky) > 0.5
    columns = mask.any(axis=0)
    if mask.mean() < 0.02:
        return None
    lowest = mask.shape[0] - np.argmax(mask[::-1], axis=0)
    return float(np.percentile(lowest[columns], 80) / mask.shape[0])


def paint_planes(regions: Regions, value: NDArray[np.float64], ground: NDArray[np.float64], horizon: float) -> Floats:
    """Disparity map (h, w): each region's value, tilted where it is ground."""
    row = (np.arange(regions.labels.shape[0]) + 0.5) / regions.labels.shape[0]
    tilt = ground_disparity(row, horizon)[:, None] - ground_disparity(regions.centre[:, 1], horizon)[regions.labels]
    return np.asarray(np.clip(value[regions.labels] + ground[regions.labels] * tilt, 0, None), np.float32)
