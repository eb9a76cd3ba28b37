"""Layouts indoors: rooms and corridors seen from eye height."""

import numpy as np

from . import patterns
from .beings import animal, cutout, person
from .camera import Camera
from .furniture import SMALL, STANDING, chair, framed, table
from .layout import Floor, Layout, lamplight
from .sheets import sheet_of
from .solids import box, card, colour, hue, rod, wood
from .stage import BOX, GROUND, OBJECT, WALL, Material, Place, Stage
from .textures import Textures


def indoor(rng: np.random.Generator, textures: Textures) -> Layout:
    """A room of up to three walls with furniture, pictures, people and pets."""
    stage = Stage()
    sheets = surfaces(stage, rng, textures)
    wide, deep, tall = rng.uniform(2.6, 8.0), rng.uniform(3.0, 9.0), rng.uniform(2.3, 3.6)
    if rng.random() < 0.12:
        wide, deep = rng.uniform(1.4, 2.4), rng.uniform(8, 25)
    eye = float(np.clip(rng.normal(1.45, 0.35), 0.35, tall - 0.3))
    aside = rng.uniform(-0.3, 0.3) * wide
    pitch = float(np.clip(rng.normal(9, 9), -16, 38))
    yaw = rng.uniform(-28, 28)
    camera = Camera(np.array([aside, eye, 0.0]), pitch, rng.uniform(-5, 5) * rng.random(), rng.uniform(42, 85), yaw)
    _shell(stage, rng, textures, sheets, (wide, deep, tall))
    floor = Floor([(aside, 0.0, 0.75)])
    _along_walls(stage, rng, sheets, floor, (wide, deep, tall))
    _amid(stage, rng, textures, sheets, floor, (wide, deep))
    reach = max(wide, min(deep, 10)) * 0.75
    return Layout(stage, camera, lamplight(rng, np.array([0.0, 0.0, deep / 2]), reach))


def surfaces(stage: Stage, rng: np.random.Generator, textures: Textures) -> list[int]:
    """Sheets for furniture: planks, roughness and two photographed crops."""
    made = [patterns.planks(rng), patterns.rough(rng, 0.35), sheet_of(textures.crop(rng)), sheet_of(textures.crop(rng))]
    return [stage.sheet(sheet) for sheet in made]


def floor_look(stage: Stage, rng: np.random.Generator, textures: Textures) -> Material:
    """Planks, tiles, carpet or a photographed surface."""
    kind = rng.choice(["planks", "tiles", "carpet", "photo"], p=[0.4, 0.25, 0.15, 0.2])
    offset = (rng.uniform(), rng.uniform())
    if kind == "planks":
        return Material(
            stage.sheet(patterns.planks(rng)),
            wood(rng),
            tile=rng.uniform(0.8, 2),
            gloss=rng.uniform(0, 0.4),
            offset=offset,
        )
    if kind == "tiles":
        rows = int(rng.integers(2, 5))
        sheet = patterns.courses(rng, rows, rows, False, rng.uniform(0.2, 0.8))
        return Material(
            stage.sheet(sheet), hue(rng, (0, 1), (0, 0.25), (0.3, 0.9)), tile=rng.uniform(0.8, 2), offset=offset
        )
    if kind == "carpet":
        return Material(stage.sheet(patterns.rough(rng, 0.3)), colour(rng), tile=0.7, offset=offset)
    return Material(stage.sheet(sheet_of(textures.crop(rng))), (0.8, 0.8, 0.8), tile=rng.uniform(0.8, 3), offset=offset)


def wall_look(stage: Stage, rng: np.random.Generator, textures: Textures) -> Material:
    """Paint, brick, planks or a photographed wallpaper."""
    kind = rng.choice(["paint", "brick", "planks", "photo"], p=[0.55, 0.12, 0.08, 0.25])
    tint = hue(rng, (0, 1), (0.0, 0.4), (0.35, 0.95))
    if kind == "paint":
        return Material(stage.sheet(patterns.rough(rng, rng.uniform(0.02, 0.2))), tint, tile=1.7)
    if kind == "brick":
        return Material(
            stage.sheet(patterns.courses(rng, 12, 4, True, 0.75)), hue(rng, (0, 0.1), (0, 0.6), (0.3, 0.8)), tile=1.1
        )
    if kind == "planks":
        return Material(stage.sheet(patterns.planks(rng)), wood(rng), tile=1.2)
    return Material(stage.sheet(sheet_of(textures.crop(rng))), (0.8, 0.8, 0.8), tile=rng.uniform(0.5, 2.5))


def _shell(
    stage: Stage, rng: np.random.Generator, textures: Textures, sheets: list[int], size: tuple[float, float, float]
) -> None:
    """Floor, ceiling, walls with skirting, windows, doors and pictures; open sides are far walls of a larger room."""
    wide, deep, tall = size
    rug = rng.random() < 0.35
    thick = 0.1

    def slab(thing: int, low: tuple[float, float, float], high: tuple[float, float, float], look: Material) -> None:
        first, last = np.array(low), np.array(high)
        stage.add(BOX, thing, (first + last) / 2, np.diag((last - first) / 2), look, casts=False)

    slab(stage.thing(GROUND), (-15, -thick, -3), (15, 0, deep + 12), floor_look(stage, rng, textures))
    ceiling = Material(tint=hue(rng, (0, 1), (0, 0.1), (0.6, 0.95)))
    slab(stage.thing(WALL), (-15, tall, -3), (15, tall + thick, deep + 12), ceiling)
    look = wall_look(stage, rng, textures)
    other = look if rng.random() < 0.6 else wall_look(stage, rng, textures)
    slab(stage.thing(WALL), (-15, 0, deep), (15, tall, deep + thick), look)
    if rng.random() < 0.2:  # an opening to the next room: the far wall stands behind a nearer one with a gap
        gap = rng.uniform(-0.3, 0.3) * wide
        near, wall = deep * rng.uniform(0.6, 0.85), stage.thing(WALL)
        slab(wall, (-15, 0, near), (gap - 0.7, tall, near + thick), other)
        slab(wall, (gap + 0.7, 0, near), (15, tall, near + thick), other)
        slab(wall, (gap - 0.7, 2.1, near), (gap + 0.7, tall, near + thick), other)
    skirt = Material(tint=hue(rng, (0, 0.2), (0, 0.4), (0.2, 0.95)))
    for side in (-1, 1):
        x = side * wide / 2 if rng.random() < 0.75 else side * (wide / 2 + rng.uniform(2, 6))
        wall = stage.thing(WALL)
        slab(wall, (min(x, x + side * thick), 0, -3), (max(x, x + side * thick), tall, deep), other)
        slab(wall, (min(x, x - side * 0.02), 0, -3), (max(x, x - side * 0.02), 0.1, deep), skirt)
        _on_wall(stage, rng, textures, Place(x, 0, deep / 2, side * 90.0), deep)
    slab(stage.thing(WALL), (-15, 0, deep - 0.02), (15, 0.1, deep), skirt)
    _on_wall(stage, rng, textures, Place(0, 0, deep, 0), wide)
    if rug:
        carpet = Material(int(rng.choice(sheets)), colour(rng), tile=None if rng.random() < 0.5 else 0.8)
        w, d = rng.uniform(0.8, 2.2), rng.uniform(0.6, 1.5)
        slab(stage.thing(GROUND), (-w, 0, deep * 0.5 - d), (w, 0.012, deep * 0.5 + d), carpet)


def _on_wall(stage: Stage, rng: np.random.Generator, textures: Textures, place: Place, long: float) -> None:
    """A window, a door, pictures or nothing along a wall that faces the place's -z."""
    slots = max(int(long / 1.4), 1)
    for slot in range(slots):
        x = ((slot + 0.5) / slots - 0.5) * long + rng.uniform(-0.1, 0.1)
        spot = Place.at(place.point((x, 0, 0)), place.yaw)
        what = rng.choice(["window", "door", "picture", "none"], p=[0.2, 0.1, 0.3, 0.4])
        frame = Material(tint=hue(rng, (0, 0.2), (0, 0.5), (0.1, 0.95)))
        if what == "door":
            thing = stage.thing(WALL)
            box(stage, thing, spot, (0, 0, 0), (1.0, 2.08, 0.05), frame)
            box(stage, thing, spot, (0, 0, -0.02), (0.86, 2.0, 0.04), Material(tint=wood(rng)))
            rod(
                stage,
                thing,
                spot,
                (0.34, 1.0, -0.04),
                (0.34, 1.0, -0.1),
                (0.025, 0.025),
                Material(tint=(0.6, 0.5, 0.3), gloss=1),
            )
        elif what == "window":
            thing = stage.thing(WALL)
            w, h, low = rng.uniform(0.6, 1.2), rng.uniform(0.8, 1.4), rng.uniform(0.7, 1.0)
            box(stage, thing, spot, (0, low - 0.06, 0), (w + 0.12, h + 0.12, 0.06), frame)
            view = Material(stage.sheet(sheet_of(textures.whole(rng))), (1.3, 1.3, 1.3), emit=0.9)
            card(stage, thing, spot, (0, low, -0.032), (w, h), view, casts=False)
            box(stage, thing, spot, (0, low, -0.03), (0.04, h, 0.03), frame)
            box(stage, thing, spot, (0, low + h / 2, -0.03), (w, 0.04, 0.03), frame)
            if rng.random() < 0.4:
                cloth = Material(tint=colour(rng, (0, 0.6), (0.3, 0.9)))
                for side in (-1, 1):
                    for fold in range(4):
                        foot = (side * (w / 2 + 0.05 + 0.07 * fold), 0.2, -0.08)
                        rod(stage, thing, spot, foot, (foot[0], low + h + 0.15, -0.08), (0.045, 0.04), cloth)
        elif what == "picture":
            size = (rng.uniform(0.25, 0.8), rng.uniform(0.25, 0.7))
            high = rng.uniform(1.2, 1.6)
            framed(stage, rng, textures, Place.at(spot.point((0, high, 0)), spot.yaw), size)


def _along_walls(
    stage: Stage, rng: np.random.Generator, sheets: list[int], floor: Floor, size: tuple[float, float, float]
) -> None:
    """Furniture with its back to the walls."""
    wide, deep, _ = size
    for _ in range(int(rng.integers(3, 9))):
        side = int(rng.integers(-1, 2))
        x, z = (
            (side * (wide / 2 - 0.4), rng.uniform(1.2, deep - 0.5))
            if side
            else (rng.uniform(-0.45, 0.45) * wide, deep - 0.4)
        )
        if floor.free(x, z, 0.65):
            STANDING[int(rng.integers(len(STANDING)))](stage, rng, Place(x, 0, z, side * 90.0), sheets)


def _amid(
    stage: Stage,
    rng: np.random.Generator,
    textures: Textures,
    sheets: list[int],
    floor: Floor,
    size: tuple[float, float],
) -> None:
    """A table with chairs and things on it, loose things, people, pets and cut-outs in the room."""
    wide, deep = size
    cloth = sheets[1]

    def spot(radius: float) -> tuple[float, float] | None:
        for _ in range(6):
            x, z = float(rng.uniform(-0.42, 0.42) * wide), float(rng.uniform(1.3, min(deep - 0.4, 7)))
            if floor.free(x, z, radius):
                return x, z
        return None

    if rng.random() < 0.65 and (found := spot(0.9)) is not None:
        place = Place(found[0], 0, found[1], rng.uniform(-90, 90))
        high = table(stage, rng, place, sheets)
        for _ in range(int(rng.integers(0, 5))):
            top = place.point((rng.uniform(-0.3, 0.3), high, rng.uniform(-0.22, 0.22)))
            SMALL[int(rng.integers(len(SMALL)))](
                stage, rng, Place.at(top, rng.uniform(0, 360), rng.uniform(0.4, 0.9)), sheets
            )
        for turn in rng.choice(4, int(rng.integers(0, 5)), replace=False) * 90.0:
            seat = Place.at(place.point((0, 0, 0)), place.yaw + turn).point((0, 0, 0.75))
            if abs(seat[0]) < wide / 2 - 0.3 and np.hypot(seat[0] - floor.taken[0][0], seat[2]) > 1.0:
                chair(stage, rng, Place.at(seat, place.yaw + turn + rng.uniform(-20, 20)), sheets)
    for _ in range(int(rng.integers(0, 4))):
        if (found := spot(0.4)) is not None:
            STANDING[int(rng.integers(len(STANDING)))](
                stage, rng, Place(found[0], 0, found[1], rng.uniform(0, 360)), sheets
            )
    if rng.random() < 0.4 and (found := spot(0.35)) is not None:
        person(stage, rng, Place(found[0], 0, found[1], rng.uniform(0, 360), rng.uniform(0.7, 1.05)), cloth)
    if rng.random() < 0.2 and (found := spot(0.4)) is not None:
        animal(stage, rng, Place(found[0], 0, found[1], rng.uniform(0, 360), rng.uniform(0.4, 0.9)), cloth)
    if rng.random() < 0.5 and (found := spot(0.4)) is not None:
        cutout(stage, rng, textures, Place(found[0], 0, found[1], rng.uniform(-30, 30)), rng.uniform(0.3, 1.1))
    if rng.random() < 0.25:
        lamp = stage.thing(OBJECT, 0.2)
        x, z = rng.uniform(-0.3, 0.3) * wide, rng.uniform(2, deep - 0.5)
        rod(stage, lamp, Place(x, 0, z), (0, 1.9, 0), (0, 4, 0), (0.008, 0.008), Material(tint=(0.05, 0.05, 0.05)))
        rod(stage, lamp, Place(x, 0, z), (0, 1.75, 0), (0, 2.0, 0), (0.25, 0.06), Material(tint=colour(rng), emit=0.3))
