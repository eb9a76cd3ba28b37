"""What the training minimises: classes, edges, subject and contours, where something is known of them."""

import torch
from torch import Tensor
from torch.nn import functional

from dataset import Sample
from multiplane.perception.network import Maps
from photos import UNKNOWN

WEIGHTS = {"classes": 0.5, "edges": 0.25, "subject": 0.6, "contours": 0.5}
STEP_CLEAR, STEP_NONE = 0.10, 0.05
"""A step of the disparity, in shares of its range within 3 x 3 pixels, that is an edge, and that is none for sure."""


def all_losses(maps: Maps, truth: Sample) -> dict[str, Tensor]:
    """Every loss (a scalar), before its weight. A photo's edges are those of the depth that the network sees."""
    seen = maps.disparity.detach().float().relu()
    disparity = torch.where(truth.measured[:, None, None], truth.disparity, seen)
    return {
        "classes": class_loss(maps.classes.float(), truth.classes),
        "edges": masked_bce(maps.edges.float(), steps_of(disparity), 3.0),
        "subject": subject_loss(maps.subject.float(), truth.subject),
        "contours": masked_bce(maps.contours.float(), truth.contours, 3.0),
    }


def total(losses: dict[str, Tensor]) -> Tensor:
    """Their weighted sum."""
    return torch.stack([WEIGHTS[name] * loss for name, loss in losses.items()]).sum()


def steps_of(disparity: Tensor) -> Tensor:
    """1 on the steps of disparities (N, h, w), 0 where there is none, -1 between."""
    low, high = disparity.flatten(1).quantile(torch.tensor([0.02, 0.98], device=disparity.device), dim=1)
    most = functional.max_pool2d(disparity[:, None], 3, 1, 1)[:, 0]
    least = -functional.max_pool2d(-disparity[:, None], 3, 1, 1)[:, 0]
    step = (most - least) / (high - low).clamp(min=1e-6)[:, None, None]
    unclear = (step >= STEP_NONE) & (step <= STEP_CLEAR)
    told: Tensor = (step > STEP_CLEAR).float() - unclear.float()
    return told


def class_loss(logits: Tensor, classes: Tensor) -> Tensor:
    """Cross entropy over the known pixels."""
    known = (classes != UNKNOWN).sum().clamp(min=1)
    return (
        functional.cross_entropy(logits, classes, ignore_index=UNKNOWN, reduction="sum", label_smoothing=0.05) / known
    )


def masked_bce(logits: Tensor, target: Tensor, positive: float) -> Tensor:
    """Binary cross entropy where the target is known (not below 0); ones count `positive` times."""
    weight = (target >= 0) * (1 + (positive - 1) * target.clamp(min=0))
    loss = functional.binary_cross_entropy_with_logits(logits, target.clamp(0, 1), weight, reduction="sum")
    return loss / weight.sum().clamp(min=1)


def subject_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Cross entropy and soft IoU (Rahman and Wang, ISVC 2016) of the pictures that have a saliency map."""
    known = target[:, 0, 0] >= 0
    if not known.any():
        return logits.sum() * 0
    logits, target = logits[known], target[known]
    share = torch.sigmoid(logits)
    both = (share * target).sum((1, 2)) + 1
    either = (share + target - share * target).sum((1, 2)) + 1
    return functional.binary_cross_entropy_with_logits(logits, target) + (1 - both / either).mean()
