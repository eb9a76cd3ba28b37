"""What happens to a photo before the network sees it: crop, flip, colour, blur, noise, JPEG; its labels follow."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Plane = NDArray[np.generic]


@dataclass(frozen=True)
class Crop:
    """A window of a picture, in shares of its width and height, and whether it is mirrored."""

    left: float
    top: float
    width: float
    height: float
    mirrored: bool


WHOLE = Crop(0.0, 0.0, 1.0, 1.0, False)


def choose_crop(rng: np.random.Generator, aspect: float, target: float, least: float) -> Crop:
    """A window for a picture of `aspect` (w / h) that is to be shown at the aspect `target`, stretched a little."""
    share = rng.uniform(least, 1.0) if rng.random() < 0.75 else 1.0
    ratio = target / aspect * float(np.exp(rng.uniform(-0.15, 0.15)))
    width, height = (1.0, 1.0 / ratio) if ratio > 1 else (ratio, 1.0)
    width, height = width * share**0.5, height * share**0.5
    left, top = rng.uniform(0, 1 - width), rng.uniform(0, 1 - height)
    return Crop(left, top, width, height, bool(rng.random() < 0.5))


def take(plane: Plane, crop: Crop, size: tuple[int, int], method: int) -> Plane:
    """The window of `plane` (H, W[, C]) at `size` (w, h)."""
    rows, columns = plane.shape[:2]
    x0, y0 = int(crop.left * columns), int(crop.top * rows)
    x1 = min(columns, max(x0 + 1, round((crop.left + crop.width) * columns)))
    y1 = min(rows, max(y0 + 1, round((crop.top + crop.height) * rows)))
    window = plane[y0:y1, x0:x1]
    if method == cv2.INTER_AREA and (window.shape[1] < size[0] or window.shape[0] < size[1]):
        method = cv2.INTER_LINEAR
    resized = cv2.resize(window, size, interpolation=method)
    return np.ascontiguousarray(resized[:, ::-1]) if crop.mirrored else resized


def disturb(rgb: Picture, rng: np.random.Generator) -> Picture:
    """Colour, exposure, blur, noise and compression as other cameras and programs would have had them."""
    values = rgb.astype(np.float32) / 255
    if rng.random() < 0.8:
        gain = np.exp(rng.uniform(-0.25, 0.25) + rng.uniform(-0.1, 0.1, 3))
        values = np.clip(values * gain, 0, 1) ** np.exp(rng.uniform(-0.3, 0.3))
        grey = values.mean(axis=2, keepdims=True)
        values = grey + (values - grey) * rng.uniform(0.4, 1.5)
        values = (values - values.mean()) * rng.uniform(0.75, 1.25) + values.mean()
    if rng.random() < 0.06:
        values = np.repeat(values.mean(axis=2, keepdims=True), 3, axis=2)
    if rng.random() < 0.15:
        values = cv2.GaussianBlur(values, (0, 0), rng.uniform(0.3, 1.3))
    if rng.random() < 0.15:
        values = values + rng.normal(0, rng.uniform(0.005, 0.04), values.shape)
    shown = np.clip(values * 255 + 0.5, 0, 255).astype(np.uint8)
    if rng.random() < 0.2:
        _, packed = cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))])
        shown = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    return np.asarray(shown, np.uint8)
