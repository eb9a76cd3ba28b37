"""The two small networks that judge what belongs to a thing: one cell by cell, one with the whole picture in view."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from multiplane.perception.encoder import CHANNELS
from multiplane.perception.network import FINE_CHANNELS
from multiplane.segment.prompt import Prompt

KNOWN, AROUND = 68, 18
"""How many numbers `click_features` knows of a cell, before and after a first answer."""
FEATURES = KNOWN + AROUND + FINE_CHANNELS
"""Channels that the second network sees at a cell: these, and the big network's own."""
TOKEN_GAIN = CHANNELS**0.5
"""Tokens come as directions; this makes their parts about one."""
KINDS = ("points", "box")
"""A prompt with a box is judged by other first networks than one of points alone."""
HIDDEN = (64, 32)
WIDTHS = (32, 48, 64, 96)
"""Channels at a cell, and at two, four and eight cells."""
CLIP = 5.0
"""Standard deviations from its mean beyond which a number says no more."""


def kind_of(prompt: Prompt) -> str:
    """The kind of KINDS that a prompt is of."""
    return KINDS[0] if prompt.box is None else KINDS[1]


class ClickNet(nn.Module):
    """Logits of cells: `first` of each by itself, `second` corrects them with the whole picture in view."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.ModuleDict({kind: Judge() for kind in KINDS})
        self.second = View()

    def judge(self, kind: str) -> "Judge":
        """The first network for prompts of a kind of KINDS."""
        judge: Judge = self.first.get_submodule(kind)  # type: ignore[assignment]
        return judge


class Judge(nn.Module):
    """What is known of cells (N, KNOWN) to logits (N,)."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(KNOWN))
        self.register_buffer("deviation", torch.ones(KNOWN))
        sizes = (KNOWN, *HIDDEN, 1)
        self.layers = nn.ModuleList(nn.Linear(*pair) for pair in pairwise(sizes))

    def forward(self, cells: Tensor) -> Tensor:
        """Logits (N,)."""
        values = ((cells - self.mean) / self.deviation).clamp(-CLIP, CLIP)
        for layer in self.layers[:-1]:
            values = torch.relu(layer(values))
        logits: Tensor = self.layers[-1](values)[:, 0]
        return logits


class View(nn.Module):
    """A batch of grids, FEATURES numbers a cell (N, FEATURES, h, w), tokens (N, CHANNELS, h', w') and first logits
    (N, h, w), to better logits (N, h, w).

    An encoder and a decoder with skips (Ronneberger et al., MICCAI 2015) of residual blocks, the tokens where they are
    about as coarse, the mean of the whole grid at the lowest level; group normalisation (Wu and He, ECCV 2018),
    because grids come in every shape.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(FEATURES))
        self.register_buffer("deviation", torch.ones(FEATURES))
        w1, w2, w4, w8 = WIDTHS
        self.stem = nn.Conv2d(FEATURES, w1, 1)
        self.down2, self.fine2 = nn.Conv2d(w1, w2, 3, 2, 1), Residual(w2)
        self.down4, self.fine4 = nn.Conv2d(w2, w4, 3, 2, 1), Residual(w4)
        self.tokens = nn.Conv2d(CHANNELS, w4, 1, bias=False)
        self.down8, self.fine8 = nn.Conv2d(w4, w8, 3, 2, 1), Residual(w8)
        self.whole = nn.Linear(w8, w8)
        self.up4, self.join4 = nn.Conv2d(w8, w4, 1), Residual(w4)
        self.up2, self.join2 = nn.Conv2d(w4, w2, 1), Residual(w2)
        self.up1, self.join1 = nn.Conv2d(w2, w1, 1), nn.Conv2d(w1, w1, 3, padding=1)
        self.correction = nn.Conv2d(w1, 1, 1)
        nn.init.zeros_(self.correction.weight)
        nn.init.zeros_(torch.as_tensor(self.correction.bias))

    def forward(self, cells: Tensor, tokens: Tensor, first: Tensor) -> Tensor:
        """Logits (N, h, w)."""
        mean, deviation = (values[None, :, None, None] for values in (self.mean, self.deviation))
        x1 = torch.relu(self.stem(((cells - mean) / deviation).clamp(-CLIP, CLIP)))
        x2 = self.fine2(torch.relu(self.down2(x1)))
        x4 = self.down4(x2)
        x4 = self.fine4(torch.relu(x4 + _enlarged(self.tokens(tokens * TOKEN_GAIN), x4)))
        x8 = self.fine8(torch.relu(self.down8(x4)))
        x8 = torch.relu(x8 + self.whole(x8.mean(dim=(2, 3)))[:, :, None, None])
        y = self.join4(torch.relu(x4 + _enlarged(self.up4(x8), x4)))
        y = self.join2(torch.relu(x2 + _enlarged(self.up2(y), x2)))
        y = torch.relu(x1 + _enlarged(self.up1(y), x1))
        y = torch.relu(y + self.join1(y))
        corrected: Tensor = first + self.correction(y)[:, 0]
        return corrected


class Residual(nn.Module):
    """Two 3 x 3 convolutions beside the identity; the second starts at zero."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.one, self.two = (nn.Conv2d(channels, channels, 3, padding=1) for _ in range(2))
        self.norm1, self.norm2 = nn.GroupNorm(4, channels), nn.GroupNorm(4, channels)
        nn.init.zeros_(self.norm2.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as the input."""
        return torch.relu(x + self.norm2(self.two(torch.relu(self.norm1(self.one(x))))))


def _enlarged(coarse: Tensor, fine: Tensor) -> Tensor:
    return functional.interpolate(coarse, size=fine.shape[2:], mode="bilinear", align_corners=False)
