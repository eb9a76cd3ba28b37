"""Fill a hole with patches of the photo itself, each surface from its own known pixels, sharp at any size."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from multiplane.arrays import Floats, Ints, Mask, check_unit
from multiplane.inpaint.blend import blend
from multiplane.inpaint.blocks import any_in_block, block_means
from multiplane.inpaint.exemplar import fill_from_exemplars
from multiplane.inpaint.parts import Box, fill_plain_parts, placed, surroundings
from multiplane.inpaint.structure import continue_structure
from multiplane.inpaint.transfer import transfer

WORKING_PIXELS = 120_000
"""Most hole pixels that are solved for; larger holes are solved at a whole fraction of their size."""
WORKING_AREA = 1_500_000
"""Most pixels of the crop around a part that is worked on, which bounds the memory."""
WORKERS = 2
"""Parts filled at the same time: the compiled loops let go of the interpreter. More would cost memory."""


def inpaint_patches(rgb: Floats, hole: Mask, surface: Ints, seed: int) -> Floats:
    """Fill `hole` (H, W) of `rgb` (H, W, 3) with patches of known pixels of the same `surface` (H, W).

    Contract as in the stage's door. Each connected part of each surface's hole is one problem, solved on a crop.
    """
    check_unit(rgb, "rgb", (*hole.shape, 3))
    out = rgb.copy()
    problems = list(fill_plain_parts(out, hole, surface))
    # Each reads only known pixels and writes only its own, so their order, and who solves which, changes nothing.
    with ThreadPoolExecutor(WORKERS) as pool:
        tasks = [pool.submit(_fill_part, out, *problem, seed) for problem in problems]
    for task in tasks:
        task.result()
    return out


def _fill_part(out: Floats, box: Box, part: Mask, source: Mask, seed: int) -> None:
    """Fill one connected part (its `box`, and its mask in there) of the hole in place."""
    pixels = int(np.count_nonzero(part))
    view = surroundings(box, part, source)
    target = placed(box, part, view)
    crop, known = out[view], source[view]
    size = int(np.ceil(np.sqrt(max(pixels / WORKING_PIXELS, target.size / WORKING_AREA))))
    means, share = block_means(crop, known, size)
    low_target = any_in_block(target, size)
    low_source = (share >= 0.5) & ~low_target
    low = fill_from_exemplars(means, low_source, low_target, seed)
    structure = continue_structure(low.rgb, low_source, low_target)
    low = low._replace(rgb=blend(low.rgb, structure, low.error, low_source, low_target))
    crop[target] = transfer(crop, known, target, low, size)
