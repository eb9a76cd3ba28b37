"""Alpha inside the unknown band against pymatting's closed form, with a trimap, with rough masks and with our own.

The pictures, trimaps, masks and most errors are those of matte.py; connectivity is that of Rhemann et al., "A
perceptually motivated online benchmark for image matting", CVPR 2009, in thousands. "own segment" is what nobody is
told about: the segment of our own that fits the true alpha best, matted.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from benchmarks.data import as_photo
from benchmarks.layer_scores import Row, soft_iou
from benchmarks.matte import Case, band_errors, photographs, reference, rim, spoil
from numpy.typing import NDArray

from multiplane.arrays import Floats
from multiplane.decompose import Backends
from multiplane.matte.solve import solve_alpha

SIDE = 800
"""Longer side to which the photos are brought, as in matte.py: the closed form's system grows with them."""
METRICS = ("SAD", "MSE", "gradient", "connectivity", "rim")
QUICK_EVERY = 4
LEVELS = np.arange(0.1, 1.01, 0.1)
LENIENT = 0.15
"""Distance to the connected part that connectivity forgives."""


def measure_alpha(folder: Path, backends: Backends, quick: bool, report: Callable[[str], None]) -> list[Row]:
    """Mean errors of each method inside the unknown band; the ratio is that of the mean MSEs.

    The rim's colour error counts where the true colours are known, on green and on magenta together.
    """
    errors: dict[str, list[tuple[float, ...]]] = {}
    # From the last, the lemur, whose true colours are known.
    for case in list(photographs(folder, SIDE))[:: -QUICK_EVERY if quick else -1]:
        report(f"alpha: {case.name}")
        for method, alpha in alphas_of(case, backends):
            sad, mse, gradient = band_errors(alpha, case)
            torn = connectivity(alpha, case.alpha, case.trimap) / 1e3
            errors.setdefault(method, []).append((sad, mse, gradient, torn, rim(alpha, case)))
    rows = []
    bar = 0.0
    for method, scores in errors.items():
        for metric, column in zip(METRICS, np.transpose(scores), strict=True):
            known = column[np.isfinite(column)]
            if len(known):
                rows.append(Row("alpha", method, metric, float(known.mean()), len(known)))
            if metric == "MSE":
                bar = bar or float(known.mean())  # the closed form comes first
                # Of means, because a picture that the closed form solves perfectly would decide a mean of ratios.
                rows.append(Row("alpha", method, "MSE ratio", float(known.mean()) / bar, len(known)))
    return rows


def alphas_of(case: Case, backends: Backends) -> Iterator[tuple[str, Floats]]:
    """The closed form first, which is the bar; then ours: given the trimap, a rough mask, and nothing."""
    yield "pymatting closed form, trimap", reference(case.rgb, case.trimap)
    yield "ours, trimap", solve_alpha(case.rgb, case.trimap)
    yield "ours, true mask", backends.matte(case.rgb, np.asarray(case.alpha > 0.5))
    yield "ours, mask 3 px off", backends.matte(case.rgb, spoil(case.alpha, "jittered"))
    photo = as_photo(case.rgb)
    segments = backends.segment(photo, backends.depth(photo))
    own = max((segment.mask for segment in segments), key=lambda mask: soft_iou(mask, case.alpha))
    yield "ours, own segment", backends.matte(case.rgb, own)
    yield "true alpha", case.alpha


def connectivity(alpha: Floats, truth: Floats, trimap: Floats) -> float:
    """Sum over unknown pixels of how differently both alphas (H, W) hang together with what is opaque in both."""
    opaque = np.zeros(alpha.shape)
    for threshold in LEVELS:
        both = ((alpha >= threshold) & (truth >= threshold)).astype(np.uint8)
        count, parts, stats, _ = cv2.connectedComponentsWithStats(both, connectivity=4)
        if count < 2:
            break
        opaque[parts == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())] = threshold
    torn = np.abs(_apart(alpha, opaque) - _apart(truth, opaque))
    return float(torn[trimap == 0.5].sum())


def _apart(alpha: Floats, opaque: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much of `alpha` (H, W) lies above the level up to which a pixel hangs together with the main part."""
    apart = alpha - np.minimum(opaque, alpha)
    return np.asarray(apart * (apart >= LENIENT))
