"""Solves for alpha where a trimap leaves it open: closed-form matting, coarse to fine.

Minimises a' L a + sum of pull (a - guess)^2 over the unknown pixels, with the matting Laplacian L of Levin, Lischinski
and Weiss (2008), by conjugate gradients that start from the solution at half the size.
"""

import cv2
import numpy as np
from scipy.sparse import diags

from multiplane.arrays import Floats, Mask
from multiplane.matte.border import without_veil
from multiplane.matte.descend import conjugate_gradients
from multiplane.matte.laplacian import band_laplacian

EPSILON = 2e-7
"""Colour variance that counts as noise within a 3 x 3 window: little, so that hair before texture stays hair."""
UNKNOWN_LIMIT = 800_000
"""Bounds the memory of the linear system, about 1 kB for each unknown pixel; larger ones are solved smaller."""
COARSEST = 1_500
"""Unknown pixels from which on a start at half the size pays."""
LEAST_PULL = 1e-8
"""Gives an answer to pixels that no window holds, and sways no other."""
TOLERANCE = 2e-4
MOST_STEPS = 250


def solve_alpha(rgb: Floats, trimap: Floats, epsilon: float = EPSILON) -> Floats:
    """Alpha (H, W) in [0, 1] of `rgb` (H, W, 3) by `trimap` (H, W): 1 is the object, 0 is not, all between unknown.

    Known pixels keep their value. Where one of the sides is known nowhere, nothing can be solved: unknown pixels then
    keep the trimap's value too.
    """
    unknown = np.asarray((trimap > 0) & (trimap < 1))
    known = trimap.astype(np.float32)
    if not unknown.any() or not (known >= 1).any() or not (known <= 0).any():
        return known
    shrink = float(np.sqrt(UNKNOWN_LIMIT / np.count_nonzero(unknown)))
    if shrink < 1.0:
        alpha = _solved_smaller(rgb, known, shrink, epsilon)
    else:
        alpha = solve_pulled(rgb, unknown, known, np.zeros_like(known), epsilon)
    return np.where(unknown, without_veil(alpha), known)


def _solved_smaller(rgb: Floats, trimap: Floats, shrink: float, epsilon: float) -> Floats:
    height, width = trimap.shape
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    small = cv2.resize(trimap, size, interpolation=cv2.INTER_AREA)
    unknown = np.asarray((small > 0) & (small < 1))
    alpha = solve_pulled(
        cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), unknown, small, np.zeros_like(small), epsilon
    )
    return np.asarray(cv2.resize(alpha, (width, height), interpolation=cv2.INTER_LINEAR))


def solve_pulled(rgb: Floats, unknown: Mask, guess: Floats, pull: Floats, epsilon: float) -> Floats:
    """Alpha (H, W) that is `guess` outside `unknown` and within it held by `pull` (H, W) >= 0 towards `guess`."""
    if not unknown.any():
        return guess.copy()
    start = _start(rgb, unknown, guess, pull, epsilon)
    laplacian, right = band_laplacian(rgb, unknown, guess, epsilon)
    held = pull[unknown].astype(np.float64) + LEAST_PULL
    matrix = laplacian + diags(held, format="csr")
    alpha = guess.copy()
    right += held * guess[unknown]
    solution = conjugate_gradients(matrix, right, start[unknown].astype(np.float64), TOLERANCE, MOST_STEPS)
    alpha[unknown] = np.clip(solution, 0.0, 1.0)
    return alpha


def _start(rgb: Floats, unknown: Mask, guess: Floats, pull: Floats, epsilon: float) -> Floats:
    """The solution at half the size, enlarged; the guess itself where the band is small."""
    if np.count_nonzero(unknown) < COARSEST or min(unknown.shape) < 16:
        return guess
    height, width = unknown.shape
    size = ((width + 1) // 2, (height + 1) // 2)

    def halved(values: Floats) -> Floats:
        return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA))

    free = np.asarray(halved(unknown.astype(np.float32)) > 0)
    strength, mean = halved(pull), halved(guess)
    held = halved(guess * pull) / np.maximum(strength, 1e-6)
    target = np.where(free & (strength > 1e-6), np.clip(held, 0.0, 1.0), mean)
    coarse = solve_pulled(halved(rgb), free, target.astype(np.float32), strength, epsilon)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR))
