"""The encoder: a narrow vision transformer over patches, cut down from a self-supervised one (training/prune.py)."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

PATCH = 16
"""Sides of one token's patch, in pixels of the input."""
CHANNELS = 384
PATCH_CHANNELS = 144
"""What is kept of a patch's pixels before it becomes a token."""
HEADS = 6
PLACES = 18
"""Learned places lie on a grid of PLACES x PLACES over the picture, whatever its aspect."""
TAPS = (3, 6, 9, 12)
"""Layers, from 1, after which the decoder looks."""


class Widths(NamedTuple):
    """Of one layer: channels of a head's queries and keys, of its values, and hidden neurons."""

    query: int
    value: int
    hidden: int


WIDTHS = (
    Widths(32, 12, 304),
    *(Widths(32, 32, 304) for _ in range(7)),
    Widths(32, 32, 272),
    Widths(24, 32, 208),
    Widths(24, 32, 144),
    Widths(32, 32, 144),
)
"""Of every layer, of the teacher's 64, 64 and 1536; the last layers can spare most (training/trim.py)."""


class Encoder(nn.Module):
    """RGB (N, 3, h, w) in [0, 1], sides multiples of PATCH, to the tokens (N, CHANNELS, h / 16, w / 16) after TAPS.

    A vision transformer (Dosovitskiy et al., ICLR 2021) as DINOv2 has it (Oquab et al., TMLR 2024), with narrower
    heads and fewer hidden neurons; the scaling of its layers, scores and input lies in the weights.
    """

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Sequential(
            nn.Conv2d(3, PATCH_CHANNELS, PATCH, PATCH, bias=False), nn.Conv2d(PATCH_CHANNELS, CHANNELS, 1)
        )
        self.summary = nn.Parameter(torch.zeros(1, 1, CHANNELS))
        self.places = nn.Parameter(torch.zeros(1, CHANNELS, PLACES, PLACES))
        self.layers = nn.ModuleList(Layer(widths) for widths in WIDTHS)
        self.norm = nn.LayerNorm(CHANNELS, eps=1e-6)

    def forward(self, rgb: Tensor) -> list[Tensor]:
        """The normalised tokens after each of TAPS."""
        tokens = self.tokens(rgb)
        size = rgb.shape[-2] // PATCH, rgb.shape[-1] // PATCH
        taps = []
        for number, layer in enumerate(self.layers, start=1):
            tokens = layer(tokens)
            if number in TAPS:
                taps.append(self.norm(tokens[:, 1:]).transpose(1, 2).unflatten(2, size))
        return taps

    def tokens(self, rgb: Tensor) -> Tensor:
        """What the first layer sees (N, 1 + h / 16 * w / 16, CHANNELS): the summary token, then the patches."""
        patches = self.patch(rgb)
        places = functional.interpolate(self.places, size=patches.shape[-2:], mode="bicubic", align_corners=False)
        tokens = (patches + places).flatten(2).transpose(1, 2)
        return torch.cat([self.summary.expand(len(rgb), 1, CHANNELS).to(tokens.dtype), tokens], 1)


class Layer(nn.Module):
    """One pre-normalised transformer layer (N, T, CHANNELS)."""

    def __init__(self, widths: Widths) -> None:
        super().__init__()
        self.parts = [HEADS * widths.query, HEADS * widths.query, HEADS * widths.value]
        self.norm1, self.norm2 = nn.LayerNorm(CHANNELS, eps=1e-6), nn.LayerNorm(CHANNELS, eps=1e-6)
        self.qkv = nn.Linear(CHANNELS, sum(self.parts))
        self.join = nn.Linear(HEADS * widths.value, CHANNELS)
        self.expand = nn.Linear(CHANNELS, widths.hidden)
        self.contract = nn.Linear(widths.hidden, CHANNELS)

    def forward(self, tokens: Tensor) -> Tensor:
        """Same shape as the input."""
        tokens = tokens + self.join(self.mixed(tokens))
        changed: Tensor = tokens + self.contract(self.neurons(tokens))
        return changed

    def mixed(self, tokens: Tensor) -> Tensor:
        """What every token gathers from all, all heads side by side (N, T, HEADS * widths.value)."""
        split = self.qkv(self.norm1(tokens)).split(self.parts, 2)
        q, k, v = (part.unflatten(2, (HEADS, -1)).transpose(1, 2) for part in split)
        # Written out: the fused operator's backward pass takes half as long again on a CPU.
        share = (q @ k.transpose(-1, -2)).softmax(-1).to(v.dtype)
        gathered: Tensor = (share @ v).transpose(1, 2).flatten(2)
        return gathered

    def neurons(self, tokens: Tensor) -> Tensor:
        """The hidden neurons (N, T, widths.hidden)."""
        return functional.gelu(self.expand(self.norm2(tokens)))
