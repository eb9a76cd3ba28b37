"""The door of prompted selection: a picture, its depth and what a user points at in, the mask of that one thing out."""

from collections.abc import Callable
from typing import TypeAlias

from multiplane.arrays import Floats, Mask
from multiplane.errors import BackendError
from multiplane.segment.prompt import Prompt

PromptedBackend: TypeAlias = Callable[[Floats, Floats, Prompt], Mask]
"""`select(rgb, z, prompt)`: the mask (H, W) of one thing in `rgb` (H, W, 3), sRGB in [0, 1], with depth `z` (H, W) > 0.

Holds the pixel of every positive point and of no negative one; empty only where a box holds nothing. Raises
SceneError for a prompt outside the picture. Deterministic.
"""

NAMES = ("builtin",)


def load_prompted(name: str) -> PromptedBackend:
    """The backend called `name`; nothing heavy is imported before."""
    match name:
        case "builtin":
            from multiplane.segment.click import select

            return select
        case _:
            raise BackendError(f"no backend for points and boxes is called {name!r}; choose one of: {', '.join(NAMES)}")
