"""Makes what a user chose, by points, boxes, words or masks of their own, segments that stay whole beside the rest."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from multiplane.arrays import Floats, Mask
from multiplane.errors import BackendError, FormatError, SceneError, SegmentFileError
from multiplane.perception.network import CLASSES
from multiplane.perception.perceive import look_closely
from multiplane.raster.read import read_raster
from multiplane.scene import DepthMap, Photo, Segment
from multiplane.segment.figures import thing_word
from multiplane.segment.file import inside_of, label_of
from multiplane.segment.prompt import Prompt
from multiplane.segment.prompted import Finder, PromptedBackend

log = logging.getLogger(__name__)

SURFACE, SURE = ("sky", "ground", "water", "wall", "mountain"), 0.6
"""Classes that are surfaces, and the share of what was chosen from which it is of a class."""
MOST_OF_IT = 0.5
"""Share of all that is of a surface's class in the picture, from which what was chosen is that surface."""
SAME = 0.9
"""Intersection over union from which two choices are one thing."""

Choose = Callable[[Photo, DepthMap], tuple[Segment, ...]]
"""What a user chose in a photo: segments that do not overlap, in the order of the choices."""


@dataclass(frozen=True)
class Choices:
    """What a user chose: `prompts`, one a thing; `masks`, one file a thing; `texts`, which may find several each."""

    prompts: tuple[Prompt, ...] = ()
    masks: tuple[Path, ...] = ()
    texts: tuple[str, ...] = ()


def choose(choices: Choices, select: PromptedBackend, find: Finder | None = None) -> Choose:
    """A function that finds what was chosen in a photo; `find` answers texts.

    A point in one thing is no part of another, and where things overlap the smaller is in front. What is chosen twice
    is one thing. Raises SceneError where a choice lies outside the photo or finds nothing, SegmentFileError for a mask
    that cannot be read or has another size.
    """

    def chosen(photo: Photo, depth: DepthMap) -> tuple[Segment, ...]:
        named: list[tuple[str | None, Mask]] = [_from_file(path, photo) for path in choices.masks]
        for prompt in apart(choices.prompts):
            mask = select(photo.rgb, depth.z, prompt)
            if not mask.any():
                raise SceneError(f"nothing stands out in the box {_numbers(prompt)}; draw it closer or add a point")
            named.append((None, mask))
        for text in choices.texts:
            if find is None:
                raise BackendError(f"no model is there to look for {text!r}; load one with load_finder")
            boxes = [found.box for found in find(photo.rgb, text)]
            masks = [select(photo.rgb, depth.z, Prompt((), box)) for box in boxes]
            named += [(spoken(text), mask) for mask in masks if mask.any()]
        return _segments(named, photo)

    return chosen


def set_apart(segments: tuple[Segment, ...], chosen: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """`segments` without what was chosen; those of which nothing is left are gone."""
    taken = np.logical_or.reduce([segment.mask for segment in chosen])
    left = [(segment, segment.mask & ~taken) for segment in segments]
    return tuple(replace(segment, mask=mask) for segment, mask in left if mask.any())


def one_background(photo: Photo, depth: DepthMap) -> tuple[Segment, ...]:
    """The segment backend for those who want nothing but what they chose: all is one background."""
    del depth
    return (Segment("background", "background", np.ones(photo.rgb.shape[:2], np.bool_)),)


def apart(prompts: tuple[Prompt, ...]) -> tuple[Prompt, ...]:
    """`prompts` in which the points of every other thing say where each is not."""
    points = [[(x, y) for x, y, positive in prompt.points if positive] for prompt in prompts]
    separated = []
    for index, prompt in enumerate(prompts):
        others = {place for nth, places in enumerate(points) if nth != index for place in places} - set(points[index])
        known = {(x, y) for x, y, _ in prompt.points}
        beside = tuple((x, y, False) for x, y in sorted(others - known))
        separated.append(Prompt((*prompt.points, *beside), prompt.box))
    return tuple(separated)


def spoken(text: str) -> str:
    """A layer's name from the words that found it: "the red car." gives "red car"."""
    words = text.strip().rstrip(".").split()
    return " ".join(words[1:] if len(words) > 1 and words[0].lower() in ("a", "an", "the") else words)


def _segments(named: list[tuple[str | None, Mask]], photo: Photo) -> tuple[Segment, ...]:
    kept: list[tuple[str | None, Mask]] = []
    for name, mask in named:
        if any(_overlap(mask, other) > SAME for _, other in kept):
            log.warning("%s was chosen twice and is one layer", name or "a thing")
        else:
            kept.append((name, mask))
    sizes = [int(mask.sum()) for _, mask in kept]
    classes = look_closely(photo.rgb).classes if kept else np.zeros(0, np.float32)
    segments = []
    for index, (name, mask) in enumerate(kept):
        nearer = [other for nth, (_, other) in enumerate(kept) if (sizes[nth], nth) < (sizes[index], index)]
        own = mask & ~np.logical_or.reduce(nearer) if nearer else mask
        if not own.any():
            log.warning("%s is hidden by smaller choices and is left out", name or "a thing")
            continue
        label = _word(classes, mask) if name is None or label_of(name) == "object" else label_of(name)
        segments.append(Segment(name or label, label, own))
    return tuple(segments)


def _word(classes: Floats, mask: Mask) -> str:
    """The word for what is in `mask` (H, W), by the network's `classes` (C, h, w)."""
    size = (classes.shape[2], classes.shape[1])
    inside = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    held = np.einsum("chw,hw->c", classes, inside).astype(np.float64)
    best = int(held.argmax())
    if CLASSES[best] not in SURFACE:
        return thing_word(held)
    surely = held[best] > SURE * held.sum() and held[best] > MOST_OF_IT * float(classes[best].sum())
    return CLASSES[best] if surely else "object"


def _from_file(path: Path, photo: Photo) -> tuple[str, Mask]:
    """The name and the mask in an image file of the photo's size."""
    try:
        mask = inside_of(read_raster(path), path)
    except FormatError as error:
        raise SegmentFileError(str(error)) from error
    height, width = photo.rgb.shape[:2]
    if mask.shape != (height, width):
        raise SegmentFileError(
            f"the mask {str(path)!r} is {mask.shape[1]} x {mask.shape[0]} pixels but the photo is {width} x {height};"
            " save it at the photo's size"
        )
    if not mask.any():
        raise SegmentFileError(f"the mask {str(path)!r} is empty; paint what is inside white or opaque")
    return path.stem, mask


def _overlap(first: Mask, second: Mask) -> float:
    return float((first & second).sum() / max(int((first | second).sum()), 1))


def _numbers(prompt: Prompt) -> str:
    return ",".join(f"{edge:g}" for edge in prompt.box or ())
