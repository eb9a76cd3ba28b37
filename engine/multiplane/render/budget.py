"""How far the eye may move: until it would look past what was filled in behind the layers."""

from dataclasses import dataclass

import cv2
import numpy as np

from multiplane.arrays import Floats, Mask
from multiplane.render.depths import shown_depths
from multiplane.render.prepare import TASTEFUL_PARALLAX
from multiplane.scene import Layer, Scene

WORKING_SIDE = 640
SLACK = 2
"""Working pixels by which soft edges may blur where a layer ends."""
SHORTEST = 8
"""Borders of fewer working pixels do not count."""
WELL_FILLED = 0.1
"""Share of the picture's diagonal behind a border that is filled with care; deeper a fill may be a mere smooth one."""
TYPICAL = 0.25
"""The part of a border that may run out of filled pixels: where three layers meet, one of them always ends."""

Kernel = np.ndarray[tuple[int, int], np.dtype[np.uint8]]
KERNEL: Kernel = np.ones((2 * SLACK + 1, 2 * SLACK + 1), np.uint8)


def safe_amplitude(scene: Scene) -> float:
    """The largest sideways eye shift, in the scene's unit of depth, that uncovers filled pixels only; may be inf.

    Where layer i hides layer j, a shift e uncovers f e (q_i - q_j) pixels of j; j must go on under i for as many.
    """
    step = max(1, round(max(scene.camera.width, scene.camera.height) / WORKING_SIDE))
    panels = [_panel(scene, layer, step) for layer in scene.layers if layer.blend == "normal"]
    if len(panels) < 2:
        return float("inf")
    height, width = panels[0].solid.shape
    owner = np.zeros((height, width), np.int32)
    for index, panel in enumerate(panels):
        owner[panel.solid] = index
    deepest = WELL_FILLED * float(np.hypot(height, width))
    shifts = [
        _safe_shift(panels[behind], panels[front], owner == behind, owner == front, deepest)
        for front in range(1, len(panels))
        for behind in range(front)
    ]
    return min(shifts) * step / scene.camera.focal


def safe_parallax(scene: Scene) -> float:
    """`safe_amplitude` as `amplitude_of` takes it: near and far then move this share of the width; may be inf.

    It follows from the layers alone, so that it holds for a scene that was edited too.
    """
    return safe_amplitude(scene) / amplitude_of(scene, 1.0)


def tasteful_amplitude(scene: Scene) -> float:
    """The sideways eye shift at which near and far move TASTEFUL_PARALLAX of the width against each other."""
    return amplitude_of(scene, TASTEFUL_PARALLAX)


def amplitude_of(scene: Scene, parallax: float) -> float:
    """The sideways eye shift at which near and far move `parallax`, a share of the width, against each other."""
    return parallax * scene.camera.width / (scene.camera.focal * shown_depths(scene).span)


@dataclass(frozen=True)
class _Panel:
    """A layer on the working canvas: where it is solid, where that was filled in, and its inverse depth."""

    solid: Mask
    filled: Mask
    q: Floats


def _panel(scene: Scene, layer: Layer, step: int) -> _Panel:
    shape = len(range(0, scene.camera.height, step)), len(range(0, scene.camera.width, step))
    solid, filled, q = np.zeros(shape, bool), np.zeros(shape, bool), np.zeros(shape, np.float32)
    x, y = layer.corner
    # The first multiples of `step` inside the crop: sampling stays on one grid for all layers.
    top, left = -y % step, -x % step
    alpha = layer.rgba[top::step, left::step, 3]
    rows, columns = (y + top) // step, (x + left) // step
    window = slice(rows, rows + alpha.shape[0]), slice(columns, columns + alpha.shape[1])
    solid[window] = alpha >= 0.5
    filled[window] = layer.filled[top::step, left::step] & solid[window]
    q[window] = 1.0 / layer.z[top::step, left::step]
    return _Panel(solid, filled, q)


def _safe_shift(behind: _Panel, front: _Panel, behind_seen: Mask, front_seen: Mask, deepest: float) -> float:
    """The parallax per unit of focal length that keeps the border of two layers inside what was filled with care."""
    border = behind_seen & _dilated(front_seen)
    rim = front_seen & _dilated(behind_seen)
    if min(int(border.sum()), int(rim.sum())) < SHORTEST:
        return float("inf")
    lead = float(np.median(front.q[rim])) - float(np.median(behind.q[border]))
    # A layer behind ends where the one in front covers it and nothing was filled in.
    ends = cv2.erode(front.solid.view(np.uint8), KERNEL, borderType=cv2.BORDER_REPLICATE) > 0
    ends &= ~_dilated(behind.filled)
    if lead <= 0:
        return float("inf")
    if not ends.any():
        return deepest / lead
    distance = cv2.distanceTransform((~ends).view(np.uint8), cv2.DIST_L2, 5)
    return min(deepest, max(0.0, float(np.quantile(distance[border], TYPICAL)) - 2 * SLACK)) / lead


def _dilated(mask: Mask) -> Mask:
    return np.asarray(cv2.dilate(mask.view(np.uint8), KERNEL) > 0)
