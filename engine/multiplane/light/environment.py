"""Reads surroundings from an equirectangular picture of light: harmonics for all of it, and its sun as a light.

The picture's middle is straight ahead, its left and right halves lie to the left and right, its top is up.
"""

from pathlib import Path

import cv2
import numpy as np

from multiplane.arrays import Floats
from multiplane.errors import PhotoError
from multiplane.light.lights import Sun, Surroundings, of_luminance_1
from multiplane.light.spherical import LOBES, harmonics
from multiplane.scene import LUMINANCE

WORKING_WIDTH = 256
SUN_SHARE = 0.15
"""Least share of all light, within SUN_WIDTH degrees of the brightest place, that makes it a sun."""
SUN_WIDTH = 12.0
MENDS = "name an equirectangular .hdr or .exr picture"


def read_environment(path: Path, intensity: float = 1.0, turn: float = 0.0) -> list[Sun | Surroundings]:
    """The lights in the picture at `path`, all together of `intensity` on what faces most of it.

    `turn` in degrees turns the surroundings to the right. Raises PhotoError where the file holds no such picture.
    """
    light = _read(path)
    if light.ndim != 3 or light.shape[2] < 3 or not np.isfinite(light).all():
        raise PhotoError(f"{path} holds no colours of light; {MENDS}")
    width = min(WORKING_WIDTH, light.shape[1])
    small = cv2.resize(np.maximum(light[..., :3], 0), (width, max(1, width // 2)), interpolation=cv2.INTER_AREA)
    return lights_of_environment(np.asarray(small, np.float32), intensity, turn, str(path))


def lights_of_environment(
    light: Floats, intensity: float = 1.0, turn: float = 0.0, name: str = "surroundings"
) -> list[Sun | Surroundings]:
    """The lights in equirectangular radiance `light` (h, w, 3), see `read_environment`."""
    directions, area = _sphere(light.shape[0], light.shape[1], turn)
    grey = light @ np.array(LUMINANCE)
    weight = grey * area
    if not weight.sum() > 0:
        raise PhotoError(f"{name} is black; {MENDS}")
    brightest = directions.reshape(-1, 3)[int(cv2.GaussianBlur(grey, (0, 0), 1.5).argmax())]
    disc = directions @ brightest > np.cos(np.radians(SUN_WIDTH))
    found: list[Sun] = []
    rest = light.copy()
    if weight[disc].sum() > SUN_SHARE * weight.sum():
        towards = (directions[disc] * weight[disc][:, None]).sum(axis=0)
        towards /= np.linalg.norm(towards)
        sky = np.median(light[~disc], axis=0)
        power = ((light[disc] - sky) * area[disc][:, None]).sum(axis=0).clip(0)
        rest[disc] = np.minimum(rest[disc], sky)
        x, y, z = (float(part) for part in towards)
        found.append(Sun.from_towards((x, y, z), float(power @ LUMINANCE), of_luminance_1(power)))
    basis = harmonics(directions.astype(np.float32)) * area[..., None]
    around = np.einsum("hwk,hwc->kc", basis.astype(np.float64), rest.astype(np.float64)) * LOBES[:, None]
    facing = np.array(found[0].towards) if found else _main(around)
    total = sum(sun.intensity for sun in found)
    total += float((harmonics(facing[None].astype(np.float32)) @ around @ np.array(LUMINANCE))[0])
    scale = intensity / max(total, 1e-12)
    suns = [Sun.from_towards(sun.towards, sun.intensity * scale, sun.colour, sun.softness) for sun in found]
    return [*suns, Surroundings(around * scale)]


def _main(around: Floats) -> Floats:
    """The unit vector (3,) that most light comes from, by the first order."""
    grey = around @ np.array(LUMINANCE)
    main = np.array([grey[3], grey[1], grey[2]])
    length = float(np.linalg.norm(main))
    return np.asarray(main / length if length > 0 else np.array([0.0, -1.0, 0.0]), np.float32)


def _sphere(height: int, width: int, turn: float) -> tuple[Floats, Floats]:
    """Directions (h, w, 3) of the picture's pixels, and their solid angles (h, w)."""
    rise = np.pi * (0.5 - (np.arange(height) + 0.5) / height)
    side = 2 * np.pi * ((np.arange(width) + 0.5) / width - 0.5) + np.radians(turn)
    flat = np.cos(rise)[:, None]
    directions = np.stack(
        [flat * np.sin(side), np.broadcast_to(-np.sin(rise)[:, None], (height, width)), flat * np.cos(side)], axis=-1
    )
    area = np.broadcast_to(flat * (np.pi / height) * (2 * np.pi / width), (height, width))
    return np.asarray(directions, np.float32), np.asarray(area, np.float32)


def _read(path: Path) -> Floats:
    try:
        if path.suffix.lower() == ".exr":
            return _read_exr(path)
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise PhotoError(f"cannot read {path}: {error.strerror or error}; {MENDS}") from error
    picture = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size and path.suffix.lower() == ".hdr" else None
    if picture is None or picture.dtype != np.float32 or picture.ndim != 3:
        raise PhotoError(f"{path} is no Radiance picture; {MENDS}")
    return np.asarray(picture[..., ::-1], np.float32)


def _read_exr(path: Path) -> Floats:
    import OpenEXR

    try:
        with OpenEXR.File(str(path)) as file:
            channels = file.channels()
            found = next((channels[name].pixels for name in ("RGB", "RGBA") if name in channels), None)
    except (RuntimeError, ValueError, TypeError) as error:
        raise PhotoError(f"cannot read {path} ({error}); {MENDS}") from error
    if found is None:
        raise PhotoError(f"{path} has no channels R, G and B; {MENDS}")
    return np.asarray(found[..., :3], np.float32)
