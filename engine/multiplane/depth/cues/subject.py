"""Draws the outline of what the picture is of, from the figure cue, and says where each such thing stands."""

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Ints, Mask
from multiplane.depth.cues.focus import Focus
from multiplane.depth.cues.outline import large_parts, overlap, solidity, whole
from multiplane.depth.cues.ramp import ramp
from multiplane.depth.cues.regions import Regions
from multiplane.depth.cues.split import split

LEAST_AREA, MOST_AREA = 0.01, 0.6
"""Shares of the picture between which a figure is a subject, not a speck and not the scene itself."""
MOST_OF_CLOSE_UP = 0.9
"""The same upper share where the lens tells what the subject is."""
LEAST_OVERLAP = 0.4
"""Intersection over union of the cut with the cue that started it, below which the cut has run away."""
LEAST_GAP = 0.2
"""Difference of the figure cue, inside against outside, below which nothing stands out."""
CUTS = 2
"""Rounds of fitting colours and cutting."""


def find_subject(rgb: Floats, regions: Regions, figure: NDArray[np.float64]) -> tuple[Floats, float]:
    """The subject's outline as a map (H, W) in [0, 1], and how far it is to be believed in [0, 1].

    The figure cue starts GrabCut (Rother et al., "GrabCut: interactive foreground extraction using iterated graph
    cuts", SIGGRAPH 2004), which settles the outline on the picture's edges.
    """
    threshold, gap = split(figure, regions.size)
    rough = regions.paint(figure)
    core = rough > threshold
    if gap < LEAST_GAP or not LEAST_AREA < core.mean() < MOST_AREA:
        return np.zeros_like(rough), 0.0
    mask = cut(rgb, rough, threshold, gap)
    if not LEAST_AREA < mask.mean() < MOST_AREA or overlap(mask, core) < LEAST_OVERLAP:
        mask = core
    mask = large_parts(mask)
    return mask.astype(np.float32), belief(rgb, mask, gap)


def find_body(rgb: Floats, regions: Regions, focus: Focus) -> tuple[Floats, float]:
    """The outline (H, W) of what alone is in focus, and its trust: whole, and free to touch the borders."""
    rough = regions.paint(focus.sharp)
    mask = whole(cut(rgb, rough, focus.threshold, focus.gap))
    core = whole(rough > focus.threshold)
    if overlap(mask, core) < LEAST_OVERLAP:
        mask = core
    if not LEAST_AREA < mask.mean() < MOST_OF_CLOSE_UP:
        return np.zeros_like(rough), 0.0
    return mask.astype(np.float32), focus.trust


def belief(rgb: Floats, mask: Mask, gap: float) -> float:
    """How far to believe `mask` (H, W), in [0, 1]: a compact thing, clear of the sides, before something plain."""
    behind = cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab)[~mask]
    plain = 1 - ramp(behind.std(axis=0).mean(dtype=np.float64), 7.0, 16.0)
    cut_off = 1 - ramp(np.concatenate([mask[0], mask[:, 0], mask[:, -1]]).mean(), 0.05, 0.3)
    solid = ramp(np.asarray(solidity(mask)), 0.4, 0.8)
    clear = ramp(np.asarray(gap), 0.25, 0.6)
    return float(ramp(0.4 * plain + 0.2 * (cut_off + solid + clear), 0.4, 0.75))


def cut(rgb: Floats, rough: Floats, threshold: float, gap: float) -> Mask:
    """GrabCut (H, W) started from the figure map `rough`."""
    marks = np.where(rough > threshold, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    marks[rough > threshold + 0.4 * gap] = cv2.GC_FGD
    marks[rough < threshold - 0.35 * gap] = cv2.GC_BGD
    if not ((marks & 1) == 1).any() or not ((marks & 1) == 0).any():
        return np.asarray(rough > threshold)
    cv2.setRNGSeed(0)  # its colour clusters start at random
    image = np.ascontiguousarray(np.rint(rgb[..., ::-1] * 255).astype(np.uint8))
    cv2.grabCut(image, marks, None, np.zeros((1, 65)), np.zeros((1, 65)), CUTS, cv2.GC_INIT_WITH_MASK)
    return np.asarray((marks & 1) == 1)


def standing_parts(mask: Mask) -> list[tuple[Mask, float, float]]:
    """Each connected part as (mask (H, W), row of its foot in [0, 1], how upright it is in [0, 1])."""
    count, labels, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    found = []
    for part in range(1, count):
        inside: Ints = labels == part
        wide, tall = facts[part, cv2.CC_STAT_WIDTH], facts[part, cv2.CC_STAT_HEIGHT]
        rows = np.flatnonzero(inside.any(axis=1))
        area = inside.sum(axis=1).cumsum()
        foot = float(np.searchsorted(area, 0.97 * area[-1]) + 1) / mask.shape[0]
        if rows[-1] == mask.shape[0] - 1:
            foot = 1.0
        found.append((np.asarray(inside, bool), foot, float(ramp(np.asarray(tall / wide), 0.2, 0.5))))
    return found
