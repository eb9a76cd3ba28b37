"""Where small things are looked at again, larger; prompts and maps in a part of a picture."""

import math

import cv2
import numpy as np

from multiplane.arrays import Floats
from multiplane.segment.prompt import Prompt

CLOSER = 0.4
"""Share of the picture that a thing with its surroundings fills, at most, to be looked at again, larger."""
ROOM, LEAST_ROOM = 0.6, 4.0
"""Surroundings that are looked at on every side, in shares of a thing's size, and in cells, at least."""
Window = tuple[slice, slice]
"""Rows and columns of a part of a picture."""


def surroundings(share: Floats, prompt: Prompt, shape: tuple[int, ...]) -> Window | None:
    """The part of a picture of `shape` (H, W) in which a thing lies with room around it; None where that is large.

    `share` (h, w), above 0.5 in the thing, covers the picture; `prompt` is in the picture's pixels.
    """
    rows, columns = np.nonzero(share > 0.5)
    if not len(rows):
        return None
    ends = []
    for places, cells, side in ((rows, share.shape[0], shape[0]), (columns, share.shape[1], shape[1])):
        room = max(ROOM * (np.ptp(places) + 1), LEAST_ROOM)
        ends.append(
            (
                max(0, int((places.min() - room) / cells * side)),
                min(side, math.ceil((places.max() + 1 + room) / cells * side)),
            )
        )
    (top, bottom), (left, right) = ends
    for x, y, positive in prompt.points:
        if positive:
            top, bottom = min(top, int(y)), max(bottom, int(y) + 1)
            left, right = min(left, int(x)), max(right, int(x) + 1)
    if (bottom - top) * (right - left) > CLOSER * shape[0] * shape[1]:
        return None
    return slice(top, bottom), slice(left, right)


def seen_in(plane: Floats, window: Window, shape: tuple[int, ...], target: tuple[int, ...]) -> Floats:
    """The part `window` of a picture of `shape` (H, W), on a grid `target`, in a `plane` (h, w) that covers it all."""
    turned = []
    for part, side, cells, places in zip(window, shape, plane.shape, target, strict=True):
        step = (part.stop - part.start) / places * cells / side
        turned.append((step, part.start * cells / side + step / 2 - 0.5))
    (down, top), (across, left) = turned
    matrix = np.array([[across, 0.0, left], [0.0, down, top]])
    way = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(plane, matrix, target[::-1], flags=way, borderMode=cv2.BORDER_REPLICATE))


def within(prompt: Prompt, window: Window) -> Prompt:
    """`prompt` in the part `window` of its picture, without the points beside that."""
    top, left = window[0].start, window[1].start
    bottom, right = window[0].stop, window[1].stop
    points = tuple(
        (x - left, y - top, positive) for x, y, positive in prompt.points if left <= x < right and top <= y < bottom
    )
    if prompt.box is None:
        return Prompt(points)
    x0, y0, x1, y1 = prompt.box
    return Prompt(points, (x0 - left, y0 - top, x1 - left, y1 - top))


def fitted(prompt: Prompt, shape: tuple[int, ...], target: tuple[int, ...]) -> Prompt:
    """A prompt in a picture of `shape` (H, W), in one of the shape `target`."""
    across, down = target[1] / shape[1], target[0] / shape[0]
    points = tuple((x * across, y * down, positive) for x, y, positive in prompt.points)
    if prompt.box is None:
        return Prompt(points)
    left, top, right, bottom = prompt.box
    return Prompt(points, (left * across, top * down, right * across, bottom * down))
