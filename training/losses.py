"""What the training minimises: disparity up to scale and shift, its gradients, and the other maps and features."""

import torch
from torch import Tensor
from torch.nn import functional

from dataset import Sample
from multiplane.perception.network import Maps
from photos import UNKNOWN

WEIGHTS = {
    "disparity": 1.0,
    "gradient": 1.0,
    "classes": 0.5,
    "edges": 0.25,
    "subject": 0.6,
    "contours": 0.5,
    "features": 2.0,
}
SCALES = 4
AT_EDGES = 2.0
"""How much more the disparity counts within two pixels of a step."""


def all_losses(maps: Maps, features: Tensor, truth: Sample) -> dict[str, Tensor]:
    """Every loss (a scalar), before its weight."""
    guess, target = normalised(maps.disparity.float()), normalised(truth.disparity)
    near_step = functional.max_pool2d((truth.edges > 0.5).float()[:, None], 5, 1, 2)[:, 0]
    weight = 1 + AT_EDGES * near_step
    difference = guess - target
    return {
        "disparity": (weight * difference.abs()).mean() / weight.mean(),
        "gradient": gradient_loss(difference),
        "classes": class_loss(maps.classes.float(), truth.classes),
        "edges": masked_bce(maps.edges.float(), truth.edges, 3.0),
        "subject": subject_loss(maps.subject.float(), truth.subject),
        "contours": masked_bce(maps.contours.float(), truth.contours, 3.0),
        "features": feature_loss(features.float(), truth.features, truth.taught),
    }


def total(losses: dict[str, Tensor]) -> Tensor:
    """Their weighted sum."""
    return torch.stack([WEIGHTS[name] * loss for name, loss in losses.items()]).sum()


def normalised(disparity: Tensor) -> Tensor:
    """Disparity (N, h, w) less its median, over its mean deviation (Ranftl et al., PAMI 2022, equation 5)."""
    flat = disparity.flatten(1)
    centred = flat - flat.median(dim=1, keepdim=True).values
    return (centred / centred.abs().mean(dim=1, keepdim=True).clamp(min=1e-4)).view_as(disparity)


def gradient_loss(difference: Tensor) -> Tensor:
    """Mean absolute gradient of a difference (N, h, w) over SCALES scales (Ranftl et al., equation 11)."""
    losses = []
    for scale in range(SCALES):
        shown = difference[:, :: 2**scale, :: 2**scale]
        losses.append((shown[:, 1:] - shown[:, :-1]).abs().mean() + (shown[..., 1:] - shown[..., :-1]).abs().mean())
    return torch.stack(losses).mean()


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


def feature_loss(features: Tensor, target: Tensor, taught: Tensor) -> Tensor:
    """One less the cosine between the features (N, C, h, w) and the teacher's, over the pictures that have them."""
    apart = 1 - functional.cosine_similarity(features, target, dim=1).mean((1, 2))
    return (apart * taught).sum() / taught.sum().clamp(min=1)
