"""Colours the nearest hits: texture, sun and sky light, shadows, contact darkening, mirrors, haze, clouds."""

import numpy as np

from .compiled import compile_kernel
from .raster import colour_texel, level_of, meet, texel, uv_of
from .stage import (
    BOX,
    CARD,
    CONE,
    DENSITY,
    EMIT,
    EXTRA,
    GLOSS,
    INVERSE,
    KIND,
    MIRROR,
    ORIGIN,
    SHEET,
    TINT,
    TRIANGLE,
    UV_SCALE,
)


@compile_kernel
def sky_colour(light, atlas, clouds, x, y, z, out):  # type: ignore[no-untyped-def]
    """Linear colour of the sky in the direction (x, y, z), into out[3]."""
    length = np.sqrt(x * x + y * y + z * z)
    x, y, z = x / length, max(y / length, 0.0), z / length
    rise = np.sqrt(y)
    glow = max(x * light[0, 0] + y * light[0, 1] + z * light[0, 2], 0.0)
    glow = glow**24 * 0.5 + glow**400 * 4.0
    cover = 0.0
    if clouds >= 0 and y > 0.01:
        u, v = x / (y + 0.12) * light[7, 0], z / (y + 0.12) * light[7, 0]
        thick = texel(atlas, clouds, u, v, 0, 0) * 0.0065 + texel(atlas, clouds, v * 2.7, u * 2.7, 0, 1) * 0.0025
        cover = min(max((thick - 1.6 + light[6, 2] * 1.4) * 2.0, 0.0), 1.0) * min(y * 12, 1.0)
    for k in range(3):
        clear = light[4, k] * (1 - rise) + light[3, k] * rise + glow * light[1, k] * 0.3
        white = (light[4, k] + 0.35 * light[1, k] + 0.25) * (1.0 - 0.25 * cover)
        out[k] = clear * (1 - cover) + white * cover


@compile_kernel
def lit(depth, frame, x, y, z, bias, blur):  # type: ignore[no-untyped-def]
    """Share of nine nearby samples of a shadow map that see (x, y, z)."""
    side = depth.shape[0]
    u = frame[0, 0] * x + frame[0, 1] * y + frame[0, 2] * z + frame[3, 0]
    v = frame[1, 0] * x + frame[1, 1] * y + frame[1, 2] * z + frame[3, 1]
    t = frame[2, 0] * x + frame[2, 1] * y + frame[2, 2] * z + frame[3, 2] - bias
    if u < 2 or v < 2 or u > side - 3 or v > side - 3:
        return 1.0
    free = 0.0
    for j in range(-1, 2):
        for i in range(-1, 2):
            c, d = int(u + i * blur + 0.5), int(v + j * blur + 0.5)
            if c < 0 or d < 0 or c >= side or d >= side or depth[d, c] >= t:
                free += 1.0
    return free / 9.0


@compile_kernel
def frame_normal(row, nx, ny, nz):  # type: ignore[no-untyped-def]
    """The world's unit normal of a shape's own normal: the inverse's transpose times it."""
    gx = row[INVERSE] * nx + row[INVERSE + 3] * ny + row[INVERSE + 6] * nz
    gy = row[INVERSE + 1] * nx + row[INVERSE + 4] * ny + row[INVERSE + 7] * nz
    gz = row[INVERSE + 2] * nx + row[INVERSE + 5] * ny + row[INVERSE + 8] * nz
    length = np.sqrt(gx * gx + gy * gy + gz * gz) + 1e-12
    return gx / length, gy / length, gz / length


@compile_kernel
def locate(row, kind, second, sx, sy, sz, dx, dy, dz):  # type: ignore[no-untyped-def]
    """Own coordinates and normal of a primitive's hit along a ray from (sx, sy, sz)."""
    ex, ey, ez = sx - row[ORIGIN], sy - row[ORIGIN + 1], sz - row[ORIGIN + 2]
    m = INVERSE
    a, b, c = (
        row[m] * ex + row[m + 1] * ey + row[m + 2] * ez,
        row[m + 3] * ex + row[m + 4] * ey + row[m + 5] * ez,
        row[m + 6] * ex + row[m + 7] * ey + row[m + 8] * ez,
    )
    p, q, r = (
        row[m] * dx + row[m + 1] * dy + row[m + 2] * dz,
        row[m + 3] * dx + row[m + 4] * dy + row[m + 5] * dz,
        row[m + 6] * dx + row[m + 7] * dy + row[m + 8] * dz,
    )
    t, nx, ny, nz = meet(kind, row[EXTRA], a, b, c, p, q, r, second)
    return t, a + t * p, b + t * q, c + t * r, nx, ny, nz


@compile_kernel
def shadows(px, py, pz, nx, ny, nz, light, sun, above, frames, sizes):  # type: ignore[no-untyped-def]
    """Direct light (with its cosine) and scattered light at a point, both after what stands in their way."""
    direct = max(nx * light[0, 0] + ny * light[0, 1] + nz * light[0, 2], 0.0)
    if direct > 0:
        step = 1.5 * sizes[0]
        direct *= lit(sun, frames[0], px + nx * step, py + ny * step, pz + nz * step, sizes[0], 1.0)
    step = 2.0 * sizes[1]
    open_sky = lit(above, frames[1], px + nx * step, py + ny * step, pz + nz * step, sizes[1], 1.7)
    return direct, (0.65 + 0.35 * ny) * (1.0 - light[6, 1] * (1.0 - open_sky))


@compile_kernel
def shade_sample(  # type: ignore[no-untyped-def]
    row, kind, sheet, atlas, start, dx, dy, dz, t, spread, light, clouds, sun, above, frames, sizes, tone, colour, out
):
    """Linear colour of one hit at depth t along (dx, dy, dz), into out[3]; `tone` and `colour` are scratch."""
    own, lx, ly, lz, nx, ny, nz = locate(row, kind, False, start[0], start[1], start[2], dx, dy, dz)
    if kind < CARD and abs(own - t) > 1e-3 * t:
        own, lx, ly, lz, nx, ny, nz = locate(row, kind, True, start[0], start[1], start[2], dx, dy, dz)
    px, py, pz = start[0] + t * dx, start[1] + t * dy, start[2] + t * dz
    u, v = uv_of(kind, lx, ly, lz, nx, ny, nz, row)
    if kind == TRIANGLE:
        u, v = px * row[UV_SCALE], pz * row[UV_SCALE]
    nx, ny, nz = frame_normal(row, nx, ny, nz)
    length = np.sqrt(dx * dx + dy * dy + dz * dz)
    facing = (nx * dx + ny * dy + nz * dz) / length
    if facing > 0:
        nx, ny, nz, facing = -nx, -ny, -nz, -facing
    direct, soft = shadows(px, py, pz, nx, ny, nz, light, sun, above, frames, sizes)
    shine = 0.0
    if row[GLOSS] > 0 and direct > 0:
        hx, hy, hz = light[0, 0] - dx / length, light[0, 1] - dy / length, light[0, 2] - dz / length
        half = np.sqrt(hx * hx + hy * hy + hz * hz) + 1e-9
        shine = row[GLOSS] * max((nx * hx + ny * hy + nz * hz) / half, 0.0) ** 40
    clear = np.exp(-light[6, 0] * t * length) if light[6, 0] > 0 else 1.0
    tone[0], tone[1], tone[2] = 255.0, 255.0, 255.0
    mirror = 0.0
    if sheet >= 0:
        level = level_of(row[DENSITY] / np.sqrt(max(-facing, 0.05)), t, spread)
        colour_texel(atlas, sheet, u, v, level, tone)
        if row[MIRROR] > 0:
            ripple = (texel(atlas, sheet, u * 0.31, v * 0.31, level, 0) - 128) / 128.0 * 0.12 * length
            mirror = row[MIRROR] * (0.15 + 0.85 * (1 + facing) ** 3)
            sky_colour(light, atlas, clouds, dx + ripple, abs(dy) + ripple, dz, colour)
    for k in range(3):
        albedo = row[TINT + k] * tone[k] * tone[k] * (1 / 65025.0)
        value = albedo * ((light[1, k] * direct + light[2, k] * soft) * (1 - row[EMIT]) + row[EMIT])
        value = (value + shine * light[1, k]) * (1 - mirror) + colour[k] * mirror
        out[k] = value * clear + light[5, k] * (1 - clear)


@compile_kernel
def shade(reals, wholes, atlas, rays, spread, depth, nearest, light, clouds, sun, above, frames, sizes, finer, out):  # type: ignore[no-untyped-def]
    """Fill `out` (H, W, 3), linear: the mean of each pixel's finer x finer samples of `cast`.

    A pixel whose samples all hit one primitive is shaded once, or at its diagonal where the primitive has edges.
    `frames` (2, 4, 3) and `sizes` (metres a sample) belong to the shadow maps `sun` and `above`.
    """
    tone, colour, one = np.zeros(3), np.zeros(3), np.zeros(3)
    start = rays[0]
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            first, same = nearest[y * finer, x * finer], True
            for j in range(finer):
                for i in range(finer):
                    same = same and nearest[y * finer + j, x * finer + i] == first
            once = same and (first < 0 or wholes[first, KIND] not in (BOX, CONE))
            wide = spread * finer if once else spread
            count = 0
            out[y, x, 0] = out[y, x, 1] = out[y, x, 2] = 0.0
            for j in range(finer):
                for i in range(finer):
                    if same and (i != j or (once and i > 0)):
                        continue
                    row, column = y * finer + j, x * finer + i
                    dx = rays[3, 0] + column * rays[4, 0] + row * rays[5, 0]
                    dy = rays[3, 1] + column * rays[4, 1] + row * rays[5, 1]
                    dz = rays[3, 2] + column * rays[4, 2] + row * rays[5, 2]
                    n = nearest[row, column]
                    if n < 0:
                        sky_colour(light, atlas, clouds, dx, dy, dz, one)
                    else:
                        shade_sample(
                            reals[n],
                            wholes[n, KIND],
                            wholes[n, SHEET],
                            atlas,
                            start,
                            dx,
                            dy,
                            dz,
                            depth[row, column],
                            wide,
                            light,
                            clouds,
                            sun,
                            above,
                            frames,
                            sizes,
                            tone,
                            colour,
                            one,
                        )
                    count += 1
                    for k in range(3):
                        out[y, x, k] += one[k]
            for k in range(3):
                out[y, x, k] /= count


@compile_kernel
def second_nearest(depth, nearest, disparity, owner):  # type: ignore[no-untyped-def]
    """Of every pixel's 2 x 2 samples the second nearest: a surface must cover two of the four to own the pixel.

    Fills `disparity` (0 for sky) and `owner` (-1 for sky).
    """
    for y in range(disparity.shape[0]):
        for x in range(disparity.shape[1]):
            low, high = np.inf, np.inf
            near, second = -1, -1
            for j in range(2):
                for i in range(2):
                    t, n = depth[2 * y + j, 2 * x + i], nearest[2 * y + j, 2 * x + i]
                    if t < low:
                        low, high, near, second = t, low, n, near
                    elif t < high:
                        high, second = t, n
            disparity[y, x] = 1.0 / high if second >= 0 else 0.0
            owner[y, x] = second
