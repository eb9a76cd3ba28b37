"""Compiles a kernel with numba and keeps the compiled code beside the source where that can be written."""

from collections.abc import Callable
from typing import Any

from numba import njit


def compile_kernel(function: Callable[..., Any]) -> Any:
    """`function` compiled: cached where the folder can be written, at every run where it cannot."""
    # Cached code names the modules that it calls, so what was imported under another name gets a cache of its own.
    function.__qualname__ = f"{function.__module__}.{function.__name__}"
    try:
        return njit(cache=True, nogil=True, fastmath=True, error_model="numpy")(function)
    except RuntimeError:  # no folder for the cache
        return njit(nogil=True, fastmath=True, error_model="numpy")(function)
