"""The depth teacher: disparity and encoder features of one photo from a Depth Anything checkpoint."""

from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModelForDepthEstimation

from multiplane.arrays import Floats
from multiplane.depth.depth_anything import DEVIATION, MEAN, PATCH


class DepthTeacher:
    """Runs a checkpoint folder in the hub's layout at a short side of `side` pixels."""

    def __init__(self, folder: Path, side: int, device: str = "cpu") -> None:
        self.model = AutoModelForDepthEstimation.from_pretrained(folder, local_files_only=True).float().eval()
        self.model.to(device)
        self.side, self.device = side, device

    def __call__(self, rgb: NDArray[np.uint8]) -> tuple[Floats, Floats]:
        """Disparity (h, w), relative, and the encoder's last features (h / 14, w / 14, C) of a picture (H, W, 3)."""
        height, width = rgb.shape[:2]
        scale = self.side / min(height, width)
        size = tuple(max(2, round(length * scale / PATCH)) * PATCH for length in (width, height))
        shrinks = scale < 1
        resized = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
        pixels = (resized.astype(np.float32) / 255 - MEAN) / DEVIATION
        batch = torch.from_numpy(pixels.transpose(2, 0, 1)[None].copy()).to(self.device)
        rows, columns = size[1] // PATCH, size[0] // PATCH
        with torch.inference_mode(), torch.autocast(self.device, torch.bfloat16):
            maps = self.model.backbone.forward_with_filtered_kwargs(batch).feature_maps
            predicted = self.model.head(self.model.neck(maps, rows, columns), rows, columns)[0]
        features = maps[-1][0, 1:].float().reshape(rows, columns, -1)
        return predicted.float().cpu().numpy(), features.cpu().numpy()
