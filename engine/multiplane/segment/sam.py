"""SAM, Segment Anything (Kirillov et al., ICCV 2023): a transformer that turns points and a box into a mask."""

import cv2
import numpy as np
import torch
from torch import Tensor
from transformers import SamModel

from multiplane.arrays import Floats, Mask
from multiplane.pretrained import load_pretrained
from multiplane.segment.prompt import Prompt
from multiplane.segment.prompted import PromptedBackend
from multiplane.weights import locate

MEAN = np.array([123.675, 116.28, 103.53], np.float32) / np.float32(255)
DEVIATION = np.array([58.395, 57.12, 57.375], np.float32) / np.float32(255)
INSIDE, OUTSIDE = 1, 0
"""What SAM calls a point in the thing, and one beside it."""


def load_sam(name_or_folder: str) -> PromptedBackend:
    """The backend of a checkpoint in the hub's layout, by its name in `weights.CHECKPOINTS` or its folder.

    One point may mean a part or the whole: of the three masks that SAM then proposes, the one it holds to be best is
    taken. The picture is encoded once, however many prompts follow. Depth is not looked at. Runs on CUDA where there
    is one. Raises MissingWeights where the files are not on this machine, BackendError where they are another model's.
    """
    model = load_pretrained(SamModel, locate(name_or_folder), name_or_folder, "SAM", "sam")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device=device, dtype=torch.float32).eval()
    side = int(model.config.vision_config.image_size)
    encoded: list[tuple[Floats, Tensor]] = []

    def select(rgb: Floats, z: Floats, prompt: Prompt) -> Mask:
        del z
        height, width = rgb.shape[:2]
        prompt.check_inside(width, height)
        with torch.inference_mode():
            if not encoded or encoded[0][0] is not rgb:
                encoded[:] = [(rgb, model.get_image_embeddings(torch.from_numpy(prepared(rgb, side)).to(device)))]
            tensors = {
                key: value.to(device) for key, value in prompt_tensors(prompt, side / max(height, width)).items()
            }
            single = prompt.box is None and len(prompt.points) == 1
            output = model(image_embeddings=encoded[0][1], multimask_output=single, **tensors)
            best = int(output.iou_scores[0, 0].argmax())
            logits = output.pred_masks[0, 0, best].float().cpu().numpy()
        return mask_of(logits, prompt, height, width)

    return select


def prepared(rgb: Floats, side: int) -> Floats:
    """The network's input (1, 3, side, side): the long side fills it, the rest is empty, normalised as ImageNet."""
    height, width = _fitted(rgb.shape[0], rgb.shape[1], side)
    smaller = width * height < rgb.shape[0] * rgb.shape[1]
    resized = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    square = np.zeros((1, 3, side, side), np.float32)
    square[0, :, :height, :width] = ((resized - MEAN) / DEVIATION).transpose(2, 0, 1)
    return square


def prompt_tensors(prompt: Prompt, scale: float) -> dict[str, Tensor]:
    """SAM's names for a prompt's points and box, in pixels of its input, the first pixel's centre at (0, 0)."""
    tensors = {}
    if prompt.points:
        places = [[x * scale - 0.5, y * scale - 0.5] for x, y, _ in prompt.points]
        kinds = [INSIDE if positive else OUTSIDE for _, _, positive in prompt.points]
        tensors["input_points"] = torch.tensor([[places]], dtype=torch.float32)
        tensors["input_labels"] = torch.tensor([[kinds]], dtype=torch.int64)
    if prompt.box is not None:
        tensors["input_boxes"] = torch.tensor([[[edge * scale - 0.5 for edge in prompt.box]]], dtype=torch.float32)
    return tensors


def mask_of(logits: Floats, prompt: Prompt, height: int, width: int) -> Mask:
    """The mask (H, W) of square `logits`, of which the picture fills the long side; every point is as it was said."""
    rows, columns = _fitted(height, width, logits.shape[0])
    shown = np.ascontiguousarray(logits[:rows, :columns])
    mask = np.asarray(cv2.resize(shown, (width, height), interpolation=cv2.INTER_LINEAR) > 0)
    for x, y, positive in prompt.points:
        mask[int(y), int(x)] = positive
    return mask


def _fitted(height: int, width: int, side: int) -> tuple[int, int]:
    scale = side / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))
