"""Designs drawn by code with exact layers: shapes, words and photographs, no shadows; the same for a seed."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data

from multiplane.arrays import Floats
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.pixels.over import over

HEIGHT, WIDTH = 360, 480
SUPERSAMPLING = 4
"""Shapes are drawn so many times larger and brought down: soft edges of one pixel, as editors draw them."""
STANDS_OUT = 0.2
"""Difference in one channel from which two flat colours are told apart."""
WORDS = ("SALE", "Open air", "50%", "Jazz", "HELLO", "June 14", "Fresh", "NEW")
PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")
KINDS = ("flat", "cards", "photo")


@dataclass(frozen=True)
class Design:
    """A drawn picture: its layers (H, W, 4) far to near, the first opaque; `rgb` (H, W, 3) is their composite."""

    name: str
    layers: tuple[Floats, ...]
    rgb: Floats


def designs(count: int) -> list[Design]:
    """The first `count` designs, taking turns: flat shapes and words, photo cards on a plain, things on a photo."""
    return [draw(number, KINDS[number % len(KINDS)]) for number in range(count)]


def draw(number: int, kind: str) -> Design:
    """The design of this number; layers lie at 8-bit levels, and so does their composite."""
    rng = np.random.default_rng(number)
    ground = _photo(rng, HEIGHT, WIDTH) if kind == "photo" else _plain(rng)
    used = [] if kind == "photo" else [ground[0, 0], ground[-1, 0]]
    layers = [np.dstack([ground, np.ones((HEIGHT, WIDTH), np.float32)])]
    for position in range(int(rng.integers(2, 5))):
        outline = SHAPES[int(rng.integers(len(SHAPES)))](rng)
        photographic = kind == "cards" and position < 2
        colours = _photo(rng, HEIGHT, WIDTH) if photographic else _flat(rng, used)
        layers.append(np.dstack([colours, outline]))
    if kind != "cards":
        layers.append(np.dstack([_flat(rng, used), _word(rng)]))
    rounded = [to_levels(layer.astype(np.float32)) for layer in layers]
    picture = rounded[0][..., :3]
    for layer in rounded[1:]:
        picture = over(layer, picture)
    return Design(f"{number:02d} {kind}", tuple(from_levels(layer) for layer in rounded), from_levels(picture))


def _colour(rng: np.random.Generator) -> Floats:
    return rng.uniform(0.05, 0.95, 3).astype(np.float32)


def _flat(rng: np.random.Generator, used: list[Floats]) -> Floats:
    """One colour that stands out from all that are `used`, to which it is added."""
    colour = _colour(rng)
    while any(float(np.abs(colour - other).max()) < STANDS_OUT for other in used):
        colour = _colour(rng)
    used.append(colour)
    return np.asarray(np.broadcast_to(colour, (HEIGHT, WIDTH, 3)))


def _plain(rng: np.random.Generator) -> Floats:
    """One colour, or a slow change from one to another."""
    first = _colour(rng)
    second = first if rng.random() < 0.5 else _colour(rng)
    ramp = np.linspace(0, 1, HEIGHT, dtype=np.float32)[:, None, None]
    return np.asarray(np.broadcast_to(first * (1 - ramp) + second * ramp, (HEIGHT, WIDTH, 3)), np.float32)


def _photo(rng: np.random.Generator, height: int, width: int) -> Floats:
    """A photograph that fills (height, width)."""
    name = PHOTOS[int(rng.integers(len(PHOTOS)))]
    picture = from_levels(getattr(data, name)())
    scale = max(height / picture.shape[0], width / picture.shape[1])
    size = (int(np.ceil(picture.shape[1] * scale)), int(np.ceil(picture.shape[0] * scale)))
    return np.asarray(np.clip(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), 0, 1)[:height, :width])


def _drawn(paint: Callable[[NDArray[np.uint8]], object]) -> Floats:
    """The coverage (H, W) of what `paint` draws on a canvas that is SUPERSAMPLING times larger."""
    canvas = np.zeros((HEIGHT * SUPERSAMPLING, WIDTH * SUPERSAMPLING), np.uint8)
    paint(canvas)
    return from_levels(cv2.resize(canvas, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))


def _place(rng: np.random.Generator) -> tuple[int, int, int]:
    """Centre and half size, on the large canvas."""
    half = rng.uniform(0.12, 0.26) * HEIGHT * SUPERSAMPLING
    x = rng.uniform(0.2, 0.8) * WIDTH * SUPERSAMPLING
    y = rng.uniform(0.25, 0.75) * HEIGHT * SUPERSAMPLING
    return round(x), round(y), round(half)


def _disc(rng: np.random.Generator) -> Floats:
    x, y, half = _place(rng)
    return _drawn(lambda canvas: cv2.circle(canvas, (x, y), half, 255, -1))


def _ring(rng: np.random.Generator) -> Floats:
    x, y, half = _place(rng)
    return _drawn(lambda canvas: cv2.circle(canvas, (x, y), half, 255, round(half * 0.3)))


def _card(rng: np.random.Generator) -> Floats:
    """A rectangle, a little turned."""
    x, y, half = _place(rng)
    corners = cv2.boxPoints(((x, y), (2.4 * half, 1.7 * half), float(rng.uniform(-20, 20))))
    return _drawn(lambda canvas: cv2.fillConvexPoly(canvas, np.rint(corners).astype(np.int32), 255))


def _star(rng: np.random.Generator) -> Floats:
    """A star of five to nine points."""
    x, y, half = _place(rng)
    points = int(rng.integers(5, 10))
    angles = np.arange(2 * points) * np.pi / points + rng.uniform(0, np.pi)
    radii = np.where(np.arange(2 * points) % 2, 0.55, 1.0) * half
    corners = np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], axis=1)
    return _drawn(lambda canvas: cv2.fillPoly(canvas, [np.rint(corners).astype(np.int32)], 255))


def _word(rng: np.random.Generator) -> Floats:
    """A word in one of OpenCV's fonts, bold."""
    word = WORDS[int(rng.integers(len(WORDS)))]
    size = rng.uniform(1.6, 2.6) * SUPERSAMPLING
    (width, height), _ = cv2.getTextSize(word, cv2.FONT_HERSHEY_DUPLEX, size, 1)
    size *= min(1.0, 0.9 * WIDTH * SUPERSAMPLING / width)
    at = (
        round(rng.uniform(0.05, 0.3) * WIDTH * SUPERSAMPLING),
        round(height + rng.uniform(0.05, 0.7) * HEIGHT * SUPERSAMPLING),
    )
    thick = round(3.5 * SUPERSAMPLING)
    return _drawn(lambda canvas: cv2.putText(canvas, word, at, cv2.FONT_HERSHEY_DUPLEX, size, 255, thick, cv2.LINE_AA))


SHAPES = (_disc, _ring, _card, _star, _card)
