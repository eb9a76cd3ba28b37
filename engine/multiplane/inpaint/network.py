"""Fill a hole by a network: what every network is shown, whatever its kind, and how its answer comes into the photo.

A network knows of pixels that are there and of pixels that are missing, and nothing of surfaces. So each part of each
surface's hole is a crop in which everything but the surface's own known pixels is missing: the hole, what is nearer and
what belongs to others. Missing pixels are painted smoothly from the known ones, so that even a network that peeks finds
nothing that must not come in.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from multiplane.arrays import Floats, Ints, Mask, check_unit
from multiplane.errors import BackendError
from multiplane.inpaint.parts import Box, fill_plain_parts, placed, surroundings
from multiplane.inpaint.shares import Share
from multiplane.inpaint.smooth import fill_smoothly

BEYOND = 0.5
"""How far an answer may lie outside [0, 1] and still be clipped; farther, its scale is another one."""


@dataclass(frozen=True)
class Network:
    """A network as the fill sees it.

    `answer` takes rgb (h, w, 3), missing (h, w) and a seed to rgb (h, w, 3), all in [0, 1]; h and w are multiples of
    `multiple`. Crops are brought to `side` pixels on their longer side: larger ones always, smaller ones if `enlarge`.
    """

    name: str
    answer: Callable[[Floats, Mask, int], Floats]
    side: int
    multiple: int
    enlarge: bool = False


def inpaint_with(network: Network) -> Callable[[Floats, Mask, Ints, int], Floats]:
    """The backend of the inpaint stage (contract in its door) that fills by `network`.

    It raises BackendError where an answer is not finite, of another size, or not in [0, 1]. Holes thinner than the
    stage's parts, and surfaces of hardly any known pixels, are filled smoothly without it.
    """

    def inpaint(rgb: Floats, hole: Mask, surface: Ints, seed: int) -> Floats:
        check_unit(rgb, "rgb", (*hole.shape, 3))
        out = rgb.copy()
        for box, part, source in fill_plain_parts(out, hole, surface):
            _fill_part(network, out, box, part, source, seed)
        return out

    return inpaint


def _fill_part(network: Network, out: Floats, box: Box, part: Mask, source: Mask, seed: int) -> None:
    """Fill one connected part (its `box`, and its mask in there) of the hole of `out` (H, W, 3) in place."""
    view = surroundings(box, part, source)
    target, missing = placed(box, part, view), ~source[view]
    crop = out[view].copy()
    fill_smoothly(crop, Share(missing, ~missing))
    answer = _asked(network, crop, missing, seed)
    out[view][target] = answer[target]


def _asked(network: Network, crop: Floats, missing: Mask, seed: int) -> Floats:
    """The network's answer (h, w, 3) to `crop` (h, w, 3), asked at a size and with borders that it can take."""
    height, width = missing.shape
    scale = network.side / max(height, width)
    scale = scale if network.enlarge else min(1.0, scale)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small, gaps = crop, missing
    if size != (width, height):
        small = cv2.resize(crop, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
        gaps = np.asarray(cv2.resize(missing.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0)
    border = (0, -size[1] % network.multiple, 0, -size[0] % network.multiple, cv2.BORDER_REFLECT)
    padded = np.clip(cv2.copyMakeBorder(small, *border), 0.0, 1.0)
    answer = network.answer(padded, cv2.copyMakeBorder(gaps.view(np.uint8), *border) > 0, seed)
    _check_answer(network.name, answer, padded.shape)
    answer = np.ascontiguousarray(answer[: size[1], : size[0]], np.float32)
    if size != (width, height):
        answer = cv2.resize(answer, (width, height), interpolation=cv2.INTER_AREA if scale > 1 else cv2.INTER_CUBIC)
    return np.clip(answer, 0.0, 1.0)


def _check_answer(name: str, answer: Floats, shape: tuple[int, ...]) -> None:
    if answer.shape != shape:
        raise BackendError(f"{name!r} answers a picture {shape} with {answer.shape}; it is no inpainter that fits here")
    low, high = float(answer.min()), float(answer.max())
    if not (low >= -BEYOND and high <= 1 + BEYOND):  # NaN fails too
        raise BackendError(
            f"{name!r} answers with values from {low:g} to {high:g}, not in [0, 1]; use one that takes and gives [0, 1]"
        )
