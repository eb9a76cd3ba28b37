"""Houses, cars, poles, wires, fences, benches, stairs and boats."""

import itertools

import numpy as np

from .solids import ball, box, colour, hue, patch, rod, triangle, wood
from .stage import GROUND, OBJECT, VEHICLE, WALL, Material, Place, Stage


def car(stage: Stage, rng: np.random.Generator, place: Place, worth: float = 1.0) -> None:
    """A car, van or lorry about 4 units long along its own x."""
    thing = stage.thing(VEHICLE, worth)
    paint = Material(tint=colour(rng, (0.0, 0.9), (0.04, 0.9)), gloss=rng.uniform(0.3, 1.5))
    glass, rubber = Material(tint=(0.05, 0.06, 0.08), gloss=1.0), Material(tint=(0.02, 0.02, 0.02))
    kind = rng.choice(["car", "van", "lorry"], p=[0.65, 0.2, 0.15])
    long, wide, low = (4.2, 1.75, 0.35) if kind != "lorry" else (6.5, 2.2, 0.6)
    belt = 0.55 if kind == "car" else 0.9
    box(stage, thing, place, (0, low, 0), (long, belt, wide), paint)
    if kind == "car":
        cabin, back = rng.uniform(1.7, 2.5), rng.uniform(-0.5, 0.1)
        box(stage, thing, place, (back, low + belt, 0), (cabin, 0.45, wide * 0.88), glass)
        box(stage, thing, place, (back, low + belt + 0.45, 0), (cabin * 0.92, 0.06, wide * 0.86), paint)
        for x in (-0.5, 0.02, 0.5):
            box(stage, thing, place, (back + x * cabin, low + belt, 0), (0.08, 0.46, wide * 0.9), paint)
        ball(stage, thing, place, (long * 0.36, low + belt, 0), (0.8, 0.12, wide * 0.47), paint)
    elif kind == "van":
        box(stage, thing, place, (-0.2, low + belt, 0), (long - 0.5, 0.5, wide * 0.94), glass)
        box(stage, thing, place, (-0.7, low + belt, 0), (long - 1.6, 0.55, wide * 0.96), paint)
        box(stage, thing, place, (-0.2, low + belt + 0.5, 0), (long - 0.5, 0.12, wide * 0.94), paint)
    else:
        box(
            stage,
            thing,
            place,
            (-0.8, low + belt, 0),
            (long - 1.8, 1.7, wide),
            Material(tint=colour(rng, (0, 0.5), (0.3, 0.9))),
        )
        box(stage, thing, place, (long / 2 - 0.6, low + belt, 0), (1.2, 0.9, wide), paint)
        box(stage, thing, place, (long / 2 - 0.55, low + belt + 0.35, 0), (1.2, 0.5, wide * 0.94), glass)
    wheel = 0.33 if kind == "car" else 0.42
    for x in (-0.31 * long, 0.31 * long):
        for side in (-1, 1):
            rod(
                stage,
                thing,
                place,
                (x, wheel, side * (wide / 2 - 0.2)),
                (x, wheel, side * (wide / 2 + 0.02)),
                (wheel, wheel),
                rubber,
            )
            z = side * (wide / 2 + 0.02)
            rod(
                stage,
                thing,
                place,
                (x, wheel, z),
                (x, wheel, z + side * 0.01),
                (wheel * 0.6, wheel * 0.55),
                Material(tint=(0.5, 0.5, 0.52)),
            )
    for side in (-1, 1):
        lamp = side * wide * 0.38
        ball(
            stage,
            thing,
            place,
            (long / 2, low + belt * 0.7, lamp),
            (0.04, 0.1, 0.18),
            Material(tint=(0.9, 0.9, 0.85), emit=0.3),
        )
        ball(
            stage,
            thing,
            place,
            (-long / 2, low + belt * 0.7, lamp),
            (0.04, 0.1, 0.18),
            Material(tint=(0.6, 0.02, 0.02)),
        )


def house(stage: Stage, rng: np.random.Generator, place: Place, sheet: int, size: tuple[float, float, float]) -> None:
    """A block of (wide, tall, deep) metres with a door, a cornice, at times balconies or a gable roof."""
    thing = stage.thing(WALL, 0.1)
    wide, tall, deep = size
    look = Material(sheet, tile=rng.uniform(5.0, 11.0), offset=(rng.uniform(), rng.uniform()))
    plain = Material(tint=colour(rng, (0, 0.3), (0.15, 0.8)))
    box(stage, thing, place, (0, -0.5, 0), (wide, tall + 0.5, deep), look)
    box(stage, thing, place, (0, tall, 0), (wide + 0.4, 0.35, deep + 0.4), plain)
    box(stage, thing, place, (rng.uniform(-0.3, 0.3) * wide, 0, -deep / 2), (1.1, 2.2, 0.12), Material(tint=wood(rng)))
    if rng.random() < 0.4:
        box(stage, thing, place, (0, rng.uniform(2.8, 3.4), -deep / 2 - 0.5), (wide * 0.9, 0.12, 1.2), plain)
    if rng.random() < 0.35 and tall < 9:
        red = Material(tint=hue(rng, (0.0, 0.08), (0.3, 0.7), (0.2, 0.5)))
        x, y, z, ridge = wide / 2 + 0.3, tall - 0.1, deep / 2 + 0.5, tall + deep * rng.uniform(0.25, 0.5)
        for side in (-1, 1):
            eaves = [(-x, y, side * z), (x, y, side * z), (x, ridge, 0.0), (-x, ridge, 0.0)]
            patch(stage, thing, np.array([place.point(corner) for corner in eaves]), red)
            gable = [(side * wide / 2, tall, -z), (side * wide / 2, tall, z), (side * wide / 2, ridge - 0.1, 0.0)]
            a, b, c = (place.point(corner) for corner in gable)
            triangle(stage, thing, a, b, c, plain)


def pole(stage: Stage, rng: np.random.Generator, place: Place) -> None:
    """A lamp post, a sign or a traffic light."""
    thing = stage.thing(OBJECT, 0.3)
    steel = Material(tint=hue(rng, (0.3, 0.6), (0.0, 0.3), (0.05, 0.6)))
    tall = rng.uniform(2.2, 6.5)
    rod(stage, thing, place, (0, 0, 0), (0, tall, 0), (rng.uniform(0.04, 0.09), 0.04), steel)
    if tall > 4:
        rod(stage, thing, place, (0, tall - 0.1, 0), (1.0, tall + 0.1, 0), (0.04, 0.03), steel)
        ball(stage, thing, place, (1.0, tall + 0.05, 0), (0.3, 0.1, 0.14), Material(tint=(0.85, 0.85, 0.8), emit=0.3))
    elif rng.random() < 0.5:
        rod(
            stage,
            thing,
            place,
            (0, tall, -0.06),
            (0, tall, -0.04),
            (0.35, 0.35),
            Material(tint=colour(rng, (0.5, 1), (0.4, 0.9))),
        )
    else:
        box(stage, thing, place, (0, tall - 0.7, -0.1), (0.28, 0.85, 0.2), Material(tint=(0.03, 0.03, 0.03)))
        for index, tint in enumerate([(0.02, 0.3, 0.05), (0.35, 0.25, 0.0), (0.9, 0.05, 0.02)]):
            ball(
                stage,
                thing,
                place,
                (0, tall - 0.55 + 0.27 * index, -0.2),
                (0.09, 0.09, 0.05),
                Material(tint=tint, emit=0.6),
            )


def wires(
    stage: Stage, rng: np.random.Generator, start: tuple[float, float, float], end: tuple[float, float, float]
) -> None:
    """Sagging cables between two points, in short straight pieces."""
    first, last = np.array(start), np.array(end)
    thing, look = stage.thing(OBJECT), Material(tint=(0.03, 0.03, 0.03))
    for cable in range(int(rng.integers(1, 4))):
        t = np.linspace(0, 1, 9)[:, None]
        points = (
            first
            + (last - first) * t
            - np.array([0, 1.0, 0]) * (4 * t * (1 - t) * rng.uniform(0.3, 1.0))
            - [0, 0.3 * cable, 0]
        )
        for a, b in itertools.pairwise(points):
            rod(stage, thing, Place(0, 0, 0), a, b, (0.018, 0.018), look)


def fence(stage: Stage, rng: np.random.Generator, place: Place, long: float) -> None:
    """Posts with rails or pales along the place's x."""
    thing = stage.thing(OBJECT, 0.2)
    look = Material(tint=wood(rng) if rng.random() < 0.6 else (0.75, 0.75, 0.72))
    tall = rng.uniform(0.8, 1.5)
    gap = rng.choice([0.16, 0.22, 1.8])
    for x in np.arange(-long / 2, long / 2, gap):
        box(stage, thing, place, (float(x), 0, 0), (0.09, tall, 0.05), look)
    for level in (0.35, 0.85):
        box(stage, thing, place, (0, tall * level, 0.04), (long, 0.08, 0.04), look)


def bench(stage: Stage, rng: np.random.Generator, place: Place) -> None:
    """A park bench of boards."""
    thing = stage.thing(OBJECT, 0.6)
    look, iron = Material(tint=wood(rng)), Material(tint=(0.05, 0.05, 0.05))
    for z in (-0.18, 0.0, 0.18):
        box(stage, thing, place, (0, 0.42, z), (1.5, 0.03, 0.14), look)
    for y in (0.55, 0.75):
        box(stage, thing, place, (0, y, 0.27), (1.5, 0.14, 0.03), look)
    for x in (-0.65, 0.65):
        box(stage, thing, place, (x, 0, -0.15), (0.05, 0.42, 0.05), iron)
        box(stage, thing, place, (x, 0, 0.25), (0.05, 0.9, 0.05), iron)


def stairs(stage: Stage, rng: np.random.Generator, place: Place, sheet: int) -> None:
    """A flight of steps that climbs along the place's z, with a rail at times."""
    thing = stage.thing(GROUND, 0.1)
    look = Material(sheet, hue(rng, (0.05, 0.15), (0, 0.3), (0.3, 0.8)), tile=1.2)
    wide, count = rng.uniform(1.5, 5), int(rng.integers(4, 12))
    for step in range(count):
        box(stage, thing, place, (0, 0, 0.32 * step + 1.0), (wide, 0.17 * (step + 1), 2.0), look)
    if rng.random() < 0.5:
        rail, iron = stage.thing(OBJECT), Material(tint=(0.05, 0.05, 0.06))
        for side in (-1, 1):
            for step in range(0, count, 2):
                foot = (side * wide * 0.48, 0.17 * (step + 1), 0.32 * step + 0.15)
                rod(stage, rail, place, foot, (foot[0], foot[1] + 0.9, foot[2]), (0.02, 0.02), iron)
            top = 0.32 * (count - 1) + 0.15
            rod(
                stage,
                rail,
                place,
                (side * wide * 0.48, 1.07, 0.15),
                (side * wide * 0.48, 0.17 * count + 0.9, top),
                (0.03, 0.03),
                iron,
            )


def boat(stage: Stage, rng: np.random.Generator, place: Place) -> None:
    """A boat on the water, with a cabin or a mast."""
    thing = stage.thing(VEHICLE, 0.9)
    hull = Material(tint=colour(rng, (0, 0.9), (0.2, 0.95)))
    ball(stage, thing, place, (0, 0.2, 0), (2.4, 0.6, 0.8), hull)
    box(stage, thing, place, (0, 0.45, 0), (3.8, 0.15, 1.2), Material(tint=wood(rng)))
    if rng.random() < 0.5:
        box(stage, thing, place, (-0.3, 0.6, 0), (1.4, 0.9, 0.9), Material(tint=(0.85, 0.85, 0.85)))
    else:
        rod(stage, thing, place, (0, 0.4, 0), (0, 5.0, 0), (0.05, 0.03), Material(tint=wood(rng)))
        rod(stage, thing, place, (-0.9, 0.9, 0), (-0.05, 4.8, 0), (0.8, 0.05), Material(tint=(0.9, 0.9, 0.88)))
