"""Multiplies the light of pixels by a ratio that is known on cells, and rounds them back to levels.

A ratio of exactly 1 leaves the level as it is, in every byte. Above 1 light runs into the top level on a curve and is
never cut off: with I the pixel's own light, t = max(I, KNEE), and v = r I,

    out = v                                    for v <= t
    out = t + (1 - t) (1 - exp(-(v - t) / (1 - t)))      beyond, which is I again for r = 1

A level stands for a range of light; a ratio other than 1 would spread that range into bands, so it is filled evenly by
a pattern that is the same every time.
"""

import numpy as np

from multiplane.arrays import Floats, Levels
from multiplane.pixels.compiled import compiled
from multiplane.pixels.levels import from_levels, top_level
from multiplane.pixels.linear import encoded, linear

KNEE = 0.72
FINE = 1 << 14
"""Entries of the table from the root of light to 8-bit levels, within a tenth of a level."""


def shine(rgba: Levels, ratio: Floats, step: int, offset: tuple[int, int]) -> Levels:
    """`rgba` (h, w, 3 or 4) levels with their colours lit by `ratio` (rows, columns, 3), bilinearly between cells.

    Cells are `step` pixels wide; the first pixel lies `offset` (x, y) pixels into the first cell. Alpha stays.
    """
    out = rgba.copy()
    bits = 8 * rgba.dtype.itemsize
    top = top_level(bits)
    every: Levels = (
        np.arange(top + 1, dtype=np.uint16).astype(np.uint8) if bits == 8 else np.arange(top + 1, dtype=np.uint16)
    )
    light = linear(from_levels(every))
    back = np.asarray(encoded(np.linspace(0, 1, FINE + 1, dtype=np.float32) ** 2) * top, np.float32)
    _shine(rgba, np.asarray(ratio, np.float32), step, offset[0], offset[1], light, back, bits == 16, out)
    return out


@compiled(parallel=False)
def _shine(rgba, ratio, step, left, above, light, back, fine, out):  # type: ignore[no-untyped-def]
    top = light.shape[0] - 1
    rows, columns = ratio.shape[0], ratio.shape[1]
    for y in range(rgba.shape[0]):
        v = min(max((above + y + 0.5) / step - 0.5, 0.0), rows - 1.0)
        i = int(v)
        k, b = min(i + 1, rows - 1), np.float32(v - i)
        for x in range(rgba.shape[1]):
            u = min(max((left + x + 0.5) / step - 0.5, 0.0), columns - 1.0)
            j = int(u)
            m, a = min(j + 1, columns - 1), np.float32(u - j)
            for c in range(3):
                upper = ratio[i, j, c] + a * (ratio[i, m, c] - ratio[i, j, c])
                lower = ratio[k, j, c] + a * (ratio[k, m, c] - ratio[k, j, c])
                r = upper + b * (lower - upper)
                if r == 1.0:
                    continue
                level = rgba[y, x, c]
                own = light[level]
                value = own
                if 0 < level < top:
                    # A hash of the place, even in (-1/2, 1/2) (Jimenez 2014, interleaved gradient noise).
                    dither = 52.9829189 * ((0.06711056 * (x + 7 * c) + 0.00583715 * (y + 3 * c)) % 1.0) % 1.0 - 0.5
                    other = light[level + 1] if dither > 0 else light[level - 1]
                    value += abs(dither) * min(1.0, 2.0 * abs(r - 1.0)) * (other - own)
                lit = value * r
                knee = max(value, KNEE)
                if lit > knee:
                    lit = knee + (1.0 - knee) * (1.0 - np.exp(-(lit - knee) / max(1.0 - knee, 1e-6)))
                lit = min(max(lit, 0.0), 1.0)
                if fine:
                    code = 12.92 * lit if lit <= 0.0031308 else 1.055 * lit ** (1 / 2.4) - 0.055
                    out[y, x, c] = int(code * top + 0.5)
                else:
                    place = np.sqrt(lit) * (back.shape[0] - 1)
                    n = min(int(place), back.shape[0] - 2)
                    out[y, x, c] = int(back[n] + (place - n) * (back[n + 1] - back[n]) + 0.5)
