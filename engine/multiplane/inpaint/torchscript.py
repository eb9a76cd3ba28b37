"""LaMa (Suvorov et al., WACV 2022) and others like it: an inpainting network in one TorchScript file."""

from collections.abc import Callable

import numpy as np
import torch

from multiplane.arrays import Floats, Ints, Mask
from multiplane.errors import BackendError
from multiplane.inpaint.network import Network, inpaint_with
from multiplane.weights import locate_script

SIDE = 1024
"""Longer side in pixels at which larger crops are filled: LaMa was trained at 256 and holds well to some four times."""
MULTIPLE = 8


def load_torchscript(name_or_file: str) -> Callable[[Floats, Mask, Ints, int], Floats]:
    """The inpaint backend of a TorchScript file, by its name in `weights.SCRIPTS` or its path.

    The file holds a module of (image (1, 3, H, W) in [0, 1], mask (1, 1, H, W), 1 where missing) to an image
    (1, 3, H, W) in [0, 1], as `big-lama.pt` does; a file is a program, so it should come from somebody trusted. Runs
    on CUDA where there is one. Raises MissingWeights where a named file is not on this machine, BackendError where a
    file is no such module.
    """
    path = locate_script(name_or_file)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        model = torch.jit.load(str(path), map_location=device).eval()  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError, OSError) as error:
        raise BackendError(
            f"{name_or_file!r} is no TorchScript file ({str(error).splitlines()[0]}); pass one like big-lama.pt"
        ) from error

    def answer(rgb: Floats, missing: Mask, seed: int) -> Floats:
        image = torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1)))[None].to(device)
        mask = torch.from_numpy(missing.astype(np.float32))[None, None].to(device)
        try:
            with torch.inference_mode(), torch.random.fork_rng():
                torch.manual_seed(seed)
                filled = model(image, mask)[0].permute(1, 2, 0).float().cpu().numpy()
        except (RuntimeError, AttributeError, IndexError, TypeError) as error:
            reason = str(error).strip().splitlines()[-1]
            raise BackendError(
                f"{name_or_file!r} does not take an image and a mask to an image ({reason}); pass one like big-lama.pt"
            ) from error
        return np.asarray(filled)

    return inpaint_with(Network(name_or_file, answer, SIDE, MULTIPLE))
