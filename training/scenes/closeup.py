"""Layouts close up: a still life on a table, and one big thing before a far backdrop."""

import itertools
from dataclasses import replace

import numpy as np

from . import patterns
from .beings import animal, cutout, person
from .camera import Camera
from .furniture import SMALL, books, globe, vase
from .indoor import floor_look, surfaces, wall_look
from .layout import Floor, Layout, daylight, lamplight
from .nature import bush, tufts
from .sheets import sheet_of
from .solids import ball, colour, green, rod
from .stage import BOX, CARD, GROUND, OBJECT, PLANE, VEGETATION, WALL, Material, Place, Stage
from .textures import Textures


def still_life(rng: np.random.Generator, textures: Textures) -> Layout:
    """Vases, fruit, books, boxes and cut-outs on a table top, a wall or a room behind."""
    stage = Stage()
    sheets = surfaces(stage, rng, textures)
    top, back = 0.75, rng.uniform(0.45, 3.0)
    distance, pitch = rng.uniform(0.35, 0.9), float(np.clip(rng.normal(18, 12), -4, 40))
    rise = distance * np.tan(np.radians(pitch)) + rng.uniform(0.05, 0.2)
    camera = Camera(
        np.array([0.0, top + rise, -distance]), pitch, rng.uniform(-6, 6) * rng.random(), rng.uniform(35, 75)
    )
    desk = stage.thing(OBJECT)
    reach = rng.uniform(0.25, 0.45)
    look = floor_look(stage, rng, textures)
    look = replace(look, tile=(look.tile or 1.0) * rng.uniform(0.2, 0.6))  # a table's grain is finer than a floor's
    middle, size = (
        np.array([rng.uniform(-0.2, 0.2), top - 0.025, reach - 0.8]),
        np.diag([rng.uniform(0.7, 1.5), 0.025, 0.8]),
    )
    stage.add(BOX, desk, middle, size, look, casts=False)
    ground, wall = stage.thing(GROUND), stage.thing(WALL)
    stage.add(PLANE, ground, np.zeros(3), np.eye(3), floor_look(stage, rng, textures), casts=False)
    stage.add(
        BOX,
        wall,
        np.array([0.0, 2.0, reach + back + 0.1]),
        np.diag([15.0, 6.0, 0.1]),
        wall_look(stage, rng, textures),
        casts=False,
    )
    floor = Floor()
    count = int(rng.integers(3, 13))
    for _ in range(count):
        x, z = float(rng.normal(0, 0.2)), float(rng.uniform(-0.25, reach - 0.08))
        scale = rng.uniform(0.4, 1.0)
        if not floor.free(x, z, 0.09 * scale + 0.02):
            continue
        place = Place(x, top, z, rng.uniform(0, 360), scale * 0.8)
        what = rng.choice(["small", "fruit", "books", "stack", "cup", "cutout"], p=[0.22, 0.2, 0.1, 0.12, 0.16, 0.2])
        if what == "small":
            SMALL[int(rng.integers(len(SMALL)))](stage, rng, Place(x, top, z, place.yaw, scale * 0.55), sheets)
        elif what == "fruit":
            fruit(stage, rng, place)
        elif what == "books":
            books(stage, rng, Place(x, top, z, rng.uniform(-40, 40), scale), int(rng.integers(1, 7)))
        elif what == "stack":
            _stack(stage, rng, place, sheets)
        elif what == "cup":
            cup(stage, rng, place)
        else:
            cutout(stage, rng, textures, Place(x, top, z, rng.uniform(-25, 25)), rng.uniform(0.12, 0.32))
    return Layout(stage, camera, lamplight(rng, np.array([0.0, top, 0.0]), 0.9))


def fruit(stage: Stage, rng: np.random.Generator, place: Place) -> None:
    """A few balls with stalks, at times in a bowl."""
    tint = colour(rng, (0.5, 0.95), (0.3, 0.9))
    for _ in range(int(rng.integers(1, 5))):
        thing = stage.thing(OBJECT, 0.7)
        r = rng.uniform(0.03, 0.055)
        spot = np.array([rng.normal(0, 0.05), r, rng.normal(0, 0.05)])
        ball(
            stage,
            thing,
            place,
            spot,
            (r, r * rng.uniform(0.85, 1.1), r),
            Material(tint=tint, gloss=rng.uniform(0, 0.8)),
        )
        rod(
            stage,
            thing,
            place,
            spot + np.array([0, r * 0.85, 0]),
            spot + np.array([0.008, r * 1.3, 0]),
            (0.003, 0.003),
            Material(tint=(0.1, 0.06, 0.03)),
        )


def cup(stage: Stage, rng: np.random.Generator, place: Place) -> None:
    """A cup with a handle, a bottle or a glass-like tumbler."""
    thing = stage.thing(OBJECT, 0.8)
    look = Material(tint=colour(rng, (0, 0.8), (0.1, 0.95)), gloss=rng.uniform(0.2, 1.2))
    r, h = rng.uniform(0.03, 0.05), rng.uniform(0.07, 0.12)
    if rng.random() < 0.4:
        h = rng.uniform(0.13, 0.2)
        rod(stage, thing, place, (0, 0, 0), (0, h, 0), (r, r), look)
        rod(stage, thing, place, (0, h, 0), (0, h + 0.04, 0), (r, 0.013), look)
        rod(stage, thing, place, (0, h + 0.04, 0), (0, h + 0.09, 0), (0.013, 0.013), look)
        rod(stage, thing, place, (0, h * 0.25, 0), (0, h * 0.75, 0), (r * 1.01, r * 1.01), Material(tint=colour(rng)))
        return
    rod(stage, thing, place, (0, 0, 0), (0, h, 0), (r * rng.uniform(0.6, 1.0), r), look)
    rod(
        stage,
        thing,
        place,
        (0, h, 0),
        (0, h + 0.001, 0),
        (r * 0.9, r * 0.9),
        Material(tint=colour(rng, (0.2, 0.8), (0.02, 0.3))),
    )
    turn = np.linspace(-1.2, 1.2, 7)
    ring = np.stack([r * 0.85 + 0.028 * np.cos(turn), h / 2 + 0.03 * np.sin(turn), 0 * turn], 1)
    for a, b in itertools.pairwise(ring):
        rod(stage, thing, place, a, b, (0.006, 0.006), look)


def _stack(stage: Stage, rng: np.random.Generator, place: Place, sheets: list[int]) -> None:
    """Books that lie on each other."""
    y = 0.0
    for _ in range(int(rng.integers(1, 5))):
        thing = stage.thing(OBJECT, 0.5)
        size = np.array([rng.uniform(0.08, 0.12), rng.uniform(0.008, 0.025), rng.uniform(0.1, 0.15)])
        spot = Place.at(place.point((0, y + size[1], 0)), place.yaw + rng.uniform(-20, 20), place.scale)
        look = Material(int(rng.choice(sheets)), colour(rng, (0, 0.8), (0.2, 1.0)))
        stage.add(BOX, thing, spot.point((0, 0, 0)), spot.turn() @ np.diag(size), look)
        y += 2 * size[1]


def portrait(rng: np.random.Generator, textures: Textures) -> Layout:
    """One big cut-out, person, animal or plant close to the camera; ground below or not, a far backdrop behind."""
    stage = Stage()
    clouds = stage.sheet(patterns.cloud_sheet(rng))
    size = 10 ** rng.uniform(-0.7, 0.3)  # metres
    field_of_view = rng.uniform(35, 60)
    distance = size * rng.uniform(1.2, 2.4)
    eye = size * rng.uniform(0.25, 1.1)
    pitch = float(np.clip(np.degrees(np.arctan2(eye - 0.5 * size, distance)) + rng.normal(0, 4), -25, 40))
    camera = Camera(np.array([0.0, eye, -distance]), pitch, rng.uniform(-6, 6) * rng.random(), field_of_view)
    _backdrop(stage, rng, textures, size)
    cloth = stage.sheet(patterns.rough(rng, 0.4))
    x = float(rng.normal(0, 0.15) * size)
    main = rng.choice(["cutout", "person", "animal"], p=[0.72, 0.14, 0.14])
    if main == "cutout":
        cutout(stage, rng, textures, Place(x, 0, 0, rng.uniform(-20, 20)), size, worth=4.0)
    elif main == "person":
        person(stage, rng, Place(x, 0, 0, rng.uniform(0, 360), size * rng.uniform(0.6, 0.85)), cloth, worth=4.0)
    else:
        animal(stage, rng, Place(x, 0, 0, rng.uniform(0, 360), size), cloth, worth=4.0)
    for _ in range(int(rng.integers(0, 4))):
        z = size * rng.uniform(0.8, 6.0)
        side = float(rng.choice([-1, 1])) * rng.uniform(0.3, 0.7) * (z + distance)
        what = rng.choice(["cutout", "bush", "globe", "vase"])
        if what == "cutout":
            cutout(stage, rng, textures, Place(side, 0, z, rng.uniform(-25, 25)), size * rng.uniform(0.5, 1.3))
        elif what == "bush":
            foliage = stage.sheet(patterns.leaves(rng, 0.7, 12))
            bush(stage, rng, Place(side, 0, z, 0, size), foliage)
        else:
            (globe if what == "globe" else vase)(stage, rng, Place(side, 0, z, 0, size * 2), [cloth])
    if rng.random() < 0.3:
        blades = stage.sheet(patterns.blades(rng, 25))
        spots = [(float(rng.normal(0, 0.8)) * size, 0.0, float(rng.uniform(-0.5, 3.0)) * size) for _ in range(25)]
        tufts(stage, rng, blades, spots, 0.25 * size)
    if rng.random() < 0.5:
        return Layout(stage, camera, lamplight(rng, np.array([0.0, 0.0, 0.0]), 4 * size))
    return Layout(stage, camera, daylight(rng, np.zeros(3), 4 * size, clouds))


def _backdrop(stage: Stage, rng: np.random.Generator, textures: Textures, size: float) -> None:
    """Ground to the horizon, or a photographed backdrop that stands some way behind."""
    photo = sheet_of(textures.crop(rng))
    look = Material(stage.sheet(photo), (0.85, 0.85, 0.85), tile=size * 10 ** rng.uniform(-0.2, 0.6))
    if rng.random() < 0.4:
        look = Material(stage.sheet(patterns.rough(rng, 0.6)), green(rng), tile=size * rng.uniform(0.5, 3))
    stage.add(PLANE, stage.thing(GROUND), np.zeros(3), np.eye(3), look, casts=False)
    if rng.random() < 0.75:
        far = size * 10 ** rng.uniform(0.15, 1.2)
        label = WALL if rng.random() < 0.5 else VEGETATION
        sheet = stage.sheet(sheet_of(textures.crop(rng)) if label == WALL else patterns.leaves(rng, 1.0, 6))
        tint = (0.9, 0.9, 0.9) if label == WALL else green(rng)
        tile = far * rng.uniform(0.3, 1.0)
        axes = np.diag([40 * far, 6 * far, 1.0])
        stage.add(
            CARD,
            stage.thing(label),
            np.array([0.0, 5.5 * far, far]),
            axes,
            Material(sheet, tint, tile=tile),
            casts=False,
        )
