"""Drawn texture sheets: noise, clouds, leaves, grass, planks, bricks, tiles, facades, ridges."""

import cv2
import numpy as np
from numpy.typing import NDArray

from .sheets import SIDE, Sheet, sheet_of

Picture = NDArray[np.uint8]
Tone = NDArray[np.float32]


def noise(rng: np.random.Generator, octaves: int = 5, first: int = 3, gain: float = 0.55) -> Tone:
    """Fractal noise, SIDE x SIDE, about 0..1 with mean one half."""
    total = np.zeros((SIDE, SIDE), np.float32)
    weight = 1.0
    for octave in range(octaves):
        cells = min(first << octave, SIDE)
        coarse = rng.random((cells, cells), np.float32)
        how = cv2.INTER_CUBIC if cells < 32 else cv2.INTER_LINEAR
        total = cv2.scaleAdd(cv2.resize(coarse, (SIDE, SIDE), interpolation=how), weight, total)
        weight *= gain
    mean, spread = (float(value[0, 0]) for value in cv2.meanStdDev(total))
    scale = 0.2 / (spread + 1e-6)
    return np.asarray(np.clip(total * scale + np.float32(0.5 - mean * scale), 0, 1), np.float32)


def three(tone: Tone, low: float, high: float) -> Picture:
    """A grey RGB picture from `low` to `high` (0..1)."""
    grey = (tone * np.float32((high - low) * 255) + np.float32(low * 255)).astype(np.uint8)
    return np.asarray(cv2.merge([grey, grey, grey]), np.uint8)


def cloud_sheet(rng: np.random.Generator) -> Sheet:
    """Two different noises in the first two channels, for the sky and for ripples."""
    first = (noise(rng, 6, 3) * 255).astype(np.uint8)
    second = (noise(rng, 5, 8) * 255).astype(np.uint8)
    return sheet_of(np.dstack([first, second, first]))


def rough(rng: np.random.Generator, contrast: float = 0.5) -> Sheet:
    """Plaster, soil, asphalt, rock: fractal grey to be tinted."""
    return sheet_of(
        three(noise(rng, int(rng.integers(4, 8)), int(rng.integers(2, 9)), rng.uniform(0.5, 0.9)), 1 - contrast, 1.0)
    )


def leaves(rng: np.random.Generator, cover: float, cells: int) -> Sheet:
    """Foliage: light and dark clumps, alpha below 128 in holes; `cover` is the solid share, `cells` how fine it is."""
    fine = noise(rng, 4, cells, 0.8)
    shade = 0.35 + 0.65 * noise(rng, 5, cells * 2, 0.9)
    picture = three(shade, 0.2, 1.0)
    hole = float(np.quantile(fine[::4, ::4], 1 - cover))
    solid = np.clip(128 + (fine - hole) * 300, 0, 255)
    return sheet_of(np.dstack([picture, solid.astype(np.uint8)]))


def blades(rng: np.random.Generator, count: int = 40) -> Sheet:
    """A tuft of grass: bent blades that grow from the lower edge, transparent between them."""
    picture = np.zeros((SIDE, SIDE, 4), np.uint8)
    for _ in range(count):
        x, top = rng.uniform(0.15, 0.85) * SIDE, rng.uniform(0.02, 0.6) * SIDE
        bend = rng.uniform(-0.25, 0.25) * SIDE
        t = np.linspace(0, 1, 8)[:, None]
        spine = np.hstack([x + bend * t**2, SIDE - (SIDE - top) * t])
        width = rng.uniform(2, 6) * (1 - t)
        outline = np.vstack([spine - [1, 0] * width, (spine + [1, 0] * width)[::-1]]).astype(np.int32)
        tone = int(rng.integers(110, 255))
        cv2.fillPoly(picture, [outline], (tone, tone, int(tone * 0.8), 255))
    return sheet_of(picture)


def planks(rng: np.random.Generator) -> Sheet:
    """Wooden boards with grain and joints."""
    grain = cv2.resize(noise(rng, 6, 4, 0.8), (SIDE * 4, SIDE))[:, :SIDE] * 0.5 + 0.5
    rows = int(rng.integers(3, 9))
    tone = np.repeat(rng.uniform(0.75, 1.0, rows), -(-SIDE // rows))[:SIDE]
    grain = grain * tone[:, None].astype(np.float32)
    grain[:: max(SIDE // rows, 1)] *= 0.5
    return sheet_of(three(grain, 0.1, 1.0))


def courses(rng: np.random.Generator, rows: int, columns: int, shift: bool, mortar: float) -> Sheet:
    """Bricks (`shift`) or tiles: stones of different tone between joints of tone `mortar`."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    row = np.floor(y * rows).astype(int)
    across = x * columns + (0.5 * (row % 2) if shift else 0)
    column = np.floor(across).astype(int) % columns
    tones = rng.uniform(0.65, 1.0, (rows, columns))[row, column].astype(np.float32)
    near = np.minimum((y * rows) % 1, (across % 1) * rows / columns)
    picture = tones * (0.8 + 0.2 * noise(rng, 5, 8, 0.8))
    return sheet_of(three(np.where(near < 0.09, mortar, picture).astype(np.float32), 0, 1))


def facade(rng: np.random.Generator, wall: Picture, tint: NDArray[np.float64]) -> Sheet:
    """One or more storeys of windows over a photographed wall."""
    base = cv2.resize(wall, (SIDE, SIDE)).astype(np.float32) / 255
    base = (base.mean(2, keepdims=True) * 0.5 + 0.5) * tint.astype(np.float32)
    picture = (np.clip(base, 0, 1) * 255).astype(np.uint8).copy()
    rows, columns = int(rng.integers(2, 5)), int(rng.integers(2, 6))
    w, h = rng.uniform(0.35, 0.7), rng.uniform(0.4, 0.75)
    frame = rng.integers(40, 250, 3).tolist()
    for row in range(rows):
        for column in range(columns):
            left, top = (column + (1 - w) / 2) * SIDE / columns, (row + (1 - h) / 2) * SIDE / rows
            right, bottom = left + w * SIDE / columns, top + h * SIDE / rows
            corner, other = (int(left), int(top)), (int(right), int(bottom))
            cv2.rectangle(picture, (corner[0] - 3, corner[1] - 3), (other[0] + 3, other[1] + 4), frame, -1)
            glass = (rng.uniform(0.1, 0.45) * np.array([200, 225, 255])).tolist()
            cv2.rectangle(picture, corner, other, glass, -1)
            cv2.line(picture, (corner[0] + 3, other[1] - 3), (other[0] - 3, corner[1] + 3), [c * 1.5 for c in glass], 2)
            middle = (corner[0] + other[0]) // 2
            cv2.line(picture, (middle, corner[1]), (middle, other[1]), frame, 2)
    return sheet_of(picture)


def ridge(rng: np.random.Generator, rock: Picture, jag: float, snow: bool) -> Sheet:
    """A mountain ridge: rock below a fractal outline, clear above it, darker in its gullies."""
    line = np.zeros(SIDE, np.float32)
    weight = 1.0
    for octave in range(6):
        knots = rng.random((1, (3 << octave) + 1), np.float32)
        line += weight * (cv2.resize(knots, (SIDE, 1), interpolation=cv2.INTER_LINEAR)[0] - 0.5)
        weight *= jag
    line = (line - line.min()) / (np.ptp(line) + 1e-6)
    top = (0.03 + 0.75 * (1 - line)) * SIDE
    y = np.arange(SIDE, dtype=np.float32)[:, None]
    relief = noise(rng, 6, 4, 0.75)
    picture = cv2.resize(rock, (SIDE, SIDE)).astype(np.float32) * (0.35 + 0.9 * relief[..., None])
    if snow:
        white = (y - top) < (relief - 0.2) * 0.5 * SIDE * (1 - y / SIDE) ** 2 * 2
        picture = np.where(white[..., None], 170 + 85 * relief[..., None], picture)
    alpha = np.where(y > top, 255, 0).astype(np.uint8)
    return sheet_of(np.dstack([np.clip(picture, 0, 255).astype(np.uint8), alpha]))


def skyline(rng: np.random.Generator, crowns: bool) -> Sheet:
    """The outline of a far wood (`crowns`) or of far roofs, solid below."""
    picture = np.zeros((SIDE, SIDE, 4), np.uint8)
    for _ in range(60 if crowns else 16):
        x, h, w = rng.uniform(0, SIDE), rng.uniform(0.25, 0.9) * SIDE, rng.uniform(6, 30)
        tone = int(rng.integers(90, 220))
        if crowns:
            cv2.ellipse(picture, (int(x), SIDE), (int(w * 0.7), int(h * 0.8)), 0, 0, 360, (tone, tone, tone, 255), -1)
        else:
            cv2.rectangle(picture, (int(x - w), int(SIDE - h)), (int(x + w), SIDE), (tone, tone, tone, 255), -1)
    if crowns:
        picture[..., :3] = (picture[..., :3] * (0.5 + 0.5 * noise(rng, 5, 10, 0.9)[..., None])).astype(np.uint8)
        ragged = noise(rng, 4, 20, 0.9) > 0.42
        picture[: SIDE // 2, :, 3] &= np.where(ragged[: SIDE // 2], 255, 0).astype(np.uint8)
    return sheet_of(picture)


def road(rng: np.random.Generator) -> Sheet:
    """Asphalt across (u) and along (v): edge lines and a dashed middle line."""
    picture = three(noise(rng, 7, 8, 0.9), 0.45, 0.65).copy()
    paint = (235, 235, 225) if rng.random() < 0.7 else (240, 200, 70)
    picture[:, 6:11] = picture[:, SIDE - 11 : SIDE - 6] = (235, 235, 225)
    if rng.random() < 0.8:
        picture[: SIDE // 2 if rng.random() < 0.7 else SIDE, SIDE // 2 - 3 : SIDE // 2 + 3] = paint
    return sheet_of(picture)
