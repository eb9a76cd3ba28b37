"""The guided filter with a colour guide, fitted small and applied at any size.

Alphabet: I guide colour, p what is filtered, q the result, mu and S mean and covariance of I in a window.

    per window:  a = (S + eps)^-1 (mean(I p) - mu mean(p)),  b = mean(p) - a . mu   He, Sun and Tang 2013, eq. 19, 20
    per pixel:   q = mean(a) . I + mean(b), the means over all windows that hold it                           eq. 21

(a, b) vary slowly, so they are fitted on a small guide and enlarged; the photo's own pixels then put the edges back.
OpenCV's own filter is not used: with a three-channel guide, release 5.0 returns a plain box blur.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats


@dataclass(frozen=True)
class GuideWindows:
    """A guide (h, w, 3) with, per window, its mean (h, w, 3) and six entries of (S + eps)^-1 (h, w, 6)."""

    guide: Floats
    mean: Floats
    inverse: Floats
    radius: int


def guide_windows(guide: Floats, radius: int, eps: float) -> GuideWindows:
    """What every filtering with `guide` (h, w, 3) in [0, 1] shares; windows are 2 radius + 1 wide.

    `eps` is the colour variance below which a window counts as flat.
    """
    mean = _box(guide, radius)
    r, g, b = (guide[..., i] for i in range(3))
    products = np.stack([r * r, r * g, r * b, g * g, g * b, b * b], axis=-1)
    cov = _box(products, radius)
    m0, m1, m2 = (mean[..., i] for i in range(3))
    cov -= np.stack([m0 * m0, m0 * m1, m0 * m2, m1 * m1, m1 * m2, m2 * m2], axis=-1)
    cov[..., [0, 3, 5]] += np.float32(eps)
    return GuideWindows(guide, mean, _inverse(cov.astype(np.float64)), radius)


def fit(windows: GuideWindows, target: Floats) -> Floats:
    """The averaged coefficients (h, w, 4), a and then b, that turn the guide into `target` (h, w)."""
    mean_p = _box(target, windows.radius)
    cross = _box(windows.guide * target[..., None], windows.radius) - windows.mean * mean_p[..., None]
    c0, c1, c2 = (cross[..., i] for i in range(3))
    rr, rg, rb, gg, gb, bb = (windows.inverse[..., i] for i in range(6))
    model = np.empty((*target.shape, 4), np.float32)
    model[..., 0] = rr * c0 + rg * c1 + rb * c2
    model[..., 1] = rg * c0 + gg * c1 + gb * c2
    model[..., 2] = rb * c0 + gb * c1 + bb * c2
    model[..., 3] = mean_p - np.einsum("hwc,hwc->hw", model[..., :3], windows.mean)
    return _box(model, windows.radius)


def apply(model: Floats, rgb: Floats) -> Floats:
    """The result q (H, W) of the coefficients (H, W, 4) on `rgb` (H, W, 3)."""
    return np.asarray(np.einsum("hwc,hwc->hw", model[..., :3], rgb) + model[..., 3], np.float32)


def enlarged_rows(plane: Floats, start: int, stop: int, height: int, width: int) -> Floats:
    """Rows start to stop of `plane` (h, w) or (h, w, c) as if it had been resized, bilinearly, to (height, width)."""
    if plane.shape[:2] == (height, width):
        return plane[start:stop]
    y = np.clip((np.arange(start, stop, dtype=np.float32) + 0.5) * (plane.shape[0] / height) - 0.5, 0, None)
    top = int(y[0])
    bottom = min(plane.shape[0], int(y[-1]) + 2)
    x = np.clip((np.arange(width, dtype=np.float32) + 0.5) * (plane.shape[1] / width) - 0.5, 0, None)
    map_x = np.broadcast_to(x, (stop - start, width)).astype(np.float32)
    map_y = np.broadcast_to((y - top)[:, None], (stop - start, width)).astype(np.float32)
    border = cv2.BORDER_REPLICATE
    return np.asarray(cv2.remap(plane[top:bottom], map_x, map_y, cv2.INTER_LINEAR, borderMode=border))


def _box(plane: Floats, radius: int) -> Floats:
    return np.asarray(cv2.blur(plane, (2 * radius + 1, 2 * radius + 1), borderType=cv2.BORDER_REFLECT))


def _inverse(cov: NDArray[np.float64]) -> Floats:
    """Six entries of the inverse of symmetric 3 x 3 matrices, given by six entries, by cofactors."""
    rr, rg, rb, gg, gb, bb = (cov[..., i] for i in range(6))
    cofactors = [
        gg * bb - gb * gb,
        rb * gb - rg * bb,
        rg * gb - rb * gg,
        rr * bb - rb * rb,
        rb * rg - rr * gb,
        rr * gg - rg * rg,
    ]
    determinant = rr * cofactors[0] + rg * cofactors[1] + rb * cofactors[2]
    return np.asarray(np.stack(cofactors, axis=-1) / determinant[..., None], np.float32)
