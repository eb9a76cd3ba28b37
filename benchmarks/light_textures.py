"""Reflectances drawn by code: grass, asphalt, paving, sand, planks, bricks, leaves, cloth, skies; tiles that repeat."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float64]
Tile = NDArray[np.float64]
SIDE = 768


def noise(rng: np.random.Generator, slope: float, side: int = SIDE) -> Grey:
    """Repeating noise (side, side) of mean 0 and deviation 1; its spectrum falls with this power of frequency."""
    fy, fx = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]
    radius = np.hypot(fx, fy)
    radius[0, 0] = np.inf
    spectrum = np.exp(2j * np.pi * rng.random(radius.shape)) * radius**-slope
    grey = np.fft.irfft2(spectrum, (side, side))
    return np.asarray((grey - grey.mean()) / grey.std())


def tinted(grey: Grey, colour: Tile, spread: float) -> Tile:
    """A colour whose brightness follows `grey` by this relative spread."""
    return np.asarray(colour * np.exp(spread * grey)[..., None])


def grass(rng: np.random.Generator) -> Tile:
    """Blades and patches, green to yellow."""
    blades, patches = noise(rng, 0.7), noise(rng, 1.7)
    mix = np.clip(0.5 + 0.3 * patches, 0, 1)[..., None]
    colour = mix * np.array([0.10, 0.20, 0.045]) + (1 - mix) * np.array([0.22, 0.25, 0.08])
    return np.asarray(colour * rng.uniform(0.8, 1.3) * np.exp(0.35 * blades)[..., None])


def asphalt(rng: np.random.Generator) -> Tile:
    """Grit, with worn and stained places."""
    worn = np.exp(0.1 * noise(rng, 1.6))[..., None]
    return tinted(noise(rng, 0.25), rng.uniform(0.1, 0.2) * np.array([1.0, 0.98, 0.95]), 0.14) * worn


def sand(rng: np.random.Generator) -> Tile:
    """Sand or soil with slow waves."""
    waves = np.exp(0.1 * noise(rng, 2.0))[..., None]
    colours = np.array([[0.50, 0.39, 0.26], [0.30, 0.2, 0.13], [0.55, 0.5, 0.42]])
    return np.asarray(tinted(noise(rng, 0.6), colours[rng.integers(3)], 0.16) * waves)


def cells(rng: np.random.Generator, rows: int, columns: int, shift: float, gap: float) -> tuple[Grey, Grey]:
    """Courses of stones: a value per stone, and 1 in the gaps between; `gap` is a share of a stone's height."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    row = np.floor(y * rows).astype(int)
    across = (x * columns + shift * (row % 2)) % columns
    column = np.floor(across).astype(int)
    dy, dx = np.abs(y * rows % 1 - 0.5), np.abs(across % 1 - 0.5)
    joint = (dy > 0.5 - gap / 2) | (dx > 0.5 - gap / 2 * columns / rows)
    return rng.normal(size=(rows, columns))[row, column], joint.astype(float)


def paving(rng: np.random.Generator) -> Tile:
    """Stone slabs or bricks with joints."""
    rows = int(rng.integers(8, 16))
    stones, joints = cells(rng, rows, rows // int(rng.integers(1, 3)), rng.choice([0.0, 0.5]), 0.06)
    colours = np.array([[0.36, 0.34, 0.31], [0.42, 0.24, 0.17], [0.5, 0.46, 0.38]])
    slabs: Tile = tinted(noise(rng, 0.8), colours[rng.integers(3)], 0.12) * np.exp(0.14 * stones)[..., None]
    return np.asarray(slabs * (1 - 0.6 * joints)[..., None])


def tiles(rng: np.random.Generator) -> Tile:
    """Two-coloured chequers, the hardest floor for a shadow finder."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] * 8 // SIDE
    pair = np.array([rng.uniform(0.35, 0.6), rng.uniform(0.12, 0.25)])
    stone = tinted(noise(rng, 1.0), np.array([1.0, 0.95, 0.88]), 0.05)
    return np.asarray(stone * pair[(x + y) % 2][..., None])


def planks(rng: np.random.Generator) -> Tile:
    """Boards with grain."""
    boards, joints = cells(rng, 12, 2, 0.5, 0.05)
    grain = np.repeat(noise(rng, 0.9)[:, ::16], 16, axis=1)[:, :SIDE]
    wood = tinted(grain, np.array([0.42, 0.25, 0.13]) * rng.uniform(0.7, 1.3), 0.16)
    return np.asarray(wood * np.exp(0.15 * boards)[..., None] * (1 - 0.6 * joints)[..., None])


def bricks(rng: np.random.Generator) -> Tile:
    """A brick wall."""
    stones, joints = cells(rng, 24, 8, 0.5, 0.12)
    wall = tinted(noise(rng, 0.7), np.array([0.4, 0.19, 0.13]), 0.15) * np.exp(0.12 * stones)[..., None]
    return np.asarray(wall * (1 - joints)[..., None] + 0.45 * joints[..., None])


def plaster(rng: np.random.Generator) -> Tile:
    """Painted plaster."""
    return tinted(noise(rng, 1.2), rng.uniform(0.45, 0.75, 3), 0.05)


def carpet(rng: np.random.Generator) -> Tile:
    """A woven floor of two colours."""
    pattern = np.sign(noise(rng, 2.2))[..., None]
    pair = rng.uniform(0.15, 0.5, (2, 3))
    colour = np.where(pattern > 0, pair[0], 0.6 * pair[0] + 0.4 * pair[1])
    return np.asarray(colour * np.exp(0.15 * noise(rng, 0.3))[..., None])


def leaves(rng: np.random.Generator) -> Tile:
    """Foliage, light and dark."""
    return tinted(noise(rng, 0.8), np.array([0.12, 0.22, 0.05]) * rng.uniform(0.7, 1.3), 0.45)


def plain(rng: np.random.Generator) -> Tile:
    """Cloth or paint of one colour."""
    hue = rng.uniform(0.05, 0.75, 3)
    return tinted(noise(rng, 0.9), hue, rng.uniform(0.02, 0.12))


def of_colour(red: float, green: float, blue: float, spread: float = 0.06) -> Callable[[np.random.Generator], Tile]:
    """A texture of a known colour."""
    return lambda rng: tinted(noise(rng, 1.0), np.array([red, green, blue]), spread)


def stained(rng: np.random.Generator, tile: Tile) -> Tile:
    """The tile with dark blots, as of damp or oil: what a finder of shadows must not take for one."""
    blots = np.clip(2.5 * (noise(rng, 1.9) - 0.9), 0, 1)[..., None]
    return np.asarray(tile * (1 - rng.uniform(0.35, 0.6) * blots))


GROUNDS = (grass, asphalt, sand, paving, paving, sand, asphalt, tiles)
FLOORS = (planks, carpet, tiles, plaster)
WALLS = (bricks, plaster, planks)
FIXED = {
    "skin": of_colour(0.5, 0.32, 0.24),
    "hair": of_colour(0.06, 0.04, 0.03),
    "bark": of_colour(0.2, 0.14, 0.09, 0.3),
    "leaves": leaves,
    "metal": of_colour(0.3, 0.3, 0.32),
    "white": of_colour(0.75, 0.73, 0.7),
    "glass": of_colour(0.05, 0.06, 0.07),
    "rubber": of_colour(0.03, 0.03, 0.03),
    "wood": planks,
    "hills": of_colour(0.12, 0.17, 0.08, 0.4),
}


def reflectance(tile: Tile) -> Tile:
    """The tile as a renderer takes it: no surface reflects less than 2 or more than 85 percent."""
    return np.clip(tile, 0.02, 0.85)


def clouds(rng: np.random.Generator, directions: Tile) -> Tile:
    """Sky radiance for unit `directions` (..., 3), y down: a blue dome, paler at the horizon, with some cloud."""
    height = np.clip(-directions[..., 1], 0, 1)[..., None]
    zenith, horizon = np.array([0.30, 0.47, 0.85]), np.array([0.75, 0.84, 0.95])
    dome = horizon + (zenith - horizon) * height**0.45
    waves = sum(
        np.sin(directions @ rng.normal(0, scale, 3) + rng.uniform(0, 6)) / scale**0.5 for scale in (3, 5, 9, 14, 22)
    )
    cover = np.clip(np.asarray(waves) + rng.uniform(-0.8, 0.5), 0, 1)[..., None]
    return np.asarray(dome * (1 - cover) + np.array([1.0, 1.0, 1.0]) * cover)
