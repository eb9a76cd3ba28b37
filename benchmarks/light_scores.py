"""Scores of shadows, healed and relit pictures, normals, albedo and light: pure functions, and their table."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Mask
from multiplane.pixels.over import flatten
from multiplane.scene import Layer, Scene

Bytes = NDArray[np.uint8]
HALF = 0.5
"""Share of a shadow's full depth from which a pixel counts as in it: the middle of a penumbra."""
CHANGED = 3
"""Difference in levels of 255 from which two renders differ: above the noise of their samples."""
LEAST_ERROR = 0.25
"""Root mean square error in levels below which two pictures count as equal: that of rounding."""


@dataclass(frozen=True)
class Score:
    """One number of the report: its mean or median over `cases`, and the bar that it must reach, if there is one."""

    what: str
    method: str
    value: float
    unit: str
    cases: int
    bar: float | None = None
    better: Literal["more", "less"] = "more"

    @property
    def missed(self) -> bool:
        """Whether there is a bar that this number does not reach (one that is no number reaches none)."""
        if self.bar is None:
            return False
        return not (self.value >= self.bar if self.better == "more" else self.value <= self.bar)


def lines_of(scores: Iterable[Score]) -> list[str]:
    """The table: a line a number, the bar beside it, and 'missed' where it is missed."""
    lines = [f"{'':44} {'':26} {'value':>9}         {'bar':>8}  {'cases':>5}"]
    for score in scores:
        sign = ">=" if score.better == "more" else "<="
        bar = "" if score.bar is None else f"{sign} {score.bar:g}"
        end = "  missed" if score.missed else ""
        lines.append(
            f"{score.what:44} {score.method:26} {score.value:9.3f} {score.unit:7} {bar:>8}  {score.cases:5d}{end}"
        )
    return lines


def picture_of(scene: Scene) -> Bytes:
    """The composite (H, W, 3) of an 8-bit scene."""
    flat = flatten(scene.layers, scene.camera.height, scene.camera.width, 8)
    return np.asarray(flat[..., :3], np.uint8)


def psnr(one: Bytes, other: Bytes, region: Mask) -> float:
    """Peak signal-to-noise ratio in dB of two pictures (H, W, 3) where `region` (H, W) holds; NaN where it is empty."""
    if not region.any():
        return float("nan")
    difference = one[region].astype(np.float64) - other[region]
    return float(20 * np.log10(255 / max(np.sqrt(np.mean(difference**2)), LEAST_ERROR)))


def differs(one: Bytes, other: Bytes) -> Mask:
    """Where (H, W) two pictures differ by more than the noise of a render."""
    return np.asarray((np.abs(one.astype(np.int16) - other) > CHANGED).any(axis=-1))


def iou(one: Mask, other: Mask) -> float:
    """Intersection over union; 1 where both are empty."""
    union = int((one | other).sum())
    return float((one & other).sum() / union) if union else 1.0


def on_canvas(layer: Layer, scene: Scene, values: NDArray[np.generic]) -> NDArray[np.generic]:
    """`values` (h, w, ...) of a layer on the scene's canvas, 0 elsewhere."""
    x, y = layer.corner
    canvas = np.zeros((scene.camera.height, scene.camera.width, *values.shape[2:]), values.dtype)
    canvas[y : y + layer.height, x : x + layer.width] = values
    return canvas


def darkness(scene: Scene, caster: str | None = None) -> Floats:
    """How much (H, W), 0 to 1 and in encoded values, the shadow layers are seen to take away; all, or one caster's."""
    left = np.ones((scene.camera.height, scene.camera.width), np.float32)
    for layer in scene.layers:
        if layer.blend == "multiply" and layer.caster is not None and caster in (None, layer.caster):
            alpha = layer.rgba[..., 3]
            taken = alpha * (1 - layer.rgba[..., :3].mean(axis=-1)) * ~layer.filled
            left *= 1 - np.asarray(on_canvas(layer, scene, taken), np.float32)
    return 1 - left


def shadow_mask(dark: Floats, least: float = 0.02) -> Mask:
    """Where (H, W) a shadow layer takes at least half of what it takes where it is fully dark."""
    strong = dark[dark > least]
    full = float(np.percentile(strong, 80)) if strong.size else 1.0
    return np.asarray(dark >= max(least, HALF * full))


def scene_layer_of(scene: Scene, mask: Mask) -> tuple[int, float]:
    """The layer whose alpha fits `mask` (H, W) best, and its soft IoU; shadows do not count."""
    best, found = 0, 0.0
    for index, layer in enumerate(scene.layers):
        if layer.caster is not None:
            continue
        alpha = np.asarray(on_canvas(layer, scene, layer.rgba[..., 3]), np.float64)
        share = float(np.minimum(alpha, mask).sum() / np.maximum(alpha, mask).sum())
        if share > found:
            best, found = index, share
    return best, found


def angles(one: Floats, other: Floats, where: Mask) -> NDArray[np.float64]:
    """Degrees between two fields of unit vectors (H, W, 3), one number for each pixel of `where`."""
    return np.asarray(np.degrees(np.arccos(np.clip(np.sum(one[where] * other[where], axis=-1), -1, 1))), np.float64)


def angle(one: Floats, other: Floats) -> float:
    """Degrees between two vectors."""
    cosine = float(np.dot(one, other)) / float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def albedo_error(found: Floats, true: Floats, where: Mask) -> float:
    """Relative root mean square error of linear albedo (H, W, 3) after the one best scale a channel."""
    errors = []
    for channel in range(3):
        a, t = found[where][:, channel].astype(np.float64), true[where][:, channel].astype(np.float64)
        scale = float(a @ t) / max(float(a @ a), 1e-12)
        errors.append(float(np.mean((scale * a - t) ** 2)) / max(float(np.mean(t**2)), 1e-12))
    return float(np.sqrt(np.mean(errors)))


def without(scene: Scene, ids: set[str]) -> Bytes:
    """The composite (H, W, 3) of the layers that are none of `ids`."""
    kept = [layer for layer in scene.layers if layer.id not in ids]
    flat = flatten(kept, scene.camera.height, scene.camera.width, 8)
    return np.asarray(flat[..., :3], np.uint8)
