"""The depth stage: a photo in, a depth for every pixel out."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from multiplane.errors import BackendError
from multiplane.scene import DepthMap, Photo

DepthBackend: TypeAlias = Callable[[Photo], DepthMap]
"""z of the photo's size, finite and > 0, deterministic, edges on the photo's edges."""

NAMES = ("builtin", "depth-anything-v2-small")


def load_depth(name: str) -> DepthBackend:
    """The backend called `name`, or a checkpoint folder in the hub's layout; nothing heavy is imported before."""
    match name:
        case "builtin":
            from multiplane.depth.builtin import estimate_depth

            return estimate_depth
        case "depth-anything-v2-small":
            from multiplane.depth.depth_anything import load_depth_anything

            return load_depth_anything(name)
        case folder if folder and Path(folder).is_dir():
            from multiplane.depth.depth_anything import load_depth_anything

            return load_depth_anything(folder)
        case _:
            raise BackendError(f"no depth backend is called {name!r}; choose one of: {', '.join(NAMES)}")
