"""The surface of each layer for its relief: inverse depth, clean at the rims, each layer behind those in front of it.

Alphabet: q = 1/z, which is affine over the picture of a plane. Cells of the grid are `step` pixels wide and start at
the canvas' corner, so that the surfaces of all layers can be compared cell by cell.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats
from multiplane.pixels.nearest import from_nearest
from multiplane.pixels.normals import normals_of
from multiplane.scene import Camera, Layer, Scene

FINEST_GRID = 1024
"""Cells along the longer side of the canvas at most: depth is smooth, and what is not is no shape but an error."""
RIM = 0.004
"""Width of a layer's rim, as a share of the canvas' longer side, where depth maps mix front and back."""
EVENED = 0.75
"""Standard deviation, in rims, of the blur that takes the noise out of a surface."""
LEAST_PART = 0.5
"""Part of q that a push backwards leaves at least: what is far away has no room for the full distance."""
GAP = 2e-3
"""Least relative difference of q between a layer and what it covers."""
NOTHING = np.float32(1e30)
"""The q of what stands in nobody's way."""
SMOOTHING = 1.5
"""Standard deviation, in cells, of the blur before normals are taken: slopes magnify noise."""


@dataclass(frozen=True)
class Surface:
    """`q` (rows, columns) on cells, the first at cell `origin` (column, row) of the canvas' grid; `box` in pixels."""

    q: Floats
    origin: tuple[int, int]
    step: int
    box: tuple[int, int, int, int]

    def node_lines(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Pixel positions x and y of the lines between cells; the outermost lie on the layer's own edges."""
        rows, columns = self.q.shape
        x = (self.origin[0] + np.arange(columns + 1.0)) * self.step
        y = (self.origin[1] + np.arange(rows + 1.0)) * self.step
        left, top, right, bottom = self.box
        return np.clip(x, left, right), np.clip(y, top, bottom)

    def at(self, x: NDArray[np.float64], y: NDArray[np.float64], field: Floats | None = None) -> Floats:
        """`q`, or another `field` (rows, columns[, k]) on its cells, at pixel positions, bilinearly."""
        values = self.q if field is None else field
        u = np.clip((x / self.step - self.origin[0]) - 0.5, 0, self.q.shape[1] - 1)
        v = np.clip((y / self.step - self.origin[1]) - 0.5, 0, self.q.shape[0] - 1)
        left, top = np.floor(u).astype(np.intp), np.floor(v).astype(np.intp)
        right, bottom = np.minimum(left + 1, self.q.shape[1] - 1), np.minimum(top + 1, self.q.shape[0] - 1)
        a, b = u - left, v - top
        if values.ndim == 3:
            a, b = a[..., None], b[..., None]
        upper = values[top, left] * (1 - a) + values[top, right] * a
        lower = values[bottom, left] * (1 - a) + values[bottom, right] * a
        return np.asarray(upper * (1 - b) + lower * b, np.float32)


@dataclass(frozen=True)
class Stack:
    """Surfaces far to near, each in the whole where its order demands, and the opacity that each cell shows at most."""

    surfaces: list[Surface]
    covers: list[Floats]
    shape: tuple[int, int]

    def ordered(self, least: float) -> list[Surface]:
        """The surfaces, each at least `least` of q, and never less than GAP, behind all that cover it.

        What juts out from behind is pushed back: it is hidden there, so its depth is a guess.
        """
        farthest = np.full(self.shape, NOTHING, np.float32)
        out = []
        for surface, cover in zip(reversed(self.surfaces), reversed(self.covers), strict=True):
            window = farthest[_window(surface)]
            limit = np.maximum(window - np.maximum(GAP * window, least), LEAST_PART * window)
            out.append(_moved(surface, np.minimum(surface.q, limit)))
            np.copyto(window, out[-1].q, where=cover > 0)
        return out[::-1]

    @property
    def nearest(self) -> float:
        """The largest q."""
        return max(float(surface.q.max()) for surface in self.surfaces)

    @property
    def span(self) -> float:
        """The range of q that makes parallax; never 0."""
        least = min(float(surface.q.min()) for surface in self.surfaces)
        return max(self.nearest - least, 0.1 * self.nearest)


def stack_of(scene: Scene) -> Stack:
    """The surfaces of a scene. A layer that claims to be farther than most of what it lies on is brought before it."""
    longest = max(scene.camera.width, scene.camera.height)
    step = 1 << max(0, int(np.ceil(np.log2(longest / FINEST_GRID))))
    rim = round(RIM * longest / step)
    raw = [_cells(layer, step, rim) for layer in scene.layers]
    covers = [cover for _, cover in raw]
    shape = -(-scene.camera.height // step), -(-scene.camera.width // step)
    return Stack(_brought_forward([surface for surface, _ in raw], covers, shape), covers, shape)


def normals_on_cells(surface: Surface, camera: Camera) -> Floats:
    """Unit normals (rows, columns, 3) in glTF's axes, facing the camera's side of the surface."""
    q = cv2.GaussianBlur(surface.q, (0, 0), SMOOTHING, borderType=cv2.BORDER_REPLICATE)
    slope_v = np.gradient(q, surface.step, axis=0) if q.shape[0] > 1 else np.zeros_like(q)
    slope_u = np.gradient(q, surface.step, axis=1) if q.shape[1] > 1 else np.zeros_like(q)
    rows, columns = q.shape
    cx, cy = camera.centre
    u = (surface.origin[0] + np.arange(columns) + 0.5) * surface.step - cx
    v = ((surface.origin[1] + np.arange(rows) + 0.5) * surface.step - cy)[:, None]
    return normals_of(q, slope_u, slope_v, u, v, camera.focal) * np.array([1, -1, -1], np.float32)


def _cells(layer: Layer, step: int, rim: int) -> tuple[Surface, Floats]:
    """The layer's own surface, and the opacity (rows, columns) that each cell shows at most."""
    (x, y), (right, bottom) = layer.corner, (layer.corner[0] + layer.width, layer.corner[1] + layer.height)
    column, row = x // step, y // step
    columns, rows = -(-right // step) - column, -(-bottom // step) - row
    pads = (y - row * step, (row + rows) * step - bottom), (x - column * step, (column + columns) * step - right)
    alpha = layer.rgba[..., 3]
    weight = np.pad((alpha >= 0.5).astype(np.float32), pads)
    q = np.pad(np.where(alpha >= 0.5, 1.0 / layer.z, np.float32(0)).astype(np.float32), pads)
    cover = np.pad(alpha, pads).reshape(rows, step, columns, step).max(axis=(1, 3))
    weight, q = (each.reshape(rows, step, columns, step).mean(axis=(1, 3)) for each in (weight, q))
    known = weight >= 0.5
    # The frame is no rim: beyond it the layer goes on.
    kernel = np.ones((2 * rim + 1, 2 * rim + 1), np.uint8)
    inner = cv2.erode(known.view(np.uint8), kernel, borderType=cv2.BORDER_REPLICATE) > 0
    # Where a part is too thin to have an inside, its rim is all there is.
    reach = cv2.dilate(inner.view(np.uint8), np.ones((4 * rim + 3, 4 * rim + 3), np.uint8)) > 0
    inner |= known & ~reach
    if not inner.any():
        inner = weight > 0
    if inner.any():
        filled, _ = from_nearest(np.asarray(q / np.maximum(weight, 1e-6), np.float32), inner)
    else:
        filled = np.full((rows, columns), 1.0 / layer.depth, np.float32)
    smooth = cv2.GaussianBlur(filled, (0, 0), EVENED * rim, borderType=cv2.BORDER_REPLICATE) if rim else filled
    return Surface(np.asarray(smooth), (column, row), step, (x, y, right, bottom)), cover


def _window(surface: Surface) -> tuple[slice, slice]:
    (column, row), (rows, columns) = surface.origin, surface.q.shape
    return slice(row, row + rows), slice(column, column + columns)


def _moved(surface: Surface, q: Floats) -> Surface:
    return Surface(np.asarray(q, np.float32), surface.origin, surface.step, surface.box)


def _brought_forward(surfaces: list[Surface], covers: list[Floats], shape: tuple[int, int]) -> list[Surface]:
    nearest = np.zeros(shape, np.float32)
    out = []
    for surface, cover in zip(surfaces, covers, strict=True):
        window, solid = nearest[_window(surface)], cover >= 0.5
        lag = float(np.median(window[solid] / surface.q[solid])) if solid.any() else 0.0
        out.append(_moved(surface, surface.q * lag * (1 + GAP)) if lag > 1 else surface)
        np.maximum(window, out[-1].q, out=window, where=solid)
    return out
