"""Casts rays at primitives inside their boxes on the picture and keeps the nearest hit of every sample."""

import numpy as np
from numpy.typing import NDArray

from .camera import Rays
from .compiled import compile_kernel
from .sheets import LEVELS, SIDE, STARTS
from .stage import (
    BOX,
    CARD,
    CASTS,
    CONE,
    DENSITY,
    ELLIPSOID,
    EXTRA,
    INVERSE,
    KIND,
    MASKED,
    ORIGIN,
    PLANE,
    RELIEF,
    SHEET,
    TRIANGLE,
    UV_OFFSET,
    UV_SCALE,
)

NEAR = 0.02
_STARTS = np.array(STARTS)
EDGES = np.array(
    [(0, 1), (2, 3), (4, 5), (6, 7), (0, 2), (1, 3), (4, 6), (5, 7), (0, 4), (1, 5), (2, 6), (3, 7)], np.int64
)
CORNERS = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float64)


@compile_kernel
def texel(atlas, sheet, u, v, level, channel):  # type: ignore[no-untyped-def]
    """One channel of a sheet at (u, v), bilinear, mirrored beyond [0, 1], 0..255."""
    side = SIDE >> level
    u = abs(u - 2.0 * np.floor(u * 0.5 + 0.5)) * side - 0.5
    v = abs(v - 2.0 * np.floor(v * 0.5 + 0.5)) * side - 0.5
    left, top = int(np.floor(u)), int(np.floor(v))
    a, b = u - left, v - top
    right, bottom = min(left + 1, side - 1), min(top + 1, side - 1)
    left, top = max(left, 0), max(top, 0)
    start = _STARTS[level]
    first, second = start + top * side, start + bottom * side
    high = atlas[sheet, first + left, channel] * (1 - a) + atlas[sheet, first + right, channel] * a
    low = atlas[sheet, second + left, channel] * (1 - a) + atlas[sheet, second + right, channel] * a
    return high * (1 - b) + low * b


@compile_kernel
def colour_texel(atlas, sheet, u, v, level, out):  # type: ignore[no-untyped-def]
    """The three colours of `texel`, into out[3]."""
    side = SIDE >> level
    u = abs(u - 2.0 * np.floor(u * 0.5 + 0.5)) * side - 0.5
    v = abs(v - 2.0 * np.floor(v * 0.5 + 0.5)) * side - 0.5
    left, top = int(np.floor(u)), int(np.floor(v))
    a, b = u - left, v - top
    right, bottom = min(left + 1, side - 1), min(top + 1, side - 1)
    left, top = max(left, 0), max(top, 0)
    first, second = _STARTS[level] + top * side, _STARTS[level] + bottom * side
    ww, wx, wy, wz = (1 - a) * (1 - b), a * (1 - b), (1 - a) * b, a * b
    for k in range(3):
        out[k] = (
            atlas[sheet, first + left, k] * ww
            + atlas[sheet, first + right, k] * wx
            + atlas[sheet, second + left, k] * wy
            + atlas[sheet, second + right, k] * wz
        )


@compile_kernel
def level_of(density, distance, spread):  # type: ignore[no-untyped-def]
    """The smaller copy whose texels are as wide as a sample seen at `distance`; `spread` is a sample's width at 1."""
    width = density * SIDE * distance * spread
    if width <= 1.0:
        return 0
    return min(int(np.log2(width) + 0.5), LEVELS - 1)


@compile_kernel
def meet_cone(top, a, b, c, p, q, r):  # type: ignore[no-untyped-def]
    """`meet` for a capped cone: radius 1 at y = -1 and `top` at y = 1."""
    m, k = (top - 1) * 0.5, (top + 1) * 0.5
    edge, slope = m * b + k, m * q
    aa, bb, cc = p * p + r * r - slope * slope, a * p + c * r - edge * slope, a * a + c * c - edge * edge
    best = -1.0
    nx, ny, nz = 0.0, 0.0, 0.0
    root = bb * bb - aa * cc
    if root >= 0 and abs(aa) > 1e-12:
        root = np.sqrt(root)
        for sign in (-1.0, 1.0):
            t = (-bb + sign * root) / aa
            y = b + t * q
            if t > NEAR and abs(y) <= 1 and (best < 0 or t < best):
                best = t
                nx, ny, nz = a + t * p, -m * (m * y + k), c + t * r
    if abs(q) > 1e-12:
        for cap in (-1.0, 1.0):
            t = (cap - b) / q
            x, z = a + t * p, c + t * r
            radius = m * cap + k
            if t > NEAR and x * x + z * z <= radius * radius and (best < 0 or t < best):
                best = t
                nx, ny, nz = 0.0, cap, 0.0
    return best, nx, ny, nz


@compile_kernel
def meet(kind, extra, a, b, c, p, q, r, second):  # type: ignore[no-untyped-def]
    """Where the ray (a, b, c) + t (p, q, r) meets a canonical shape: t (-1: nowhere) and the outward normal."""
    if kind == CARD:
        t = -c / r
        if t > NEAR and abs(a + t * p) <= 1 and abs(b + t * q) <= 1:
            return t, 0.0, 0.0, 1.0
        return -1.0, 0.0, 0.0, 0.0
    if kind == PLANE:
        t = -b / q
        return (t if t > NEAR else -1.0), 0.0, 1.0, 0.0
    if kind == TRIANGLE:
        t = -c / r
        u, v = a + t * p, b + t * q
        if t > NEAR and u >= -1e-4 and v >= -1e-4 and u + v <= 1.0001:
            return t, 0.0, 0.0, 1.0
        return -1.0, 0.0, 0.0, 0.0
    if kind == ELLIPSOID:
        aa, bb, cc = p * p + q * q + r * r, a * p + b * q + c * r, a * a + b * b + c * c - 1.0
        root = bb * bb - aa * cc
        if root < 0:
            return -1.0, 0.0, 0.0, 0.0
        root = np.sqrt(root)
        t = (-bb - root) / aa
        if t < NEAR or second:
            t = (-bb + root) / aa
        return (t if t > NEAR else -1.0), a + t * p, b + t * q, c + t * r
    if kind == BOX:
        p = p if abs(p) > 1e-12 else 1e-12
        q = q if abs(q) > 1e-12 else 1e-12
        r = r if abs(r) > 1e-12 else 1e-12
        x0, x1 = (-1 - a) / p, (1 - a) / p
        y0, y1 = (-1 - b) / q, (1 - b) / q
        z0, z1 = (-1 - c) / r, (1 - c) / r
        tx, ty, tz = min(x0, x1), min(y0, y1), min(z0, z1)
        t, far = max(tx, ty, tz), min(max(x0, x1), max(y0, y1), max(z0, z1))
        if far < t or t < NEAR:
            return -1.0, 0.0, 0.0, 0.0
        if t == tx:
            return t, -np.sign(p), 0.0, 0.0
        if t == ty:
            return t, 0.0, -np.sign(q), 0.0
        return t, 0.0, 0.0, -np.sign(r)
    return meet_cone(extra, a, b, c, p, q, r)


@compile_kernel
def uv_of(kind, x, y, z, nx, ny, nz, reals):  # type: ignore[no-untyped-def]
    """Texture coordinates of a hit (x, y, z), in the shape's own axes, with normal (nx, ny, nz)."""
    su, sv, sw = reals[UV_SCALE], reals[UV_SCALE + 1], reals[UV_SCALE + 2]
    ou, ov = reals[UV_OFFSET], reals[UV_OFFSET + 1]
    ax, ay, az = abs(nx), abs(ny), abs(nz)
    if kind == PLANE or (ay > ax and ay > az):
        return x * su + ou, ov - z * sw
    if kind == CONE:
        return np.arctan2(z, x) * su + ou, ov - y * sv
    if ax > az:
        return z * sw + ou, ov - y * sv
    return x * su + ou, ov - y * sv


@compile_kernel
def through_mask(row, kind, sheet, relief, atlas, spread, a, b, c, p, q, r, t, nx, ny, nz):  # type: ignore[no-untyped-def]
    """The depth of a hit at t after the sheet's alpha and the relief: its own, its far side's, or -1 for a hole."""
    least = 128.0
    if kind == ELLIPSOID:  # foliage thins out towards its outline
        facing = abs(nx * p + ny * q + nz * r) / np.sqrt(p * p + q * q + r * r)
        least += max(0.0, 1 - facing * 1.5) * 100
    level = level_of(row[DENSITY], t, spread)
    u, v = uv_of(kind, a + t * p, b + t * q, c + t * r, nx, ny, nz, row)
    if texel(atlas, sheet, u, v, level, 3) < least:
        if kind != ELLIPSOID:
            return -1.0
        t, nx, ny, nz = meet(kind, row[EXTRA], a, b, c, p, q, r, True)
        u, v = uv_of(kind, a + t * p, b + t * q, c + t * r, nx, ny, nz, row)
        if t < 0 or texel(atlas, sheet, u, v, level, 3) < least:
            return -1.0
    if relief >= 0:
        t -= row[EXTRA] * texel(atlas, relief, u, v, level, 0) / 255.0
    return t


@compile_kernel
def cast(reals, wholes, atlas, bounds, rays, spread, shadows, depth, nearest):  # type: ignore[no-untyped-def]
    """Fill `depth` (ray parameter, inf where nothing is hit) and `nearest` (primitive, -1) in place.

    `bounds` (N, 4) are the primitives' boxes on the picture (x0, x1, y0, y1); `rays` (6, 3) as Rays.packed; `spread`
    is a sample's width at distance 1; `shadows` leaves out what casts none.
    """
    for i in range(len(reals)):
        if shadows and wholes[i, CASTS] == 0:
            continue
        row = reals[i]
        kind, masked, relief, sheet = wholes[i, KIND], wholes[i, MASKED] == 1, wholes[i, RELIEF], wholes[i, SHEET]
        local = np.zeros((6, 3))
        for n in range(6):
            for j in range(3):
                for k in range(3):
                    part = rays[n, k] - row[ORIGIN + k] if n == 0 else rays[n, k]
                    local[n, j] += row[INVERSE + 3 * j + k] * part
        for y in range(bounds[i, 2], bounds[i, 3]):
            for x in range(bounds[i, 0], bounds[i, 1]):
                a = local[0, 0] + x * local[1, 0] + y * local[2, 0]
                b = local[0, 1] + x * local[1, 1] + y * local[2, 1]
                c = local[0, 2] + x * local[1, 2] + y * local[2, 2]
                p = local[3, 0] + x * local[4, 0] + y * local[5, 0]
                q = local[3, 1] + x * local[4, 1] + y * local[5, 1]
                r = local[3, 2] + x * local[4, 2] + y * local[5, 2]
                t, nx, ny, nz = meet(kind, row[EXTRA], a, b, c, p, q, r, False)
                if t < 0 or t - (row[EXTRA] if relief >= 0 else 0.0) >= depth[y, x]:
                    continue
                if masked:
                    t = through_mask(row, kind, sheet, relief, atlas, spread, a, b, c, p, q, r, t, nx, ny, nz)
                    if t < NEAR or t >= depth[y, x]:
                        continue
                depth[y, x] = t
                nearest[y, x] = i


def bounds_on(
    rays: Rays, reals: NDArray[np.float64], wholes: NDArray[np.int32], axes: NDArray[np.float64]
) -> NDArray[np.int64]:
    """(N, 4): the box x0, x1, y0, y1 of samples that each primitive can cover; empty where it lies behind."""
    corners = reals[:, None, ORIGIN : ORIGIN + 3] + np.einsum("nij,cj->nci", axes, CORNERS)
    if np.abs(rays.start_x).max() > 0:  # parallel
        frame = np.linalg.inv(np.stack([rays.start_x, rays.start_y, rays.step], 1))
        flat = (corners - rays.start) @ frame.T
        points, weights = flat[..., :2], np.ones(flat.shape[:2], bool)
    else:
        frame = np.linalg.inv(np.stack([rays.step_x, rays.step_y, rays.step], 1))
        flat = (corners - rays.start) @ frame.T
        ends = flat[:, EDGES]
        first, second = ends[:, :, 0], ends[:, :, 1]
        along = np.clip((NEAR - first[..., 2]) / (second[..., 2] - first[..., 2] + 1e-12), 0, 1)
        cut = first + along[..., None] * (second - first)
        crosses = (first[..., 2] > NEAR) != (second[..., 2] > NEAR)
        every = np.concatenate([flat, cut], 1)
        weights = np.concatenate([flat[..., 2] > NEAR, crosses], 1)
        points = every[..., :2] / np.maximum(every[..., 2:], NEAR * 0.5)
    low = np.where(weights[..., None], points, np.inf).min(1)
    high = np.where(weights[..., None], points, -np.inf).max(1)
    size = np.array([rays.width, rays.height])
    low = np.clip(np.floor(low), 0, size)
    high = np.clip(np.ceil(high) + 1, 0, size)
    bounds = np.stack([low[:, 0], high[:, 0], low[:, 1], high[:, 1]], 1).astype(np.int64)
    bounds[wholes[:, KIND] == PLANE] = (0, rays.width, 0, rays.height)
    return bounds
