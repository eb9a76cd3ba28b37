"""Every way to fill a hole that the benchmark compares, each with the same far-side context."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from multiplane.arrays import Floats, Ints, Mask
from multiplane.errors import BackendError
from multiplane.inpaint import BUILTIN, load_inpaint
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.pixels.nearest import from_nearest
from multiplane.weights import SCRIPTS

Fill = Callable[[Floats, Mask, Ints], Floats]
"""rgb (H, W, 3), hole (H, W), surface (H, W; -1: nearer, not to be used) to rgb (H, W, 3)."""


def methods(names: list[str] | None = None) -> tuple[dict[str, Fill], dict[str, str]]:
    """The methods that can run here, ours first, and why the others cannot."""
    found: dict[str, Fill] = {name: ours(name) for name in BUILTIN}
    found |= {
        "telea": opencv(cv2.INPAINT_TELEA, far_only=False),
        "telea far": opencv(cv2.INPAINT_TELEA, far_only=True),
        "ns": opencv(cv2.INPAINT_NS, far_only=False),
        "ns far": opencv(cv2.INPAINT_NS, far_only=True),
        "stretch": stretch,
    }
    missing = {}
    for network in (*(script.name for script in SCRIPTS), *(extra for extra in names or () if Path(extra).exists())):
        try:
            found[network] = ours(network)
        except BackendError as error:
            missing[network] = str(error)
    try:
        found["patchmatch"] = plain_patchmatch()
    except ImportError:
        missing["patchmatch"] = "PyPatchMatch is not installed here; pip install --no-deps pypatchmatch, elsewhere"
    if names:
        found = {name: fill for name, fill in found.items() if name in names}
    return found, missing


def ours(name: str) -> Fill:
    """A backend of the inpaint stage."""
    backend = load_inpaint(name)
    return lambda rgb, hole, surface: backend(rgb, hole, surface, 0)


def opencv(flag: int, far_only: bool) -> Fill:
    """OpenCV's inpainting with radius 3; `far_only` treats what is nearer as hole too, so that it cannot leak in."""

    def fill(rgb: Floats, hole: Mask, surface: Ints) -> Floats:
        unknown = hole | ((surface < 0) if far_only else False)
        out = from_levels(cv2.inpaint(to_levels(rgb), unknown.view(np.uint8), 3, flag))
        return np.where(hole[..., None], out, rgb)

    return fill


def stretch(rgb: Floats, hole: Mask, surface: Ints) -> Floats:
    """Carry the nearest far-side pixel inward: what a height field with its rubber cut shows."""
    nearest, _ = from_nearest(np.arange(hole.size).reshape(hole.shape), ~hole & (surface >= 0))
    return np.where(hole[..., None], rgb.reshape(-1, 3)[nearest], rgb)


def plain_patchmatch() -> Fill:
    """Barnes et al. 2009 with Wexler et al. 2007 as PyPatchMatch has it; sources are kept off what is nearer."""
    from patchmatch import patch_match  # type: ignore[import-not-found]

    def fill(rgb: Floats, hole: Mask, surface: Ints) -> Floats:
        patch_match.set_random_seed(0)
        masks = [mask.view(np.uint8)[..., None] * np.uint8(255) for mask in (hole, (surface < 0) & ~hole)]
        out = from_levels(patch_match.inpaint(to_levels(rgb), masks[0], global_mask=masks[1], patch_size=3))
        return np.where(hole[..., None], out, rgb)

    return fill
