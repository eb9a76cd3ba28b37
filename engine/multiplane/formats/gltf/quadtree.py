"""Squares as large as a surface allows: where the relief needs its vertices.

Alphabet: q inverse depth, s a square's side in pixels. Two things go wrong on a triangle that is too large, both
measured in pixels of the picture:

    bend   a curved surface becomes flat: at most D2q s^2 / 8, times the parallax that a unit of q makes
    slip   texture coordinates run evenly in space and not in the picture: at most |grad q| / q s^2 / 8

Neither is more than the range of q in the square allows.
"""

from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Mask
from multiplane.formats.gltf.surface import Surface

LARGEST_SQUARE = 1024
"""Pixels: bounds how far a triangle may reach beyond a texture's tile."""

Pyramid: TypeAlias = list[Floats]
Value = TypeVar("Value", bound=np.generic)


@dataclass(frozen=True)
class Errors:
    """`needed[level]`: the tolerance in pixels below which a square of 2^level cells must be split; -1 where empty."""

    needed: Pyramid
    shape: tuple[int, int]


def errors_of(surface: Surface, inside: Mask, parallax: float) -> Errors:
    """What squares of each size would cost; `inside` are the cells that show, `parallax` pixels a unit of q."""
    levels = max(0, int(np.log2(max(1, LARGEST_SQUARE // surface.step))))
    levels = min(levels, int(np.ceil(np.log2(max(surface.q.shape)))))
    block = 1 << levels
    pads = tuple((0, -side % block) for side in surface.q.shape)
    q = np.pad(surface.q, pads, mode="edge")
    bend, slip = _curvature(q, surface.step), _slope(q, surface.step)
    shown = np.pad(inside, pads)
    # Neighbours count: a vertex lies on the line between cells.
    around = np.pad(q, 1, mode="edge")
    near = np.max([around[dy : dy + q.shape[0], dx : dx + q.shape[1]] for dy in range(3) for dx in range(3)], axis=0)
    far = np.min([around[dy : dy + q.shape[0], dx : dx + q.shape[1]] for dy in range(3) for dx in range(3)], axis=0)
    needed: Pyramid = []
    for level in range(levels + 1):
        side = float(surface.step << level)
        spread = near - far
        bends = parallax * np.minimum(bend * side * side / 8, spread)
        slips = np.minimum(slip * side * side / 8, side * spread / (near + far) / 2)
        needed.append(np.where(shown, np.maximum(bends, slips), np.float32(-1)).astype(np.float32))
        if level < levels:
            bend, slip, near = (_pooled(each, np.maximum) for each in (bend, slip, near))
            far, shown = _pooled(far, np.minimum), _pooled(shown, np.logical_or)
    return Errors(needed, surface.q.shape)


def leaves_of(errors: Errors, tolerance: float) -> list[tuple[int, NDArray[np.intp], NDArray[np.intp]]]:
    """Squares that cover what shows: for each level (squares of 2^level cells) their rows and columns, in squares."""
    out = []
    active = errors.needed[-1] >= 0
    for level in range(len(errors.needed) - 1, -1, -1):
        needed = errors.needed[level]
        split = active & (needed > tolerance) if level else np.zeros_like(active)
        rows, columns = np.nonzero(active & ~split)
        out.append((level, rows, columns))
        if level:
            below = split.repeat(2, axis=0).repeat(2, axis=1)
            active = below & (errors.needed[level - 1] >= 0)
    return out


def leaf_count(errors: Errors, tolerance: float) -> int:
    """How many squares `leaves_of` gives."""
    return sum(len(rows) for _, rows, _ in leaves_of(errors, tolerance))


def corners_of(errors: Errors, tolerance: float) -> tuple[NDArray[np.intp], Floats]:
    """Corners (n, 2) of all squares as (column, row) of lines between cells, and for each cell its square's size."""
    rows_all, columns_all = errors.shape
    sizes = np.ones(errors.shape, np.float32)
    corners = []
    for level, rows, columns in leaves_of(errors, tolerance):
        size = 1 << level
        squares = np.stack([columns, rows], axis=-1) * size
        offsets = np.array([[0, 0], [size, 0], [size, size], [0, size]])
        corners += [squares + offset for offset in offsets]
        block = np.zeros(errors.needed[level].shape, bool)
        block[rows, columns] = True
        spread = block.repeat(size, axis=0).repeat(size, axis=1)[:rows_all, :columns_all]
        sizes[spread] = size
    found = np.concatenate(corners) if corners else np.zeros((0, 2), np.intp)
    # Squares may reach beyond the layer; its edge is where they end.
    return np.unique(np.minimum(found, (columns_all, rows_all)), axis=0), sizes


def _pooled(values: NDArray[Value], reduce: np.ufunc) -> NDArray[Value]:
    rows, columns = values.shape
    return np.asarray(reduce.reduce(reduce.reduce(values.reshape(rows // 2, 2, columns // 2, 2), axis=3), axis=1))


def _slope(q: Floats, step: int) -> Floats:
    """|grad q| / q, per pixel."""
    along, down = _differences(q)
    return np.asarray(np.hypot(along, down) / (q * step), np.float32)


def _curvature(q: Floats, step: int) -> Floats:
    """The largest second difference of q, per pixel squared: along rows, columns and the diagonal between them."""
    around = np.pad(q, 1, mode="reflect", reflect_type="odd") if min(q.shape) > 1 else np.pad(q, 1, mode="edge")
    middle = around[1:-1, 1:-1]
    across = np.abs(around[1:-1, 2:] - 2 * middle + around[1:-1, :-2])
    down = np.abs(around[2:, 1:-1] - 2 * middle + around[:-2, 1:-1])
    mixed = np.abs(around[2:, 2:] - around[2:, :-2] - around[:-2, 2:] + around[:-2, :-2]) / 4
    return np.asarray((np.maximum(across, down) + mixed) / (step * step), np.float32)


def _differences(q: Floats) -> tuple[Floats, Floats]:
    """Differences to the next cell, along rows and columns; 0 along a side of one cell."""
    along = np.abs(np.diff(q, axis=1, append=q[:, -1:]))
    down = np.abs(np.diff(q, axis=0, append=q[-1:]))
    return np.asarray(along, np.float32), np.asarray(down, np.float32)
