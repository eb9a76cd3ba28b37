"""Makes a scene ready for many views of one size: layers resized, premultiplied and continued beyond the frame.

Inside a layer depth is smoothed as far as needed: a sheet bends but never folds or tears, also where its depth is noisy
or jumps. Parts of different depth that should come apart are different layers.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from multiplane.arrays import Floats
from multiplane.render.depths import DepthRange, shown_depths
from multiplane.render.resample import make_taps, resample
from multiplane.scene import Layer, Scene

GRID = 4
"""Output pixels per node of the depth grid; depth is smooth inside a layer."""
RESIDUE = 0.01
"""Part of half a frame that a view may reach beyond the photo's border, where what touches it goes on mirrored."""
TASTEFUL_PARALLAX = 0.025
"""Most parallax, in frame widths, between the nearest and the farthest: more looks like cut-outs on strings."""
RIM = 0.006
"""Width of a layer's rim in frame widths, where depth maps mix front and back: it weighs little."""
STEEPEST = 0.6
"""Largest change of parallax per pixel inside a layer at TASTEFUL_PARALLAX; at 1 the sheet would fold."""
FLOOR = 1e-6
"""Weight of a layer's mean depth where nothing is known."""


@dataclass(frozen=True)
class Pane:
    """One layer at output size: `colour` (h, w, 4) premultiplied at `corner`; `q` (h/GRID, w/GRID) inverse depths."""

    corner: tuple[int, int]
    colour: Floats
    q: Floats
    multiply: bool


@dataclass(frozen=True)
class Prepared:
    """Panes from far to near, and what a view needs to know of the whole.

    `border_x` and `border_y` are the largest |q - focus| on the photo's left and right, and on its top and bottom,
    over all layers that touch them: how much can come in from there. `q_least` and `q_most` are the range of q there.
    """

    width: int
    height: int
    focal: float
    depths: DepthRange
    panes: tuple[Pane, ...]
    border_x: float
    border_y: float
    q_least: float
    q_most: float


def prepare(scene: Scene, width: int, height: int) -> Prepared:
    """Resize `scene` for views of `width` x `height` pixels (its aspect should be the photo's, to a pixel)."""
    depths = shown_depths(scene)
    steepness = TASTEFUL_PARALLAX * width / depths.span
    panes = tuple(_pane(scene, layer, width, height, steepness) for layer in scene.layers)
    sides = np.concatenate([_border(pane, width, height, axis) for pane in panes for axis in (0, 1)])
    return Prepared(
        width,
        height,
        scene.camera.resized(width, height).focal,
        depths,
        panes,
        border_x=max(_reach(_border(pane, width, height, 0), depths.focus) for pane in panes),
        border_y=max(_reach(_border(pane, width, height, 1), depths.focus) for pane in panes),
        q_least=float(sides.min()),
        q_most=float(sides.max()),
    )


def _pane(scene: Scene, layer: Layer, width: int, height: int, steepness: float) -> Pane:
    def read(rows: slice) -> Floats:
        """Premultiplied colour, alpha, and alpha times inverse depth."""
        alpha = layer.rgba[rows, :, 3:]
        return np.concatenate([layer.rgba[rows, :, :3] * alpha, alpha, alpha / layer.z[rows, :, None]], -1)

    columns = make_taps(scene.camera.width, width, layer.corner[0], layer.width)
    rows = make_taps(scene.camera.height, height, layer.corner[1], layer.height)
    values = resample(read, rows, columns)
    x, y = columns.first, rows.first
    h, w = values.shape[:2]
    margin = GRID * int(np.ceil((RESIDUE * max(width, height) + 4) / GRID))
    top, left = margin * (y == 0), margin * (x == 0)
    bottom, right = margin * (y + h == height), margin * (x + w == width)
    values = cv2.copyMakeBorder(values, top, bottom, left, right, cv2.BORDER_REFLECT)
    colour = np.ascontiguousarray(values[..., :4])
    # What shows nothing must not hold the eye back: it lies where the backdrop does.
    unseen = 1 / scene.layers[0].depth
    q = _smooth_depth(colour[..., 3], np.ascontiguousarray(values[..., 4]), unseen, width, steepness)
    return Pane((x - left, y - top), colour, q, layer.blend == "multiply")


def _smooth_depth(alpha: Floats, weighted: Floats, unseen: float, width: int, steepness: float) -> Floats:
    """Inverse depth on the grid, from `weighted` = alpha q, smooth enough to be warped by and known everywhere.

    Where the layer shows nothing at all it is `unseen`.

    Normalised convolution (Knutsson and Westin 1993) with weights that trust a layer's inside more than its rim; the
    blur grows until parallax changes by less than STEEPEST per pixel.
    """
    rim = max(1, round(RIM * width))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim + 1, 2 * rim + 1))
    inside = cv2.erode(np.asarray(alpha, np.float32), kernel, borderType=cv2.BORDER_REPLICATE)
    trust = np.maximum(inside, np.float32(1e-3))
    high, wide = (-(-side // GRID) * GRID for side in alpha.shape)
    pad = (0, high - alpha.shape[0], 0, wide - alpha.shape[1], cv2.BORDER_CONSTANT)
    size = (wide // GRID, high // GRID)
    top = cv2.resize(cv2.copyMakeBorder(weighted * trust, *pad), size, interpolation=cv2.INTER_AREA)
    bottom = cv2.resize(cv2.copyMakeBorder(alpha * trust, *pad), size, interpolation=cv2.INTER_AREA)
    total = float(bottom.sum(dtype=np.float64))
    mean = float(top.sum(dtype=np.float64)) / total if total > 0 else unseen
    sigma = 0.004 * width / GRID
    while True:
        blurred = [cv2.GaussianBlur(part, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE) for part in (top, bottom)]
        q = (blurred[0] + FLOOR * mean) / (blurred[1] + FLOOR)
        if _slope(q, bottom > 1e-3) * steepness / GRID <= STEEPEST or sigma > 0.1 * max(size):
            return np.asarray(q, np.float32)
        sigma *= 1.5


def _slope(q: Floats, where: Floats) -> float:
    """The steepest step of q from node to node, where it shows."""
    across = np.abs(np.diff(q, axis=1)) * where[:, 1:]
    down = np.abs(np.diff(q, axis=0)) * where[1:]
    return max(float(across.max(initial=0.0)), float(down.max(initial=0.0)))


def _border(pane: Pane, width: int, height: int, axis: int) -> Floats:
    """Inverse depths of the pane where it shows on the frame's left and right (axis 0) or top and bottom (axis 1)."""
    size, start = (width, height)[axis], pane.corner[axis]
    # A pane that touches a side of the frame has a margin beyond it.
    edges = [0] * (start < 0) + [size - 1] * (start + pane.colour.shape[1 - axis] > size)
    alpha, q = pane.colour[..., 3], pane.q
    lines = [np.zeros(0, np.float32)]
    for edge in edges:
        seen = np.take(alpha, edge - start, axis=1 - axis)[::GRID] > 0
        lines.append(np.take(q, (edge - start) // GRID, axis=1 - axis)[seen])
    return np.concatenate(lines)


def _reach(q: Floats, focus: float) -> float:
    return float(np.abs(q - focus).max(initial=0.0))
