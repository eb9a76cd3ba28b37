"""Bring a fill found at a working size to full size: its colours upsampled, and the detail of where they came from.

A full-size hole pixel p of block i takes, from each of the four blocks j around it, the detail of the pixel that
block j's displacement points to (the pixel minus the upsampled working picture there). Displacements are whole blocks,
so sources are real pixels, unblurred, and neighbouring blocks that agree give back the photo's own texture and grain.
"""

from typing import Any

import numpy as np

from multiplane.arrays import Floats, Mask
from multiplane.inpaint.exemplar import Filled
from multiplane.pixels.compiled import compiled

CRISPNESS = 3.0
"""How narrow the change from one block's source to the next is: 1 would be bilinear, infinity a hard seam."""


def transfer(rgb: Floats, source: Mask, target: Mask, low: Filled, size: int) -> Floats:
    """Colours (N, 3) for the N `target` pixels (H, W), in raster order, of `rgb` (H, W, 3).

    `low` is the picture's block means filled at 1/`size`. Pixels whose source is not in `source` (H, W) get the
    upsampled colour alone.
    """
    ys, xs = (a.astype(np.int32) for a in np.nonzero(target))
    out = np.empty((len(ys), 3), np.float32)
    _transfer(rgb, source, ys, xs, low.rgb, low.inside, low.ny, low.nx, size, CRISPNESS, out)
    return np.clip(out, 0.0, 1.0, out=out)


@compiled()
def _transfer(
    rgb: Any, source: Any, ys: Any, xs: Any, low: Any, inside: Any, ny: Any, nx: Any, size: int, crisp: float, out: Any
) -> None:
    rows, columns = ny.shape
    height, width = source.shape
    detail = np.zeros(3, np.float32)
    for k in range(len(ys)):
        y, x = ys[k], xs[k]
        v, u = (y + 0.5) / size - 0.5, (x + 0.5) / size - 0.5
        i0, j0 = int(np.floor(v)), int(np.floor(u))
        fy, fx = v - i0, u - j0
        detail[:] = 0
        weights = 0.0
        for di in range(2):
            for dj in range(2):
                i, j = min(max(i0 + di, 0), rows - 1), min(max(j0 + dj, 0), columns - 1)
                sy, sx = y + (ny[i, j] - i) * size, x + (nx[i, j] - j) * size
                if ny[i, j] < 0 or not (0 <= sy < height and 0 <= sx < width) or not source[sy, sx]:
                    continue
                w = ((fy if di else 1 - fy) * (fx if dj else 1 - fx) + 1e-4) ** crisp
                weights += w
                for c in range(3):
                    detail[c] += w * (rgb[sy, sx, c] - _sample(low, inside, sy, sx, size, c))
        for c in range(3):
            out[k, c] = _sample(low, inside, y, x, size, c)
            if weights > 0:
                out[k, c] += detail[c] / weights


@compiled()
def _sample(image: Any, inside: Any, y: int, x: int, size: int, c: int) -> Any:
    """The bilinear value of channel c of a block image at full-size pixel (y, x), among blocks that are `inside`."""
    v, u = (y + 0.5) / size - 0.5, (x + 0.5) / size - 0.5
    i0, j0 = int(np.floor(v)), int(np.floor(u))
    fy, fx = v - i0, u - j0
    total, weights = 0.0, 0.0
    for di in range(2):
        for dj in range(2):
            i, j = min(max(i0 + di, 0), image.shape[0] - 1), min(max(j0 + dj, 0), image.shape[1] - 1)
            if inside[i, j]:
                w = (fy if di else 1 - fy) * (fx if dj else 1 - fx)
                weights += w
                total += w * image[i, j, c]
    return total / weights
