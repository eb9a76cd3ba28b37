"""Draws things with known alpha before known backgrounds: holes, hair, whiskers, blur, a third colour at the rim.

Everything is drawn at four times the size, brought down, given grain, and compressed as JPEG.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Mask
from multiplane.pixels.levels import from_levels, to_levels

HEIGHT, WIDTH, TIMES = 360, 480, 4
Canvas = NDArray[np.uint8]
WITH_HOLES = ("mug", "ring", "wheel", "letters", "figure")
KINDS = (*WITH_HOLES, "hair", "whiskers", "blur", "collar")


@dataclass(frozen=True)
class Cutout:
    """A picture `rgb` (H, W, 3), the true `alpha` (H, W) of the thing in it, and the thing's own colours `pure`."""

    rgb: Floats
    alpha: Floats
    pure: Floats

    @property
    def holes(self) -> Mask:
        """Background that the thing encloses on all sides."""
        _, parts = cv2.connectedComponents((self.alpha < 0.5).astype(np.uint8), connectivity=4)
        frame = np.unique(np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]]))
        return np.asarray((self.alpha < 0.5) & ~np.isin(parts, frame))


def draw(kind: str, seed: int) -> Cutout:
    """One of KINDS; another `seed` gives other colours, places and grain."""
    rng = np.random.default_rng(seed)
    canvas = np.zeros((HEIGHT * TIMES, WIDTH * TIMES), np.uint8)
    _DRAW[kind](canvas, rng)
    alpha = cv2.resize(canvas.astype(np.float32) / 255, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    alpha = cv2.GaussianBlur(alpha, (0, 0), 5.0 if kind == "blur" else 0.4)
    first = rng.uniform(0.1, 0.9, 3)
    second = (first + rng.uniform(0.35, 0.65, 3)) % 1.0
    pure, behind = _surface(first, 0.04, 3.0, rng), _surface(second, 0.1, 12.0, rng)
    if kind == "collar":
        width = rng.uniform(4.0, 8.0)
        depth = cv2.distanceTransform((alpha > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
        strip = cv2.GaussianBlur((depth < width).astype(np.float32), (0, 0), 0.5)[..., None]
        pure = pure + strip * (_surface((first + second) / 2, 0.02, 3.0, rng) - pure)
    rgb = behind + alpha[..., None] * (pure - behind) + rng.normal(0, 0.008, behind.shape)
    _, packed = cv2.imencode(".jpg", to_levels(rgb.astype(np.float32)), [cv2.IMWRITE_JPEG_QUALITY, 88])
    photo = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    return Cutout(from_levels(photo), np.clip(alpha, 0, 1).astype(np.float32), np.clip(pure, 0, 1).astype(np.float32))


def _surface(colour: NDArray[np.float64], contrast: float, grain: float, rng: np.random.Generator) -> Floats:
    """A surface of one colour with smooth light and texture of the given contrast and size."""
    texture = np.zeros((HEIGHT, WIDTH, 3))
    for size in (grain, 60.0):
        noise = cv2.GaussianBlur(rng.standard_normal((HEIGHT, WIDTH)), (0, 0), size)
        texture += (noise / noise.std() * contrast / 2)[..., None]
    return (colour + texture).astype(np.float32)


def _at(x: float, y: float) -> tuple[int, int]:
    return round(x * WIDTH * TIMES), round(y * HEIGHT * TIMES)


def _mug(canvas: Canvas, rng: np.random.Generator) -> None:
    cv2.rectangle(canvas, _at(0.22, 0.2), _at(0.58, 0.88), 255, -1)
    axes = _at(rng.uniform(0.12, 0.17), 0.2)
    cv2.ellipse(canvas, _at(0.58, 0.52), axes, 0, -95, 95, 255, _at(rng.uniform(0.025, 0.05), 0)[0], cv2.LINE_AA)


def _ring(canvas: Canvas, rng: np.random.Generator) -> None:
    axes = _at(rng.uniform(0.08, 0.13), 0.2)
    for x in (0.25, 0.5, 0.75):
        cv2.ellipse(canvas, _at(x, 0.5), axes, rng.uniform(0, 90), 0, 360, 255, _at(0.03, 0)[0], cv2.LINE_AA)


def _wheel(canvas: Canvas, rng: np.random.Generator) -> None:
    cv2.circle(canvas, _at(0.5, 0.5), _at(0.28, 0)[0], 255, _at(0.04, 0)[0], cv2.LINE_AA)
    for angle in np.arange(10) * 0.2 * np.pi + rng.uniform(0, 1):
        end = _at(0.5 + 0.28 * np.cos(angle), 0.5 + 0.28 * np.sin(angle) * WIDTH / HEIGHT)
        cv2.line(canvas, _at(0.5, 0.5), end, 255, 14, cv2.LINE_AA)


def _letters(canvas: Canvas, rng: np.random.Generator) -> None:
    words = ["BOARD", "PAGED"]
    for row, word in enumerate(words):
        place = _at(0.06, 0.42 + 0.42 * row)
        cv2.putText(canvas, word, place, cv2.FONT_HERSHEY_DUPLEX, 15, 255, int(rng.integers(44, 60)), cv2.LINE_AA)


def _figure(canvas: Canvas, rng: np.random.Generator) -> None:
    cv2.ellipse(canvas, _at(0.5, 0.65), _at(0.09, 0.42), 0, 0, 360, 255, -1, cv2.LINE_AA)
    cv2.circle(canvas, _at(0.5, 0.16), _at(0.07, 0)[0], 255, -1, cv2.LINE_AA)
    elbow = rng.uniform(0.2, 0.26)
    for side in (-1, 1):
        joints = [_at(0.5 + side * 0.06, 0.32), _at(0.5 + side * elbow, 0.5), _at(0.5 + side * 0.07, 0.7)]
        cv2.polylines(canvas, [np.array(joints)], False, 255, _at(0.03, 0)[0], cv2.LINE_AA)


def _blob(canvas: Canvas, rng: np.random.Generator) -> None:
    angle = np.linspace(0, 2 * np.pi, 200)
    radius = 0.26 + sum(0.03 * np.sin(k * angle + rng.uniform(0, 6)) for k in (2, 3, 5))
    points = np.stack([WIDTH * 0.5 + HEIGHT * radius * np.cos(angle), HEIGHT * (0.5 + radius * np.sin(angle))], axis=1)
    cv2.fillPoly(canvas, [np.rint(points * TIMES).astype(np.int32)], 255, cv2.LINE_AA)


def _strands(canvas: Canvas, rng: np.random.Generator, count: int, length: float, thickness: tuple[int, int]) -> None:
    _blob(canvas, rng)
    centre = np.array([WIDTH, HEIGHT]) * TIMES / 2
    for _ in range(count):
        angle, bend = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.06)
        step = length * rng.uniform(0.5, 1.2) * HEIGHT * TIMES / 20
        points = [centre + 0.24 * HEIGHT * TIMES * np.array([np.cos(angle), np.sin(angle)])]
        angle += rng.normal(0, 0.4)
        for _ in range(20):
            points.append(points[-1] + step * np.array([np.cos(angle), np.sin(angle)]))
            angle += bend
        wide = int(rng.integers(*thickness))
        cv2.polylines(canvas, [np.rint(np.array(points)).astype(np.int32)], False, 255, wide, cv2.LINE_AA)


_DRAW: dict[str, Callable[[Canvas, np.random.Generator], None]] = {
    "mug": _mug,
    "ring": _ring,
    "wheel": _wheel,
    "letters": _letters,
    "figure": _figure,
    "hair": lambda canvas, rng: _strands(canvas, rng, 500, 0.15, (2, 5)),
    "whiskers": lambda canvas, rng: _strands(canvas, rng, 25, 0.28, (6, 12)),
    "blur": _blob,
    "collar": _blob,
}
