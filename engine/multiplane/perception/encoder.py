"""The encoder: a vision transformer over patches, taken over from a self-supervised one (training/taken.py)."""

import torch
from torch import Tensor, nn
from torch.nn import functional

PATCH = 16
"""Sides of one token's patch, in pixels of the input."""
CHANNELS = 384
HEADS = 6
HIDDEN = 1536
"""Hidden neurons of a layer."""
PLACES = 18
"""Learned places lie on a grid of PLACES x PLACES over the picture, whatever its aspect."""
LAYERS = 12
TAPS = (3, 6, 9, 12)
"""Layers, from 1, after which the decoder looks."""


class Encoder(nn.Module):
    """RGB (N, 3, h, w) in [0, 1], sides multiples of PATCH, to the tokens (N, CHANNELS, h / 16, w / 16) after TAPS.

    The vision transformer (Dosovitskiy et al., ICLR 2021) of DINOv2-S (Oquab et al., TMLR 2024); the scaling of its
    layers, scores and input lies in the weights.
    """

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, CHANNELS, PATCH, PATCH)
        self.summary = nn.Parameter(torch.zeros(1, 1, CHANNELS))
        self.places = nn.Parameter(torch.zeros(1, CHANNELS, PLACES, PLACES))
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
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

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(CHANNELS, eps=1e-6), nn.LayerNorm(CHANNELS, eps=1e-6)
        self.qkv = nn.Linear(CHANNELS, 3 * CHANNELS)
        self.join = nn.Linear(CHANNELS, CHANNELS)
        self.expand = nn.Linear(CHANNELS, HIDDEN)
        self.contract = nn.Linear(HIDDEN, CHANNELS)

    def forward(self, tokens: Tensor) -> Tensor:
        """Same shape as the input."""
        q, k, v = (part.unflatten(2, (HEADS, -1)).transpose(1, 2) for part in self.qkv(self.norm1(tokens)).chunk(3, 2))
        gathered = functional.scaled_dot_product_attention(q, k, v, scale=1.0)
        tokens = tokens + self.join(gathered.transpose(1, 2).flatten(2))
        changed: Tensor = tokens + self.contract(functional.gelu(self.expand(self.norm2(tokens))))
        return changed
