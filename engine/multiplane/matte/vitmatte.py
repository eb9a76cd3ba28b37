"""ViTMatte (Yao, Wang, Yang and Wang 2024): a vision transformer that solves a trimap."""

import math
from collections.abc import Callable

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from transformers import VitMatteForImageMatting

from multiplane.arrays import Floats, Mask
from multiplane.matte.band import CRISP_1MP, find_band, scale_of
from multiplane.matte.border import border_box, drop_specks, to_full_size
from multiplane.matte.strays import FAR_1MP
from multiplane.pretrained import load_pretrained
from multiplane.weights import locate

STRIDE = 32
MOST_PIXELS = 1_000_000
"""Crops larger than this are solved smaller and brought to full size with a guided filter."""


def load_vitmatte(name_or_folder: str) -> Callable[[Floats, Mask], Floats]:
    """The matte backend of a checkpoint in the hub's layout, by its name in `weights.CHECKPOINTS` or its folder.

    The trimap is the one that the closed form solves, with a wider unknown band. Runs on CUDA where there is one.
    Raises MissingWeights where the files are not on this machine, BackendError where they are another model's.
    """
    model = load_pretrained(VitMatteForImageMatting, locate(name_or_folder), name_or_folder, "ViTMatte", "vitmatte")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device=device, dtype=torch.float32).eval()

    def solve(rgb: Floats, trimap: Floats) -> Floats:
        with torch.inference_mode():
            output = model(pixel_values=torch.from_numpy(prepared(rgb, trimap)).to(device))
        height, width = trimap.shape
        return np.asarray(output.alphas[0, 0, :height, :width].float().cpu().numpy())

    def matte(rgb: Floats, mask: Mask) -> Floats:
        alpha = mask.astype(np.float32)
        box = border_box(mask, 1.5 * FAR_1MP * scale_of(*mask.shape))
        if box is None:
            return alpha
        colours, inside = rgb[box], mask[box]
        shrink = min(1.0, math.sqrt(MOST_PIXELS / inside.size))
        small, rough = _smaller(colours, inside, shrink)
        scale = max(1.0, scale_of(*mask.shape) * shrink)
        trimap = trimap_of(small, rough, scale)
        unknown = np.asarray(trimap == 0.5)
        solved = np.where(unknown, np.clip(solve(small, trimap), 0.0, 1.0), trimap)
        solved = drop_specks(solved, unknown, trimap)
        alpha[box] = solved if shrink == 1.0 else to_full_size(solved, unknown, small, colours)
        return alpha

    return matte


def trimap_of(rgb: Floats, mask: Mask, scale: float) -> Floats:
    """0, 0.5 where unknown, and 1, (H, W): the band around the mended `mask`, wider by the mask's error."""
    band = find_band(rgb, mask, scale)
    size = 2 * math.ceil(CRISP_1MP * scale) + 1
    unknown = cv2.dilate(band.unknown.astype(np.uint8), np.ones((size, size), np.uint8)) > 0
    return np.where(unknown, 0.5, band.alpha).astype(np.float32)


def prepared(rgb: Floats, trimap: Floats) -> NDArray[np.float32]:
    """The network's input (1, 4, h, w): colours in [-1, 1] and trimap, padded to multiples of 32."""
    stacked = np.concatenate([rgb * 2.0 - 1.0, trimap[..., None]], axis=-1).transpose(2, 0, 1)
    height, width = trimap.shape
    padding = ((0, 0), (0, -height % STRIDE), (0, -width % STRIDE))
    return np.ascontiguousarray(np.pad(stacked, padding)[None], dtype=np.float32)


def _smaller(rgb: Floats, mask: Mask, shrink: float) -> tuple[Floats, Mask]:
    if shrink == 1.0:
        return rgb, mask
    size = (max(1, round(mask.shape[1] * shrink)), max(1, round(mask.shape[0] * shrink)))
    cover = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)), np.asarray(cover >= 0.5)
