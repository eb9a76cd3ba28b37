"""What happens to a photo before the network sees it: crop, flip, colour, blur, noise, JPEG; its labels follow."""

from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Values = TypeVar("Values", bound=np.generic)


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


def take(plane: NDArray[Values], crop: Crop, size: tuple[int, int], method: int) -> NDArray[Values]:
    """The window of `plane` (H, W[, C]) at `size` (w, h)."""
    rows, columns = plane.shape[:2]
    x0, y0 = int(crop.left * columns), int(crop.top * rows)
    x1 = min(columns, max(x0 + 1, round((crop.left + crop.width) * columns)))
    y1 = min(rows, max(y0 + 1, round((crop.top + crop.height) * rows)))
    window = plane[y0:y1, x0:x1]
    if method == cv2.INTER_AREA and (window.shape[1] < size[0] or window.shape[0] < size[1]):
        method = cv2.INTER_LINEAR
    resized: NDArray[Values] = cv2.resize(window, size, interpolation=method)
    return np.ascontiguousarray(resized[:, ::-1]) if crop.mirrored else resized


def disturb(rgb: Picture, rng: np.random.Generator) -> Picture:
    """Colour, exposure, blur, noise and compression as other cameras and programs would have had them."""
    if rng.random() < 0.8:
        rgb = recolour(rgb, rng)
    if rng.random() < 0.06:
        rgb = np.repeat(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2).astype(np.uint8)
    if rng.random() < 0.15:
        rgb = np.asarray(cv2.GaussianBlur(rgb, (0, 0), rng.uniform(0.3, 1.3)), np.uint8)
    if rng.random() < 0.15:
        noisy = rgb + rng.normal(0, rng.uniform(1, 10), rgb.shape)
        rgb = np.clip(noisy + 0.5, 0, 255).astype(np.uint8)
    if rng.random() < 0.2:
        _, packed = cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))])
        rgb = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    return rgb


def recolour(rgb: Picture, rng: np.random.Generator) -> Picture:
    """Another white balance, exposure, gamma, saturation and contrast."""
    gain = np.exp(rng.uniform(-0.25, 0.25) + rng.uniform(-0.1, 0.1, 3))
    ramp = np.arange(256)[:, None] / 255 * gain
    table = np.clip(ramp, 0, 1) ** np.exp(rng.uniform(-0.3, 0.3)) * 255
    shown = cv2.LUT(rgb, np.rint(table).astype(np.uint8)[None])
    grey = cv2.cvtColor(cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    saturation, contrast = rng.uniform(0.4, 1.5), rng.uniform(0.75, 1.25)
    level = (1 - contrast) * float(grey.mean())
    mixed = cv2.addWeighted(shown, contrast * saturation, grey, contrast * (1 - saturation), level)
    return np.asarray(mixed, np.uint8)
