"""The membrane: fill unknown pixels harmonically from known ones, coarse to fine (cascadic multigrid).

u solves the screened Poisson equation, sum over neighbours n of (u_n - u) = load + pull u, on the wanted pixels, with
u = value on known ones (Dirichlet) and no flux into pixels that are neither (Neumann): Perez, Gangnet and Blake 2003,
equation 7. Load and pull are zero where nothing else is said, and then u is as smooth as can be. The push-pull
pyramid of Gortler et al. 1996 gives every level a start so near that a few relaxations suffice.
"""

from typing import Any

import numpy as np

from multiplane.arrays import Floats, Mask
from multiplane.errors import SceneError
from multiplane.pixels.compiled import compiled

SWEEPS = 6
OVERRELAXATION = 1.5


def membrane(values: Floats, known: Mask, wanted: Mask, load: Floats | None = None, pull: float = 0.0) -> Floats:
    """A copy of `values` (H, W, C) with the `wanted` pixels (H, W) filled smoothly from the `known` ones.

    The masks must not overlap and `known` must not be empty; pixels in neither mask act as walls and stay. `load`
    (H, W, C) is the Laplacian that the fill shall have; `pull` draws it to zero over some 1 / sqrt(pull) pixels.
    """
    if not known.any():
        raise SceneError("a membrane needs at least one known pixel to hang on, and there is none")
    out = np.array(values, np.float32, order="C")
    _fill(out, np.zeros((1, 1, 0), np.float32) if load is None else load, pull, known, known | wanted)
    return out


def _fill(values: Floats, load: Floats, pull: float, known: Mask, domain: Mask) -> None:
    """Fill domain & ~known of `values` in place; a `load` of no channels is none."""
    ys, xs = np.nonzero(domain & ~known)
    if len(ys) == 0:
        return
    known, domain = np.ascontiguousarray(known), np.ascontiguousarray(domain)
    coarse, coarse_load, coarse_known, coarse_domain = _halve(values, load, known, domain)
    _fill(coarse, coarse_load, 4 * pull, coarse_known, coarse_domain)
    ys, xs = ys.astype(np.int32), xs.astype(np.int32)
    _interpolate(values, ys, xs, coarse, coarse_domain)
    _relax(values, load, pull, ys, xs, domain, SWEEPS, OVERRELAXATION)


@compiled()
def _halve(values: Any, load: Any, known: Any, domain: Any) -> Any:
    """Means of known pixels over 2 x 2 blocks; a block is known, or in the domain, where any of its pixels is.

    Loads and pulls add up: two faces of half the slope carry a block's flux, so that the equation keeps its form.
    """
    height, width, channels = values.shape
    rows, columns = (height + 1) // 2, (width + 1) // 2
    out = np.zeros((rows, columns, channels), np.float32)
    loaded = load.shape[2]
    out_load = np.zeros((rows, columns, loaded), np.float32)
    out_known = np.zeros((rows, columns), np.bool_)
    out_domain = np.zeros((rows, columns), np.bool_)
    for i in range(rows):
        for j in range(columns):
            count = 0
            for y in range(2 * i, min(2 * i + 2, height)):
                for x in range(2 * j, min(2 * j + 2, width)):
                    if domain[y, x]:
                        out_domain[i, j] = True
                    if known[y, x]:
                        count += 1
                        for c in range(channels):
                            out[i, j, c] += values[y, x, c]
                    elif domain[y, x]:
                        for c in range(loaded):
                            out_load[i, j, c] += load[y, x, c]
            if count > 0:
                out_known[i, j] = True
                for c in range(channels):
                    out[i, j, c] /= count
    return out, out_load, out_known, out_domain


@compiled()
def _interpolate(values: Any, ys: Any, xs: Any, coarse: Any, domain: Any) -> None:
    """Bilinear values of the coarse level at the fine pixels (ys, xs), among coarse pixels in the domain."""
    rows, columns, channels = coarse.shape
    total = np.zeros(channels, np.float32)
    for k in range(len(ys)):
        y, x = ys[k], xs[k]
        near_i, near_j = y // 2, x // 2
        far_i = min(max(near_i + 2 * (y % 2) - 1, 0), rows - 1)
        far_j = min(max(near_j + 2 * (x % 2) - 1, 0), columns - 1)
        total[:] = 0
        weight = np.float32(0)
        for i, wi in ((near_i, 3), (far_i, 1)):
            for j, wj in ((near_j, 3), (far_j, 1)):
                if domain[i, j]:
                    weight += wi * wj
                    for c in range(channels):
                        total[c] += wi * wj * coarse[i, j, c]
        for c in range(channels):
            values[y, x, c] = total[c] / weight


@compiled()
def _relax(values: Any, load: Any, pull: float, ys: Any, xs: Any, domain: Any, sweeps: int, omega: float) -> None:
    """Gauss-Seidel with over-relaxation on the pixels (ys, xs), there and back in turn."""
    height, width, channels = values.shape
    count = len(ys)
    total = np.zeros(channels, np.float32)
    for sweep in range(sweeps):
        # The last sweep is plain, which damps the ripple that over-relaxation leaves.
        step = np.float32(omega if sweep + 1 < sweeps else 1.0)
        for k in range(count):
            n = k if sweep % 2 == 0 else count - 1 - k
            y, x = ys[n], xs[n]
            neighbours = 0
            total[:] = 0
            for c in range(load.shape[2]):
                total[c] = -load[y, x, c]
            for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1)):
                i, j = y + dy, x + dx
                if 0 <= i < height and 0 <= j < width and domain[i, j]:
                    neighbours += 1
                    for c in range(channels):
                        total[c] += values[i, j, c]
            if neighbours > 0:
                for c in range(channels):
                    values[y, x, c] += step * (total[c] / (neighbours + np.float32(pull)) - values[y, x, c])
