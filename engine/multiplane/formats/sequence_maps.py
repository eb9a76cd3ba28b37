"""What a folder of layers holds beside colours: depth in 16 bits with the formula that gives it back, and normals."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Levels
from multiplane.formats.gltf.surface import Surface, normals_on_cells
from multiplane.pixels.levels import to_levels, top_level
from multiplane.pixels.over import strips
from multiplane.scene import BitDepth, Camera, Layer

TOP = top_level(16)
EVEN_IN_DISPARITY = "z = 1 / (1/far + value/65535 * (1/near - 1/far))"
MILLIMETRES = "z = value / 1000"
FARTHEST_METRES = TOP / 1000
NEAREST_METRES = 0.001
"""0 stands for no depth wherever millimetres are read."""
NORMALS = "n = value/{top} * 2 - 1; x right, y up, z towards the camera"


@dataclass(frozen=True)
class DepthScale:
    """How depths between `near` and `far` become 16-bit levels: by `mapping`, a formula for z in the scene's unit."""

    mapping: str
    near: float
    far: float

    def levels(self, z: Floats) -> Levels:
        """Levels of depths (H, W) in [near, far]; in disparity, 65535 is the nearest."""
        out = np.zeros(z.shape, np.uint16)
        for rows in strips(*z.shape):
            # In float64: where all depths are much alike, their disparities differ in the last digits of float32 only.
            out[rows] = np.rint(self._scaled(z[rows].astype(np.float64)))
        return out

    def _scaled(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.mapping == MILLIMETRES:
            return z * 1000
        span = 1 / self.near - 1 / self.far
        return np.asarray((1 / z - 1 / self.far) / span * TOP if span > 0 else np.zeros_like(z))


def depth_scale(near: float, far: float, metric: bool) -> DepthScale:
    """Millimetres, as depth cameras write them, for metric depths that fit into 16 bits; else even in disparity."""
    fits = metric and near >= NEAREST_METRES and far <= FARTHEST_METRES
    return DepthScale(MILLIMETRES if fits else EVEN_IN_DISPARITY, near, far)


def normal_levels(surface: Surface, camera: Camera, layer: Layer, bit_depth: BitDepth) -> Levels:
    """The layer's unit normals (h, w, 3) as levels: 0.5 is 0; x right, y up, z towards the camera."""
    cells = normals_on_cells(surface, camera)
    out = np.empty((layer.height, layer.width, 3), np.uint8 if bit_depth == 8 else np.uint16)
    left, right, aside = _neighbours(layer.corner[0], layer.width, surface.step, surface.origin[0], cells.shape[1])
    upper, lower, down = _neighbours(layer.corner[1], layer.height, surface.step, surface.origin[1], cells.shape[0])
    for rows in strips(layer.height, layer.width):
        share = down[rows, None, None]
        lines = cells[upper[rows]] * (1 - share) + cells[lower[rows]] * share
        normals = lines[:, left] * (1 - aside[:, None]) + lines[:, right] * aside[:, None]
        normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
        out[rows] = to_levels(np.asarray((normals + 1) / 2, np.float32), bit_depth)
    return out


def _neighbours(
    corner: int, length: int, step: int, origin: int, cells: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Along one side, for each pixel: the cells before and after its middle, and how far it is towards the latter."""
    place = np.clip((corner + np.arange(length) + 0.5) / step - origin - 0.5, 0, cells - 1)
    before = np.floor(place).astype(np.intp)
    return before, np.minimum(before + 1, cells - 1), (place - before).astype(np.float32)
