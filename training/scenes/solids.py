"""Boxes, balls, rods and cards set in a shape's own axes, and colours to give them."""

import colorsys

import numpy as np

from .camera import Vector
from .stage import BOX, CARD, CONE, ELLIPSOID, TRIANGLE, Material, Place, Stage

Three = tuple[float, float, float]
AHEAD, RIGHT = np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0])


def cross(a: Vector, b: Vector) -> Vector:
    """The cross product of two vectors; numpy's own takes twenty times as long for one pair."""
    return np.array([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def box(
    stage: Stage, thing: int, place: Place, foot: Three, size: Three, material: Material, lean: float = 0.0
) -> None:
    """A box of `size` whose bottom's middle is at `foot`; `lean` turns it about its own z axis, in degrees."""
    cos, sin = np.cos(np.radians(lean)), np.sin(np.radians(lean))
    tilt = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    axes = place.turn() @ tilt @ np.diag(np.maximum(np.array(size) / 2, 1e-4))
    centre = place.point(np.array(foot) + tilt @ np.array([0, size[1] / 2, 0]))
    stage.add(BOX, thing, centre, axes, material)


def ball(stage: Stage, thing: int, place: Place, centre: Three | Vector, radii: Three, material: Material) -> None:
    """An ellipsoid."""
    stage.add(ELLIPSOID, thing, place.point(centre), place.turn() @ np.diag(np.maximum(radii, 1e-4)), material)


def rod(
    stage: Stage,
    thing: int,
    place: Place,
    start: Three | Vector,
    end: Three | Vector,
    radii: tuple[float, float],
    material: Material,
) -> None:
    """A capped cone from `start` to `end` with the radii there."""
    first, last = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    axis = (last - first) / 2
    way = axis / np.sqrt(axis @ axis)
    aside = cross(way, AHEAD if abs(way[2]) < 0.9 else RIGHT)
    aside /= np.sqrt(aside @ aside)
    other = cross(aside, way)
    radius = max(radii[0], 1e-4)
    axes = place.turn() @ np.stack([aside * radius, axis, other * radius], 1)
    stage.add(CONE, thing, place.point((first + last) / 2), axes, material, extra=max(radii[1], 0.0) / radius)


def card(
    stage: Stage,
    thing: int,
    place: Place,
    foot: Three,
    size: tuple[float, float],
    material: Material,
    back: float = 0.0,
    volume: float = 0.0,
    relief: int = -1,
    casts: bool = True,
) -> None:
    """An upright card that faces its own -z, leaning `back` degrees, with `volume` metres of relief."""
    cos, sin = np.cos(np.radians(back)), np.sin(np.radians(back))
    rise = np.array([0, cos, sin])
    axes = place.turn() @ np.stack([[size[0] / 2, 0, 0], rise * size[1] / 2, [0, sin, -cos]], 1)
    stage.add(CARD, thing, place.point(np.array(foot) + rise * size[1] / 2), axes, material, volume, relief, casts)


def triangle(stage: Stage, thing: int, a: Vector, b: Vector, c: Vector, material: Material, casts: bool = True) -> None:
    """A triangle with corners in the world."""
    u, v = b - a, c - a
    normal = cross(u, v)
    normal /= np.sqrt(normal @ normal)
    stage.add(TRIANGLE, thing, a, np.stack([u, v, normal], 1), material, casts=casts)


def patch(stage: Stage, thing: int, corners: Vector, material: Material, casts: bool = True) -> None:
    """Two triangles over the four `corners` (4, 3), given in turn around the patch."""
    triangle(stage, thing, corners[0], corners[1], corners[3], material, casts)
    triangle(stage, thing, corners[2], corners[3], corners[1], material, casts)


def colour(
    rng: np.random.Generator, saturation: tuple[float, float] = (0.0, 0.7), light: tuple[float, float] = (0.15, 0.8)
) -> Three:
    """A random linear colour."""
    return hue(rng, (0.0, 1.0), saturation, light)


def hue(
    rng: np.random.Generator, hues: tuple[float, float], saturation: tuple[float, float], light: tuple[float, float]
) -> Three:
    """A random linear colour of bounded hue, saturation and value."""
    red, green, blue = colorsys.hsv_to_rgb(rng.uniform(*hues) % 1.0, rng.uniform(*saturation), rng.uniform(*light))
    return red, green, blue


def wood(rng: np.random.Generator) -> Three:
    """A colour of wood."""
    return hue(rng, (0.04, 0.11), (0.3, 0.75), (0.15, 0.75))


def green(rng: np.random.Generator) -> Three:
    """A colour of leaves or grass, now and then autumnal."""
    if rng.random() < 0.12:
        return hue(rng, (0.03, 0.14), (0.5, 0.9), (0.3, 0.7))
    return hue(rng, (0.18, 0.36), (0.35, 0.8), (0.15, 0.55))
