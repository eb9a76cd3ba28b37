"""A scene made ready for light: its layers as small sheets with normals, and what stands in the way of each."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Mask
from multiplane.light.lights import Point, Sun
from multiplane.light.normals import normals_of_sheet, up_of
from multiplane.light.sheets import LEVEL, SKY, SOLID, WORKING_SIDE, Grid, Sheet, grid_of, sheet_of
from multiplane.light.trace import march
from multiplane.scene import Scene

NOTHING = np.float32(1e-30)
"""Inverse depth where nothing stands."""
SHOWS = 0.3
"""Opacity from which a sheet keeps light off."""
BIAS = 0.003
"""Relative distance by which a point stands before its own surface: depth is not exact."""
OWN_BIAS = 0.012
"""The same for shadows of a sheet on itself."""
MOST_GAP, ANY_GAP = 2.0, 1e6
"""How many times as near as what it falls on a thing may be that throws a shadow: guessed depths tell no more."""
VAGUE = ("background", "rest", "mountain")
"""Labels of what may hold anything, a sky too, ..."""
VAGUE_GAP = 1.25
"""... so that only what is right before it throws a shadow on it."""
GUESS_BLUR = 0.005
"""Standard deviation, as a share of the longer side, by which shadows are blurred that guessed depths throw."""
SHARP = 0.6
"""Angular radius in degrees up to which one ray to the light is enough."""
SOFT_RAYS = 3
"""Rays to a softer light from each cell; four cells together take four times as many."""


@dataclass(frozen=True)
class Blockers:
    """What may stand in the way of light, on the whole grid: inverse depth, opacity, thickness (H, W)."""

    q: Floats
    opacity: Floats
    thickness: Floats
    highest: float


@dataclass(frozen=True)
class Setting:
    """The sheets of a scene's opaque layers, far to near, with their `normals`; `up` (3,) away from the ground.

    `blockers` of each sheet are the nearest and the second nearest of what is before it, and itself where its depth
    is exact enough to throw shadows. Layers that multiply have no sheet.
    """

    grid: Grid
    sheets: list[Sheet]
    normals: list[Floats]
    up: Floats
    blockers: list[list[tuple[Blockers, float]]]

    def reach(self, index: int, light: Sun | Point, wanted: Mask) -> Floats:
        """The share (h, w) of `light` that arrives at sheet `index`; 1 where it is not `wanted`."""
        sheet = self.sheets[index]
        out = np.ones(sheet.alpha.shape, np.float32)
        near = isinstance(light, Point)
        rays = _rays(light)
        guess = VAGUE_GAP if sheet.layer.label in VAGUE else MOST_GAP
        gap = ANY_GAP if self.grid.exact else guess
        for blockers, bias in self.blockers[index]:
            march(
                sheet.q,
                wanted,
                np.array(sheet.corner),
                rays,
                near,
                blockers.q,
                blockers.opacity,
                blockers.thickness,
                blockers.highest,
                bias,
                gap,
                self.grid.focal,
                out,
            )
        if rays.shape[1] > 1:
            out = cv2.blur(cv2.blur(out, (2, 2)), (2, 2), anchor=(0, 0))
        if not self.grid.exact:
            out = cv2.GaussianBlur(out, (0, 0), GUESS_BLUR * max(self.grid.rows, self.grid.columns))
        return np.asarray(out, np.float32)


def set_up(scene: Scene, working_side: int = WORKING_SIDE) -> Setting:
    """Make `scene` ready for light, on at most `working_side` cells along its longer side."""
    grid = grid_of(scene, working_side)
    sheets = [sheet_of(layer, grid) for layer in scene.layers if layer.blend == "normal"]
    shape = grid.rows, grid.columns
    first, second = (_Peel.empty(shape) for _ in range(2))
    normals: list[Floats] = []
    blockers: list[list[tuple[Blockers, float]]] = []
    for sheet in reversed(sheets):
        normals.append(normals_of_sheet(sheet, grid, np.asarray(first.opacity[sheet.box] >= SOLID)))
        found = [(peel.frozen(), BIAS) for peel in (first, second) if peel.opacity.any()]
        if grid.exact and sheet.layer.label not in (SKY, *LEVEL):
            found.append((_own(sheet, shape), OWN_BIAS))
        blockers.append([] if sheet.layer.label == SKY else found)
        if sheet.layer.label != SKY:
            _add(sheet, first, second)
    normals.reverse()
    blockers.reverse()
    return Setting(grid, sheets, normals, up_of(normals, sheets), blockers)


@dataclass
class _Peel:
    """What is seen nearest, or second nearest, so far; its arrays change."""

    q: Floats
    opacity: Floats
    thickness: Floats

    @staticmethod
    def empty(shape: tuple[int, int]) -> _Peel:
        return _Peel(np.full(shape, NOTHING, np.float32), np.zeros(shape, np.float32), np.ones(shape, np.float32))

    def frozen(self) -> Blockers:
        return Blockers(self.q.copy(), self.opacity.copy(), self.thickness.copy(), float(self.q.max()))


def _add(sheet: Sheet, first: _Peel, second: _Peel) -> None:
    """Put a farther sheet behind what the peels hold."""
    shows, box = np.asarray(sheet.alpha >= SHOWS), sheet.box
    free = np.asarray(first.opacity[box] == 0)
    for peel, where in ((first, shows & free), (second, shows & ~free & (second.opacity[box] == 0))):
        for target, source in (
            (peel.q, sheet.q),
            (peel.opacity, sheet.alpha),
            (peel.thickness, sheet.thickness),
        ):
            np.copyto(target[box], source, where=where)


def _own(sheet: Sheet, shape: tuple[int, int]) -> Blockers:
    peel = _Peel.empty(shape)
    _add(sheet, peel, peel)
    return peel.frozen()


def _rays(light: Sun | Point) -> NDArray[np.float64]:
    """Four sets of rays (4, n, 3) to a light: all its middle, or spread over its disc (Vogel 1979)."""
    point = isinstance(light, Point)
    middle = np.array(light.place if isinstance(light, Point) else light.towards)
    if light.softness <= SHARP:
        return np.tile(middle, (4, 1, 1))
    length = float(np.linalg.norm(middle)) / 4 if point else 1.0
    axis = middle / np.linalg.norm(middle)
    aside = np.cross(axis, [1.0, 0.0, 0.0] if abs(axis[0]) < 0.9 else [0.0, 1.0, 0.0])
    aside /= np.linalg.norm(aside)
    other = np.cross(axis, aside)
    number = np.arange(4 * SOFT_RAYS)
    radius = np.sqrt((number + 0.5) / len(number)) * np.tan(np.radians(light.softness)) * length
    turn = number * np.pi * (3 - np.sqrt(5.0))
    rays = middle + radius[:, None] * (np.cos(turn)[:, None] * aside + np.sin(turn)[:, None] * other)
    if not point:
        rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    # Neighbouring numbers lie far apart on the disc: each cell gets an even share of it.
    return np.ascontiguousarray(rays.reshape(SOFT_RAYS, 4, 3).transpose(1, 0, 2))
