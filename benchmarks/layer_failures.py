"""Why an object is not whole on a layer: which step lost it, with counts, and contact sheets of the worst."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from benchmarks.layer_scores import Row
from benchmarks.objects import Outlined
from numpy.typing import NDArray

from multiplane.arrays import Floats, Ints, Mask
from multiplane.pixels.levels import to_levels

GOOD = 0.7
"""IoU from which an object counts as found."""
MOSTLY = 0.5
SEEN_STEP = 0.05
"""Difference in disparity across the outline, as a share of the range, that a segmenter can see."""
BESIDE = 0.015
"""How far from the outline both sides are read, as a share of the diagonal."""
CELL, CAPTION = (320, 240), 24
WORST = 10
FOUND, MATTE, BUDGET, CRUMB = "found", "lost in the matte", "merged: budget", "merged: small"
FRAGMENTS, SURFACE, NEIGHBOUR, PARTIAL = (
    "in fragments",
    "swallowed: surface",
    "swallowed: other object",
    "outline wrong",
)


@dataclass(frozen=True)
class Stages:
    """A picture's label maps (H, W) after each step: segments with their class words, layers at the first and at the
    largest budget; `soft` are the visible shares of the layers' alphas at the first."""

    z: Floats
    segments: Ints
    words: tuple[str, ...]
    layers: Ints
    most_layers: Ints


@dataclass(frozen=True)
class Fate:
    """What became of one object: IoU with its best layer, segment and union of segments, and which step lost it.

    `seen` is the share of its outline where depth steps; `crowded`, the share that other objects' outlines claim, too.
    """

    picture: str
    name: str
    area: float
    iou: float
    segment_iou: float
    union_iou: float
    seen: float
    crowded: float
    cause: str


Fallen = tuple[Fate, Outlined, Mask, Stages]
"""An object's fate, its picture, its mask (H, W), and the steps that led there."""


def fates_of(picture: Outlined, ious: list[float], stages: Stages, surfaces: tuple[str, ...]) -> list[Fate]:
    """The fate of every object of `picture`, from its soft `ious` with the best layers at the first budget."""
    fates = []
    for thing, iou in zip(picture.objects, ious, strict=True):
        wanted = thing.visible
        others = [other.visible for other in picture.objects if other is not thing]
        claimed = np.any(others, axis=0) & wanted if others else np.zeros_like(wanted)
        single, union = segment_ious(wanted, stages.segments)
        fates.append(
            Fate(
                f"{picture.dataset} {picture.name}",
                thing.name,
                float(wanted.mean()),
                iou,
                single,
                union,
                outline_seen(wanted, stages.z),
                float(claimed.sum() / wanted.sum()),
                cause_of(wanted, iou, stages, surfaces),
            )
        )
    return fates


def cause_of(wanted: Mask, iou: float, stages: Stages, surfaces: tuple[str, ...]) -> str:
    """Which step lost the object `wanted` (H, W): the first after which no region fits it."""
    if iou >= GOOD:
        return FOUND
    single, union = segment_ious(wanted, stages.segments)
    if single >= GOOD:
        if best_iou(wanted, stages.layers) >= GOOD:
            return MATTE
        return BUDGET if best_iou(wanted, stages.most_layers) >= GOOD else CRUMB
    if union >= GOOD:
        return FRAGMENTS
    counts = np.bincount(stages.segments[wanted], minlength=len(stages.words))
    holder = int(counts.argmax())
    if counts[holder] / (stages.segments == holder).sum() < MOSTLY:
        return SURFACE if stages.words[holder] in surfaces else NEIGHBOUR
    return PARTIAL


def segment_ious(wanted: Mask, segments: Ints) -> tuple[float, float]:
    """IoU of the best region of the map with `wanted` (H, W), and of all regions together that lie mostly in it."""
    inside = np.bincount(segments[wanted], minlength=int(segments.max()) + 1)
    sizes = np.bincount(segments.ravel(), minlength=len(inside))
    area = int(wanted.sum())
    single = float((inside / (sizes + area - inside)).max())
    mostly = inside > MOSTLY * sizes
    union = float(inside[mostly].sum() / (sizes[mostly].sum() + area - inside[mostly].sum()))
    return single, max(single, union)


def best_iou(wanted: Mask, labels: Ints) -> float:
    """IoU of `wanted` (H, W) with the region of the label map that fits it best."""
    return segment_ious(wanted, labels)[0]


def outline_seen(wanted: Mask, z: Floats) -> float:
    """Share of the outline of `wanted` (H, W) across which disparity steps by SEEN_STEP of the picture's range."""
    disparity = 1.0 / z
    low, high = np.quantile(disparity, [0.01, 0.99])
    reach = max(1, round(BESIDE * float(np.hypot(*wanted.shape))))
    signed = cv2.distanceTransform(wanted.astype(np.uint8), cv2.DIST_L2, 5) - cv2.distanceTransform(
        (~wanted).astype(np.uint8), cv2.DIST_L2, 5
    )
    down, across = np.gradient(cv2.GaussianBlur(signed, (0, 0), 1.5))
    edge = np.nonzero(cv2.morphologyEx(wanted.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)))
    length = np.maximum(np.hypot(down, across)[edge], 1e-6)
    ends = []
    for side in (reach, -reach):
        y = np.clip(np.rint(edge[0] + side * down[edge] / length), 0, z.shape[0] - 1).astype(np.int64)
        x = np.clip(np.rint(edge[1] + side * across[edge] / length), 0, z.shape[1] - 1).astype(np.int64)
        ends.append(disparity[y, x])
    return float((np.abs(ends[0] - ends[1]) > SEEN_STEP * max(high - low, 1e-9)).mean()) if len(edge[0]) else 0.0


def rows_of(fates: list[Fate]) -> list[Row]:
    """How many objects each cause lost, with the means of what speaks about it."""
    if not fates:
        return []
    rows = []
    groups: dict[str, list[Fate]] = defaultdict(list)
    for fate in fates:
        groups[fate.cause].append(fate)
    for cause, count in Counter(fate.cause for fate in fates).most_common():
        members = groups[cause]
        for metric, values in (
            ("share", [count / len(fates)]),
            ("soft IoU", [fate.iou for fate in members]),
            ("best segment", [fate.segment_iou for fate in members]),
            ("best union", [fate.union_iou for fate in members]),
            ("depth sees", [fate.seen for fate in members]),
            ("area", [fate.area for fate in members]),
        ):
            rows.append(Row("fate of objects", cause, metric, float(np.mean(values)), count))
    return rows


def save_sheet(path: Path, worst: list[Fallen]) -> None:
    """A contact sheet: for each object the photo with its outline, disparity, segments, and layers."""
    strips = []
    for fate, picture, wanted, stages in worst:
        disparity = 1.0 / stages.z
        low, high = np.quantile(disparity, [0.01, 0.99])
        grey = np.repeat(np.clip((disparity - low) / max(high - low, 1e-9), 0, 1)[..., None], 3, axis=2)
        cells = [picture.rgb, grey, _coloured(stages.segments, picture.rgb), _coloured(stages.layers, picture.rgb)]
        strip = np.hstack([_cell(cell.astype(np.float32), wanted) for cell in cells])
        words = (
            f"{fate.picture} {fate.name}: {fate.cause}; IoU {fate.iou:.2f}, best segment {fate.segment_iou:.2f},"
            f" union {fate.union_iou:.2f}, depth sees {fate.seen:.0%} of the outline"
        )
        caption = np.full((CAPTION, strip.shape[1], 3), 255, np.uint8)
        strip = np.vstack([caption, strip])
        cv2.putText(strip, words, (6, CAPTION - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
        strips.append(strip)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.vstack(strips)[..., ::-1])


def _coloured(labels: Ints, rgb: Floats) -> Floats:
    """Each region in a colour of its own, over the photo in grey."""
    hues = (np.arange(int(labels.max()) + 1) * 67 % 180).astype(np.uint8)
    palette = cv2.cvtColor(np.dstack([hues, np.full_like(hues, 200), np.full_like(hues, 255)]), cv2.COLOR_HSV2RGB)[0]
    grey = rgb.mean(axis=-1, keepdims=True)
    return np.asarray(0.55 * palette[labels] / 255.0 + 0.45 * grey, np.float32)


def _cell(picture: Floats, wanted: Mask) -> NDArray[np.uint8]:
    """The picture at a cell's width with the outline of `wanted` (H, W) in red."""
    scale = min(CELL[0] / picture.shape[1], CELL[1] / picture.shape[0])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    small = to_levels(np.clip(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), 0, 1))
    mask = cv2.resize(wanted.view(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    outline = cv2.morphologyEx(mask, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    small[outline] = (255, 0, 0)
    cell = np.full((CELL[1], CELL[0], 3), 255, np.uint8)
    cell[: size[1], : size[0]] = small
    return cell


def worst_of(fates: list[Fallen]) -> list[Fallen]:
    """The objects with the least IoU, at most WORST."""
    return sorted(fates, key=lambda entry: (entry[0].iou, entry[0].picture, entry[0].name))[:WORST]
