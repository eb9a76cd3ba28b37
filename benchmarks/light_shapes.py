"""Triangle meshes of simple things, made by code: boxes, lathes, limbs, and what is put together from them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Faces = NDArray[np.int64]


@dataclass(frozen=True)
class Mesh:
    """`points` (V, 3) with y down and the ground at 0, `faces` (F, 3), `uv` (V, 2), the name of its `paint`."""

    points: Points
    faces: Faces
    uv: Points
    paint: str
    smooth: bool = False

    def at(self, x: float, y: float, z: float) -> Mesh:
        """The mesh, shifted."""
        return replace(self, points=self.points + np.array([x, y, z]))

    def turned(self, degrees: float, axis: int = 1) -> Mesh:
        """The mesh, turned about an axis through the origin (0 x, 1 y, 2 z)."""
        return replace(self, points=self.points @ rotation(degrees, axis).T)


def rotation(degrees: float, axis: int) -> Points:
    """The matrix (3, 3) that turns about an axis."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    i, j = [(1, 2), (2, 0), (0, 1)][axis]
    matrix = np.eye(3)
    matrix[i, i] = matrix[j, j] = c
    matrix[i, j], matrix[j, i] = -s, s
    return matrix


def box(width: float, height: float, depth: float, paint: str) -> Mesh:
    """A box that stands on the ground, its footprint centred; textures run in metres."""
    points: list[Points] = []
    faces: list[Faces] = []
    uv: list[Points] = []
    for axis in range(3):
        for side in (-0.5, 0.5):
            a, b = [(2, 1), (0, 2), (0, 1)][axis]
            corners = np.zeros((4, 3))
            corners[:, axis] = side
            corners[:, a] = (-0.5, 0.5, 0.5, -0.5)
            corners[:, b] = (-0.5, -0.5, 0.5, 0.5)
            sized = corners * (width, height, depth)
            faces += [np.array([[0, 1, 2], [0, 2, 3]]) + 4 * len(points)]
            points.append(sized)
            uv.append(sized[:, [a, b]])
    return Mesh(np.concatenate(points) - (0, height / 2, 0), np.concatenate(faces), np.concatenate(uv), paint)


def lathe(profile: list[tuple[float, float]], paint: str, around: int = 40, smooth: bool = True) -> Mesh:
    """A profile of (radius, height) turned about the upright axis; close it with radius 0."""
    radii, heights = np.array(profile, float).T
    turn = np.linspace(0, 2 * np.pi, around + 1)
    x, z = np.outer(radii, np.cos(turn)), np.outer(radii, np.sin(turn))
    y = -np.repeat(heights[:, None], around + 1, axis=1)
    along = np.concatenate([[0], np.cumsum(np.hypot(np.diff(radii), np.diff(heights)))])
    u = np.repeat(turn[None] * max(radii.max(), 0.05), len(radii), axis=0)
    v = np.repeat(along[:, None], around + 1, axis=1)
    points, uv = np.stack([x, y, z], -1).reshape(-1, 3), np.stack([u, v], -1).reshape(-1, 2)
    return Mesh(points, grid_faces(len(radii), around + 1), uv, paint, smooth)


def grid_faces(rows: int, columns: int) -> Faces:
    """Two triangles for every cell of a grid of vertices."""
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = (part.ravel() for part in (index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]))
    return np.concatenate([np.stack([a, b, c], -1), np.stack([a, c, d], -1)])


def ball(radius: float, paint: str, lumps: float = 0.0, seed: int = 0) -> Mesh:
    """A ball about the origin; `lumps` is the share of its radius by which its surface goes in and out."""
    rows, columns = 28, 44
    polar, turn = np.linspace(0, np.pi, rows)[:, None], np.linspace(0, 2 * np.pi, columns + 1)[None]
    unit = np.stack(
        [np.sin(polar) * np.cos(turn), np.cos(polar) + 0 * turn, np.sin(polar) * np.sin(turn)], axis=-1
    ).reshape(-1, 3)
    rng = np.random.default_rng(seed)
    waves = sum(np.sin(unit @ rng.normal(0, 5, 3) + rng.uniform(0, 6)) for _ in range(6)) / 2.5
    points = unit * (radius * (1 + lumps * np.asarray(waves)))[:, None]
    uv = np.stack([turn + 0 * polar, polar + 0 * turn], axis=-1).reshape(-1, 2) * radius
    return Mesh(points, grid_faces(rows, columns + 1), uv, paint, smooth=True)


def limb(start: tuple[float, float, float], end: tuple[float, float, float], radius: float, paint: str) -> Mesh:
    """A rod with round ends from `start` to `end` (x, height, z)."""
    a, b = np.array(start) * (1, -1, 1), np.array(end) * (1, -1, 1)
    length = float(np.linalg.norm(b - a))
    cap = np.linspace(0, np.pi / 2, 6)
    low = [(radius * np.sin(t), radius * (1 - np.cos(t)) - radius) for t in cap]
    high = [(radius * np.cos(t), length + radius * np.sin(t)) for t in cap]
    rod = lathe([*low, *high], paint, around=20)
    up, aim = np.array([0.0, -1.0, 0.0]), (b - a) / length
    side = np.cross(up, aim)
    sine, cosine = float(np.linalg.norm(side)), float(up @ aim)
    if sine > 1e-9:
        k = side / sine
        cross = np.array([[0, -k[2], k[1]], [k[2], 0, -k[0]], [-k[1], k[0], 0]])
        turn = np.eye(3) + sine * cross + (1 - cosine) * cross @ cross
        rod = replace(rod, points=rod.points @ turn.T)
    return replace(rod, points=rod.points + a)


def person(rng: np.random.Generator, paints: list[str]) -> list[Mesh]:
    """A standing or striding figure, about 1.7 m."""
    top, trousers, skin = paints[0], paints[1], "skin"
    stride, swing = rng.uniform(0.05, 0.3), rng.uniform(0.05, 0.35)
    legs = [limb((side * 0.1, 0.08, side * stride), (side * 0.09, 0.85, 0), 0.085, trousers) for side in (-1.0, 1.0)]
    arms = [
        limb((side * 0.22, 1.36, 0), (side * (0.25 + 0.1 * swing), 0.85, -side * swing), 0.05, top)
        for side in (-1.0, 1.0)
    ]
    body = lathe([(0, 0.8), (0.17, 0.82), (0.16, 1.05), (0.21, 1.35), (0.1, 1.47), (0, 1.48)], top)
    head = [lathe([(0.06, 1.4), (0.06, 1.55)], skin), ball(0.115, skin).at(0, -1.63, 0)]
    hair = ball(0.12, "hair").at(0, -1.66, 0.03)
    return [*legs, *arms, body, *head, hair]


def tree(rng: np.random.Generator) -> list[Mesh]:
    """A trunk, and a crown of lumps."""
    height, spread = rng.uniform(2.4, 4.0), rng.uniform(0.7, 1.2)
    trunk = lathe([(0.16, 0), (0.1, 0.3), (0.08, height * 0.75), (0, height * 0.8)], "bark")
    lumps = [
        ball(rng.uniform(0.35, 0.6) * spread, "leaves", 0.18, int(rng.integers(1 << 30))).at(
            rng.normal(0, 0.4) * spread, -height * rng.uniform(0.65, 1.0), rng.normal(0, 0.4) * spread
        )
        for _ in range(9)
    ]
    return [trunk, *lumps]


def bush(rng: np.random.Generator) -> list[Mesh]:
    """Leafy lumps on the ground."""
    return [
        ball(size, "leaves", 0.2, int(rng.integers(1 << 30))).at(rng.normal(0, 0.3), -size * 0.75, rng.normal(0, 0.3))
        for size in rng.uniform(0.3, 0.5, 4)
    ]


def pole(rng: np.random.Generator, paints: list[str]) -> list[Mesh]:
    """A thin pole with a sign, a lamp or nothing on it."""
    height = rng.uniform(2.0, 3.4)
    stem = lathe([(0.045, 0), (0.04, height), (0, height)], "metal")
    kind = int(rng.integers(3))
    if kind == 0:
        return [stem, box(0.6, 0.6, 0.03, paints[0]).at(0, -height + 0.1, -0.06)]
    return [stem, ball(0.2, "white").at(0, -height - 0.1, 0)] if kind == 1 else [stem]


def car(paint: str) -> list[Mesh]:
    """A small car: an extruded outline, a darker cabin, four wheels."""
    hull = _extruded([(-2, 0.3), (-2, 0.75), (-1.2, 0.88), (1.9, 0.88), (2, 0.6), (2, 0.3)], 1.6, paint)
    cabin = _extruded([(-1.1, 0.86), (-0.6, 1.4), (1.0, 1.4), (1.6, 0.86)], 1.4, "glass")
    roof = box(1.5, 0.06, 1.36, paint).at(0.2, -1.38, 0)
    wheels = [
        lathe([(0, 0), (0.32, 0), (0.32, 0.2), (0, 0.2)], "rubber", smooth=False).turned(90, 0).at(x, -0.32, z)
        for x in (-1.25, 1.25)
        for z in (-0.82, 0.62)
    ]
    return [hull, cabin, roof, *wheels]


def _extruded(outline: list[tuple[float, float]], width: float, paint: str) -> Mesh:
    """A convex outline of (x, height) drawn out along z."""
    flat = np.array([(x, -height) for x, height in outline])
    count = len(flat)
    sides = [np.column_stack([flat, np.full(count, z)]) for z in (-width / 2, width / 2)]
    fan = np.array([[0, i, i + 1] for i in range(1, count - 1)])
    points, faces = [sides[0], sides[1]], [fan, fan + count]
    for i in range(count):
        j = (i + 1) % count
        faces.append(np.array([[0, 1, 2], [0, 2, 3]]) + sum(len(part) for part in points))
        points.append(np.array([sides[0][i], sides[0][j], sides[1][j], sides[1][i]]))
    every = np.concatenate(points)
    return Mesh(every, np.concatenate(faces), every[:, :2] + every[:, 2:], paint)


def dog(paint: str) -> list[Mesh]:
    """A four-legged animal, about 0.6 m."""
    legs = [limb((x, 0.05, z), (x, 0.4, z), 0.05, paint) for x in (-0.3, 0.3) for z in (-0.1, 0.1)]
    body, neck = limb((-0.3, 0.45, 0), (0.3, 0.48, 0), 0.15, paint), limb((0.3, 0.5, 0), (0.45, 0.65, 0), 0.09, paint)
    head, tail = limb((0.43, 0.7, 0), (0.6, 0.66, 0), 0.085, paint), limb((-0.4, 0.5, 0), (-0.6, 0.7, 0), 0.03, paint)
    return [*legs, body, neck, head, tail]


def table(rng: np.random.Generator, paint: str) -> list[Mesh]:
    """Four legs and a top; high for a table, low for a bench."""
    height, width, depth = rng.uniform(0.42, 0.78), rng.uniform(0.9, 1.6), rng.uniform(0.4, 0.8)
    legs = [
        box(0.06, height, 0.06, paint).at(x * (width / 2 - 0.06), 0, z * (depth / 2 - 0.06))
        for x in (-1, 1)
        for z in (-1, 1)
    ]
    return [*legs, box(width, 0.05, depth, paint).at(0, -height, 0)]


def chair(paint: str) -> list[Mesh]:
    """A seat with a back."""
    legs = [box(0.05, 0.45, 0.05, paint).at(x, 0, z) for x in (-0.2, 0.2) for z in (-0.2, 0.2)]
    return [*legs, box(0.46, 0.05, 0.46, paint).at(0, -0.45, 0), box(0.46, 0.5, 0.05, paint).at(0, -0.48, 0.2)]


def vase(rng: np.random.Generator, paint: str) -> list[Mesh]:
    """A jar with a belly."""
    belly, height = rng.uniform(0.16, 0.3), rng.uniform(0.5, 0.95)
    rim = belly * rng.uniform(0.4, 0.8)
    turn = np.linspace(0, 1, 16)
    radii = belly * 0.6 + (belly * 0.4) * np.sin(np.pi * turn) + (rim - belly * 0.6) * turn**3
    return [lathe([(0, 0.0), *zip(radii, turn * height, strict=True), (0, height * 0.9)], paint)]
