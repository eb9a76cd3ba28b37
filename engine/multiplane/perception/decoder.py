"""The decoder of depth: the tokens of four depths of the encoder, joined from coarse to fine, to disparity."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from multiplane.perception.encoder import CHANNELS

WIDTH = 64
"""Channels of every map on the way up."""
REASSEMBLED = (48, 96, 192)
"""Channels between the two linear maps that bring tokens to strides 4, 8 and 16."""
HEAD = 32


class Depths(NamedTuple):
    """What the decoder says of N pictures (h, w): `disparity` (N, h / 2, w / 2), and the maps it comes from,
    `at8` (N, WIDTH, h / 8, w / 8) and `at4` (N, WIDTH, h / 4, w / 4).
    """

    disparity: Tensor
    at8: Tensor
    at4: Tensor


class DepthDecoder(nn.Module):
    """The tokens (N, CHANNELS, h / 16, w / 16) of four depths, and maps of the pixels themselves, to `Depths`.

    The dense prediction transformer (Ranftl et al., ICCV 2021) as Depth Anything V2 Small has it, so that it can begin
    as that one (training/prune.py): there the coarsest map is made through 384 channels, here through WIDTH, and the
    head sees half the picture's size instead of all of it.
    """

    def __init__(self, channels4: int, channels8: int) -> None:
        super().__init__()
        c4, c8, c16 = REASSEMBLED
        self.to4 = nn.Sequential(nn.Conv2d(CHANNELS, c4, 1), nn.ConvTranspose2d(c4, c4, 4, 4), filters(c4, WIDTH))
        self.to8 = nn.Sequential(nn.Conv2d(CHANNELS, c8, 1), nn.ConvTranspose2d(c8, c8, 2, 2), filters(c8, WIDTH))
        self.to16 = nn.Sequential(nn.Conv2d(CHANNELS, c16, 1), filters(c16, WIDTH))
        self.to32 = nn.Sequential(nn.Conv2d(CHANNELS, WIDTH, 3, 2, 1), filters(WIDTH, WIDTH))
        self.pixels4, self.pixels8 = unheard(channels4), unheard(channels8)
        self.begin32 = Refine()
        self.join16, self.join8, self.join4 = Join(), Join(), Join()
        self.to2 = nn.Conv2d(WIDTH, WIDTH, 1)
        self.head = nn.Sequential(
            nn.Conv2d(WIDTH, HEAD, 3, padding=1), nn.Conv2d(HEAD, HEAD, 3, padding=1), nn.ReLU(), nn.Conv2d(HEAD, 1, 1)
        )

    def forward(self, taps: list[Tensor], pixels4: Tensor, pixels8: Tensor) -> Depths:
        """Depth from the tokens, earliest first, and from maps at strides 4 and 8 of what the pixels show."""
        tokens4, tokens8, tokens16, tokens32 = taps
        at32 = self.begin32(self.to32(tokens32))
        at16 = self.join16(at32, self.to16(tokens16))
        at8 = self.join8(at16, self.to8(tokens8) + self.pixels8(pixels8))
        at4 = self.join4(at8, self.to4(tokens4) + self.pixels4(pixels4))
        at2 = functional.interpolate(self.to2(at4), scale_factor=2, mode="bilinear")
        return Depths(self.head(at2)[:, 0], at8, at4)


class Refine(nn.Module):
    """Two 3 x 3 convolutions, each after a rectifier, beside the identity."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(WIDTH, WIDTH, 3, padding=1), nn.Conv2d(WIDTH, WIDTH, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as the input (N, WIDTH, h, w)."""
        added: Tensor = self.second(torch.relu(self.first(torch.relu(x))))
        return x + added


class Join(nn.Module):
    """A coarse map, brought to a finer one's size, and the finer one."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Conv2d(WIDTH, WIDTH, 1)
        self.fine, self.both = Refine(), Refine()

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """(N, WIDTH, h, w) of the fine map's size."""
        enlarged = functional.interpolate(self.project(coarse), size=fine.shape[-2:], mode="bilinear")
        joined: Tensor = self.both(enlarged + self.fine(fine))
        return joined


def filters(inputs: int, outputs: int) -> nn.Conv2d:
    """3 x 3, with nothing added whatever there is."""
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)


def unheard(channels: int) -> nn.Conv2d:
    """A linear map to WIDTH that gives nothing until it has learned."""
    linear = nn.Conv2d(channels, WIDTH, 1, bias=False)
    nn.init.zeros_(linear.weight)
    return linear
