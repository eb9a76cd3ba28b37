"""The decoder of depth: the tokens of four depths of the encoder, joined from coarse to fine, to disparity."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from multiplane.perception.encoder import CHANNELS

WIDTH = 64
"""Channels of every map on the way up."""
REASSEMBLED = (48, 96, 192, CHANNELS)
"""Channels between the linear maps that bring tokens to strides 4, 8, 16 and 32."""
HEAD = 32


class Depths(NamedTuple):
    """What the decoder says of N pictures (h, w): `disparity` (N, h / 2, w / 2), and the maps it comes from,
    `at8` (N, WIDTH, h / 8, w / 8) and `at4` (N, WIDTH, h / 4, w / 4).
    """

    disparity: Tensor
    at8: Tensor
    at4: Tensor


class DepthDecoder(nn.Module):
    """The tokens (N, CHANNELS, h / 16, w / 16) of four depths to `Depths`.

    The dense prediction transformer (Ranftl et al., ICCV 2021) as Depth Anything V2 Small has it; but there the head
    sees the picture's own size, here half of it.
    """

    def __init__(self) -> None:
        super().__init__()
        c4, c8, c16, c32 = REASSEMBLED
        self.to4 = nn.Sequential(nn.Conv2d(CHANNELS, c4, 1), nn.ConvTranspose2d(c4, c4, 4, 4), filters(c4, WIDTH))
        self.to8 = nn.Sequential(nn.Conv2d(CHANNELS, c8, 1), nn.ConvTranspose2d(c8, c8, 2, 2), filters(c8, WIDTH))
        self.to16 = nn.Sequential(nn.Conv2d(CHANNELS, c16, 1), filters(c16, WIDTH))
        self.to32 = nn.Sequential(nn.Conv2d(CHANNELS, c32, 1), nn.Conv2d(c32, c32, 3, 2, 1), filters(c32, WIDTH))
        self.begin32 = Refine()
        self.join16, self.join8, self.join4 = Join(), Join(), Join()
        self.to2 = nn.Conv2d(WIDTH, WIDTH, 1)
        self.head = nn.Sequential(
            nn.Conv2d(WIDTH, HEAD, 3, padding=1), nn.Conv2d(HEAD, HEAD, 3, padding=1), nn.ReLU(), nn.Conv2d(HEAD, 1, 1)
        )

    def forward(self, taps: list[Tensor]) -> Depths:
        """Depth from the tokens, earliest first."""
        tokens4, tokens8, tokens16, tokens32 = taps
        at32 = self.begin32(self.to32(tokens32))
        at16 = self.join16(at32, self.to16(tokens16))
        at8 = self.join8(at16, self.to8(tokens8))
        at4 = self.join4(at8, self.to4(tokens4))
        at2 = spread(self.to2(at4), [2 * side for side in at4.shape[-2:]])
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
        enlarged = spread(self.project(coarse), fine.shape[-2:])
        joined: Tensor = self.both(enlarged + self.fine(fine))
        return joined


def filters(inputs: int, outputs: int) -> nn.Conv2d:
    """3 x 3, with nothing added whatever there is."""
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)


def spread(coarse: Tensor, size: Sequence[int]) -> Tensor:
    """A map (N, C, h, w) at another size, corner pixels on corner pixels, as the decoder was taught with."""
    return functional.interpolate(coarse, size=list(size), mode="bilinear", align_corners=True)
