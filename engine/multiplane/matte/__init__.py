"""The matte stage: a picture and a hard mask in, a soft alpha out."""

from collections.abc import Callable
from typing import TypeAlias

from multiplane.arrays import Floats, Mask
from multiplane.errors import BackendError
from multiplane.weights import VITMATTE, is_folder

MatteBackend: TypeAlias = Callable[[Floats, Mask], Floats]
"""rgb (H, W, 3) and mask (H, W) to alpha (H, W) in [0, 1]: 1 deep inside the mask, 0 far outside it."""

NAMES = ("closed-form", "guided", *(checkpoint.name for checkpoint in VITMATTE))


def load_matte(name: str) -> MatteBackend:
    """The backend called `name`, or a checkpoint folder in the hub's layout; nothing heavy is imported before."""
    match name:
        case "closed-form":
            from multiplane.matte.closed_form import matte_closed_form

            return matte_closed_form
        case "guided":
            from multiplane.matte.guided import matte_guided

            return matte_guided
        case checkpoint if checkpoint in NAMES or is_folder(checkpoint):
            from multiplane.matte.vitmatte import load_vitmatte

            return load_vitmatte(checkpoint)
    raise BackendError(f"no matte backend is called {name!r}; choose one of: {', '.join(NAMES)}")
