"""The object's own colours at its soft rim, freed from what shines through (after Germer et al. 2020).

Alphabet: I picture, a alpha, F and B the colours of the object and of what is behind it: I = a F + (1 - a) B.
Both start as the known colours nearby (pull-push over a pyramid), then every soft pixel is fitted to I together with
its neighbours.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Mask
from multiplane.matte.border import box_of

Indices = NDArray[np.intp]
BLEED = 12
"""Pixels beyond the last visible one that take the object's colour, so that filtered edges show no halo."""
PYRAMID_PIXELS = 2_200_000
"""The pyramid starts from at most this many pixels, evenly spaced."""
SWEEPS = 6
SMOOTHNESS = 0.01
"""How much a neighbour's colour counts where alpha is flat; where alpha changes by g, it counts g more."""


def estimate_foreground(rgb: Floats, alpha: Floats) -> Floats:
    """Colours (H, W, 3) in [0, 1] of the object alone, from `rgb` (H, W, 3) and its `alpha` (H, W).

    Equal to `rgb` where alpha is 1 and far from the object; near it, where alpha is 0, the object's colour goes on.
    Where no pixel is known to be the object's, the result is `rgb`.
    """
    out = rgb.copy()
    seen = (alpha > 0).astype(np.uint8)
    near = cv2.dilate(seen, np.ones((2 * BLEED + 1, 2 * BLEED + 1), np.uint8)) > 0
    box = box_of(near & (alpha < 1), 2 * BLEED)
    if box is None or not seen.any():
        return out
    picture, cover, wanted = rgb[box], alpha[box], near[box] & (alpha[box] < 1)
    soft = wanted & (cover > 0)
    active = cv2.dilate(soft.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    pixels = np.nonzero(active | wanted)
    fore = _spread(picture, cover, pixels)
    back = _spread(picture, 1.0 - cover, pixels)
    fore, back = _fit(picture, cover, soft, pixels, fore, back)
    chosen = wanted[pixels]
    out[box][wanted] = np.clip(fore[chosen], 0.0, 1.0)
    return out


def _spread(rgb: Floats, weight: Floats, pixels: tuple[Indices, ...]) -> Floats:
    """Colours (n, 3) at `pixels`: the nearby colours of large `weight` (H, W), by pull-push (Gortler et al. 1996)."""
    step = int(np.ceil(np.sqrt(weight.size / PYRAMID_PIXELS)))
    # The eighth power: mixed colours serve only where no pure ones are near.
    sure = np.square(np.square(np.square(weight[::step, ::step])))
    filled = _pull_push(np.dstack([rgb[::step, ::step] * sure[..., None], sure]))
    return _sample(filled, (pixels[1] / step).astype(np.float32), (pixels[0] / step).astype(np.float32))


def _sample(picture: Floats, columns: Floats, rows: Floats) -> Floats:
    """Bilinear colours (n, 3) of `picture` (H, W, 3) at positions (n,); OpenCV wants the list folded into a picture."""
    width = 1 << 12
    folded = -(-columns.size // width)
    places = np.zeros((2, folded * width), np.float32)
    places[0, : columns.size], places[1, : rows.size] = columns, rows
    x, y = places.reshape(2, folded, width)
    colours = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(colours.reshape(-1, 3)[: columns.size])


def _pull_push(level: Floats) -> Floats:
    """Fill (h, w, 3) from weighted colours and weights (h, w, 4): missing ones come from the coarser level."""
    weight = np.minimum(level[..., 3:], 1.0)
    colour = level[..., :3] / np.maximum(level[..., 3:], 1e-12)
    height, width = weight.shape[:2]
    if max(height, width) == 1:
        return np.asarray(colour)
    half = cv2.resize(level, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA)
    half *= np.minimum(4.0, 1.0 / np.maximum(half[..., 3:], 1e-12))  # four children sum up, to at most 1
    coarse = cv2.resize(_pull_push(half), (width, height), interpolation=cv2.INTER_LINEAR)
    colour -= coarse
    colour *= weight
    colour += coarse
    return np.asarray(colour)


def _fit(
    rgb: Floats, alpha: Floats, soft: Mask, pixels: tuple[Indices, ...], fore: Floats, back: Floats
) -> tuple[Floats, Floats]:
    """Sweeps of Germer et al. 2020, eq. 3, over the soft pixels: F and B that explain I and vary smoothly."""
    index = np.full(alpha.shape, -1, np.int32)
    index[pixels] = np.arange(fore.shape[0])
    padded = np.pad(index, 1, mode="edge")
    rows, columns = np.nonzero(soft)
    here = index[rows, columns]
    a = alpha[rows, columns]
    neighbours = [padded[rows + 1 + dy, columns + 1 + dx] for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1))]
    cover = alpha[pixels]
    weights = [SMOOTHNESS + np.abs(a - cover[n]) for n in neighbours]
    total = np.sum(weights, axis=0)
    colour = rgb[rows, columns]
    aa, bb, ab = a * a + total, (1 - a) ** 2 + total, a * (1 - a)
    scale = (1.0 / (aa * bb - ab * ab))[:, None]
    for _ in range(SWEEPS):
        f = a[:, None] * colour + sum(w[:, None] * fore[n] for w, n in zip(weights, neighbours, strict=True))
        b = (1 - a)[:, None] * colour + sum(w[:, None] * back[n] for w, n in zip(weights, neighbours, strict=True))
        fore[here] = np.clip((bb[:, None] * f - ab[:, None] * b) * scale, 0.0, 1.0)
        back[here] = np.clip((aa[:, None] * b - ab[:, None] * f) * scale, 0.0, 1.0)
    return fore, back
