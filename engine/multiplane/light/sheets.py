"""Small copies of a scene's layers that light is worked out on: opacity, colour and clean inverse depth, cell by cell.

Cells are squares of `step` pixels that start at the canvas' corner, so that those of all layers fit together.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from multiplane.arrays import Floats, Mask
from multiplane.pixels.linear import linear
from multiplane.pixels.nearest import from_nearest
from multiplane.scene import Layer, Scene

WORKING_SIDE = 640
"""Cells along the longer side of the canvas at most: depth knows no more, and light is smooth inside a layer."""
SURFACES = ("ground", "water", "wall", "building", "mountain", "background", "rest", "floor")
"""Labels of what goes on behind things and has no back of its own."""
LEVEL = ("ground", "water", "floor")
"""Labels of what lies level."""
SKY = "sky"
GIVEN = "file:"
"""How the origin of a depth map begins that somebody gave."""
SOLID = 0.5
RIM = 0.004
"""Width of a layer's rim, as a share of the longer side, where depth maps mix front and back."""
ROUND = 0.7
"""Half the thickness of a thing, as a share of its half width where it is seen."""
WALL = 0.3
"""Thickness of what has no back of its own, as a share of its distance."""


@dataclass(frozen=True)
class Grid:
    """The canvas in cells: `rows` x `columns` of `step` pixels, and the focal length in cells.

    `exact` says that depth was measured or given; else it was guessed from the picture.
    """

    rows: int
    columns: int
    step: int
    focal: float
    exact: bool


@dataclass(frozen=True)
class Sheet:
    """A layer on its cells, the first at `corner` (column, row).

    `alpha` (h, w); `light` (h, w, 3) its mean linear colour, 0 where it is clear; `q` (h, w) inverse depth, continued
    over all cells; `thickness` (h, w) how far the thing reaches back, as a share of its depth.
    """

    layer: Layer
    corner: tuple[int, int]
    alpha: Floats
    light: Floats
    q: Floats
    thickness: Floats

    @property
    def box(self) -> tuple[slice, slice]:
        """Its rows and columns on the grid."""
        (x, y), (h, w) = self.corner, self.alpha.shape
        return slice(y, y + h), slice(x, x + w)


def grid_of(scene: Scene, working_side: int = WORKING_SIDE) -> Grid:
    """Cells of the smallest whole number of pixels with which the longer side has at most `working_side`."""
    width, height = scene.camera.width, scene.camera.height
    step = -(-max(width, height) // working_side)
    exact = scene.origin.metric or scene.origin.depth.startswith(GIVEN)
    return Grid(-(-height // step), -(-width // step), step, scene.camera.focal / step, exact)


def sheet_of(layer: Layer, grid: Grid) -> Sheet:
    """`layer` on the cells of `grid`."""
    step, (x, y) = grid.step, layer.corner
    first, last = (x // step, y // step), (-(-(x + layer.width) // step), -(-(y + layer.height) // step))
    shape = last[1] - first[1], last[0] - first[0]
    alpha, colour = layer.rgba[..., 3], layer.rgba[..., :3]
    offset = x - first[0] * step, y - first[1] * step
    solid = (alpha >= SOLID).astype(np.float32)
    cover = _cell_means(alpha, offset, shape, step)
    light = np.stack([_cell_means(linear(colour[..., k]) * alpha, offset, shape, step) for k in range(3)], axis=-1)
    known = _cell_means(solid, offset, shape, step)
    summed = _cell_means(solid / layer.z, offset, shape, step)
    rim = round(RIM * max(grid.rows, grid.columns))
    q = _continued(np.asarray(summed / np.maximum(known, 1e-6), np.float32), np.asarray(known >= SOLID), rim, layer)
    light /= np.maximum(cover, 1e-6)[..., None]
    return Sheet(layer, first, cover, light, q, _thickness(layer, np.asarray(cover >= SOLID), grid.focal))


def _cell_means(values: Floats, offset: tuple[int, int], shape: tuple[int, int], step: int) -> Floats:
    """Means (rows, columns) over cells of `values`, 0 beyond them, which start `offset` (x, y) into the first cell."""
    if step == 1:
        return np.array(values, np.float32)
    (x, y), (rows, columns) = offset, shape
    h, w = values.shape
    padded = cv2.copyMakeBorder(
        np.asarray(values, np.float32), y, rows * step - y - h, x, columns * step - x - w, cv2.BORDER_CONSTANT, value=0
    )
    return np.asarray(cv2.resize(padded, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)


def _continued(q: Floats, known: Mask, rim: int, layer: Layer) -> Floats:
    """`q` (h, w) of the inside, carried on over the rim and beyond."""
    if not known.any():
        return np.full(q.shape, 1.0 / layer.depth, np.float32)
    if rim:
        kernel = np.ones((2 * rim + 1, 2 * rim + 1), np.uint8)
        inner = cv2.erode(known.view(np.uint8), kernel, borderType=cv2.BORDER_REPLICATE) > 0
        # Where a part is too thin to have an inside, its rim is all there is.
        reach = cv2.dilate(inner.view(np.uint8), np.ones((4 * rim + 3, 4 * rim + 3), np.uint8)) > 0
        known = np.asarray(inner | (known & ~reach))
    filled, _ = from_nearest(q, known)
    return np.asarray(np.maximum(filled, np.finfo(np.float32).tiny), np.float32)


def _thickness(layer: Layer, solid: Mask, focal: float) -> Floats:
    if layer.label in SURFACES:
        return np.full(solid.shape, WALL, np.float32)
    # Beyond the frame the thing goes on, so that only its own outline counts.
    padded = cv2.copyMakeBorder(solid.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    radius = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    size = 2 * int(max(2.0, float(np.minimum(radius, max(solid.shape)).max()))) + 1
    across = cv2.dilate(radius, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (min(size, 41), min(size, 41))))
    return np.asarray(np.maximum(ROUND * np.minimum(across, max(solid.shape) / 2) / focal, 1.0 / focal), np.float32)
