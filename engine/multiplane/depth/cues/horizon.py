"""Estimates the row of the horizon from where straight lines meet, from the sky's lower edge, or from habit."""

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats

USUAL = 0.33
"""Row of the horizon, as a share of the height, where nothing tells: cameras are held level or a little down."""
LINES = 80
"""Longest line segments that vote."""
SPREAD = np.deg2rad(2.0)
"""Angle by which a line may miss its vanishing point."""


def find_horizon(rgb: Floats, sky_edge: float | None) -> float:
    """Row of the horizon as a share of the height, within [-0.3, 0.75]; `sky_edge` is the sky's lower edge, if any.

    A weighted mean of the vanishing point's row, of the sky's edge and of the usual row.
    """
    row, trust = vanishing_row(rgb)
    votes = [(USUAL, 0.25), (row, trust)]
    if sky_edge is not None:
        votes.append((sky_edge, 0.5))
    total = sum(weight for _, weight in votes)
    horizon = sum(place * weight for place, weight in votes) / total
    return float(np.clip(horizon, -0.3, 0.75))


def vanishing_row(rgb: Floats) -> tuple[float, float]:
    """Row (share of the height) where most slanted lines meet, and how far to trust it in [0, 1]."""
    lines = slanted_lines(rgb)
    if len(lines) < 6:
        return USUAL, 0.0
    height, width = rgb.shape[:2]
    meetings = intersections(lines)
    inside = (np.abs(meetings[:, 0] - width / 2) < width) & (meetings[:, 1] > -0.3 * height)
    meetings = meetings[inside & (meetings[:, 1] < 0.65 * height)]
    if len(meetings) == 0:
        return USUAL, 0.0
    support = agreement(lines, meetings)
    best = meetings[support.argmax()]
    # Half of the lines meeting in one point hardly happens by chance; a sixth often does.
    share = float(support.max()) / float(np.linalg.norm(lines[:, 2:] - lines[:, :2], axis=1).sum())
    return float(best[1] / height), float(np.clip((share - 0.2) / 0.25, 0, 1))


def slanted_lines(rgb: Floats) -> NDArray[np.float64]:
    """The longest line segments (n, 4) as x0, y0, x1, y1 that are neither level nor upright.

    LSD: Grompone von Gioi et al., "LSD: a fast line segment detector with a false detection control", PAMI 2010.
    """
    grey = np.rint(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY) * 255).astype(np.uint8)
    found = cv2.createLineSegmentDetector().detect(grey)[0]
    if found is None:
        return np.zeros((0, 4))
    lines = found.reshape(-1, 4).astype(np.float64)
    across, down = np.abs(lines[:, 2] - lines[:, 0]), np.abs(lines[:, 3] - lines[:, 1])
    angle, length = np.arctan2(down, across), np.hypot(across, down)
    slanted = (angle > np.deg2rad(6)) & (angle < np.deg2rad(78)) & (length > 0.04 * max(grey.shape))
    lines, length = lines[slanted], length[slanted]
    return np.asarray(lines[np.argsort(-length, kind="stable")[:LINES]])


def intersections(lines: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points (m, 2) where pairs of lines meet, parallels left out."""
    ends = np.concatenate([lines.reshape(-1, 2, 2), np.ones((len(lines), 2, 1))], axis=2)
    across = np.cross(ends[:, 0], ends[:, 1])
    first, second = np.triu_indices(len(lines), 1)
    meet = np.cross(across[first], across[second])
    proper = np.abs(meet[:, 2]) > 1e-6 * np.abs(meet).max(axis=1)
    return np.asarray(meet[proper, :2] / meet[proper, 2:])


def agreement(lines: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Total length of the lines that point to each of `points` (m, 2)."""
    middle, along = (lines[:, :2] + lines[:, 2:]) / 2, lines[:, 2:] - lines[:, :2]
    length = np.linalg.norm(along, axis=1)
    towards = points[:, None] - middle[None]
    distance = np.maximum(np.linalg.norm(towards, axis=2), 1e-9)
    sine = np.abs(towards[..., 0] * along[:, 1] - towards[..., 1] * along[:, 0]) / (distance * length)
    return np.asarray((np.exp(-((sine / np.sin(SPREAD)) ** 2)) * length).sum(axis=1))
