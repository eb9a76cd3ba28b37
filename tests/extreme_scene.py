"""A scene of all that is rare at once: forty layers, odd names, no depth, a single pixel, a width of 30,001."""

import numpy as np

from multiplane.scene import Camera, Layer, Scene
from scenes import HOSTILE_NAMES, PLANES

WIDTH, HEIGHT, COUNT = 30_001, 12, 40


def extreme_scene() -> Scene:
    """Every depth is 5. Some layers have wide transparent rims, one is a single pixel, one shows nothing."""
    random = np.random.default_rng(3)
    names = [HOSTILE_NAMES[k % len(HOSTILE_NAMES)] + f" {k // len(HOSTILE_NAMES)}" for k in range(COUNT)]
    layers = [_layer(0, names[0], (0, 0), np.dstack([_colours(random, HEIGHT, WIDTH), np.ones((HEIGHT, WIDTH, 1))]))]
    for index in range(1, COUNT - 3):
        rgba = np.dstack([_colours(random, 10, 90), np.zeros((10, 90, 1))])
        rgba[3:7, 30:60, 3] = random.integers(0, 256, (4, 30)) / 255
        layers.append(_layer(index, names[index], (index * 790, 1), rgba))
    layers.append(_layer(COUNT - 3, names[-3], (29_999, 11), np.ones((1, 1, 4))))
    layers.append(_layer(COUNT - 2, names[-2], (100, 2), np.zeros((5, 7, 4))))
    wide = np.dstack([_colours(random, 4, WIDTH - 10), np.ones((4, WIDTH - 10, 1))])
    wide[:, 9_000:9_100, 3] = 0
    layers.append(_layer(COUNT - 1, names[-1], (5, 8), wide))
    return Scene(Camera(WIDTH, HEIGHT, 20_000.0), tuple(layers))


def _colours(random: np.random.Generator, height: int, width: int) -> np.ndarray:
    return np.cumsum(random.integers(-3, 4, (height, width, 3)), axis=1) % 256 / 255


def _layer(index: int, name: str, corner: tuple[int, int], rgba: np.ndarray) -> Layer:
    size = rgba.shape[:2]
    return Layer(
        id=f"layer-{index}",
        name=name,
        label="object",
        plane=PLANES[index * 3 // COUNT],
        corner=corner,
        rgba=rgba.astype(np.float32),
        z=np.full(size, 5, np.float32),
        filled=np.zeros(size, bool),
    )
