"""Depth Anything (Yang et al. 2024): a transformer that sees one photo and predicts disparity, or metres."""

import math
from collections.abc import Callable

import cv2
import numpy as np
import torch
from transformers import AutoModelForDepthEstimation

from multiplane.arrays import Floats
from multiplane.depth.upsampling import upsample_disparity
from multiplane.errors import BackendError
from multiplane.pixels.disparity import depth_from_disparity
from multiplane.pretrained import load_pretrained
from multiplane.scene import DepthMap, Photo
from multiplane.weights import locate

PATCH = 14
LEAST_PATCHES = 2
SHORT_SIDE = 518
MOST_PIXELS = 3 * SHORT_SIDE * SHORT_SIDE
"""Bounds time and memory on panoramas, whose long side would otherwise have no limit."""
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
NEAREST_METRES = 0.05


def load_depth_anything(name_or_folder: str) -> Callable[[Photo], DepthMap]:
    """The depth backend of a checkpoint in the hub's layout, by its name in `weights.CHECKPOINTS` or its folder.

    Relative checkpoints give z in [NEAR, FAR], arbitrary unit; metric ones give metres. Runs on CUDA where there is
    one. Raises MissingWeights where the files are not on this machine, BackendError where they are another model's.
    """
    model = load_pretrained(AutoModelForDepthEstimation, locate(name_or_folder), name_or_folder, "a depth model")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device=device, dtype=torch.float32).eval()
    metric = getattr(model.config, "depth_estimation_type", "relative") == "metric"

    def estimate_depth(photo: Photo) -> DepthMap:
        pixels = torch.from_numpy(prepared(photo.rgb)).to(device)
        with torch.inference_mode():
            predicted = model(pixel_values=pixels).predicted_depth[0].float().cpu().numpy()
        if not np.isfinite(predicted).all():
            raise BackendError(f"{name_or_folder} predicted depths that are not numbers; its weights are damaged")
        if metric:
            disparity = 1.0 / np.maximum(predicted, np.float32(NEAREST_METRES))
            return DepthMap(1.0 / upsample_disparity(disparity, photo.rgb), metric=True)
        return DepthMap(depth_from_disparity(upsample_disparity(predicted, photo.rgb)))

    return estimate_depth


def prepared(rgb: Floats) -> Floats:
    """The network's input (1, 3, h, w): short side about 518, both sides multiples of 14, normalised as ImageNet."""
    height, width = rgb.shape[:2]
    scale = min(
        SHORT_SIDE / min(height, width),
        math.sqrt(MOST_PIXELS / (height * width)),
        MOST_PIXELS / (LEAST_PATCHES * PATCH * max(height, width)),
    )
    size = tuple(max(LEAST_PATCHES, round(side * scale / PATCH)) * PATCH for side in (width, height))
    shrinks = scale < 1.0
    resized = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    normalised = (np.clip(resized, 0.0, 1.0) - MEAN) / DEVIATION
    return np.ascontiguousarray(normalised.transpose(2, 0, 1)[None], dtype=np.float32)
