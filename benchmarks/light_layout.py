"""Lays out a scene from a seed: what stands where, how it is painted, the camera and the lights; rays for masks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from benchmarks.light_shapes import (
    Mesh,
    Points,
    ball,
    box,
    bush,
    car,
    chair,
    dog,
    lathe,
    limb,
    person,
    pole,
    rotation,
    table,
    tree,
    vase,
)
from benchmarks.light_textures import FIXED, FLOORS, GROUNDS, WALLS, Tile, clouds, plain, reflectance, stained

WIDTH, HEIGHT = 480, 360
TILE_METRES = 5.0
"""A texture repeats after so many metres."""
FAR = 1000.0
"""The depth given to the sky."""


@dataclass(frozen=True)
class Thing:
    """An object or surface of one id: its meshes in the world (y down, the ground at 0), a label and a name."""

    name: str
    label: str
    meshes: tuple[Mesh, ...]
    foot: tuple[float, float] = (0.0, 0.0)
    reach: float = 0.0

    def moved(self, dx: float, dz: float) -> Thing:
        """The same thing elsewhere on the ground."""
        meshes = tuple(mesh.at(dx, 0, dz) for mesh in self.meshes)
        return Thing(self.name, self.label, meshes, (self.foot[0] + dx, self.foot[1] + dz), self.reach)


@dataclass(frozen=True)
class Key:
    """A distant light: unit direction to it in the world, angular radius in degrees, colour and ambient colour."""

    towards: Points
    softness: float
    rgb: Points
    ambient: Points


@dataclass
class Layout:
    """All of a scene: things by id (1 is the ground), camera at `eye` that looks down by `pitch` degrees."""

    kind: str
    things: list[Thing]
    surfaces: int
    eye: float
    pitch: float
    focal: float
    paints: dict[str, Tile]
    keys: list[Key]
    sky: Tile
    move: tuple[float, float] = (0.0, 0.0)
    casters: list[int] = field(default_factory=list)

    def to_camera(self, vectors: Points) -> Points:
        """World directions (..., 3) in camera axes."""
        return np.asarray(vectors @ rotation(self.pitch, 0).T)

    def rays(self) -> Points:
        """World directions (H, W, 3) through the pixels' centres, with a depth along the axis of 1."""
        x = (np.arange(WIDTH) + 0.5 - WIDTH / 2) / self.focal
        y = (np.arange(HEIGHT) + 0.5 - HEIGHT / 2) / self.focal
        camera = np.stack([*np.meshgrid(x, y), np.ones((HEIGHT, WIDTH))], axis=-1)
        return np.asarray(camera @ rotation(self.pitch, 0))


def outdoor(seed: int, pasted: bool = False) -> Layout:
    """A ground under sun and sky with a few things on it, in some a wall, in some hills."""
    rng = np.random.default_rng([seed, 7])
    ground = GROUNDS[rng.integers(len(GROUNDS))](rng)
    paints = {"ground": stained(rng, ground) if pasted or rng.random() < 0.25 else ground}
    surfaces = [Thing("Ground", "ground", (_floor(150.0, "ground"),))]
    if rng.random() < 0.4:
        paints["wall"] = WALLS[rng.integers(len(WALLS))](rng)
        wall = box(rng.uniform(8, 40), rng.uniform(2.5, 6), 0.4, "wall").turned(rng.uniform(-25, 25))
        surfaces.append(Thing("Wall", "building", (wall.at(rng.uniform(-4, 4), 0, rng.uniform(13, 18)),)))
    if rng.random() < 0.5:
        surfaces.append(Thing("Hills", "mountain", (_hills(rng),)))
    keys = _suns(rng)
    sky = clouds(rng, _dome())
    layout = Layout(
        "outdoor",
        surfaces,
        len(surfaces),
        rng.uniform(1.4, 2.6),
        rng.uniform(4, 14),
        rng.uniform(380, 620),
        paints,
        keys,
        sky,
    )
    return _furnished(layout, rng, OUTDOOR, (4.5, 11.0))


def indoor(seed: int, pasted: bool = False) -> Layout:
    """A corner of a room without a ceiling, lit by a wide lamp and warm surroundings."""
    rng = np.random.default_rng([seed, 11])
    floor = FLOORS[rng.integers(len(FLOORS))](rng)
    paints = {"ground": stained(rng, floor) if pasted else floor, "wall": WALLS[rng.integers(1, 3)](rng)}
    back = box(14, 4, 0.2, "wall").at(0, 0, rng.uniform(6.0, 8.0))
    walls = [back]
    if rng.random() < 0.6:
        walls.append(box(0.2, 4, 12, "wall").at(rng.choice([-1, 1]) * rng.uniform(2.4, 3.2), 0, 3))
    surfaces = [Thing("Floor", "ground", (_floor(12.0, "ground"),)), Thing("Walls", "wall", tuple(walls))]
    keys = _lamps(rng)
    tint = np.array([1.0, rng.uniform(0.85, 1.0), rng.uniform(0.7, 1.0)])
    sky = np.ones((128, 256, 3)) * tint
    layout = Layout(
        "indoor",
        surfaces,
        len(surfaces),
        rng.uniform(1.3, 1.8),
        rng.uniform(8, 18),
        rng.uniform(380, 520),
        paints,
        keys,
        sky,
    )
    return _furnished(layout, rng, INDOOR, (2.6, 5.0))


def _floor(half: float, paint: str) -> Mesh:
    corners = np.array([[-half, 0, -half], [half, 0, -half], [half, 0, half], [-half, 0, half]], float)
    return Mesh(corners, np.array([[0, 1, 2], [0, 2, 3]]), corners[:, [0, 2]], paint)


def _hills(rng: np.random.Generator) -> Mesh:
    """A jagged strip far away."""
    x = np.linspace(-130, 130, 240)
    waves = sum(np.sin(x / scale + rng.uniform(0, 6)) * scale**0.7 for scale in (25, 9, 3, 1.2))
    top = np.maximum(3.5 + 0.45 * np.asarray(waves), 0.5)
    points = np.concatenate([np.stack([x, 0 * x, 110 + 0 * x], -1), np.stack([x, -top, 110 + 0 * x], -1)])
    index = np.arange(239)
    faces = np.concatenate(
        [np.stack([index, index + 1, index + 240], -1), np.stack([index + 1, index + 241, index + 240], -1)]
    )
    return Mesh(points, faces, points[:, :2] / 6, "hills")


def _direction(azimuth: float, elevation: float) -> Points:
    """Azimuth from straight ahead, to the right; both in degrees; y down."""
    a, e = np.radians(azimuth), np.radians(elevation)
    return np.array([np.cos(e) * np.sin(a), -np.sin(e), np.cos(e) * np.cos(a)])


def _suns(rng: np.random.Generator) -> list[Key]:
    """Three suns from different sides; the lower, the warmer."""
    start = rng.uniform(0, 360)
    keys = []
    for turn in (0.0, rng.uniform(90, 150), rng.uniform(210, 270)):
        elevation = rng.uniform(22, 60)
        warm = np.clip((50 - elevation) / 40, 0, 1)
        rgb = np.array([1.0, 0.95 - 0.2 * warm, 0.88 - 0.4 * warm])
        share = rng.uniform(0.18, 0.4)
        ambient = np.array([1.0, 1.0, 1.0]) * share / (1 - share) * rng.uniform(0.95, 1.05, 3)
        keys.append(Key(_direction(start + turn, elevation), rng.uniform(0.3, 1.0), rgb, ambient))
    return keys


def _lamps(rng: np.random.Generator) -> list[Key]:
    """Three wide lamps, high, from the viewer's side."""
    keys = []
    for azimuth in rng.permutation([rng.uniform(100, 150), rng.uniform(170, 190), rng.uniform(210, 260)]):
        rgb = np.array([1.0, rng.uniform(0.82, 0.98), rng.uniform(0.65, 0.95)])
        share = rng.uniform(0.3, 0.5)
        ambient = np.full(3, share / (1 - share))
        keys.append(Key(_direction(azimuth, rng.uniform(35, 60)), rng.uniform(2.0, 4.0), rgb, ambient))
    return keys


def sky_directions(height: int, width: int) -> Points:
    """World directions (height, width, 3) of a latitude-longitude map's texels, turned so that -y is up."""
    polar = np.pi * (np.arange(height) + 0.5)[:, None] / height
    turn = 2 * np.pi * (np.arange(width) + 0.5)[None] / width
    ones = np.ones((height, width))
    return np.stack([-np.sin(polar) * np.sin(turn), -np.cos(polar) * ones, -np.sin(polar) * np.cos(turn)], axis=-1)


def _dome() -> Points:
    return sky_directions(256, 512)


def _kinds() -> dict[str, str]:
    """Label of every kind of thing."""
    return {
        **dict.fromkeys(("tree", "bush"), "vegetation"),
        **dict.fromkeys(("table", "chair"), "furniture"),
        **dict.fromkeys(("crate", "barrel", "ball", "cone", "pole", "vase", "pile"), "object"),
        **{"person": "person", "dog": "animal", "car": "vehicle"},
    }


LABELS = _kinds()
OUTDOOR = ("person", "person", "tree", "tree", "bush", "pole", "pole", "car", "dog", "crate", "barrel", "cone", "table")
INDOOR = ("table", "chair", "chair", "vase", "vase", "ball", "crate", "person", "dog", "pile")


def _crate(paints: list[str], size: float) -> list[Mesh]:
    """A cube with a rod on it."""
    rod = limb((-size / 2, size + 0.03, 0), (size / 2, size + 0.03, 0), 0.03, paints[1])
    return [box(size, size, size, paints[0]), rod]


def _cone(paint: str) -> list[Mesh]:
    """A traffic cone."""
    cone = lathe([(0, 0.04), (0.2, 0.04), (0.04, 0.75), (0, 0.75)], paint, smooth=False)
    return [box(0.5, 0.04, 0.5, "rubber"), cone]


def _pile(paints: list[str], size: float) -> list[Mesh]:
    """Two boxes on each other."""
    upper = box(size * 0.7, 0.3, size * 0.6, paints[1]).turned(20).at(0.05, -0.35, 0)
    return [box(size, 0.35, size * 0.7, paints[0]), upper]


def thing(kind: str, rng: np.random.Generator, paints: list[str]) -> list[Mesh]:
    """The meshes of one kind of thing, standing at the origin."""
    size = rng.uniform(0.5, 1.1)
    makers: dict[str, Callable[[], list[Mesh]]] = {
        "person": lambda: person(rng, paints),
        "tree": lambda: tree(rng),
        "bush": lambda: bush(rng),
        "pole": lambda: pole(rng, paints),
        "car": lambda: car(paints[0]),
        "dog": lambda: dog(paints[0]),
        "table": lambda: table(rng, "wood" if rng.random() < 0.5 else paints[0]),
        "chair": lambda: chair(paints[0]),
        "vase": lambda: vase(rng, paints[0]),
        "ball": lambda: [ball(size * 0.4, paints[0]).at(0, -size * 0.4, 0)],
        "barrel": lambda: [lathe([(0, 0), (0.28, 0), (0.33, 0.45), (0.28, 0.9), (0, 0.9)], paints[0])],
        "cone": lambda: _cone(paints[0]),
        "pile": lambda: _pile(paints, size),
        "crate": lambda: _crate(paints, size),
    }
    return makers[kind]()


def _furnished(layout: Layout, rng: np.random.Generator, kinds: tuple[str, ...], near: tuple[float, float]) -> Layout:
    """Puts two to five things on the ground within sight, apart from each other."""
    wanted = int(rng.integers(2, 5 if layout.kind == "outdoor" else 4))
    tries = 0
    while len(layout.things) - layout.surfaces < wanted and tries < 200:
        tries += 1
        kind = kinds[rng.integers(len(kinds))]
        z = rng.uniform(*near)
        x = rng.uniform(-0.36, 0.36) * WIDTH / layout.focal * z
        names = [f"paint {len(layout.things)}{letter}" for letter in "ab"]
        meshes = thing(kind, rng, names)
        turn = rng.uniform(0, 360)
        placed = tuple(mesh.turned(turn).at(x, 0, z) for mesh in meshes)
        every = np.concatenate([mesh.points for mesh in placed])
        reach = float(np.hypot(every[:, 0] - x, every[:, 2] - z).max())
        if reach > 0.45 * z or any(
            np.hypot(x - other.foot[0], z - other.foot[1]) < reach + other.reach + 0.25
            for other in layout.things[layout.surfaces :]
        ):
            continue
        shown = {mesh.paint for mesh in placed}
        layout.paints.update({name: plain(rng) for name in names if name in shown})
        number = 1 + sum(other.name.split()[0].lower() == kind for other in layout.things)
        layout.things.append(Thing(f"{kind.capitalize()} {number}", LABELS[kind], placed, (x, z), reach))
    used = {mesh.paint for one in layout.things for mesh in one.meshes}
    for name in sorted(used & set(FIXED)):
        layout.paints.setdefault(name, FIXED[name](rng))
    layout.paints = {name: reflectance(tile) for name, tile in layout.paints.items() if name in used}
    return layout
