"""Tables, chairs, shelves, lamps, sofas, beds, pots and other things that stand in rooms and on tables."""

from collections.abc import Callable

import numpy as np

from .sheets import sheet_of
from .solids import ball, box, card, colour, green, rod, wood
from .stage import OBJECT, VEGETATION, WALL, Material, Place, Stage
from .textures import Textures

Maker = Callable[[Stage, np.random.Generator, Place, list[int]], None]


def surface(
    rng: np.random.Generator, sheets: list[int], tint: tuple[float, float, float], tile: float = 0.6
) -> Material:
    """A tinted material of one of `sheets`, or plain; glossy at times."""
    sheet = int(rng.choice(sheets)) if rng.random() < 0.75 else -1
    gloss = rng.uniform(0.1, 0.8) if rng.random() < 0.35 else 0.0
    return Material(sheet, tint, tile=tile * rng.uniform(0.6, 1.8), gloss=gloss, offset=(rng.uniform(), rng.uniform()))


def table(stage: Stage, rng: np.random.Generator, place: Place, sheets: list[int]) -> float:
    """A table with a top 0.4 to 0.8 units high; returns that height."""
    thing = stage.thing(OBJECT, 0.5)
    look = surface(rng, sheets, wood(rng))
    w, d, h = rng.uniform(0.6, 1.7), rng.uniform(0.5, 1.0), rng.choice([0.42, 0.74, 0.78])
    if rng.random() < 0.25:
        rod(stage, thing, place, (0, h - 0.04, 0), (0, h, 0), (w / 2, w / 2), look)
        rod(stage, thing, place, (0, 0.02, 0), (0, h - 0.03, 0), (0.06, 0.05), look)
        rod(stage, thing, place, (0, 0, 0), (0, 0.03, 0), (w / 4, w / 5), look)
        return float(h)
    box(stage, thing, place, (0, h - 0.04, 0), (w, 0.04, d), look)
    leg = rng.uniform(0.03, 0.08)
    for x in (-1, 1):
        for z in (-1, 1):
            box(stage, thing, place, (x * (w - leg) / 2, 0, z * (d - leg) / 2), (leg, h - 0.04, leg), look)
    return float(h)


def chair(stage: Stage, rng: np.random.Generator, place: Place, sheets: list[int]) -> None:
    """A chair with a back of slats or one board."""
    thing = stage.thing(OBJECT, 0.6)
    look = surface(rng, sheets, wood(rng) if rng.random() < 0.6 else colour(rng))
    seat, w, leg = 0.45, rng.uniform(0.38, 0.5), rng.uniform(0.025, 0.05)
    box(stage, thing, place, (0, seat - 0.04, 0), (w, 0.05, w), look)
    tall = rng.uniform(0.35, 0.6)
    for x in (-1, 1):
        for z in (-1, 1):
            up = seat + tall if z > 0 else seat
            box(stage, thing, place, (x * (w - leg) / 2, 0, z * (w - leg) / 2), (leg, up, leg), look)
    if rng.random() < 0.5:
        box(stage, thing, place, (0, seat + tall * 0.3, (w - leg) / 2), (w, tall * 0.7, 0.025), look)
    else:
        for x in np.linspace(-0.3, 0.3, 4) * w:
            box(stage, thing, place, (x, seat, (w - leg) / 2), (0.02, tall, 0.02), look)
        box(stage, thing, place, (0, seat + tall - 0.05, (w - leg) / 2), (w, 0.06, 0.025), look)


def books(stage: Stage, rng: np.random.Generator, place: Place, count: int, tall: float = 0.24) -> None:
    """A row of upright books, the last of which leans."""
    x = 0.0
    for index in range(count):
        thing = stage.thing(OBJECT, 0.15)
        thick, high = rng.uniform(0.015, 0.05), tall * rng.uniform(0.7, 1.0)
        lean = rng.uniform(5, 18) if index == count - 1 else 0.0
        box(
            stage,
            thing,
            place,
            (x, 0, 0),
            (thick, high, 0.16),
            Material(tint=colour(rng, (0.1, 0.9), (0.1, 0.8))),
            lean,
        )
        x += thick + 0.002


def shelf(stage: Stage, rng: np.random.Generator, place: Place, sheets: list[int]) -> None:
    """An open bookcase against a wall, with books and pots."""
    thing = stage.thing(OBJECT, 0.3)
    look = surface(rng, sheets, wood(rng))
    w, h, d, boards = rng.uniform(0.6, 1.3), rng.uniform(0.9, 2.1), rng.uniform(0.25, 0.4), int(rng.integers(3, 6))
    for x in (-1, 1):
        box(stage, thing, place, (x * w / 2, 0, 0), (0.03, h, d), look)
    if rng.random() < 0.7:
        box(stage, thing, place, (0, 0, d / 2), (w, h, 0.01), look)
    for level in np.linspace(0.02, h - 0.03, boards):
        box(stage, thing, place, (0, level, 0), (w, 0.025, d), look)
        if level < h - 0.2 and rng.random() < 0.75:
            spot = place.point((-w / 2 + 0.06, level + 0.025, 0))
            inner = Place.at(spot, place.yaw, place.scale)
            books(stage, rng, inner, int(rng.integers(3, 10)), min(0.26, h / boards * 0.8))
        elif level < h - 0.2:
            spot = place.point((rng.uniform(-0.2, 0.2) * w, level + 0.025, 0))
            vase(stage, rng, Place.at(spot, place.yaw, place.scale * 0.7), sheets)


def vase(stage: Stage, rng: np.random.Generator, place: Place, sheets: list[int]) -> None:
    """A turned pot about 0.3 units tall, at times with flowers or twigs."""
    thing = stage.thing(OBJECT, 0.7)
    look = Material(
        int(rng.choice(sheets)) if rng.random() < 0.4 else -1, colour(rng), tile=0.3, gloss=rng.uniform(0, 0.9)
    )
    heights = np.concatenate([[0], np.sort(rng.uniform(0.05, 0.28, 3)), [0.32]])
    radii = rng.uniform(0.03, 0.12, 5)
    for low, high, first, last in zip(heights[:-1], heights[1:], radii[:-1], radii[1:], strict=True):
        rod(stage, thing, place, (0, low, 0), (0, high + 1e-3, 0), (first, last), look)
    if rng.random() < 0.45:
        plant = stage.thing(VEGETATION, 0.5)
        stem = Material(tint=green(rng))
        bloom = Material(tint=colour(rng, (0.5, 1.0), (0.5, 1.0)))
        for _ in range(int(rng.integers(3, 9))):
            end = np.array([rng.normal(0, 0.12), rng.uniform(0.45, 0.7), rng.normal(0, 0.12)])
            rod(stage, plant, place, (0, 0.28, 0), end, (0.006, 0.004), stem)
            ball(stage, plant, place, end, (0.035, 0.03, 0.035), bloom)
            ball(stage, plant, place, end * [0.6, 0.8, 0.6], (0.03, 0.012, 0.05), stem)


def lamp(stage: Stage, rng: np.random.Generator, place: Place, sheets: list[int]) -> None:
    """A standing lamp with a bright shade; thin pole."""
    thing = stage.thing(OBJECT, 0.5)
    h = rng.uniform(1.2, 1.8)
    pole = surface(rng, sheets, colour(rng, (0, 0.3)))
    rod(stage, thing, place, (0, 0, 0), (0, 0.03, 0), (0.15, 0.14), pole)
    rod(stage, thing, place, (0, 0, 0), (0, h, 0), (0.015, 0.012), pole)
    rod(
        stage,
        thing,
        place,
        (0, h - 0.1, 0),
        (0, h + 0.2, 0),
        (0.2, 0.12),
        Material(tint=(0.95, 0.85, 0.6), emit=rng.uniform(0, 0.8)),
    )


def sofa(stage: Stage, rng: np.random.Generator, place: Place, sheets: list[int]) -> None:
    """A sofa or armchair with cushions; looks along its -z."""
    thing = stage.thing(OBJECT, 0.6)
    look = surface(rng, sheets, colour(rng))
    w = rng.choice([0.8, 1.6, 2.1])
    box(stage, thing, place, (0, 0.08, 0), (w, 0.34, 0.8), look)
    box(stage, thing, place, (0, 0.08, 0.36), (w, 0.75, 0.18), look)
    for side in (-1, 1):
        box(stage, thing, place, (side * w / 2, 0.05, 0), (0.16, 0.55, 0.82), look)
    for _ in range(int(rng.integers(0, 4))):
        pillow = stage.thing(OBJECT, 0.3)
        x = rng.uniform(-0.35, 0.35) * w
        ball(stage, pillow, place, (x, 0.58, 0.12), (0.2, 0.18, 0.09), surface(rng, sheets, colour(rng)))


def cabinet(stage: Stage, rng: np.random.Generator, place: Place, sheets: list[int]) -> None:
    """A chest of drawers with knobs."""
    thing = stage.thing(OBJECT, 0.4)
    look = surface(rng, sheets, wood(rng))
    w, h, d, rows = rng.uniform(0.5, 1.4), rng.uniform(0.5, 1.9), rng.uniform(0.35, 0.55), int(rng.integers(2, 5))
    box(stage, thing, place, (0, 0, 0), (w, h, d), look)
    for row in range(rows):
        low, high = h * (row + 0.06) / rows, h * 0.88 / rows
        box(
            stage,
            thing,
            place,
            (0, low, -d / 2 - 0.008),
            (w * 0.92, high, 0.016),
            look.tinted(wood(rng)) if rng.random() < 0.2 else look,
        )
        ball(
            stage,
            thing,
            place,
            (0, low + high / 2, -d / 2 - 0.03),
            (0.02, 0.02, 0.02),
            Material(tint=(0.6, 0.55, 0.4), gloss=1.0),
        )


def bed(stage: Stage, rng: np.random.Generator, place: Place, sheets: list[int]) -> None:
    """A bed with a board, a blanket and pillows."""
    thing = stage.thing(OBJECT, 0.4)
    w = rng.uniform(0.9, 1.8)
    box(stage, thing, place, (0, 0, 1.0), (w, 0.9, 0.06), surface(rng, sheets, wood(rng)))
    box(stage, thing, place, (0, 0.12, 0), (w, 0.28, 2.0), Material(tint=(0.8, 0.78, 0.75)))
    box(stage, thing, place, (0, 0.14, -0.3), (w + 0.04, 0.3, 1.45), surface(rng, sheets, colour(rng), 0.9))
    for x in (-0.25, 0.25):
        ball(stage, thing, place, (x * w, 0.46, 0.72), (0.22 * w, 0.1, 0.2), Material(tint=(0.85, 0.85, 0.85)))


def crate(stage: Stage, rng: np.random.Generator, place: Place, sheets: list[int]) -> None:
    """One to three boxes on each other."""
    y = 0.0
    for _ in range(int(rng.integers(1, 4))):
        thing = stage.thing(OBJECT, 0.5)
        size = (rng.uniform(0.15, 0.5), rng.uniform(0.1, 0.4), rng.uniform(0.15, 0.5))
        spot = Place.at(place.point((rng.uniform(-0.05, 0.05), y, 0)), place.yaw + rng.uniform(-15, 15), place.scale)
        sheet = int(rng.choice(sheets))
        box(stage, thing, spot, (0, 0, 0), size, Material(sheet, colour(rng), tile=None if rng.random() < 0.5 else 0.4))
        y += size[1]


def globe(stage: Stage, rng: np.random.Generator, place: Place, sheets: list[int]) -> None:
    """A ball on the floor."""
    radius = rng.uniform(0.06, 0.25)
    thing = stage.thing(OBJECT, 0.8)
    ball(stage, thing, place, (0, radius, 0), (radius, radius, radius), surface(rng, sheets, colour(rng)))


def potted(stage: Stage, rng: np.random.Generator, place: Place, sheets: list[int]) -> None:
    """A plant with long leaves in a pot."""
    thing = stage.thing(OBJECT, 0.4)
    rod(stage, thing, place, (0, 0, 0), (0, 0.3, 0), (0.13, 0.18), surface(rng, sheets, colour(rng)))
    plant = stage.thing(VEGETATION, 0.5)
    tall = rng.uniform(0.3, 1.1)
    look = Material(tint=green(rng))
    for _ in range(int(rng.integers(8, 20))):
        angle, out = rng.uniform(0, 6.28), rng.uniform(0.1, 0.45)
        end = np.array([np.cos(angle) * out, 0.3 + tall * rng.uniform(0.4, 1), np.sin(angle) * out])
        rod(stage, plant, place, (0, 0.28, 0), end, (0.01, 0.006), look)
        ball(stage, plant, place, end, (0.1, 0.03, 0.06), look.tinted(green(rng)) if rng.random() < 0.3 else look)


def framed(stage: Stage, rng: np.random.Generator, textures: Textures, place: Place, size: tuple[float, float]) -> None:
    """A photograph in a frame, just before a wall that faces the place's -z."""
    thing = stage.thing(WALL)
    frame = Material(tint=colour(rng, (0, 0.4), (0.02, 0.8)))
    box(stage, thing, place, (0, 0, -0.012), (size[0] + 0.08, size[1] + 0.08, 0.022), frame)
    card(
        stage, thing, place, (0, 0.04, -0.026), size, Material(stage.sheet(sheet_of(textures.whole(rng)))), casts=False
    )


STANDING: tuple[Maker, ...] = (chair, chair, shelf, lamp, sofa, cabinet, bed, crate, crate, globe, potted, potted)
SMALL: tuple[Maker, ...] = (vase, vase, globe, crate)
