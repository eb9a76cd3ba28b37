"""The depth stage: a photo in, a depth for every pixel out."""

from collections.abc import Callable
from typing import TypeAlias

from multiplane.errors import BackendError
from multiplane.scene import DepthMap, Photo
from multiplane.weights import DEPTH_ANYTHING, is_folder

DepthBackend: TypeAlias = Callable[[Photo], DepthMap]
"""z of the photo's size, finite and > 0, deterministic, edges on the photo's edges."""

NAMES = ("builtin", "classical", *(checkpoint.name for checkpoint in DEPTH_ANYTHING))


def load_depth(name: str) -> DepthBackend:
    """The backend called `name`, or a checkpoint folder in the hub's layout; nothing heavy is imported before."""
    match name:
        case "builtin":
            from multiplane.depth.builtin import estimate_depth

            return estimate_depth
        case "classical":
            from multiplane.depth.classical import estimate_depth_classically

            return estimate_depth_classically
        case checkpoint if checkpoint in NAMES or is_folder(checkpoint):
            from multiplane.depth.depth_anything import load_depth_anything

            return load_depth_anything(checkpoint)
        case _:
            raise BackendError(f"no depth backend is called {name!r}; choose one of: {', '.join(NAMES)}")
