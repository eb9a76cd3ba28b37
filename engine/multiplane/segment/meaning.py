"""What the network sees in a picture, at the size that the picture is cut up at."""

from dataclasses import dataclass

import cv2
import numpy as np

from multiplane.arrays import Floats
from multiplane.perception.perceive import Perception, look_closely


@dataclass(frozen=True)
class Meaning:
    """What a network sees in a picture: probabilities `classes` (C, h, w), `subject`, `edges`, `contours` (h, w).

    `tokens` (K, h', w') and `fine` (L, h", w") are its features, on grids of their own; see `Perception`.
    """

    classes: Floats
    subject: Floats
    edges: Floats
    contours: Floats
    tokens: Floats
    fine: Floats


def meaning_of(rgb: Floats, shape: tuple[int, ...]) -> Meaning:
    """What the network sees in `rgb` (H, W, 3), at the working size `shape` (h, w)."""
    return resized_meaning(look_closely(rgb), shape)


def resized_meaning(seen: Perception, shape: tuple[int, ...]) -> Meaning:
    """What the network has seen, at the working size `shape` (h, w)."""
    return Meaning(
        np.stack([resized(plane, shape) for plane in seen.classes]),
        resized(seen.subject, shape),
        resized(seen.edges, shape),
        resized(seen.contours, shape),
        seen.tokens,
        seen.fine,
    )


def resized(plane: Floats, shape: tuple[int, ...]) -> Floats:
    """A plane (H, W) or a picture (H, W, 3) at the size `shape` (h, w)."""
    shrinks = plane.shape[0] > shape[0] and plane.shape[1] > shape[1]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(plane, (shape[1], shape[0]), interpolation=way), np.float32)
