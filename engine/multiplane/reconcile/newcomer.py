"""Gives a layer that the scene has never seen a depth: from what it lies on, stands on, or stands between."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from multiplane.arrays import Floats, Mask
from multiplane.formats.edited import EditedLayer
from multiplane.pixels.boxes import bounds
from multiplane.pixels.levels import from_levels
from multiplane.scene import Layer

GROUNDS = ("ground", "water")
"""Labels of what things stand on."""
SHEER = 0.35
"""Mean alpha, where anything is seen, below which a layer is a tint or a shadow on what it covers."""
FOOT = 0.06
"""The lowest part of a thing, as a share of its height, where it may touch the ground."""
IN_FRONT = 0.999
"""Of the depth of what it lies on: just before it."""
STEP_FORWARD = 0.97
"""Of the depth of what is behind, where nothing nearer says how much room there is."""
FAR_SHARE, NEAR_SHARE = 0.10, 0.90
"""Quantiles of the depths behind and before a layer between which it fits: a few pixels of a rim may say otherwise."""


@dataclass(frozen=True)
class Placed:
    """The depth `z` (h, w) of a new layer, and why it is that: "standing on '020 ground'"."""

    z: Floats
    reason: str


@dataclass(frozen=True)
class _Behind:
    """What is seen below a layer, on its window: depth (h, w), and the index of the layer that shows it."""

    z: Floats
    owner: Floats


def place(row: EditedLayer, below: Sequence[Layer], above: Sequence[Layer]) -> Placed:
    """The depth of the new layer `row` before the layers `below` and behind those `above`, both far to near.

    The first of `below` is opaque everywhere.
    """
    alpha = from_levels(row.rgba[..., 3])
    behind = _seen_below(row, below)
    if row.clipped or row.blend == "multiply" or float(alpha[alpha > 0].mean()) < SHEER:
        return Placed(behind.z * np.float32(IN_FRONT), "lying on what it covers")
    solid = np.asarray(alpha >= 0.5) if (alpha >= 0.5).any() else np.asarray(alpha > 0)
    covered = float(np.quantile(behind.z[solid], FAR_SHARE))
    limit = _nearest_allowed(row, solid, above)
    ground = _ground_under(solid, behind, below)
    if ground is not None:
        depth, name = ground
        flat = max(depth, limit) if limit is not None and limit < covered else depth
        return Placed(_flat(flat * IN_FRONT, alpha.shape), f"standing on {name!r}")
    depth, reason = _in_the_stack(covered, limit, below[-1], above[0] if above else None)
    return Placed(_flat(depth, alpha.shape), reason)


def _in_the_stack(covered: float, limit: float | None, under: Layer, upper: Layer | None) -> tuple[float, str]:
    """The depth of something that stands on no ground, and why.

    It is before what it covers and the layer `under` it in the stack; behind what covers it, `limit`, or, where nothing
    does, the layer `upper` in the stack.
    """
    farthest = min(covered, under.depth)
    if limit is not None and limit >= farthest:
        farthest = covered
    if limit is not None and limit < farthest:
        return _between(farthest, limit), "between what it covers and what covers it"
    if upper is not None and upper.depth < farthest:
        return _between(farthest, upper.depth), f"between {under.name!r} and {upper.name!r}"
    before = repr(under.name) if farthest < covered else "what it covers"
    return farthest * STEP_FORWARD, f"just before {before}"


def _flat(depth: float, shape: tuple[int, ...]) -> Floats:
    return np.full(shape, depth, np.float32)


def _between(far: float, near: float) -> float:
    """The depth half way in disparity, in which the eye measures."""
    return 2.0 / (1.0 / far + 1.0 / near)


def _seen_below(row: EditedLayer, below: Sequence[Layer]) -> _Behind:
    """What a new layer can stand on; a shadow is only a tint on that."""
    shape = row.rgba.shape[:2]
    z, owner = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    solid = [(index, layer) for index, layer in enumerate(below) if layer.blend == "normal"]
    for index, layer in solid:
        for here, there in _common(row, layer):
            shown = np.asarray(layer.rgba[..., 3][there] >= 0.5) | (index == 0)
            np.copyto(z[here], layer.z[there], where=shown)
            np.copyto(owner[here], np.float32(index), where=shown)
    return _Behind(z, owner)


def _common(row: EditedLayer, layer: Layer) -> list[tuple[tuple[slice, slice], tuple[slice, slice]]]:
    """Where the row and the layer overlap: slices of the one and of the other, or nothing."""
    (x, y), (left, top) = row.corner, layer.corner
    height, width = row.rgba.shape[:2]
    x0, y0 = max(x, left), max(y, top)
    x1, y1 = min(x + width, left + layer.width), min(y + height, top + layer.height)
    if x1 <= x0 or y1 <= y0:
        return []
    return [((slice(y0 - y, y1 - y), slice(x0 - x, x1 - x)), (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)))]


def _nearest_allowed(row: EditedLayer, solid: Mask, above: Sequence[Layer]) -> float | None:
    """The depth that the layers above which cover it have: it is no nearer. None where nothing covers it."""
    depths = [
        layer.z[there][solid[here] & (layer.rgba[..., 3][there] >= 0.5)]
        for layer in above
        for here, there in _common(row, layer)
    ]
    covering = [each for each in depths if each.size]
    return max(float(np.quantile(each, NEAR_SHARE)) for each in covering) if covering else None


def _ground_under(solid: Mask, behind: _Behind, below: Sequence[Layer]) -> tuple[float, str] | None:
    """The depth and the name of the ground that the thing's lowest part touches, where that is a ground."""
    top, bottom, _, _ = bounds(solid)
    foot = solid.copy()
    foot[: bottom - max(1, round(FOOT * (bottom - top)))] = False
    # One pixel further down is what it stands on; at the lower edge of the window, the foot itself covers it.
    rim = (cv2.dilate(foot.view(np.uint8), np.ones((3, 3), np.uint8)) > 0) & (~solid | foot)
    owners = behind.owner[rim].astype(np.int64)
    grounds = [index for index, layer in enumerate(below) if layer.label in GROUNDS]
    touching = np.isin(owners, grounds)
    if touching.mean() < 0.5:
        return None
    index = int(np.bincount(owners[touching]).argmax())
    return float(np.median(behind.z[rim][touching])), below[index].name
