"""What a camera does to light: defocus, exposure, colour cast, vignette, noise, tone."""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]


def defocused(rng: np.random.Generator, linear: Floats, disparity: Floats) -> Floats:
    """`linear` (H, W, 3) blurred by how far each disparity lies from a random focus, in three steps of blur."""
    greatest = float(disparity.max())
    if greatest <= 0:
        return linear
    focus = float(np.quantile(disparity, rng.uniform(0.5, 1.0)))
    widest = rng.uniform(0.004, 0.018) * linear.shape[1]
    circle = np.abs(disparity - focus) / greatest * widest
    near = cv2.dilate(np.where(disparity > focus, circle, 0).astype(np.float32), np.ones((5, 5), np.uint8))
    circle = cv2.GaussianBlur(np.maximum(circle, near).astype(np.float32), (0, 0), 1.0)
    result, inner = linear, 0.3
    for sigma in (0.8, 1.8, 4.0):
        if circle.max() <= inner:
            break
        blurred = cv2.GaussianBlur(linear, (0, 0), sigma)
        share = np.clip((circle - inner) / (sigma - inner), 0, 1)[..., None]
        result, inner = result * (1 - share) + blurred * share, sigma
    return np.asarray(result, np.float32)


def developed(rng: np.random.Generator, linear: Floats) -> NDArray[np.uint8]:
    """8-bit RGB of linear light."""
    height, width = linear.shape[:2]
    middle = float(np.mean(linear[::4, ::4])) + 1e-4
    exposure = 10 ** rng.uniform(-0.12, 0.12) * (0.28 / middle) ** rng.uniform(0.5, 0.9)
    cast = 1 + rng.uniform(-0.08, 0.08, 3)
    picture = linear * (exposure * cast).astype(np.float32)
    if rng.random() < 0.5:
        y = np.linspace(-1, 1, height, dtype=np.float32)[:, None, None]
        x = np.linspace(-1, 1, width, dtype=np.float32)[None, :, None]
        picture *= 1 - rng.uniform(0.05, 0.35) * (x * x + y * y) / 2
    knee = np.float32(rng.uniform(0.6, 0.85))  # highlights roll off above it
    over = np.maximum(picture - knee, 0)
    picture = np.minimum(picture, knee) + over / (1 + over / (1 - knee))
    picture = np.sqrt(np.clip(picture, 0, 1))
    contrast = rng.uniform(0.0, 0.5)
    picture = picture * (1 - contrast) + contrast * picture * picture * (3 - 2 * picture)
    if rng.random() < 0.08:
        picture = np.repeat(picture.mean(2, keepdims=True), 3, 2)
    if rng.random() < 0.3:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 0.8))
    grain = rng.uniform(0.0, 0.035) * rng.random()
    picture = picture + rng.standard_normal(picture.shape, np.float32) * np.float32(grain)
    return np.asarray(np.clip(picture * 255 + 0.5, 0, 255), np.uint8)
