"""How far relative disparities are apart, whatever their scale and shift."""

import torch
from torch import Tensor

SCALES = 4
LEAST = 1e-4
"""A mean deviation counts as this much at least."""


def affine_loss(guess: Tensor, truth: Tensor, known: Tensor) -> Tensor:
    """Scale- and shift-free difference of disparities (N, h, w), where `known`, and of its gradients."""
    difference = normalised(guess, known) - normalised(truth, known)
    whole = known.float().flatten(1).sum(1).clamp(min=1)
    level = ((difference.abs() * known).flatten(1).sum(1) / whole).mean()
    return level + gradient_loss(difference * known)


def normalised(disparity: Tensor, known: Tensor) -> Tensor:
    """Disparity (N, h, w) less the median of what is known, over the mean deviation there (Ranftl et al., PAMI 2022,
    equation 5).
    """
    flat = torch.where(known, disparity, torch.nan).flatten(1)
    centre = flat.nanmedian(dim=1, keepdim=True).values
    spread = (flat - centre).abs().nanmean(dim=1, keepdim=True).clamp(min=LEAST)
    return ((disparity.flatten(1) - centre) / spread).view_as(disparity)


def gradient_loss(difference: Tensor) -> Tensor:
    """Mean absolute gradient of a difference (N, h, w) over SCALES scales (Ranftl et al., equation 11)."""
    losses = []
    for scale in range(SCALES):
        shown = difference[:, :: 2**scale, :: 2**scale]
        losses.append((shown[:, 1:] - shown[:, :-1]).abs().mean() + (shown[..., 1:] - shown[..., :-1]).abs().mean())
    return torch.stack(losses).mean()
