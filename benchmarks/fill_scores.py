"""Scores of a filled hole against its truth: PSNR, SSIM, gradients, a network's features, colours that leaked in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from benchmarks.fill_case import Case
from scipy.spatial import cKDTree

from multiplane.arrays import Floats, Mask

PATCH = 14
"""Side of the encoder's tokens."""
WINDOW = 16 * PATCH
WINDOWS = 2
"""At most so many windows of the picture, where the hole is, go through the encoder."""
NOTICEABLE = 2.3
"""The just noticeable difference of colours in CIE Lab."""
SAMPLES = 4000
AROUND = 96
"""Pixels around the hole whose colours are its surroundings: as far as fills draw on."""

Features = Callable[[Floats, Floats, Mask], float]


def psnr(out: Floats, truth: Floats, where: Mask) -> float:
    """Peak signal-to-noise ratio in dB over `where` (H, W)."""
    error = float(np.mean(np.square(out - truth)[where], dtype=np.float64))
    return -10 * float(np.log10(max(error, 1e-10)))


def ssim(out: Floats, truth: Floats, where: Mask) -> float:
    """Mean structural similarity of the luma over `where` (Wang et al. 2004, Gaussian sigma 1.5)."""
    a, b = (picture.mean(axis=-1) for picture in (out, truth))

    def blur(x: Floats) -> Floats:
        return np.asarray(cv2.GaussianBlur(x, (11, 11), 1.5))

    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    covariance = blur(a * b) - mean_a * mean_b
    light = (2 * mean_a * mean_b + 1e-4) / (mean_a**2 + mean_b**2 + 1e-4)
    return float((light * (2 * covariance + 9e-4) / (var_a + var_b + 9e-4))[where].mean())


def gradients(out: Floats, truth: Floats, where: Mask) -> tuple[float, float]:
    """Mean error of the luma's gradient in thousandths, and sharpness: the fill's mean gradient over the truth's."""
    (ax, ay), (bx, by) = (
        [cv2.Sobel(picture.mean(axis=-1), -1, *axis, scale=0.25) for axis in ((1, 0), (0, 1))]
        for picture in (out, truth)
    )
    error = 1000 * float(np.hypot(ax - bx, ay - by)[where].mean())
    return error, float(np.hypot(ax, ay)[where].mean() / max(np.hypot(bx, by)[where].mean(), 1e-6))


def leak(out: Floats, case: Case) -> float:
    """Share of filled pixels noticeably off every colour around the hole and nearer to one of what was in front."""
    near = cv2.dilate(case.hole.view(np.uint8), np.ones((2 * AROUND + 1, 2 * AROUND + 1), np.uint8)) > 0
    rng = np.random.default_rng(0)
    trees = []
    around = near & ~case.hole & (case.surface >= 0)
    for picture, where in ((case.before, case.near & near), (case.truth, around)):
        colours = lab(picture)[where]
        if len(colours) == 0:
            return 0.0
        trees.append(cKDTree(colours[rng.choice(len(colours), min(SAMPLES, len(colours)), replace=False)]))
    filled = lab(out)[case.scored]
    to_front, to_around = (tree.query(filled)[0] for tree in trees)
    return float(((to_around > NOTICEABLE) & (to_front < to_around)).mean())


def lab(rgb: Floats) -> Floats:
    """CIE Lab (H, W, 3)."""
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab))


def encoder(root: Path) -> Features | None:
    """Distance of what Depth Anything V2's encoder sees at the hole, in percent; None where it is not on the disk.

    1 - cosine of the last layer's tokens that the hole covers at least an eighth of, in windows around the hole.
    """
    folder = root / "models" / "depth-anything-v2-small"
    if not folder.exists():
        return None
    import torch
    from transformers import DepthAnythingForDepthEstimation

    torch.set_num_threads(1)
    model: Any = DepthAnythingForDepthEstimation.from_pretrained(folder).float().eval()
    mean, std = (np.array(x, np.float32) for x in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))

    def tokens(rgb: Floats) -> Floats:
        batch = torch.from_numpy(np.ascontiguousarray(((rgb - mean) / std).transpose(2, 0, 1)))[None]
        with torch.inference_mode():
            seen = model.backbone(batch).feature_maps[-1][0]
        rows, columns = rgb.shape[0] // PATCH, rgb.shape[1] // PATCH
        flat = seen.reshape(-1, seen.shape[-1])[-rows * columns :] if seen.dim() == 2 else seen.flatten(1).T
        return np.asarray(torch.nn.functional.normalize(flat, dim=-1))

    known: dict[tuple[int, int, int], Floats] = {}

    def of_truth(truth: Floats, view: tuple[slice, slice]) -> Floats:
        """The truth's tokens, kept from one method to the next."""
        key = (id(truth), view[0].start, view[1].start)
        if key not in known:
            if len(known) > WINDOWS:
                known.clear()
            known[key] = tokens(truth[view])
        return known[key]

    def distance(out: Floats, truth: Floats, where: Mask) -> float:
        away = []
        for view in windows(where):
            covered = cv2.resize(
                where[view].astype(np.float32), (WINDOW // PATCH,) * 2, interpolation=cv2.INTER_AREA
            ).ravel()
            similar = (tokens(out[view]) * of_truth(truth, view)).sum(axis=1)
            away.append(1 - similar[covered >= 0.125])
        return 100 * float(np.concatenate(away).mean())

    return distance


def windows(where: Mask) -> list[tuple[slice, slice]]:
    """Up to WINDOWS squares of side WINDOW that hold most of `where` (H, W); the picture is at least that large."""
    left_over = where.astype(np.float32)
    found: list[tuple[slice, slice]] = []
    for _ in range(WINDOWS):
        sums = cv2.integral(left_over)
        inside = sums[WINDOW:, WINDOW:] - sums[:-WINDOW, WINDOW:] - sums[WINDOW:, :-WINDOW] + sums[:-WINDOW, :-WINDOW]
        y, x = np.unravel_index(int(inside.argmax()), inside.shape)
        if found and inside[y, x] < 0.1 * where.sum():
            break
        view = np.s_[int(y) : int(y) + WINDOW, int(x) : int(x) + WINDOW]
        left_over[view] = 0
        found.append(view)
    return found
