"""Is the nearer layer above? Our order against measured depth, with our own depth and with the true one given."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
from benchmarks.data import as_photo, read_rgb
from benchmarks.layer_scores import Row, contributions, layer_alphas, order_counts
from numpy.typing import NDArray
from skimage import data

from multiplane.arrays import Floats
from multiplane.decompose import Backends, decompose
from multiplane.pixels.levels import from_levels
from multiplane.pixels.nearest import from_nearest
from multiplane.scene import DepthMap

QUICK_PICTURES = 3
FARTHEST = 0.02
"""Least true disparity, as a share of the greatest, that is given as depth: sensors write almost 0 for the sky."""


def measure_order(
    folder: Path, backends: Backends, budgets: tuple[int, ...], quick: bool, report: Callable[[str], None]
) -> list[Row]:
    """Order accuracy over all pairs of all pictures, for every budget, with both depths."""
    counts: dict[str, list[NDArray[np.int64]]] = {}
    for name, rgb, disparity in islice(measured_pictures(folder), QUICK_PICTURES if quick else None):
        report(f"order: {name}")
        photo, given = as_photo(rgb), true_depth(disparity)
        for source, depth in (("own depth", backends.depth(photo)), ("true depth", given)):
            segments = backends.segment(photo, depth)
            ready = replace(backends, depth=lambda _, d=depth: d, segment=lambda *_, s=segments: s)  # type: ignore[misc]
            for budget in budgets:
                shares = contributions(layer_alphas(decompose(photo, ready, layers=budget)))
                counts.setdefault(f"{source}, {budget} layers", []).append(order_counts(shares, disparity))
    rows = []
    for method, found in counts.items():
        for (right, pairs), metric in zip(np.sum(found, axis=0), ("by medians", "by borders"), strict=True):
            rows.append(Row("order", method, metric, float(right / max(pairs, 1)), int(pairs)))
    return rows


def measured_pictures(folder: Path) -> Iterator[tuple[str, Floats, Floats]]:
    """Name, rgb (H, W, 3) and true disparity (H, W), 0 where unknown: scikit-image's stereo pair, then eval/depth."""
    left, _, disparity = data.stereo_motorcycle()
    yield "motorcycle", from_levels(left), np.nan_to_num(disparity, nan=0, posinf=0).astype(np.float32)
    for path in sorted((folder / "depth").glob("*.npz")):
        with np.load(path) as stored:
            yield path.stem, read_rgb(path.with_suffix(".png")), stored["disparity"].astype(np.float32)


def true_depth(disparity: Floats) -> DepthMap:
    """The measured `disparity` (H, W) as a depth map; what was not measured gets the nearest value that was."""
    known = np.asarray(disparity > 0)
    filled, _ = from_nearest(disparity, known)
    return DepthMap(np.asarray(1.0 / np.maximum(filled, FARTHEST * float(disparity.max())), np.float32))
