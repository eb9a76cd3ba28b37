"""Boxes around masks: the part of a picture that a step has to look at."""

import numpy as np

from multiplane.arrays import Mask


def bounds(mask: Mask) -> tuple[int, int, int, int]:
    """First and past-the-last row and column (top, bottom, left, right) of a mask that is not empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def window(box: tuple[int, int, int, int], rows: int, columns: int, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Slices of `box` grown by `rows` above and below and `columns` to both sides, cut at the picture's edges."""
    top, bottom, left, right = box
    return (
        slice(max(top - rows, 0), min(bottom + rows, shape[0])),
        slice(max(left - columns, 0), min(right + columns, shape[1])),
    )
