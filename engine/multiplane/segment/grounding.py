"""Grounding DINO (Liu et al., ECCV 2024): a transformer that finds what a few words describe, as boxes."""

import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoTokenizer, GroundingDinoForObjectDetection
from transformers.utils import logging

from multiplane.arrays import Floats
from multiplane.errors import BackendError, SceneError
from multiplane.segment.prompt import Box, Found
from multiplane.segment.prompted import Finder
from multiplane.weights import locate

SHORT_SIDE, LONG_SIDE = 800, 1333
"""The size at which it was trained: the short side, unless the long one would be longer than this."""
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
SURE = 0.30
"""Score from which a box counts as found."""
SAME = 0.7
"""Intersection over union from which two boxes hold one thing."""
MOST = 12
"""Most things that one text finds."""


def load_grounding(name_or_folder: str) -> Finder:
    """The finder of a checkpoint in the hub's layout, by its name in `weights.CHECKPOINTS` or its folder.

    Runs on CUDA where there is one. Raises MissingWeights where the files are not on this machine, BackendError where
    they are another model's.
    """
    model, tokenizer = _load_model(locate(name_or_folder), name_or_folder)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device=device, dtype=torch.float32).eval()

    def find(rgb: Floats, text: str) -> tuple[Found, ...]:
        tokens = tokenizer(phrase_of(text), return_tensors="pt", truncation=True)
        pixels = torch.from_numpy(prepared(rgb)).to(device)
        with torch.inference_mode():
            output = model(pixel_values=pixels, **{key: value.to(device) for key, value in tokens.items()})
            scores = output.logits[0].sigmoid().amax(dim=-1).float().cpu().numpy()
            boxes = output.pred_boxes[0].float().cpu().numpy()
        found = found_things(scores, boxes, rgb.shape[0], rgb.shape[1])
        if not found:
            raise SceneError(
                f"nothing in the picture looks like {text!r} (best score {float(scores.max()):.2f} of {SURE:.2f});"
                " choose other words, or use --point or --box"
            )
        return found

    return find


def phrase_of(text: str) -> str:
    """`text` as the model was taught to read: lower case, with a full stop at its end."""
    return text.strip().lower().rstrip(".") + "."


def prepared(rgb: Floats) -> Floats:
    """The network's input (1, 3, h, w), normalised as ImageNet."""
    height, width = rgb.shape[:2]
    scale = min(SHORT_SIDE / min(height, width), LONG_SIDE / max(height, width))
    size = (max(1, math.floor(width * scale + 0.5)), max(1, math.floor(height * scale + 0.5)))
    smaller = size[0] * size[1] < height * width
    resized = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    return np.ascontiguousarray(((resized - MEAN) / DEVIATION).transpose(2, 0, 1)[None], dtype=np.float32)


def found_things(scores: Floats, boxes: Floats, height: int, width: int) -> tuple[Found, ...]:
    """The surest boxes, each thing once, from `scores` (Q,) and `boxes` (Q, 4): centre and size as shares of the photo.

    A box that overlaps a surer one by more than SAME is the same thing (greedy non-maximum suppression).
    """
    kept: list[Found] = []
    for index in np.argsort(-scores, kind="stable"):
        if scores[index] < SURE or len(kept) == MOST:
            break
        x, y, w, h = (float(value) for value in boxes[index])
        left, right = (min(max(edge, 0.0), 1.0) * width for edge in (x - w / 2, x + w / 2))
        top, bottom = (min(max(edge, 0.0), 1.0) * height for edge in (y - h / 2, y + h / 2))
        box = (left, top, right, bottom)
        if right - left >= 1 and bottom - top >= 1 and all(overlap(box, other.box) < SAME for other in kept):
            kept.append(Found(box, float(scores[index])))
    return tuple(kept)


def overlap(first: Box, second: Box) -> float:
    """Intersection over union of two boxes."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    shared = max(width, 0.0) * max(height, 0.0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return shared / (sum(areas) - shared)


def _load_model(folder: Path, name: str) -> tuple[Any, Any]:
    logging.disable_progress_bar()  # a library does not draw on the caller's terminal
    try:
        kind = AutoConfig.from_pretrained(folder, local_files_only=True).model_type
        if kind != "grounding-dino":
            raise BackendError(f"{name!r} cannot be loaded as Grounding DINO: it is a {kind} model")
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = GroundingDinoForObjectDetection.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError, TypeError, SafetensorError) as error:
        raise BackendError(f"{name!r} cannot be loaded as Grounding DINO: {str(error).splitlines()[0]}") from error
    return model, tokenizer
