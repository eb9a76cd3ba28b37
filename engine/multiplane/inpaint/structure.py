"""Continue edges and shades from a hole's rim inward: diffusion that runs along edges and not across them.

The structure tensor of the known pixels (Bigun and Granlund 1987), carried into the hole by normalised convolution,
says at every hole pixel which way edges run and how surely. Colours then solve a Laplace equation on a graph of sixteen
neighbours whose weights favour that direction (coherence-enhancing diffusion, Weickert 1999, as an interpolation): an
edge that meets the rim goes on straight, and between edges the answer is the harmonic one. A weak pull towards the
local mean is what a texture's expectation asks for, away from the rim. The answer is near the *mean* of what may be
hidden there: no detail that could be wrong.
"""

from typing import Any, NamedTuple

import cv2
import numpy as np

from multiplane.arrays import Floats, Mask
from multiplane.inpaint.membrane import membrane
from multiplane.pixels.compiled import compiled

SCALES = (2.0, 4.0, 8.0, 16.0)
"""Gaussian scales at which the tensor is carried into the hole: near the rim the small ones count most."""
SUREST = 0.99
"""Share of the diffusion that may run along an edge alone."""
FAINT = 1e-4
"""Squared gradient at which an edge is half believed."""
LOBE = 24.0
"""How sharply the sixteen directions are told apart: the power of the cosine between them and the edge."""
PULL = 0.003
"""Pull towards the local mean, per neighbour weight, where no edge runs."""
MEAN_SCALE = 5.0
"""Gaussian scale of the local mean; where that finds nothing known, three times as wide."""
SWEEPS, OVERRELAXATION = 32, 1.7

NEIGHBOURS = np.array(
    [(sign * dy, sign * dx) for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (2, 1), (1, -2), (2, -1))
     for sign in (1, -1)], np.int32
)  # fmt: skip


class Continued(NamedTuple):
    """The continuation `rgb` (H, W, 3), and how sure (H, W) in [0, 1] an edge runs at each pixel."""

    rgb: Floats
    edge: Floats


def continue_structure(rgb: Floats, known: Mask, wanted: Mask) -> Continued:
    """`rgb` (H, W, 3) with its `wanted` pixels (H, W) continued from the `known` ones, as its expectation would be.

    The masks must not overlap, and `known` must not be empty; pixels in neither mask are walls.
    """
    out = membrane(rgb, known, wanted)
    edge, across_y, across_x = _edges(rgb, known)
    ys, xs = (a.astype(np.int32) for a in np.nonzero(wanted))
    mean = _local_mean(rgb, known, out)
    pull = np.float32(PULL) * (1 - edge[ys, xs])
    weights = _weights(edge, across_y, across_x, known | wanted, ys, xs)
    _relax(out, weights, pull, mean[ys, xs], ys, xs, NEIGHBOURS, SWEEPS, OVERRELAXATION)
    return Continued(out, edge)


def _edges(rgb: Floats, known: Mask) -> tuple[Floats, Floats, Floats]:
    """How sure an edge is (H, W), and the unit vector (y, x) across it, from gradients between known pixels."""
    weight = known.astype(np.float32)
    both_x = np.zeros_like(weight)
    both_y = np.zeros_like(weight)
    both_x[:, 1:-1] = weight[:, :-2] * weight[:, 1:-1] * weight[:, 2:]
    both_y[1:-1] = weight[:-2] * weight[1:-1] * weight[2:]
    sure = both_x * both_y
    dx, dy = np.zeros_like(rgb), np.zeros_like(rgb)
    dx[:, 1:-1] = 0.5 * (rgb[:, 2:] - rgb[:, :-2])
    dy[1:-1] = 0.5 * (rgb[2:] - rgb[:-2])
    parts = [(a * b).sum(axis=-1) * sure for a, b in ((dx, dx), (dx, dy), (dy, dy))]
    total, sums = np.zeros_like(weight), [np.zeros_like(weight) for _ in parts]
    for scale in SCALES:
        found = _blurred(sure, scale)
        share = np.where(found > 1e-3, np.float32(scale**-2) / np.maximum(found, 1e-3) * found, 0)
        total += share
        for n, part in enumerate(parts):
            sums[n] += share * _blurred(part, scale) / np.maximum(found, 1e-6)
    xx, xy, yy = (into / np.maximum(total, 1e-9) for into in sums)
    trace, split = xx + yy, np.hypot(xx - yy, 2 * xy)
    edge = SUREST * np.sqrt(np.clip(split / np.maximum(trace, 1e-12), 0, 1)) * trace / (trace + FAINT)
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)
    return edge.astype(np.float32), np.sin(angle).astype(np.float32), np.cos(angle).astype(np.float32)


def _blurred(values: Floats, scale: float) -> Floats:
    """Gaussian blur with nothing beyond the border, at a coarser size where it is wide."""
    step = max(1, int(scale) // 4)
    if step == 1:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), scale, borderType=cv2.BORDER_CONSTANT))
    height, width = values.shape
    size = (-(-width // step), -(-height // step))
    padded = cv2.copyMakeBorder(values, 0, size[1] * step - height, 0, size[0] * step - width, cv2.BORDER_CONSTANT)
    small = cv2.resize(padded, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), scale / step, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(cv2.resize(small, (size[0] * step, size[1] * step))[:height, :width])


def _local_mean(rgb: Floats, known: Mask, otherwise: Floats) -> Floats:
    """Mean (H, W, 3) of the known colours around each pixel; `otherwise` where there are none in reach."""
    weight = known.astype(np.float32)
    value, count = otherwise * np.float32(1e-4), np.full(known.shape, 1e-4, np.float32)
    for scale, share in ((MEAN_SCALE, 1.0), (3 * MEAN_SCALE, 0.05)):
        count = count + share * _blurred(weight, scale)
        blurred = [_blurred(np.ascontiguousarray(rgb[..., c]) * weight, scale) for c in range(3)]
        value = value + np.float32(share) * np.stack(blurred, axis=-1)
    return np.asarray(value / count[..., None], np.float32)


def _weights(edge: Floats, across_y: Floats, across_x: Floats, domain: Mask, ys: Any, xs: Any) -> Floats:
    """Weights (N, 16) of the neighbours of the pixels (ys, xs): 0 outside the domain."""
    height, width = domain.shape
    weights = np.empty((len(ys), len(NEIGHBOURS)), np.float32)
    for index, (dy, dx) in enumerate(NEIGHBOURS):
        i, j = ys + dy, xs + dx
        inside = (i >= 0) & (i < height) & (j >= 0) & (j < width)
        i, j = np.clip(i, 0, height - 1), np.clip(j, 0, width - 1)
        length = float(np.hypot(dy, dx))
        lobe = np.zeros(len(ys), np.float32)
        for y, x in ((ys, xs), (i, j)):
            lobe += np.abs(across_x[y, x] * np.float32(dy / length) - across_y[y, x] * np.float32(dx / length)) ** LOBE
        along = 0.5 * (edge[ys, xs] + edge[i, j])
        weights[:, index] = along * lobe * np.float32(0.75 / length**2)
        if length < 1.1:
            weights[:, index] += 1 - along
        weights[:, index] *= inside & domain[i, j]
    return weights


@compiled()
def _relax(
    values: Any, weights: Any, pull: Any, mean: Any, ys: Any, xs: Any, steps: Any, sweeps: int, omega: float
) -> None:
    """Gauss-Seidel with over-relaxation on the pixels (ys, xs), there and back in turn; the last sweep is plain."""
    count = len(ys)
    for sweep in range(sweeps):
        step = np.float32(omega if sweep + 1 < sweeps else 1.0)
        for k in range(count):
            n = k if sweep % 2 == 0 else count - 1 - k
            y, x = ys[n], xs[n]
            total = pull[n] + np.float32(1e-9)
            r, g, b = total * mean[n, 0], total * mean[n, 1], total * mean[n, 2]
            for d in range(len(steps)):
                w = weights[n, d]
                if w > 0:
                    i, j = y + steps[d, 0], x + steps[d, 1]
                    total += w
                    r += w * values[i, j, 0]
                    g += w * values[i, j, 1]
                    b += w * values[i, j, 2]
            values[y, x, 0] += step * (r / total - values[y, x, 0])
            values[y, x, 1] += step * (g / total - values[y, x, 1])
            values[y, x, 2] += step * (b / total - values[y, x, 2])
