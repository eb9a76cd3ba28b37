"""The inpaint stage: a picture with a hole in, the same picture with the hole filled out."""

from collections.abc import Callable
from typing import TypeAlias

from multiplane.arrays import Floats, Ints, Mask
from multiplane.errors import BackendError
from multiplane.weights import SCRIPTS, is_file, is_folder

InpaintBackend: TypeAlias = Callable[[Floats, Mask, Ints, int], Floats]
"""rgb (H, W, 3), hole (H, W), surface (H, W), seed to rgb (H, W, 3).

Nothing changes outside the hole. A hole pixel is filled from known pixels (outside the hole) of its own surface number
only; surface -1 is never a source: that is how the foreground is kept out of the background. Where a surface has no
known pixel, any known pixel of a surface >= 0 may serve, and where there is none, any known pixel; a picture that is
all hole becomes middle grey. The same seed gives the same bytes.
"""

BUILTIN = ("patches", "smooth")
NAMES = (*BUILTIN, *(script.name for script in SCRIPTS))


def load_inpaint(name: str) -> InpaintBackend:
    """The backend called `name`, of a TorchScript file or of a diffusers folder; nothing heavy is imported before."""
    match name:
        case "patches":
            from multiplane.inpaint.patches import inpaint_patches

            return inpaint_patches
        case "smooth":
            from multiplane.inpaint.smooth import inpaint_smooth

            return inpaint_smooth
        case script if script in NAMES or is_file(script):
            from multiplane.inpaint.torchscript import load_torchscript

            return load_torchscript(script)
        case folder if is_folder(folder):
            from multiplane.inpaint.diffusion import load_diffusion

            return load_diffusion(folder)
    raise BackendError(
        f"no inpaint backend is called {name!r}; choose one of: {', '.join(NAMES)}, or pass a TorchScript file like"
        " big-lama.pt or a folder of diffusers"
    )
