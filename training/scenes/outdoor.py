"""Layouts out of doors: streets, fields, woods, lakes, hills, yards with stairs."""

from collections.abc import Callable

import numpy as np

from . import patterns
from .beings import animal, cutout, person
from .camera import Camera
from .layout import Floor, Layout, daylight
from .nature import bare_tree, bush, conifer, far_ridge, hills, rock, tree, tufts
from .sheets import sheet_of
from .solids import green, hue
from .stage import GROUND, PLANE, VEGETATION, WALL, WATER, Material, Place, Stage
from .street import bench, boat, car, fence, house, pole, stairs, wires
from .textures import Textures

Height = Callable[[float, float], float]


def outdoor(rng: np.random.Generator, textures: Textures) -> Layout:
    """One of the landscapes with random things, all of it ahead of a camera above (0, 0)."""
    stage = Stage()
    clouds = stage.sheet(patterns.cloud_sheet(rng))
    kind = rng.choice(["street", "field", "wood", "lake", "hills", "yard"], p=[0.24, 0.24, 0.14, 0.12, 0.14, 0.12])
    field_of_view = rng.uniform(35, 85)
    eye = float(rng.choice([rng.uniform(0.3, 1.2), rng.uniform(1.3, 1.9), rng.uniform(2, 8)], p=[0.3, 0.5, 0.2]))
    camera = Camera(np.array([0.0, eye, 0.0]), _pitch(rng, eye), rng.uniform(-6, 6) * rng.random(), field_of_view)
    ground: Height = lambda _x, _z: 0.0  # noqa: E731
    floor = Floor([(0.0, 0.0, 0.9)])
    if kind == "street":
        _street(stage, rng, textures, floor)
    elif kind == "hills":
        heights = hills(stage, rng, _meadow(stage, rng, textures), stage.thing(GROUND), rng.uniform(0.1, 0.5))
        ground = lambda x, z: float(heights.at(x, z))  # noqa: E731
        _far(stage, rng, textures)
    else:
        _open_ground(stage, rng, textures, kind, floor)
        if kind == "yard":
            _yard(stage, rng, textures, floor)
        elif kind != "wood" or rng.random() < 0.3:
            _far(stage, rng, textures)
    _plants(stage, rng, floor, ground, kind)
    _beings(stage, rng, textures, floor, ground, kind)
    _things(stage, rng, floor, ground, kind)
    reach = {"street": 22.0, "yard": 12.0}.get(kind, 18.0)
    light = daylight(rng, np.array([0.0, 0.0, reach * 0.75]), reach, clouds)
    return Layout(stage, camera, light)


def _pitch(rng: np.random.Generator, eye: float) -> float:
    """Mostly near level; the higher the eye, the more it looks down."""
    return float(np.clip(rng.normal(3 + 4 * max(eye - 1.6, 0), 9), -25, 40))


def _meadow(stage: Stage, rng: np.random.Generator, textures: Textures) -> Material:
    """Grass, soil, sand, snow or a photographed surface."""
    photo = rng.random() < 0.4
    sheet = stage.sheet(sheet_of(textures.crop(rng)) if photo else patterns.rough(rng, rng.uniform(0.2, 0.7)))
    tint = [green(rng), hue(rng, (0.06, 0.12), (0.2, 0.5), (0.2, 0.6)), (0.8, 0.82, 0.88)][
        int(rng.choice(3, p=[0.6, 0.3, 0.1]))
    ]
    if photo and rng.random() < 0.5:
        tint = (0.8, 0.8, 0.8)
    return Material(sheet, tint, tile=10 ** rng.uniform(-0.1, 0.8), offset=(rng.uniform(), rng.uniform()))


def _plane(stage: Stage, thing: int, y: float, look: Material) -> None:
    stage.add(PLANE, thing, np.array([0.0, y, 0.0]), np.eye(3), look, casts=False)


def _open_ground(stage: Stage, rng: np.random.Generator, textures: Textures, kind: str, floor: Floor) -> None:
    """A plane of grass or paving; before a lake a strip of shore."""
    if kind == "lake":
        sheet = stage.sheet(patterns.rough(rng, 0.6))
        tint = hue(rng, (0.42, 0.6), (0.3, 0.8), (0.05, 0.35))
        water = Material(sheet, tint, tile=rng.uniform(2, 6), mirror=rng.uniform(0.5, 0.95))
        _plane(stage, stage.thing(WATER), 0.0, water)
        floor.shore = 0.0
        if rng.random() < 0.8:
            near, thing, look = rng.uniform(2.0, 9.0), stage.thing(GROUND), _meadow(stage, rng, textures)
            floor.shore = near - 0.9
            for index in range(-6, 7):
                place = Place(index * 5.0 + rng.uniform(-1, 1), -0.25, near - 6 + rng.uniform(-1, 1))
                size = np.diag([rng.uniform(3.5, 6), 0.35, 6.0 + rng.uniform(-0.6, 0.6)])
                stage.add(1, thing, place.point((0, 0, 0)), size, look)
        return
    if kind == "yard" or rng.random() < 0.15:
        rows = int(rng.integers(3, 7))
        sheet = stage.sheet(patterns.courses(rng, rows, rows, bool(rng.random() < 0.4), rng.uniform(0.2, 0.6)))
        look = Material(sheet, hue(rng, (0.02, 0.14), (0, 0.35), (0.25, 0.8)), tile=rng.uniform(1.0, 3.5))
    else:
        look = _meadow(stage, rng, textures)
    _plane(stage, stage.thing(GROUND), 0.0, look)
    if kind == "field" and rng.random() < 0.35:
        _path(stage, rng)


def _path(stage: Stage, rng: np.random.Generator) -> None:
    """A road that runs away from the camera, a little askew."""
    sheet = stage.sheet(patterns.road(rng))
    wide, turn = rng.uniform(2.5, 8.0), np.radians(rng.uniform(-25, 25))
    right, ahead = np.array([np.cos(turn), 0, -np.sin(turn)]), np.array([np.sin(turn), 0, np.cos(turn)])
    thing = stage.thing(GROUND)
    for index in range(30):
        centre = np.array([rng.uniform(-1, 1) if index == 0 else 0.0, 0.012, -4.0]) + ahead * (index * 8.0 + 4)
        axes = np.stack([right * wide / 2, ahead * 4.0 * (1 if index % 2 else -1), np.array([0, 1.0, 0])], 1)
        stage.add(3, thing, centre, axes, Material(sheet), casts=False)


def _far(stage: Stage, rng: np.random.Generator, textures: Textures) -> None:
    """Ridges, woods or roofs on the horizon, from far to near."""
    for _ in range(int(rng.integers(0, 3))):
        distance = 10 ** rng.uniform(2.0, 3.4)
        sheet = stage.sheet(patterns.ridge(rng, textures.crop(rng), rng.uniform(0.4, 0.62), bool(rng.random() < 0.3)))
        far_ridge(stage, rng, sheet, distance, distance * rng.uniform(0.1, 0.4))
    if rng.random() < 0.5:
        crowns = bool(rng.random() < 0.75)
        sheet = stage.sheet(patterns.skyline(rng, crowns))
        distance = rng.uniform(35, 120)
        far_ridge(stage, rng, sheet, distance, rng.uniform(5, 14) if crowns else 18, VEGETATION if crowns else WALL)


def _street(stage: Stage, rng: np.random.Generator, textures: Textures, floor: Floor) -> None:
    """A road along z with pavements, houses on one or both sides, wires across."""
    asphalt = Material(stage.sheet(patterns.rough(rng, 0.4)), hue(rng, (0.05, 0.6), (0, 0.12), (0.15, 0.5)), tile=3.0)
    _plane(stage, stage.thing(GROUND), 0.0, asphalt)
    half = rng.uniform(3.0, 6.0)
    middle = rng.uniform(-half, half)
    sheet, thing = stage.sheet(patterns.road(rng)), stage.thing(GROUND)
    for index in range(16):
        axes = np.stack([[half, 0, 0], [0, 0, 5.0 * (1 if index % 2 else -1)], [0, 1, 0]], 1).astype(np.float64)
        stage.add(3, thing, np.array([middle, 0.012, index * 10.0 - 5]), axes, Material(sheet), casts=False)
    fronts = [
        stage.sheet(patterns.facade(rng, textures.crop(rng), np.array(hue(rng, (0, 0.15), (0, 0.45), (0.5, 1)))))
        if rng.random() < 0.8
        else stage.sheet(sheet_of(textures.crop(rng, (0.6, 1.0))))
        for _ in range(3)
    ]
    walk = rng.uniform(1.5, 3.5)
    curb = Material(asphalt.sheet, (0.45, 0.44, 0.42), tile=1.5)
    for side in (-1, 1):
        edge = middle + side * half
        pavement = stage.thing(GROUND)
        stage.add(0, pavement, np.array([edge + side * 15, 0.0, 60.0]), np.diag([15.0, 0.1, 75.0]), curb)
        if rng.random() < 0.15:
            continue
        z = rng.uniform(0, 6)
        while z < 90:
            wide, deep = rng.uniform(6, 16), rng.uniform(6, 12)
            x = edge + side * (walk + deep / 2 + rng.uniform(0, 0.8))
            if abs(x) - deep / 2 > 0.8 or z > 3:
                size = (wide, rng.uniform(4, 20), deep)
                house(stage, rng, Place(x, 0.1, z + wide / 2, side * 90.0), int(rng.choice(fronts)), size)
            z += wide + (rng.uniform(0, 4) if rng.random() < 0.4 else 0)
        floor.taken.extend((edge + side * (walk + 3.2), float(c), 3.0) for c in range(2, 40, 4))
    if rng.random() < 0.4:
        reach = half + walk
        for z in rng.uniform(6, 35, 3):
            wires(
                stage,
                rng,
                (middle - reach, rng.uniform(4, 7), z),
                (middle + reach, rng.uniform(4, 7), z + rng.uniform(-8, 8)),
            )


def _yard(stage: Stage, rng: np.random.Generator, textures: Textures, floor: Floor) -> None:
    """A wall or house ahead, stairs before it."""
    z = rng.uniform(6, 16)
    front = stage.sheet(patterns.facade(rng, textures.crop(rng), np.array(hue(rng, (0, 0.15), (0, 0.45), (0.5, 1)))))
    size = (rng.uniform(8, 40), rng.uniform(2.5, 14), 6.0)
    x = rng.uniform(-5, 5)
    house(stage, rng, Place(x, 0, z + 3, rng.uniform(-20, 20)), front, size)
    floor.taken.append((x, z + 4, 5.0))
    if rng.random() < 0.6:
        sheet = stage.sheet(patterns.rough(rng))
        spot = (rng.uniform(-3, 3), z - rng.uniform(3.5, 5))
        if floor.free(*spot, 0.8):
            stairs(stage, rng, Place(spot[0], 0, spot[1], rng.uniform(-20, 20)), sheet)
            floor.taken.append((spot[0], spot[1] + 2, 2.5))


def _spot(rng: np.random.Generator, near: float, far: float) -> tuple[float, float]:
    """A point on the ground ahead, as likely near as far on a scale of ratios."""
    z = near * (far / near) ** rng.random()
    return float(rng.uniform(-0.85, 0.85) * (z + 0.5)), float(z)


def _plants(stage: Stage, rng: np.random.Generator, floor: Floor, ground: Height, kind: str) -> None:
    """Trees, bushes, rocks and tufts where there is room."""
    bark = stage.sheet(patterns.rough(rng, 0.7))
    foliage = stage.sheet(patterns.leaves(rng, rng.uniform(0.6, 0.8), int(rng.integers(10, 26))))
    trees = {"street": (0, 5), "field": (0, 7), "wood": (12, 28), "lake": (0, 4), "hills": (0, 12), "yard": (0, 4)}[
        kind
    ]
    kinds = rng.choice(3, 2)
    for _ in range(int(rng.integers(trees[0], trees[1] + 1))):
        x, z = _spot(rng, 3.5 if kind == "wood" else 5.0, 70.0)
        if floor.free(x, z, 0.9):
            grow = (tree, conifer, bare_tree)[int(rng.choice(kinds))]
            grow(stage, rng, Place(x, ground(x, z), z, rng.uniform(0, 360), rng.uniform(0.7, 1.8)), bark, foliage)
    for _ in range(int(rng.integers(0, 7)) if kind != "lake" else 1):
        x, z = _spot(rng, 2.5, 30.0)
        if floor.free(x, z, 0.7):
            bush(stage, rng, Place(x, ground(x, z), z, 0, rng.uniform(0.5, 1.6)), foliage)
    if kind != "street" and rng.random() < 0.5:
        for _ in range(int(rng.integers(1, 7))):
            x, z = _spot(rng, 2.0, 25.0)
            if floor.free(x, z, 0.5):
                rock(stage, rng, Place(x, ground(x, z), z, rng.uniform(0, 360), rng.uniform(0.3, 1.8)), bark)
    if kind in {"field", "wood", "hills"} and rng.random() < 0.5:
        blades = stage.sheet(patterns.blades(rng, int(rng.integers(15, 50))))
        spots = [_spot(rng, 1.2, 14.0) for _ in range(int(rng.integers(10, 70)))]
        tufts(stage, rng, blades, [(x, ground(x, z), z) for x, z in spots], rng.uniform(0.15, 0.7))


def _beings(
    stage: Stage, rng: np.random.Generator, textures: Textures, floor: Floor, ground: Height, kind: str
) -> None:
    """Cut-outs, people and animals."""
    cloth = stage.sheet(patterns.rough(rng, 0.4))
    if rng.random() < 0.65:
        for _ in range(int(rng.integers(1, 4))):
            x, z = _spot(rng, 1.6, 12.0)
            x *= 0.6
            tall = rng.uniform(0.35, 1.0) * min(z * 0.5, 2.6)
            if floor.free(x, z, 0.45 * tall):
                cutout(stage, rng, textures, Place(x, ground(x, z), z, rng.uniform(-25, 25)), tall)
    for _ in range(int(rng.integers(1, 8)) if kind in {"street", "yard"} else int(rng.integers(0, 4))):
        x, z = _spot(rng, 2.5, 30.0)
        if floor.free(x, z, 0.35):
            person(stage, rng, Place(x, ground(x, z), z, rng.uniform(0, 360), rng.uniform(0.7, 1.1)), cloth)
    for _ in range(int(rng.integers(0, 5)) if kind in {"field", "hills", "lake"} else int(rng.integers(0, 2))):
        x, z = _spot(rng, 2.5, 30.0)
        scale = rng.uniform(0.5, 2.0)
        if floor.free(x, z, 0.6 * scale):
            animal(stage, rng, Place(x, ground(x, z), z, rng.uniform(0, 360), scale), cloth)


def _things(stage: Stage, rng: np.random.Generator, floor: Floor, ground: Height, kind: str) -> None:
    """Cars, boats, poles, fences and benches."""
    for _ in range(int(rng.integers(0, 4)) if kind == "lake" else 0):
        x, z = _spot(rng, 4.0, 40.0)
        boat(stage, rng, Place(x, 0, max(z, floor.shore + 2) + 4, rng.uniform(0, 360), rng.uniform(0.6, 1.5)))
    for _ in range(int(rng.integers(1, 7)) if kind == "street" else int(rng.integers(0, 2))):
        x, z = _spot(rng, 5.0, 45.0)
        if floor.free(x, z, 2.2):
            yaw = rng.choice([90, 270]) + rng.uniform(-8, 8) if kind == "street" else rng.uniform(0, 360)
            car(stage, rng, Place(x, ground(x, z), z, yaw))
    for _ in range(int(rng.integers(0, 5)) if kind in {"street", "yard"} else int(rng.integers(0, 2))):
        x, z = _spot(rng, 3.0, 30.0)
        if floor.free(x, z, 0.2):
            pole(stage, rng, Place(x, ground(x, z), z, rng.uniform(0, 360)))
    if kind in {"field", "yard", "wood"} and rng.random() < 0.4:
        x, z = _spot(rng, 4.0, 14.0)
        fence(stage, rng, Place(x * 0.5, 0, z, rng.uniform(-50, 50)), rng.uniform(4, 14))
    if kind in {"yard", "field"} and rng.random() < 0.4:
        x, z = _spot(rng, 2.5, 10.0)
        if floor.free(x, z, 0.8):
            bench(stage, rng, Place(x, 0, z, rng.uniform(0, 360)))
