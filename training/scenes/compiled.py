"""Compiles a kernel with numba and keeps the compiled code beside the source where that can be written."""

from collections.abc import Callable
from typing import Any

from numba import njit


def compile_kernel(function: Callable[..., Any]) -> Any:
    """`function` compiled: cached where the folder can be written, at every run where it cannot."""
    try:
        return njit(cache=True, nogil=True, fastmath=True, error_model="numpy")(function)
    except RuntimeError:  # no folder for the cache
        return njit(nogil=True, fastmath=True, error_model="numpy")(function)
