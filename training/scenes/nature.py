"""Trees, bushes, grass, rocks, hills and far ridges."""

import numpy as np

from .solids import ball, card, green, hue, patch, rod
from .stage import GROUND, MOUNTAIN, VEGETATION, Material, Place, Stage


def tree(stage: Stage, rng: np.random.Generator, place: Place, bark: int, foliage: int) -> None:
    """A broad-leaved tree about 5 units tall: a trunk, a few boughs, a crown of ragged balls."""
    thing = stage.thing(VEGETATION, 0.4)
    wood = Material(bark, hue(rng, (0.05, 0.1), (0.2, 0.5), (0.08, 0.3)), tile=0.8)
    leaf = Material(foliage, green(rng), tile=rng.uniform(1.2, 3.0), masked=True)
    trunk, wide = rng.uniform(1.2, 2.6), rng.uniform(0.8, 1.8)
    rod(stage, thing, place, (0, -0.1, 0), (0, trunk + 0.8, 0), (rng.uniform(0.1, 0.25), 0.08), wood)
    spread = np.array([wide * 0.5, 0.5, wide * 0.5])
    boughs = rng.normal(size=(int(rng.integers(3, 7)), 3)) * spread + np.array([0, trunk + 1.3, 0])
    for bough in boughs:
        rod(stage, thing, place, (0, trunk * rng.uniform(0.7, 1.1), 0), bough, (0.07, 0.03), wood)
        for _ in range(4):
            size = rng.uniform(0.35, 0.8) * wide * 0.6
            tone = rng.uniform(0.7, 1.25)
            look = leaf.tinted((leaf.tint[0] * tone, leaf.tint[1] * tone, leaf.tint[2] * tone))
            centre = bough + rng.normal(size=3) * np.array([0.45 * wide, 0.3 * wide, 0.45 * wide])
            ball(stage, thing, place, centre, (size, size * rng.uniform(0.6, 0.9), size), look)


def conifer(stage: Stage, rng: np.random.Generator, place: Place, bark: int, foliage: int) -> None:
    """A fir: a trunk and ragged cones."""
    thing = stage.thing(VEGETATION, 0.4)
    tall, tiers = rng.uniform(3.5, 7), int(rng.integers(4, 8))
    rod(
        stage, thing, place, (0, -0.1, 0), (0, tall * 0.6, 0), (0.14, 0.05), Material(bark, (0.16, 0.1, 0.06), tile=0.8)
    )
    leaf = Material(foliage, hue(rng, (0.25, 0.42), (0.3, 0.7), (0.1, 0.35)), tile=rng.uniform(0.8, 2.0), masked=True)
    for tier in range(tiers):
        low = tall * (0.12 + 0.8 * tier / tiers)
        rod(
            stage,
            thing,
            place,
            (0, low, 0),
            (0, low + tall * 0.28, 0),
            (tall * 0.2 * (1 - tier / tiers) + 0.1, 0.02),
            leaf,
        )


def bare_tree(stage: Stage, rng: np.random.Generator, place: Place, bark: int, _foliage: int) -> None:
    """A tree without leaves: rods that fork."""
    thing = stage.thing(VEGETATION, 0.4)
    wood = Material(bark, hue(rng, (0.05, 0.1), (0.1, 0.5), (0.06, 0.3)), tile=0.8)
    twigs = [(np.array([0.0, -0.1, 0.0]), np.array([0.1, 1.0, 0.0]), rng.uniform(1.2, 2.0), rng.uniform(0.1, 0.2), 0)]
    while twigs:
        start, way, length, thick, depth = twigs.pop()
        end = start + way / np.linalg.norm(way) * length
        rod(stage, thing, place, start, end, (thick, thick * 0.65), wood)
        if depth < 3:
            for _ in range(int(rng.integers(2, 4))):
                turn = way / np.linalg.norm(way) + rng.normal(size=3) * 0.45 + np.array([0, 0.15, 0])
                twigs.append((end, turn, length * rng.uniform(0.55, 0.8), thick * 0.62, depth + 1))


def bush(stage: Stage, rng: np.random.Generator, place: Place, foliage: int) -> None:
    """A bush about one unit tall."""
    thing = stage.thing(VEGETATION, 0.3)
    leaf = Material(foliage, green(rng), tile=rng.uniform(0.6, 1.5), masked=True)
    for _ in range(int(rng.integers(6, 14))):
        size, tone = rng.uniform(0.15, 0.38), rng.uniform(0.7, 1.25)
        spot = (rng.normal(0, 0.38), size * 0.7 + rng.uniform(0, 0.5), rng.normal(0, 0.38))
        look = leaf.tinted((leaf.tint[0] * tone, leaf.tint[1] * tone, leaf.tint[2] * tone))
        ball(stage, thing, place, spot, (size, size * 0.9, size), look)


def tufts(
    stage: Stage, rng: np.random.Generator, blades: int, spots: list[tuple[float, float, float]], tall: float
) -> None:
    """Tufts of grass or reeds on cards of one sheet."""
    thing = stage.thing(VEGETATION)
    tint = green(rng)
    for x, y, z in spots:
        high = tall * rng.uniform(0.5, 1.2)
        tone = rng.uniform(0.7, 1.2)
        look = Material(blades, (tint[0] * tone, tint[1] * tone, tint[2] * tone), masked=True)
        card(stage, thing, Place(x, y - 0.01, z, rng.uniform(-40, 40)), (0, 0, 0), (high, high), look, casts=False)


def rock(stage: Stage, rng: np.random.Generator, place: Place, stone: int) -> None:
    """A boulder of a few sunken balls, about one unit across."""
    thing = stage.thing(MOUNTAIN if rng.random() < 0.3 else GROUND, 0.2)
    look = Material(stone, hue(rng, (0.04, 0.14), (0.0, 0.25), (0.2, 0.6)), tile=0.9)
    for _ in range(int(rng.integers(1, 4))):
        size = rng.uniform(0.25, 0.5)
        ball(
            stage,
            thing,
            place,
            (rng.normal(0, 0.2), size * 0.3, rng.normal(0, 0.2)),
            (size * 1.2, size * 0.8, size),
            look,
        )


def far_ridge(
    stage: Stage, rng: np.random.Generator, sheet: int, distance: float, tall: float, label: int = MOUNTAIN
) -> None:
    """Three cards side by side around the view, `distance` metres away, leaning back as a slope does."""
    thing = stage.thing(label)
    tint = hue(rng, (0.05, 0.6), (0.0, 0.3), (0.4, 0.9)) if label == MOUNTAIN else green(rng)
    look = Material(sheet, tint, masked=True)
    wide, first = distance * rng.uniform(0.8, 1.6), rng.uniform(-0.5, 0.5)
    for index in range(-4, 5):
        flip = 1.0 if index % 2 else -1.0
        place = Place((index + first) * wide, -tall * 0.12, distance)
        card(stage, thing, place, (0, 0, 0), (wide * flip, tall), look, back=rng.uniform(5, 40) * 0 + 25, casts=False)


def hills(stage: Stage, rng: np.random.Generator, look: Material, thing: int, steep: float) -> "Heights":
    """Rolling ground as triangles on a fan of rings around the origin; returns its heights."""
    heights = Heights(rng, steep)
    radii = 0.4 * 1.22 ** np.arange(34)
    angles = np.radians(np.linspace(-75, 75, 26))
    r, a = np.meshgrid(radii, angles, indexing="ij")
    x, z = r * np.sin(a), r * np.cos(a) - 1.5
    grid = np.stack([x, heights.at(x, z), z], -1)
    for i in range(len(radii) - 1):
        for j in range(len(angles) - 1):
            corners = np.stack([grid[i, j], grid[i, j + 1], grid[i + 1, j + 1], grid[i + 1, j]])
            patch(stage, thing, corners, look, casts=False)
    return heights


class Heights:
    """The height in metres of rolling ground: a slope and a few waves, level at the origin."""

    def __init__(self, rng: np.random.Generator, steep: float) -> None:
        """Random waves; `steep` is about the slope that they reach."""
        self.slope = rng.normal(0, 0.35, 2) * steep
        lengths = np.array([6.0, 14.0, 40.0, 110.0]) * rng.uniform(0.7, 1.4, 4)
        turn = rng.uniform(0, 6.28, 4)
        self.waves = np.stack([np.cos(turn), np.sin(turn)], 1) * (6.28 / lengths)[:, None]
        self.phases = rng.uniform(0, 6.28, 4)
        self.sizes = lengths / 6.28 * steep * rng.uniform(0.1, 0.6, 4)

    def at(self, x: np.ndarray | float, z: np.ndarray | float) -> np.ndarray:
        """Heights at points of the ground plan."""
        x, z = np.asarray(x, dtype=np.float64), np.asarray(z, dtype=np.float64)
        far = 1 / (1 + (np.hypot(x, z) / 150) ** 2)
        total = (self.slope[0] * x + self.slope[1] * z) * far
        for wave, phase, size in zip(self.waves, self.phases, self.sizes, strict=True):
            total = total + size * (np.sin(wave[0] * x + wave[1] * z + phase) - np.sin(phase))
        return np.asarray(total)
