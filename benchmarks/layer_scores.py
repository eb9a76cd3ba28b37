"""Scores of layers against outlined objects, true depth and true alphas: pure functions on arrays."""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Mask
from multiplane.scene import Scene

HELD = 0.9
"""Share of an object that one layer must hold for the object to be whole in it ..."""
OWN = 0.5
"""... and share of that layer that the object must be, for the layer to be the object's own."""
CLEARLY = 0.05
"""Difference in disparity, as a share of the picture's range, from which the order of two layers is plain."""
NEAR_BORDER = 0.02
"""How far from a common border depth is read on either side, as a share of the diagonal."""
LEAST_BORDER = 0.01
"""Length of a common border, as a share of the diagonal, from which two layers touch."""


class Row(NamedTuple):
    """One number of the report: what was measured, by what method, and over how many cases."""

    section: str
    method: str
    metric: str
    value: float
    cases: int


@dataclass(frozen=True)
class ObjectScore:
    """How one object fared: `iou` with its best layer and that layer's index; the layer that holds most of it.

    `held` is the share of the object in the layer that holds most of it, `own` the object's share of that layer.
    """

    iou: float
    best: int
    held: float
    own: float
    holder: int

    @property
    def whole(self) -> bool:
        """Whether one layer holds the object, and is mostly the object."""
        return self.held >= HELD and self.own >= OWN


def layer_alphas(scene: Scene) -> list[Floats]:
    """The alpha (H, W) of each layer on the whole canvas, far to near."""
    alphas = []
    for layer in scene.layers:
        alpha = np.zeros((scene.camera.height, scene.camera.width), np.float32)
        x, y = layer.corner
        alpha[y : y + layer.height, x : x + layer.width] = layer.rgba[..., 3]
        alphas.append(alpha)
    return alphas


def contributions(alphas: list[Floats]) -> list[Floats]:
    """What each of `alphas` (far to near) contributes to the composite: its alpha times what shows through above."""
    through = np.ones_like(alphas[0])
    shares: list[Floats] = []
    for alpha in reversed(alphas):
        shares.append(alpha * through)
        through = through * (1 - alpha)
    return shares[::-1]


def soft_iou(first: Floats | Mask, second: Floats | Mask) -> float:
    """Sum of minima over sum of maxima of two alphas (H, W): intersection over union, for soft edges; 1 for none."""
    a, b = np.asarray(first, np.float32), np.asarray(second, np.float32)
    either = float(np.maximum(a, b).sum(dtype=np.float64))
    return float(np.minimum(a, b).sum(dtype=np.float64)) / either if either else 1.0


def score_object(wanted: Mask, shares: list[Floats]) -> ObjectScore:
    """How well one of the layers' `shares` of the picture (see `contributions`) is the object `wanted` (H, W)."""
    ious = [soft_iou(share, wanted) for share in shares]
    inside = [float(share[wanted].sum(dtype=np.float64)) for share in shares]
    holder = int(np.argmax(inside))
    area, layer = float(wanted.sum()), float(shares[holder].sum(dtype=np.float64))
    best = int(np.argmax(ious))
    return ObjectScore(ious[best], best, inside[holder] / area, inside[holder] / layer if layer else 0.0, holder)


def merged_objects(scores: list[ObjectScore]) -> int:
    """How many of a picture's objects lie, at least half, in a layer where another one lies, too."""
    holders = [score.holder for score in scores if score.held >= OWN]
    return sum(holders.count(holder) > 1 for holder in holders)


def order_counts(shares: list[Floats], disparity: Floats) -> NDArray[np.int64]:
    """Pairs of touching layers (far to near) in the right order, and all such pairs: by medians, then by borders.

    `disparity` (H, W) is the truth, 0 where unknown. By medians, a pair counts where the medians over the layers'
    visible regions differ by CLEARLY; by borders, where the medians beside their common border do. The second is what
    occlusion means: a floor that reaches nearer than the chair on it is still behind the chair.
    """
    known = disparity > 0
    low, high = np.quantile(disparity[known], [0.01, 0.99])
    regions = np.argmax(np.stack(shares), axis=0)
    diagonal = float(np.hypot(*known.shape))
    reach = max(2, round(NEAR_BORDER * diagonal))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    masks = [np.asarray(regions == index) for index in range(len(shares))]
    grown = [cv2.dilate(mask.view(np.uint8), kernel) > 0 for mask in masks]
    counts = np.zeros((2, 2), np.int64)
    for far in range(len(masks)):
        for near in range(far + 1, len(masks)):
            above, below = masks[near] & grown[far] & known, masks[far] & grown[near] & known
            if min(above.sum(), below.sum()) < LEAST_BORDER * diagonal * reach:
                continue
            for row, (upper, lower) in enumerate(((masks[near] & known, masks[far] & known), (above, below))):
                lead = float(np.median(disparity[upper]) - np.median(disparity[lower])) / max(high - low, 1e-9)
                if abs(lead) >= CLEARLY:
                    counts[row] += (lead > 0, 1)
    return counts


def occlusion_counts(hidden: list[tuple[Mask, Mask]], shares: list[Floats]) -> NDArray[np.int64]:
    """Of objects (visible, whole) of which one hides another: pairs in two layers in the right order, in two, all."""
    holders = [score_object(visible, shares).holder for visible, _ in hidden]
    counts = np.zeros(3, np.int64)
    for front, (seen, _) in enumerate(hidden):
        for back, (visible, whole) in enumerate(hidden):
            covered = (seen & whole & ~visible).sum()
            other_way = (visible & hidden[front][1] & ~seen).sum()
            if covered > 0.01 * min(seen.sum(), whole.sum()) and covered > 2 * other_way:
                apart = holders[front] != holders[back]
                counts += (holders[front] > holders[back], apart, True)
    return counts
