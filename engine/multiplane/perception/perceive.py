"""Runs the built-in network on a photo: relative disparity, scene classes, occlusion edges and subject, as arrays."""

import math
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import cv2
import numpy as np
import torch

from multiplane.arrays import Floats
from multiplane.errors import BackendError
from multiplane.perception.network import CLASSES, STRIDE, PerceptionNet
from multiplane.perception.packing import read_packed

WEIGHTS = Path(__file__).with_name("weights.safetensors")
AREA = 272 * 368
"""Pixels of the copy that the network sees, whatever the aspect: a quarter more than the largest it was trained at."""
CLOSELY = 4 * AREA
"""Pixels of the copy for depth and for telling things apart: steps are sharper, and small things are known better."""
ENLARGED = 2
"""Times as many pixels as a photo has, at most, that the network sees."""
LONGEST = 64 * STRIDE
"""Bounds the long side of panoramas."""


@dataclass(frozen=True)
class Perception:
    """What the network says of one photo, on a small grid (h, w) that covers it.

    `disparity` (h, w) is relative: right up to a scale and a shift. `classes` (10, h, w) are the probabilities of
    `network.CLASSES` and sum to 1; `edges` (h, w), the probability of a step in depth, `subject` (h, w), that of
    belonging to what the picture is of, and `contours` (h, w), that of lying between two things, are in [0, 1].
    `tokens` (K, h / 8, w / 8), the encoder's last, are alike where the picture shows alike things; `fine`
    (L, h / 2, w / 2) are the features that the maps are made from.
    """

    disparity: Floats
    classes: Floats
    edges: Floats
    subject: Floats
    contours: Floats
    tokens: Floats
    fine: Floats

    def of_class(self, *names: str) -> Floats:
        """Probability (h, w) that a pixel is of one of the named classes."""
        return np.asarray(self.classes[[CLASSES.index(name) for name in names]].sum(axis=0))


def perceive(rgb: Floats, area: int = AREA) -> Perception:
    """What is in a photo (H, W, 3), of any size and aspect, seen at about `area` pixels.

    The grid is about 144 x 192 at AREA, by the photo's aspect.
    """
    return _seen_in(prepared(rgb, area))


def look_closely(rgb: Floats) -> Perception:
    """What is in a photo (H, W, 3), seen as large as helps: four times AREA, or less where the photo is small.

    The last look is kept: whoever wants depth and segments of a photo has it looked at once.
    """
    own = rgb.shape[0] * rgb.shape[1]
    batch = prepared(rgb, min(max(ENLARGED * own, AREA), CLOSELY))
    return _last_look(batch.tobytes(), batch.shape)


@lru_cache(maxsize=1)
def _last_look(pixels: bytes, shape: tuple[int, ...]) -> Perception:
    seen = _seen_in(np.frombuffer(pixels, np.float32).reshape(shape).copy())
    for part in vars(seen).values():
        part.flags.writeable = False  # others will be given the same
    return seen


def _seen_in(pixels: Floats) -> Perception:
    batch = torch.from_numpy(pixels).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        maps, features = load_network().with_features(batch)
    return Perception(
        # As the teacher's, which ends in a rectifier: what is not above 0 is infinitely far, like the sky.
        disparity=maps.disparity[0].relu().numpy(),
        classes=maps.classes[0].softmax(dim=0).numpy(),
        edges=maps.edges[0].sigmoid().numpy(),
        subject=maps.subject[0].sigmoid().numpy(),
        contours=maps.contours[0].sigmoid().numpy(),
        tokens=features.tokens[0].numpy(),
        fine=features.fine[0].numpy(),
    )


def prepared(rgb: Floats, area: int = AREA) -> Floats:
    """The network's input (1, 3, h, w): about `area` pixels, both sides multiples of STRIDE."""
    height, width = rgb.shape[:2]
    scale = min(math.sqrt(area / (height * width)), LONGEST / max(height, width))
    size = tuple(max(1, round(side * scale / STRIDE)) * STRIDE for side in (width, height))
    shrinks = size[0] < width and size[1] < height
    resized = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.ascontiguousarray(np.clip(resized, 0, 1).transpose(2, 0, 1)[None], dtype=np.float32)


@cache
def load_network() -> PerceptionNet:
    """The network with its weights, which lie beside this file; loaded once a process."""
    try:
        weights = read_packed(WEIGHTS)
    except OSError as error:
        raise BackendError(f"{WEIGHTS.name} is missing from the installation; install multiplane again") from error
    with torch.device("meta"):  # no memory and no random numbers for weights that come from the file
        net = PerceptionNet()
    net.load_state_dict(weights, assign=True)
    net.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return net
