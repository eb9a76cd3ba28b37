"""The inpaint stage: a picture with a hole in, the same picture with the hole filled out."""

from collections.abc import Callable
from typing import TypeAlias

from multiplane.arrays import Floats, Ints, Mask
from multiplane.errors import BackendError

InpaintBackend: TypeAlias = Callable[[Floats, Mask, Ints, int], Floats]
"""rgb (H, W, 3), hole (H, W), surface (H, W), seed to rgb (H, W, 3).

Nothing changes outside the hole. A hole pixel is filled from known pixels (outside the hole) of its own surface number
only; surface -1 is never a source: that is how the foreground is kept out of the background. Where a surface has no
known pixel, any known pixel of a surface >= 0 may serve, and where there is none, any known pixel; a picture that is
all hole becomes middle grey. The same seed gives the same bytes.
"""

NAMES = ("patches", "smooth")


def load_inpaint(name: str) -> InpaintBackend:
    """The backend called `name`; nothing heavy is imported before."""
    match name:
        case "patches":
            from multiplane.inpaint.patches import inpaint_patches

            return inpaint_patches
        case "smooth":
            from multiplane.inpaint.smooth import inpaint_smooth

            return inpaint_smooth
    raise BackendError(f"no inpaint backend is called {name!r}; choose one of: {', '.join(NAMES)}")
