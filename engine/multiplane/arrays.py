"""The array types that cross seams, and the checks that every noun runs when it is made."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from multiplane.errors import SceneError

Floats: TypeAlias = NDArray[np.float32]
"""float32: colours and alphas in [0, 1], or depths > 0."""
Mask: TypeAlias = NDArray[np.bool_]
"""bool (H, W)."""
Ints: TypeAlias = NDArray[np.int32]
"""int32 (H, W): labels or indices."""
Levels: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]
"""Quantised colours: 0..255 or 0..65535."""


def check_unit(array: Floats, name: str, shape: tuple[int | None, ...]) -> None:
    """Raise SceneError unless `array` is float32 in [0, 1] of `shape` (None matches any length)."""
    check_shape(array, name, shape, np.float32)
    low, high = float(array.min()), float(array.max())
    if not (low >= 0.0 and high <= 1.0):  # also catches NaN, which compares false
        raise SceneError(f"{name} must lie in [0, 1] and be finite, but spans {low:g} to {high:g}")


def check_depth(array: Floats, name: str, shape: tuple[int | None, ...]) -> None:
    """Raise SceneError unless `array` is finite, positive float32 of `shape`."""
    check_shape(array, name, shape, np.float32)
    low, high = float(array.min()), float(array.max())
    if not (low > 0.0 and high < np.inf):
        raise SceneError(f"{name} must be finite and greater than 0, but spans {low:g} to {high:g}")


def check_mask(array: Mask, name: str, shape: tuple[int | None, ...]) -> None:
    """Raise SceneError unless `array` is bool of `shape`."""
    check_shape(array, name, shape, np.bool_)


def check_shape(array: NDArray[np.generic], name: str, shape: tuple[int | None, ...], dtype: type[np.generic]) -> None:
    """Raise SceneError unless `array` is a non-empty numpy array of `shape` and `dtype`."""
    if not isinstance(array, np.ndarray) or array.dtype != dtype:
        kind = getattr(array, "dtype", type(array).__name__)
        raise SceneError(f"{name} must be a numpy array of {np.dtype(dtype).name}, not {kind}")
    fits = len(array.shape) == len(shape) and all(
        want is None or got == want for got, want in zip(array.shape, shape, strict=True)
    )
    if not fits or array.size == 0:
        wanted = " x ".join("any" if want is None else str(want) for want in shape)
        raise SceneError(f"{name} must have shape {wanted}, not {' x '.join(map(str, array.shape))}")
