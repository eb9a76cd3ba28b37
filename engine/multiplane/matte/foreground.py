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
STEPS = (8, 4, 2, 1)
"""The fit runs on every 8th pixel first: wide blur needs colours carried far."""
BLEED = 12
"""Pixels beyond the last visible one that take the object's colour, so that filtered edges show no halo."""
PYRAMID_PIXELS = 600_000
"""The pyramid starts from at most this many pixels, evenly spaced."""
SWEEPS = 4
SMOOTHNESS = 0.01
"""How much a neighbour's colour counts where alpha is flat; where alpha changes by g, it counts g more."""


def estimate_foreground(rgb: Floats, alpha: Floats) -> Floats:
    """Colours (H, W, 3) in [0, 1] of the object alone, from `rgb` (H, W, 3) and its `alpha` (H, W).

    Equal to `rgb` where alpha is 1 and far from the object; near it, where alpha is 0, the object's colour goes on.
    Where no pixel is known to be the object's, the result is `rgb`.
    """
    out = rgb.copy()
    seen = (alpha > 0).astype(np.uint8)
    near = _grown(seen, BLEED)
    near &= alpha < 1
    box = box_of(near, 2 * BLEED)
    if box is None or not seen.any():
        return out
    picture, cover, wanted = rgb[box], alpha[box], near[box]
    step = int(np.ceil(np.sqrt(cover.size / PYRAMID_PIXELS)))
    fore, back = (_spread(picture[::step, ::step], weight[::step, ::step]) for weight in (cover, 1.0 - cover))
    for finer in STEPS:
        ratio, step = finer / step, finer
        pixels = np.nonzero(_grown(wanted.astype(np.uint8), step)[::step, ::step])
        fore, back = _sample(fore, pixels, ratio), _sample(back, pixels, ratio)
        _fit(picture[::step, ::step], cover[::step, ::step], pixels, fore, back)
        if step > 1:
            fore, back = (_scatter(values, pixels, cover[::step, ::step].shape) for values in (fore, back))
    chosen = wanted[pixels]
    out[box][wanted] = fore[chosen]
    return out


def _grown(mask: NDArray[np.uint8], pixels: int) -> Mask:
    return np.asarray(cv2.dilate(mask, np.ones((2 * pixels + 1, 2 * pixels + 1), np.uint8)) > 0)


def _scatter(values: Floats, pixels: tuple[Indices, ...], shape: tuple[int, ...]) -> Floats:
    picture = np.zeros((*shape, 3), np.float32)
    picture[pixels] = values
    return picture


def _spread(rgb: Floats, weight: Floats) -> Floats:
    """A picture (H, W, 3) of the nearby colours of large `weight` (H, W), by pull-push (Gortler et al. 1996)."""
    # High powers: mixed colours serve only where no pure ones are near.
    fourth = np.square(np.square(weight))
    sure = np.power(fourth, 8, dtype=np.float32) + np.float32(1e-3) * fourth
    return _pull_push(np.dstack([rgb * sure[..., None], sure]))


def _sample(picture: Floats, pixels: tuple[Indices, ...], ratio: float) -> Floats:
    """Bilinear colours (n, 3) of `picture` (H, W, 3) at `pixels` times `ratio`."""
    width = 1 << 12  # OpenCV wants the list folded into a picture
    count = pixels[0].size
    places = np.zeros((2, -(-count // width) * width), np.float32)
    for row, axis in enumerate((1, 0)):
        np.multiply(pixels[axis], ratio, out=places[row, :count], casting="unsafe")
    x, y = places.reshape(2, -1, width)
    colours = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(colours.reshape(-1, 3)[:count])


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


def _fit(rgb: Floats, alpha: Floats, pixels: tuple[Indices, ...], fore: Floats, back: Floats) -> None:
    """Sweeps of Germer et al. 2020, eq. 3, over the soft ones of `pixels`: `fore` and `back` (n, 3) change in place.

    They come to explain I and to vary smoothly; known colours hold.
    """
    index = np.zeros(alpha.shape, np.int32)
    index[pixels] = np.arange(fore.shape[0])
    cover, colours = alpha[pixels], rgb[pixels]
    fore[cover == 1], back[cover == 0] = colours[cover == 1], colours[cover == 0]
    here = np.flatnonzero((cover > 0) & (cover < 1))
    a, colour = cover[here], colours[here]
    rows, columns = pixels[0][here], pixels[1][here]
    bottom, right = alpha.shape[0] - 1, alpha.shape[1] - 1
    neighbours = [
        index[np.clip(rows + dy, 0, bottom), np.clip(columns + dx, 0, right)]
        for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1))
    ]
    weights = [(SMOOTHNESS + np.abs(a - cover[near]))[:, None] for near in neighbours]
    total = np.sum(weights, axis=0)[:, 0]
    aa, bb, ab = a * a + total, (1 - a) ** 2 + total, (a * (1 - a))[:, None]
    scale = (1.0 / (aa * bb - np.square(ab[:, 0])))[:, None]
    aa, bb = aa[:, None], bb[:, None]
    for _ in range(SWEEPS):
        f, b = a[:, None] * colour, (1 - a)[:, None] * colour
        for weight, near in zip(weights, neighbours, strict=True):
            f += weight * fore[near]
            b += weight * back[near]
        fore[here] = np.clip((bb * f - ab * b) * scale, 0.0, 1.0)
        back[here] = np.clip((aa * b - ab * f) * scale, 0.0, 1.0)
