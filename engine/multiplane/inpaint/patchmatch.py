"""PatchMatch and voting, compiled: the two halves of one step of exemplar filling, serial and deterministic.

Alphabet, kept through the file:

    image    (H, W, C) float32   colours in the first three channels, texture features after them
    weight   (H, W, C) float32   what each value counts in a patch distance; 0 where it is unknown or another surface's
    mean     (H, W, 3)           colour mean of the patch around each pixel
    usable   (H, W) bool         pixels around which a source patch may lie
    ys, xs   (N,)                centres of target patches, in raster order
    ny, nx   (H, W) int32        the nearest-neighbour field: where the patch around (y, x) has its source
    cost     (H, W) float32      distance of that pair; inf where there is no pair yet
    price    cost of a pixel of horizontal displacement; vertical ones cost twice, as perspective runs up and down
    guide    (H, W, 3)           patch means of a smooth fill; read inside the hole only, and if pull > 0
    depth    (H, W) float32      distance to the known pixels, 0 on them
    r        patch radius; every array is padded so that patches never leave it

The distance of target patch P and source patch Q (equation 1 of Barnes et al. 2009, with the additive colour offset b
of Darabi et al. 2012, bounded, a small price on distance, which keeps perspective and light right, and a pull towards a
guide, which keeps things that do not belong out of the hole's middle, where no known pixel speaks against them):

    D(P, Q) = sum w (P - Q - b)^2 / sum w  +  price |displacement|  +  pull (mean Q - guide)^2
    b = clip(mean P - mean Q, -OFFSET, OFFSET)
"""

from typing import Any

import numpy as np

from multiplane.pixels.compiled import compiled

OFFSET = np.float32(0.06)
"""The largest colour offset b a patch may take on."""
RELIEF = np.float32(0.9)
"""Share of an offset's benefit that a pair is credited with, so that a source that needs none is taken first."""
HOLD = np.float32(0.85)
"""A random find must cost less than this share of the pair it replaces, and so much less (LEAST_GAIN), or a field
of few large pieces, which copy texture and grain whole, would crumble for nothing."""
LEAST_GAIN = np.float32(5e-7)


@compiled(inline="always")
def _offset(mean: Any, ty: int, tx: int, sy: int, sx: int, c: int) -> Any:
    """b of channel c."""
    return min(max(mean[ty, tx, c] - mean[sy, sx, c], -OFFSET), OFFSET)


@compiled(fastmath=True)
def _distance(
    flat: Any, weight: Any, mean: Any, full: Any, ty: int, tx: int, sy: int, sx: int, r: int,
    price: float, guide: Any, depth: Any, pull: float, limit: float,
) -> Any:  # fmt: skip
    """D of two patches; any value >= `limit` may be returned once it is known to be that large."""
    channels = flat.shape[1] // mean.shape[1]
    n = np.uintp((2 * r + 1) * channels)
    patch_weight = full[ty, tx]
    fixed = np.float32(price) * (abs(sx - tx) + 2 * abs(sy - ty))
    if pull > 0 and depth[ty, tx] > 0:
        for c in range(3):
            away = mean[sy, sx, c] - guide[ty, tx, c]
            fixed += np.float32(pull) * away * away
    gain = np.float32(0)
    if patch_weight < 0:
        # The whole patch counts equally, so the offset's effect on the sum is known beforehand:
        # sum (d - b)^2 = sum d^2 - n (2 b mean(d) - b^2).
        patch_weight = -patch_weight
        for c in range(3):
            b = _offset(mean, ty, tx, sy, sx, c)
            gain += b * (2 * (mean[ty, tx, c] - mean[sy, sx, c]) - b)
        gain *= RELIEF * (2 * r + 1) * (2 * r + 1)
    ceiling = (limit - fixed) * patch_weight + gain
    total = np.float32(0)
    # Unsigned indices need no check for negative ones, so that the loop becomes vector instructions.
    left, other = np.uintp((tx - r) * channels), np.uintp((sx - r) * channels)
    for row in range(-r, r + 1):
        i, j = np.uintp(ty + row), np.uintp(sy + row)
        for k in range(n):
            d = flat[i, left + k] - flat[j, other + k]
            total += weight[i, left + k] * d * d
        if total >= ceiling:
            return limit
    return max(total - gain, np.float32(0)) / patch_weight + fixed


@compiled()
def _random(state: Any, n: int) -> Any:
    """A number in [0, n) from the xorshift generator of Marsaglia 2003; `state` (1,) uint64 moves on."""
    x = state[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    state[0] = x
    return np.int64((x >> np.uint64(33)) % np.uint64(n))


@compiled()
def rate(
    flat: Any, weight: Any, mean: Any, full: Any, ys: Any, xs: Any, ny: Any, nx: Any, cost: Any, r: int,
    price: float, guide: Any, depth: Any, pull: float,
) -> None:  # fmt: skip
    """Bring `cost` up to date with an image or a field that has changed."""
    for k in range(len(ys)):
        y, x = ys[k], xs[k]
        cost[y, x] = _distance(
            flat, weight, mean, full, y, x, ny[y, x], nx[y, x], r, price, guide, depth, pull, np.float32(np.inf)
        )


@compiled()
def search(
    flat: Any, weight: Any, mean: Any, full: Any, usable: Any, ys: Any, xs: Any,
    ny: Any, nx: Any, cost: Any, r: int, price: float, guide: Any, depth: Any, pull: float,
    radius: int, sweeps: int, state: Any,
) -> None:  # fmt: skip
    """Improve the field by propagation and random search within `radius`, halved to 1; sweeps run there and back."""
    height, width = cost.shape
    count = len(ys)
    for sweep in range(sweeps):
        step = 1 if sweep % 2 == 0 else -1
        for n in range(count):
            k = n if step == 1 else count - 1 - n
            y, x = ys[k], xs[k]
            best, by, bx = cost[y, x], ny[y, x], nx[y, x]
            for dy, dx in ((step, 0), (0, step)):
                i, j = y - dy, x - dx
                if cost[i, j] < np.inf:
                    sy, sx = ny[i, j] + dy, nx[i, j] + dx
                    if usable[sy, sx] and (sy != by or sx != bx):
                        d = _distance(flat, weight, mean, full, y, x, sy, sx, r, price, guide, depth, pull, best)
                        if d < best:
                            best, by, bx = d, sy, sx
            reach = radius
            while reach >= 1:
                top, bottom = max(by - reach, 0), min(by + reach, height - 1)
                left, right = max(bx - reach, 0), min(bx + reach, width - 1)
                sy = top + _random(state, bottom - top + 1)
                sx = left + _random(state, right - left + 1)
                if usable[sy, sx]:
                    bar = best * HOLD - LEAST_GAIN
                    d = _distance(flat, weight, mean, full, y, x, sy, sx, r, price, guide, depth, pull, bar)
                    if d < bar:
                        best, by, bx = d, sy, sx
                reach //= 2
            cost[y, x], ny[y, x], nx[y, x] = best, by, bx


@compiled(fastmath={"reassoc", "contract", "arcp", "nsz"})
def vote(
    image: Any, mean: Any, full: Any, depth: Any, source: Any, hy: Any, hx: Any,
    ny: Any, nx: Any, cost: Any, r: int, blur: float, floor: float, out: Any,
) -> None:  # fmt: skip
    """Write to `out` (N, C), for each pixel (hy, hx), the mean of what the patches over it propose.

    Wexler et al. 2007, equation 5: a proposal weighs exp(-excess / h) / trust(distance to the known pixels), with
    excess its cost over the cheapest proposal's and h = blur x max(cheapest, floor): a small one keeps the fill sharp.
    `depth` (H, W) is the distance to the known pixels, `source` (H, W) where colours may be taken from.
    """
    channels = image.shape[2]
    total = np.zeros(channels, np.float32)
    for k in range(len(hy)):
        y, x = hy[k], hx[k]
        cheapest = np.float32(np.inf)
        for dy in range(-r, r + 1):
            for dx in range(-r, r + 1):
                cheapest = min(cheapest, cost[y - dy, x - dx])
        scale = np.float32(1.0) / (np.float32(blur) * (max(cheapest, np.float32(floor)) + np.float32(1e-7)))
        total[:] = 0
        weights = np.float32(0)
        for dy in range(-r, r + 1):
            for dx in range(-r, r + 1):
                i, j = y - dy, x - dx
                if cost[i, j] == np.inf:
                    continue
                sy, sx = ny[i, j] + dy, nx[i, j] + dx
                if not source[sy, sx]:
                    continue
                excess = (cost[i, j] - cheapest) * scale
                if excess > 20:
                    continue
                w = np.float32(np.exp(-excess)) * TRUST[min(max(int(depth[i, j] - depth[y, x]) + 16, 0), 32)]
                weights += w
                for c in range(channels):
                    total[c] += w * image[sy, sx, c]
                if full[i, j] < 0:
                    for c in range(3):
                        total[c] += w * _offset(mean, i, j, ny[i, j], nx[i, j], c)
        for c in range(channels):
            out[k, c] = total[c] / weights if weights > 0 else image[y, x, c]


TRUST = np.float32(1.3) ** -np.arange(-16, 17, dtype=np.float32)
"""Wexler et al.'s 1.3^-distance, relative to the pixel voted on, at whole distances -16..16."""
