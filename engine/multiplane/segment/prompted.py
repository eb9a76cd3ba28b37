"""The doors of prompted selection: what a user points at becomes the mask of one thing, what words describe a box."""

from collections.abc import Callable
from typing import TypeAlias

from multiplane.arrays import Floats, Mask
from multiplane.errors import BackendError
from multiplane.segment.prompt import Found, Prompt
from multiplane.weights import GROUNDING_DINO, SAM, is_folder

PromptedBackend: TypeAlias = Callable[[Floats, Floats, Prompt], Mask]
"""`select(rgb, z, prompt)`: the mask (H, W) of one thing in `rgb` (H, W, 3), sRGB in [0, 1], with depth `z` (H, W) > 0.

Holds the pixel of every positive point and of no negative one; empty only where a box holds nothing. Raises
SceneError for a prompt outside the picture. Deterministic.
"""
Finder: TypeAlias = Callable[[Floats, str], tuple[Found, ...]]
"""`find(rgb, text)`: what the words describe in `rgb` (H, W, 3), the surest first; SceneError where nothing is."""

NAMES = ("builtin", *(checkpoint.name for checkpoint in SAM))
FINDERS = tuple(checkpoint.name for checkpoint in GROUNDING_DINO)


def load_prompted(name: str) -> PromptedBackend:
    """The backend called `name`, or a checkpoint folder in the hub's layout; nothing heavy is imported before."""
    match name:
        case "builtin":
            from multiplane.segment.click import select

            return select
        case checkpoint if checkpoint in NAMES or is_folder(checkpoint):
            from multiplane.segment.sam import load_sam

            return load_sam(checkpoint)
        case _:
            raise BackendError(f"no backend for points and boxes is called {name!r}; choose one of: {', '.join(NAMES)}")


def load_finder(name: str) -> Finder:
    """The backend for words called `name`, or a checkpoint folder in the hub's layout."""
    if name in FINDERS or is_folder(name):
        from multiplane.segment.grounding import load_grounding

        return load_grounding(name)
    raise BackendError(f"no backend for words is called {name!r}; choose one of: {', '.join(FINDERS)}, or a folder")
