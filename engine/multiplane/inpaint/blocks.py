"""Averages of known pixels over square blocks: how a picture with holes is made smaller without their colour."""

from typing import Any

import numpy as np

from multiplane.arrays import Floats, Mask
from multiplane.pixels.compiled import compiled


def block_means(values: Floats, mask: Mask, size: int) -> tuple[Floats, Floats]:
    """Mean of `values` (H, W, C) over the true pixels of each `size` x `size` block, and their share in [0, 1].

    Gives arrays of ceil(H / size) x ceil(W / size) blocks; 0 where a block has no true pixel. The blocks at the
    right and bottom edge may be smaller: their share is of the pixels there are.
    """
    means, shares = _block_means(values, mask, size)
    return means, shares


def any_in_block(mask: Mask, size: int) -> Mask:
    """Whether any pixel of each `size` x `size` block is true."""
    rows = np.logical_or.reduceat(mask, np.arange(0, mask.shape[0], size), axis=0)
    return np.asarray(np.logical_or.reduceat(rows, np.arange(0, mask.shape[1], size), axis=1))


@compiled()
def _block_means(values: Any, mask: Any, size: int) -> Any:
    height, width, channels = values.shape
    rows, columns = -(-height // size), -(-width // size)
    means = np.zeros((rows, columns, channels), np.float32)
    shares = np.zeros((rows, columns), np.float32)
    for i in range(rows):
        for j in range(columns):
            bottom, right = min((i + 1) * size, height), min((j + 1) * size, width)
            count = 0
            for y in range(i * size, bottom):
                for x in range(j * size, right):
                    if mask[y, x]:
                        count += 1
                        for c in range(channels):
                            means[i, j, c] += values[y, x, c]
            if count > 0:
                for c in range(channels):
                    means[i, j, c] /= count
                shares[i, j] = count / ((bottom - i * size) * (right - j * size))
    return means, shares
