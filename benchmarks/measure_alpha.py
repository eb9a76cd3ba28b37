"""Alpha inside the unknown band against pymatting's closed form, and the colour of rims against the true foreground.

Errors as in Rhemann et al., "A perceptually motivated online benchmark for image matting", CVPR 2009, over the unknown
pixels of a trimap only: SAD in thousands, MSE in thousandths, gradient (Gaussian derivatives, sigma 1.4) and
connectivity in thousands.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from benchmarks.data import as_photo, read_rgb
from benchmarks.layer_scores import Row, soft_iou
from benchmarks.matte import pictures, rim_errors, spoil, steepness
from numpy.typing import NDArray

from multiplane.arrays import Floats, Mask
from multiplane.decompose import Backends
from multiplane.matte.foreground import estimate_foreground

LONGEST = 1080
"""Longer side to which the photos are brought: the closed form's system grows with them."""
WIDEN = 0.01
"""How far the unknown band reaches beyond soft pixels, as a share of the diagonal."""
SOFT = (0.02, 0.98)
"""Alphas in between are soft."""
METRICS = ("SAD", "MSE", "gradient", "connectivity")
QUICK_PICTURES = 2
LEVELS = np.arange(0.1, 1.01, 0.1)
LENIENT = 0.15
"""Distance to the connected part that connectivity forgives."""


@dataclass(frozen=True)
class Cutout:
    """A picture (H, W, 3) with its true alpha and its trimap (H, W): 0 outside, 1 inside, 0.5 unknown."""

    name: str
    rgb: Floats
    truth: Floats
    trimap: Floats


def measure_alpha(folder: Path, backends: Backends, quick: bool, report: Callable[[str], None]) -> list[Row]:
    """Mean errors of each method inside the unknown band, and the ratio of its MSE to the closed form's."""
    errors: dict[str, list[tuple[float, ...]]] = {}
    found = list(cutouts(folder))
    for cutout in found[-QUICK_PICTURES:] if quick else found:
        report(f"alpha: {cutout.name}")
        unknown = np.asarray((cutout.trimap > 0) & (cutout.trimap < 1))
        for method, alpha in alphas_of(cutout, backends):
            errors.setdefault(method, []).append(band_errors(alpha, cutout.truth, unknown))
    rows = []
    bar = float(np.mean(next(iter(errors.values())), axis=0)[METRICS.index("MSE")]) if errors else 1.0
    for method, scores in errors.items():
        means = np.mean(scores, axis=0)
        rows += [
            Row("alpha", method, metric, float(value), len(scores))
            for metric, value in zip(METRICS, means, strict=True)
        ]
        rows.append(Row("alpha", method, "MSE ratio", float(means[METRICS.index("MSE")]) / bar, len(scores)))
    return rows


def cutouts(folder: Path) -> Iterator[Cutout]:
    """The folder's pictures with true alphas; a trimap is made by widening the soft band where none is there."""
    for name, picture, alpha in pictures(folder):
        rgb, truth = picture, alpha
        scale = min(1.0, LONGEST / max(truth.shape))
        if scale < 1.0:
            size = (round(truth.shape[1] * scale), round(truth.shape[0] * scale))
            rgb, truth = (np.clip(cv2.resize(x, size, interpolation=cv2.INTER_AREA), 0, 1) for x in (rgb, truth))
        given = folder / f"{name}_trimap.png"
        trimap = three_levels(read_rgb(given)[..., 0]) if given.exists() else trimap_of(truth)
        yield Cutout(name, rgb, truth, trimap)


def three_levels(painted: Floats) -> Floats:
    """A painted trimap (H, W) as exactly 0, 0.5 and 1."""
    return np.where(painted < 0.1, 0.0, np.where(painted > 0.9, 1.0, 0.5)).astype(np.float32)


def trimap_of(truth: Floats) -> Floats:
    """The trimap (H, W) of a true alpha: unknown where it is soft or changes, and a little beyond."""
    solid = (truth > 0.5).astype(np.uint8)
    edge = cv2.morphologyEx(solid, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    soft = ((truth > SOFT[0]) & (truth < SOFT[1])).astype(np.uint8) | edge
    reach = max(1, round(WIDEN * float(np.hypot(*truth.shape))))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.where(cv2.dilate(soft, kernel) > 0, 0.5, solid).astype(np.float32)


def mask_in(trimap: Floats) -> Mask:
    """The mask that a trimap suggests: what is nearer to its inside than to its outside."""
    to_inside, to_outside = (
        cv2.distanceTransform((trimap != side).astype(np.uint8), cv2.DIST_L2, 5) for side in (1.0, 0.0)
    )
    return np.asarray(to_inside < to_outside)


def alphas_of(cutout: Cutout, backends: Backends) -> Iterator[tuple[str, Floats]]:
    """The closed form first, which is the bar; then ours from the trimap's middle, and from worse masks."""
    from pymatting import estimate_alpha_cf  # type: ignore[import-untyped]

    rgb, truth, trimap = cutout.rgb, cutout.truth, cutout.trimap
    solved = estimate_alpha_cf(rgb.astype(np.float64), trimap.astype(np.float64))
    yield "pymatting closed form, trimap", np.asarray(solved, np.float32)
    middle = mask_in(trimap)
    yield "hard mask, trimap's middle", middle.astype(np.float32)
    held = np.where(trimap == 0.5, backends.matte(rgb, middle), trimap)
    yield "ours, trimap's middle", np.asarray(held, np.float32)
    yield "ours, true mask", backends.matte(rgb, np.asarray(truth > 0.5))
    yield "ours, mask 3 px off", backends.matte(rgb, spoil(np.asarray(truth > 0.5), "jittered"))
    photo = as_photo(rgb)
    segments = backends.segment(photo, backends.depth(photo))
    own = max((segment.mask for segment in segments), key=lambda mask: soft_iou(mask, truth))
    yield "ours, own segment", backends.matte(rgb, own)


def band_errors(alpha: Floats, truth: Floats, unknown: Mask) -> tuple[float, float, float, float]:
    """SAD, MSE, gradient and connectivity error of `alpha` against `truth` (H, W), over `unknown` pixels."""
    difference = (alpha - truth)[unknown].astype(np.float64)
    slopes = np.square(steepness(alpha) - steepness(truth))[unknown]
    torn = np.abs(connectedness(alpha, truth) - connectedness(truth, alpha))[unknown]
    return (
        float(np.abs(difference).sum()) / 1e3,
        float(np.square(difference).mean()) * 1e3,
        float(slopes.sum(dtype=np.float64)) / 1e3,
        float(torn.sum(dtype=np.float64)) / 1e3,
    )


def connectedness(alpha: Floats, other: Floats) -> NDArray[np.float64]:
    """How far each pixel of `alpha` (H, W) hangs together with what is opaque in both (Rhemann et al., equation 4)."""
    level = np.zeros(alpha.shape)
    for threshold in LEVELS:
        both = ((alpha >= threshold) & (other >= threshold)).astype(np.uint8)
        count, parts, stats, _ = cv2.connectedComponentsWithStats(both, connectivity=4)
        if count < 2:
            break
        level[parts == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())] = threshold
    apart = np.asarray(alpha, np.float64) - np.minimum(level, alpha)
    return np.asarray(1.0 - apart * (apart >= LENIENT))


def measure_rims(folder: Path, backends: Backends) -> list[Row]:
    """Colour error of the rim on green and on magenta where the true foreground is known, in levels of 255."""
    if not (folder / "lemur_foreground.png").exists():
        return []
    rgb, pure = read_rgb(folder / "lemur.png"), read_rgb(folder / "lemur_foreground.png")
    truth = read_rgb(folder / "lemur_alpha.png")[..., 0]
    rough = spoil(np.asarray(truth > 0.5), "jittered")
    rows = []
    for method, alpha in (("true alpha", truth), ("ours, mask 3 px off", backends.matte(rgb, rough))):
        for colours, where in ((estimate_foreground(rgb, alpha), ""), (rgb, ", photo's colours")):
            green, magenta = rim_errors(colours, alpha, pure, truth)
            rows += [
                Row("rim", method + where, "green", green, 1),
                Row("rim", method + where, "magenta", magenta, 1),
            ]
    return rows
