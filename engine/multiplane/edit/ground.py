"""The ground that a layer stands on, and how the layer looks when it is moved along it.

Alphabet: N the ground's plane, N . X = 1 for its points X in camera space; F the layer's foot, F' where it goes, k by
how much it grows, t = F' - F. A point of the layer's plane through F, which is parallel to the ground's, goes to

    X' = F + k (X - F) + t = (k I + ((1 - k) F + t) N') X        with N' = N / (N . F), as N' . X = 1 there

so that on the picture the ground moves by the homography K (k I + ((1 - k) F + t) N') K^-1. What stands upright at F
keeps facing the viewer: it grows by k F_z / F'_z about its foot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multiplane.errors import SceneError
from multiplane.light.shadow_plane import plane_of, rays
from multiplane.light.shadow_view import casts, receives
from multiplane.scene import Camera, Layer, Scene

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

FITTED_SIDE = 256
"""Longer side of the grid on which the plane is fitted."""
FEWEST = 40
"""Places of that grid below which a surface is no ground."""
LEVEL = 0.5
"""Least share of "up" in the normal of a surface without a name that things stand on."""
FOOT = 0.02
"""Share of a layer's height, from below, that is its foot."""
STANDS = 0.3
"""Largest error, in logs, of the depth at the foot against the ground's with which a layer still stands on it."""
NEAREST, FARTHEST = 0.05, 30.0
"""Between which multiples of its depth a layer may be moved."""


@dataclass(frozen=True)
class Ground:
    """The plane N (3,) of a layer's ground, and the index of the layer that is it."""

    plane: Vector
    index: int


@dataclass(frozen=True)
class Foothold:
    """Where a layer stands: its foot F (3,) in camera space, and the `plane` N' through it along which it moves."""

    at: Vector
    plane: Vector
    camera: Camera

    def moved(self, dx: float, dy: float, dz: float) -> Vector:
        """The foot (3,) when it is dragged by (dx, dy) pixels along the plane, and then dz farther.

        Raises SceneError where that is above the horizon or out of sight.
        """
        pixel = self.camera.project(self.at.astype(np.float32)) + np.array([dx, dy])
        ray = ray_at(self.camera, float(pixel[0]), float(pixel[1]))
        disparity = float(self.plane @ ray)
        if disparity <= 0:
            raise SceneError(
                f"moved by {dx:g}, {dy:g} pixels it would stand above the horizon; move it less far up, or turn"
                " physics off"
            )
        to = ray / disparity
        if dz:
            to = to + np.array([0.0, -self.plane[2] / self.plane[1] * dz if self.plane[1] else 0.0, dz])
        if not NEAREST < to[2] / self.at[2] < FARTHEST:
            raise SceneError(
                f"that is {to[2] / self.at[2]:.3g} times as far away as it is now; move it to between {NEAREST:g} and"
                f" {FARTHEST:g} times its distance"
            )
        return np.asarray(to, np.float64)

    def on_ground(self, to: Vector, plane: Vector, grow: float = 1.0) -> Matrix:
        """The homography (3, 3) of the picture by which points of `plane` move with the foot, which goes `to`."""
        k = calibration(self.camera)
        shift = (1.0 - grow) * self.at + to - self.at
        return np.asarray(k @ (grow * np.eye(3) + np.outer(shift, plane)) @ np.linalg.inv(k))

    def upright(self, to: Vector, grow: float = 1.0) -> Matrix:
        """The homography (3, 3) of the picture by which what stands at the foot moves with it."""
        before, after = (self.camera.project(x.astype(np.float32)).astype(np.float64) for x in (self.at, to))
        size = grow * self.at[2] / to[2]
        return np.array([[size, 0, after[0] - size * before[0]], [0, size, after[1] - size * before[1]], [0, 0, 1.0]])


def calibration(camera: Camera) -> Matrix:
    """The camera's matrix K (3, 3)."""
    cx, cy = camera.centre
    return np.array([[camera.focal, 0, cx], [0, camera.focal, cy], [0, 0, 1.0]])


def ray_at(camera: Camera, x: float, y: float) -> Vector:
    """The direction (3,), forward component 1, in which pixel position (x, y) is seen."""
    cx, cy = camera.centre
    return np.array([(x - cx) / camera.focal, (y - cy) / camera.focal, 1.0])


def ground_of(scene: Scene, index: int) -> Ground | None:
    """The ground under layer `index`: the largest surface behind it that is called so, or lies level; None without."""
    named, level = [], []
    for k, layer in enumerate(scene.layers[:index]):
        if not receives(layer):
            continue
        plane, size = plane_under(scene, layer)
        if plane is None:
            continue
        if layer.label in ("ground", "water"):
            named.append((size, k, plane))
        elif plane[1] > LEVEL * float(np.linalg.norm(plane)):
            level.append((size, k, plane))
    chosen = max(named or level, key=lambda each: each[0], default=None)
    return None if chosen is None else Ground(chosen[2], chosen[1])


def foothold_of(scene: Scene, index: int, ground: Ground | None) -> Foothold:
    """Where layer `index` stands or hovers; without `ground` it moves on a level through its foot."""
    layer, camera = scene.layers[index], scene.camera
    solid = np.asarray(layer.rgba[..., 3] >= 0.5)
    solid = solid if solid.any() else layer.visible
    rows = np.flatnonzero(solid.any(axis=1))
    bottom = int(rows[-1])
    first = bottom - max(0, round(FOOT * float(np.ptp(rows))))
    ys, xs = np.nonzero(solid[first : bottom + 1])
    x = layer.corner[0] + float(np.median(xs)) + 0.5
    ray = ray_at(camera, x, layer.corner[1] + bottom + 1.0)
    own = float(np.median(layer.z[solid])) if not len(ys) else float(np.median(layer.z[first : bottom + 1][ys, xs]))
    if ground is None:
        at = ray * own
        return Foothold(
            at, np.array([0.0, 1.0, 0.0]) / at[1] if abs(at[1]) > 1e-6 else np.array([0, 0, 1 / own]), camera
        )
    disparity = float(ground.plane @ ray)
    stands = disparity > 0 and abs(np.log(own * disparity)) < STANDS and casts(layer)
    at = ray / disparity if stands else ray * own
    through = float(ground.plane @ at)
    return Foothold(at, ground.plane / through if abs(through) > 1e-9 else ground.plane, camera)


def plane_under(scene: Scene, layer: Layer) -> tuple[Vector | None, int]:
    """The plane N (3,) that a layer lies in, and how many places of a coarse grid show it; None where too few do."""
    step = max(1, round(max(scene.camera.width, scene.camera.height) / FITTED_SIDE))
    x, y = layer.corner
    shown = layer.rgba[::step, ::step, 3] >= 0.5
    seen = shown & ~layer.filled[::step, ::step]
    seen = seen if np.count_nonzero(seen) >= FEWEST else shown
    if np.count_nonzero(seen) < FEWEST:
        return None, 0
    directions = rays(scene.camera.height, scene.camera.width, scene.camera.focal)
    mine = directions[y : y + layer.height : step, x : x + layer.width : step]
    return plane_of(mine, layer.z[::step, ::step], np.asarray(seen)), int(np.count_nonzero(seen))
