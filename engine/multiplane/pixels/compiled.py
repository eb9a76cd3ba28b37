"""Compiles the hot loops, once: the machine code is kept on the disk for the next run, where the disk allows it."""

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """numba's njit with a cache and without the interpreter's lock; `options` are njit's own."""

    def compile_function(function: Callable[..., Any]) -> Any:
        try:
            return njit(cache=True, nogil=True, **options)(function)
        except RuntimeError:  # neither the package's folder nor the user's can be written: compile at every run
            return njit(nogil=True, **options)(function)

    return compile_function
