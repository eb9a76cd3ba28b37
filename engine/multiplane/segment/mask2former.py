"""Mask2Former (Cheng et al. 2022): a transformer that finds and names every thing and surface of a photo at once."""

import math
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from transformers import Mask2FormerForUniversalSegmentation

from multiplane.arrays import Floats, Ints
from multiplane.pretrained import load_pretrained
from multiplane.scene import DepthMap, Photo, Segment
from multiplane.segment.class_words import class_word, is_surface
from multiplane.segment.refine import refined_labels
from multiplane.weights import locate

STRIDE = 32
SHORT_SIDE = 640
"""Between the 384 that is fast and the 800 of the paper: two seconds on two cores, and thin things survive."""
MOST_PIXELS = 2 * SHORT_SIDE * SHORT_SIDE
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
SURE = 0.5
"""Probability of its class from which a prediction counts."""
VISIBLE = 0.6
"""Share of its own mask that a prediction must win from the others, or it is another's shadow."""
LEAST_REST = 0.01
"""Share of the picture from which pixels that no prediction claims become a segment of their own."""

Things = list[tuple[str, Floats]]


def load_mask2former(name_or_folder: str) -> Callable[[Photo, DepthMap], tuple[Segment, ...]]:
    """The segment backend of a checkpoint in the hub's layout, by its name in `weights.CHECKPOINTS` or its folder.

    Panoptic and instance checkpoints both serve; what no prediction claims becomes background. Depth is not looked at.
    Runs on CUDA where there is one. Raises MissingWeights where the files are not on this machine, BackendError where
    they are another model's.
    """
    model = load_pretrained(
        Mask2FormerForUniversalSegmentation, locate(name_or_folder), name_or_folder, "Mask2Former", "mask2former"
    )
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device=device, dtype=torch.float32).eval()
    words = {int(number): str(word) for number, word in model.config.id2label.items()}

    def segment_photo(photo: Photo, depth: DepthMap) -> tuple[Segment, ...]:
        del depth
        with torch.inference_mode():
            output = model(pixel_values=torch.from_numpy(prepared(photo.rgb)).to(device))
            classes = output.class_queries_logits[0].softmax(-1).float().cpu().numpy()
            masks = output.masks_queries_logits[0].sigmoid().float().cpu().numpy()
        guide = _resized(photo.rgb, (masks.shape[2], masks.shape[1]))
        things = combined(classes, masks, words)
        labels = refined_labels((score for _, score in things), guide, photo.rgb)
        return named_segments(labels, [word for word, _ in things])

    return segment_photo


def prepared(rgb: Floats) -> Floats:
    """The network's input (1, 3, h, w): short side about 640, both sides multiples of 32, normalised as ImageNet."""
    height, width = rgb.shape[:2]
    scale = min(SHORT_SIDE / min(height, width), math.sqrt(MOST_PIXELS / (height * width)))
    scale = min(scale, MOST_PIXELS / (2 * STRIDE * max(height, width)))
    width, height = (max(2, round(side * scale / STRIDE)) * STRIDE for side in (width, height))
    normalised = (_resized(rgb, (width, height)) - MEAN) / DEVIATION
    return np.ascontiguousarray(normalised.transpose(2, 0, 1)[None], dtype=np.float32)


def combined(classes: Floats, masks: Floats, words: dict[int, str]) -> Things:
    """Class words and scores (h, w) of the things seen, from class probabilities (Q, C + 1) and mask ones (Q, h, w).

    Each pixel goes to the prediction with the greatest product of the two (section 3.4 of MaskFormer, Cheng et al.
    2021); predictions that win little of their own mask are dropped. Surfaces of one class are one. The last score is
    what nobody claims.
    """
    number = classes[:, :-1].argmax(axis=1)
    sure = classes[np.arange(len(number)), number]
    kept = np.flatnonzero((classes.argmax(axis=1) < classes.shape[1] - 1) & (sure > SURE))
    best = (masks[kept] * sure[kept, None, None]).argmax(axis=0) if len(kept) else np.zeros(masks.shape[1:], np.int64)
    merged: dict[str, Floats] = {}
    for index, query in enumerate(kept):
        own = masks[query] > 0.5
        won = own & (best == index)
        if won.sum() <= VISIBLE * own.sum():
            continue
        word = class_word(words[int(number[query])])
        key = word if is_surface(word) else f"{word} {index}"
        score = (masks[query] * sure[query]).astype(np.float32)
        merged[key] = np.maximum(merged[key], score) if key in merged else score
    things = [(key if is_surface(key) else key.rsplit(" ", 1)[0], score) for key, score in merged.items()]
    return [*things, *_rest(things, masks.shape[1:])]


def _rest(things: Things, shape: tuple[int, ...]) -> Iterator[tuple[str, Floats]]:
    """The connected parts of what no thing claims, where they are large enough; all of it where there are no things."""
    if not things:
        yield "background", np.ones(shape, np.float32)
        return
    claimed = np.max([score for _, score in things], axis=0)
    count, parts, stats, _ = cv2.connectedComponentsWithStats((claimed < 0.5 * SURE).astype(np.uint8), connectivity=4)
    for part in range(1, count):
        if stats[part, cv2.CC_STAT_AREA] > LEAST_REST * claimed.size:
            yield "background", np.where(parts == part, 1.0 - claimed, 0.0).astype(np.float32)


def named_segments(labels: Ints, words: list[str]) -> tuple[Segment, ...]:
    """Segments of `labels` (H, W), counted where several have one class word."""
    present: list[tuple[str, NDArray[np.bool_]]] = []
    for number, word in enumerate(words):
        mask = labels == number
        if mask.any():
            present.append((word, mask))
    all_words = [word for word, _ in present]
    segments = []
    for index, (word, mask) in enumerate(present):
        nth = all_words[: index + 1].count(word)
        name = f"{word} {nth}" if all_words.count(word) > 1 else word
        segments.append(Segment(name=name, label=word, mask=mask))
    return tuple(segments)


def _resized(rgb: Floats, size: tuple[int, int]) -> Floats:
    smaller = size[0] * size[1] < rgb.shape[0] * rgb.shape[1]
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR))
