"""Normals of a layer: from its depth, smoothed but not over edges, with a floor's plane and a thing's round outline.

Depth from one picture is known up to the scale and shift of disparity, and relief inside a thing is weak or missing.
What lies level gets the one normal of its plane; a thing whose relief is flatter than its outline says it can be is
rounded towards its rim, as drawings are inflated for shading (Johnston 2002, Lumo).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Mask
from multiplane.light.sheets import LEVEL, SKY, SOLID, SURFACES, Grid, Sheet
from multiplane.pixels.bleed import bleed
from multiplane.pixels.guided import apply, fit, guide_windows
from multiplane.pixels.normals import normals_of

UP = np.array([0.0, -1.0, 0.0])
STEEPEST_FLOOR = np.cos(np.radians(35.0))
"""A floor that seems to tilt more is a floor whose depth is wrong."""
PLANE_FIT = 0.15
"""Relative deviation of inverse depth, in the median, up to which a floor is one plane."""
SMOOTHING = 0.006
"""Standard deviation of the blur of relief, as a share of the longer side of the canvas."""
EDGE = 0.03
"""Relative step of depth over which relief is not smoothed."""
FINE_GUESS, BROAD_GUESS = 0.006, 0.02
"""Standard deviations, as shares of the longer side, of the blurs of guessed depth and of its normals."""
GUESS_ERROR = 0.08
"""Error of guessed inverse depth, whose range is 1/20 to 1."""
OUTLINE = 0.015
"""Width beside a nearer layer, as a share of the longer side, where guessed depth is that layer's."""
JUMP = 0.03
"""Share of the longer side over which guessed depth that changes by its own size is a jump."""
BELIEF, BELIEF_BEHIND = 1.0, 0.7
"""Part of a guessed slope that is believed, of things and of what is behind them."""
EVEN = 0.08
"""Radius of the windows, as a share of the longer side, in which slopes are evened out ..."""
EVEN_CONTRAST = 0.04
"""... unless the picture has this contrast there."""
BULGE = 0.35
"""Relief of a half ball, as standard deviation of its depth over its radius, is about this."""
STEEPEST_RIM = 1.06
"""How steep a rounded outline gets: 1 would be a whole quarter turn."""
RIM_TURN = 0.8
"""Part of a thing's half width over which it turns away."""


def normals_of_sheet(sheet: Sheet, grid: Grid, covered: Mask) -> Floats:
    """Unit normals (h, w, 3) that face the viewer, x right, y down, z forward.

    `covered` (h, w) is where nearer layers hide the sheet: its outline there is not its own.
    """
    solid = np.asarray(sheet.alpha >= SOLID)
    if sheet.layer.label == SKY or not solid.any():
        return np.broadcast_to(np.array([0, 0, -1], np.float32), (*solid.shape, 3))
    u, v = _places(sheet, grid)
    if sheet.layer.label in LEVEL:
        plane = _plane(sheet.q, solid, u, v, grid.focal)
        if plane is not None:
            return np.broadcast_to(plane.astype(np.float32), (*solid.shape, 3))
    if grid.exact:
        return _measured(sheet, grid)
    normals = _guessed(sheet, grid, solid, covered)
    return normals if sheet.layer.label in SURFACES else _rounded(normals, sheet, solid, covered, grid)


def _measured(sheet: Sheet, grid: Grid) -> Floats:
    """Normals of depth that can be believed."""
    u, v = _places(sheet, grid)
    smooth = _smoothed(sheet.q, grid)
    normals = normals_of(smooth, _slope(smooth, 1), _slope(smooth, 0), u, v, grid.focal)
    return _blurred(normals, SMOOTHING * max(grid.rows, grid.columns) / 2)


def _guessed(sheet: Sheet, grid: Grid, solid: Mask, covered: Mask) -> Floats:
    """Normals of depth that was guessed from the picture: only its broad slopes, away from jumps and from outlines.

    Disparity is guessed with an error that is the same near and far, so far slopes are taken with so much less weight.
    What stands is taken to stand upright: a tilt of the whole is a guess about the ground.
    """
    side = max(grid.rows, grid.columns)
    u, v = _places(sheet, grid)
    q = sheet.q
    if sheet.layer.label not in SURFACES:
        q = np.asarray(np.maximum(q - _tilt(q, solid, u, v), 0.25 * q), np.float32)
    q = cv2.GaussianBlur(q, (0, 0), max(0.5, FINE_GUESS * side), borderType=cv2.BORDER_REPLICATE)
    across, down = _slope(q, 1), _slope(q, 0)
    normals = normals_of(q + np.float32(GUESS_ERROR), across, down, u, v, grid.focal)
    kernel = np.ones((2 * round(OUTLINE * side) + 1,) * 2, np.uint8)
    hidden = cv2.dilate(covered.view(np.uint8), kernel) > 0
    jump = np.hypot(across, down) / q * (JUMP * side)
    weight = np.where(solid & ~hidden, 1.0 / (1.0 + jump**4), 1e-4).astype(np.float32)
    sigma = max(0.7, BROAD_GUESS * side)
    mean = cv2.GaussianBlur(normals * weight[..., None], (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    mean /= np.linalg.norm(mean, axis=-1, keepdims=True)
    if sheet.layer.label in SURFACES:
        mean = _evened(mean, sheet, side)
        mean[..., :2] *= BELIEF_BEHIND
    else:
        mean[..., :2] *= BELIEF
    return _blurred(np.asarray(mean, np.float32), 0.0)


def _evened(normals: Floats, sheet: Sheet, side: int) -> Floats:
    """`normals` that change only where the picture does: a clear sky or a bare wall has no dents."""
    radius = min(max(2, round(EVEN * side)), min(sheet.q.shape) - 1)
    guide = np.sqrt(np.clip(bleed(np.dstack([sheet.light, sheet.alpha]))[..., :3], 0, 1))
    windows = guide_windows(np.asarray(guide, np.float32), radius, EVEN_CONTRAST**2)
    return np.stack([apply(fit(windows, normals[..., k]), windows.guide) for k in range(3)], axis=-1)


def _tilt(q: Floats, solid: Mask, u: NDArray[np.float64], v: NDArray[np.float64]) -> Floats:
    """The plane through the middle of inverse depths `q` that leans as they do, less its mean."""
    uu, vv = (np.broadcast_to(each, q.shape) for each in (u, v))
    basis = np.stack([uu[solid] - uu[solid].mean(), vv[solid] - vv[solid].mean()], axis=-1)
    fit = np.linalg.lstsq(basis, q[solid] - q[solid].mean(), rcond=None)[0]
    return np.asarray((uu - uu[solid].mean()) * fit[0] + (vv - vv[solid].mean()) * fit[1], np.float32)


def up_of(normals: list[Floats], sheets: list[Sheet]) -> Floats:
    """The unit vector (3,) away from the ground: that of the largest level layer, else the picture's own up."""
    level = [
        (float(sheet.alpha.sum()), each[0, 0])
        for sheet, each in zip(sheets, normals, strict=True)
        if sheet.layer.label in LEVEL and np.ptp(each[..., 1]) == 0.0
    ]
    return np.asarray(max(level, key=lambda pair: pair[0])[1] if level else UP, np.float32)


def _places(sheet: Sheet, grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Positions of the cells' middles from the principal point, in cells."""
    (x, y), (h, w) = sheet.corner, sheet.alpha.shape
    u = x + np.arange(w, dtype=np.float64)[None, :] + 0.5 - grid.columns / 2
    return u, y + np.arange(h, dtype=np.float64)[:, None] + 0.5 - grid.rows / 2


def _plane(q: Floats, solid: Mask, u: NDArray[np.float64], v: NDArray[np.float64], focal: float) -> Floats | None:
    """The normal (3,) of the plane in which most of `solid` lies, None where it is no plane; level where it tilts.

    Least squares on q = a u + b v + c, reweighted (Holland and Welsch 1977, Cauchy).
    """
    uu, vv = np.broadcast_to(u, q.shape)[solid] / focal, np.broadcast_to(v, q.shape)[solid] / focal
    basis, value = np.stack([uu, vv, np.ones_like(uu)], axis=-1), q[solid].astype(np.float64)
    weight = np.ones_like(value)
    for _ in range(8):
        root = weight[:, None] ** 0.5
        fit = np.linalg.lstsq(basis * root, value * root[:, 0], rcond=None)[0]
        error = np.abs(value - basis @ fit)
        weight = 1 / (1 + (error / max(2.4 * float(np.median(error)), 1e-9)) ** 2)
    if float(np.median(error / value)) > PLANE_FIT:
        return None
    normal = -fit / max(float(np.linalg.norm(fit)), 1e-12)
    if float(normal @ UP) < STEEPEST_FLOOR:
        sideways = normal - (normal @ UP) * UP
        sideways *= np.sqrt(1 - STEEPEST_FLOOR**2) / max(float(np.linalg.norm(sideways)), 1e-12)
        normal = STEEPEST_FLOOR * UP + sideways
    return np.asarray(normal, np.float32)


def _smoothed(q: Floats, grid: Grid) -> Floats:
    """Inverse depth without noise, its jumps kept: a bilateral filter on log depth (Tomasi and Manduchi 1998)."""
    sigma = SMOOTHING * max(grid.rows, grid.columns)
    if sigma < 0.5:
        return q
    log = np.log(q)
    return np.asarray(np.exp(cv2.bilateralFilter(log, 2 * round(1.5 * sigma) + 1, EDGE, sigma)), np.float32)


def _slope(q: Floats, axis: int) -> Floats:
    """The change of `q` per cell, the lesser of both sides: over a jump it is that of the surface, not of the jump."""
    if q.shape[axis] < 2:
        return np.zeros_like(q)
    step = np.diff(q, axis=axis)
    first, last = np.take(step, [0], axis=axis), np.take(step, [-1], axis=axis)
    before, after = np.concatenate([first, step], axis=axis), np.concatenate([step, last], axis=axis)
    return np.where(np.abs(before) < np.abs(after), before, after)


def _blurred(normals: Floats, sigma: float) -> Floats:
    if sigma >= 0.3:
        normals = cv2.GaussianBlur(normals, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-6), np.float32)


def _rounded(normals: Floats, sheet: Sheet, solid: Mask, covered: Mask, grid: Grid) -> Floats:
    """`normals` turned outwards near the sheet's own outline, as far as its depth has no relief of its own."""
    body = np.asarray(solid | covered)
    pad = 2
    padded = cv2.copyMakeBorder(body.view(np.uint8), pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=0)
    frame = _frame_sides(sheet, grid)
    for edge in frame:
        padded[edge] = 1
    # Where there is no outline at all, the distance to it has no end.
    radius = np.minimum(cv2.distanceTransform(padded, cv2.DIST_L2, 5), np.float32(max(solid.shape)))
    half = float(np.percentile(radius[pad:-pad, pad:-pad][solid], 95))
    known = min(1.0, _relief(sheet, solid, grid) / (BULGE * max(half, 1.0) / grid.focal))
    flatness = 1.0 - known / 2
    if half < 2.0:
        return normals
    smooth = cv2.GaussianBlur(radius, (0, 0), max(0.7, 0.12 * half))
    outwards = -np.stack([cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)], axis=-1) / 8
    outwards = outwards[pad:-pad, pad:-pad]
    turn = np.clip(1.0 - smooth[pad:-pad, pad:-pad] / (RIM_TURN * half), 0.0, 1.0)[..., None]
    rounded = normals.copy()
    # A ball's slope, t / sqrt(1 - t^2), that ends a little before the outline, where it has no end.
    rounded[..., :2] += flatness * turn / np.sqrt(STEEPEST_RIM - turn * turn) * outwards
    return _blurred(rounded, 0.05 * half)


def _frame_sides(sheet: Sheet, grid: Grid) -> list[tuple[slice, slice]]:
    """Where the padded sheet lies beyond the frame: what touches it goes on."""
    (x, y), (h, w) = sheet.corner, sheet.alpha.shape
    every = slice(None)
    sides = {
        "left": (x == 0, (every, slice(0, 2))),
        "top": (y == 0, (slice(0, 2), every)),
        "right": (x + w == grid.columns, (every, slice(-2, None))),
        "bottom": (y + h == grid.rows, (slice(-2, None), every)),
    }
    return [place for touches, place in sides.values() if touches]


def _relief(sheet: Sheet, solid: Mask, grid: Grid) -> float:
    """Standard deviation of log depth about its plane: what bulges or not."""
    u, v = _places(sheet, grid)
    uu, vv = np.broadcast_to(u, solid.shape)[solid], np.broadcast_to(v, solid.shape)[solid]
    basis = np.stack([uu / grid.focal, vv / grid.focal, np.ones_like(uu)], axis=-1)
    value = np.log(sheet.q[solid].astype(np.float64))
    fit = np.linalg.lstsq(basis, value, rcond=None)[0]
    return float(np.std(value - basis @ fit))
