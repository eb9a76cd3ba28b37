"""The network: an encoder that sees the whole photo, a decoder, and a head for depth, classes, edges and subject."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

CLASSES = (
    "sky",
    "ground",
    "water",
    "wall",
    "vegetation",
    "mountain",
    "person",
    "animal",
    "vehicle",
    "object",
)
"""What the class head tells apart, in the order of its channels."""
STRIDE = 32
"""The sides of the input are multiples of this."""
FINE = 2
"""One output pixel covers FINE x FINE input pixels."""


@dataclass(frozen=True)
class Sizes:
    """Channels and blocks of every level (strides 4, 8, 16, 32), attention layers at the last, decoder channels."""

    channels: tuple[int, int, int, int] = (48, 96, 192, 288)
    blocks: tuple[int, int, int, int] = (1, 2, 3, 1)
    attention: int = 3
    decoder: tuple[int, int, int] = (48, 64, 128)


class Maps(NamedTuple):
    """What the network says of a batch of N pictures (h, w), on a grid of (h / FINE, w / FINE).

    `disparity` (N, h', w') is relative: right up to a scale and a shift. `classes` (N, 10, h', w'), `edges` and
    `subject` (N, h', w') are logits.
    """

    disparity: Tensor
    classes: Tensor
    edges: Tensor
    subject: Tensor


class Features(NamedTuple):
    """What the maps of N pictures (h, w) are made from: `coarse` (N, decoder[-1], h / 16, w / 16), which a teacher's
    features are predicted from in training, and `fine` (N, decoder[0], h / 4, w / 4), which the heads read.
    """

    coarse: Tensor
    fine: Tensor


class PerceptionNet(nn.Module):
    """RGB (N, 3, h, w) in [0, 1], sides multiples of STRIDE, to `Maps`.

    Residual blocks of dense 3 x 3 convolutions (He et al., CVPR 2016) on a space-to-depth stem; at stride 32, where a
    picture is about a hundred tokens, transformer layers (Vaswani et al., NIPS 2017) give every place the whole view.
    """

    def __init__(self, sizes: Sizes | None = None) -> None:
        super().__init__()
        sizes = sizes or Sizes()
        c4, c8, c16, c32 = sizes.channels
        n4, n8, n16, n32 = sizes.blocks
        d4, d8, d16 = sizes.decoder
        self.stem = Convolution(3 * 16 + 2, c4, 3)
        self.level4 = nn.Sequential(*(Residual(c4) for _ in range(n4)))
        self.down8 = Convolution(c4, c8, 3, stride=2)
        self.level8 = nn.Sequential(*(Residual(c8) for _ in range(n8)))
        self.down16 = Convolution(c8, c16, 3, stride=2)
        self.level16 = nn.Sequential(*(Residual(c16) for _ in range(n16)))
        self.down32 = Convolution(c16, c32, 3, stride=2)
        self.level32 = nn.Sequential(*(Residual(c32) for _ in range(n32)))
        self.attention = nn.ModuleList(Attention(c32) for _ in range(sizes.attention))
        self.up16 = Merge(c32, c16, d16)
        self.up8 = Merge(d16, c8, d8)
        self.up4 = Merge(d8, c4, d4)
        self.head = nn.Conv2d(d4, 3 * FINE * FINE + len(CLASSES), 3, padding=1)

    def forward(self, rgb: Tensor) -> Maps:
        """The maps of a batch."""
        return self.with_features(rgb)[0]

    def with_features(self, rgb: Tensor) -> tuple[Maps, Features]:
        """The maps, and the features that they are made from."""
        x4 = self.level4(self.stem(patches(rgb)))
        x8 = self.level8(self.down8(x4))
        x16 = self.level16(self.down16(x8))
        x32 = self.level32(self.down32(x16))
        for layer in self.attention:
            x32 = layer(x32)
        y16 = self.up16(x32, x16)
        y4 = self.up4(self.up8(y16, x8), x4)
        out = self.head(y4)
        fine = functional.pixel_shuffle(out[:, : 3 * FINE * FINE], FINE)
        classes = functional.interpolate(out[:, 3 * FINE * FINE :], scale_factor=FINE, mode="bilinear")
        return Maps(fine[:, 0], classes, fine[:, 1], fine[:, 2]), Features(y16, y4)


def patches(rgb: Tensor) -> Tensor:
    """Each 4 x 4 patch of a batch as one pixel (N, 50, h / 4, w / 4), its place in the picture beside it."""
    batch, _, height, width = rgb.shape
    small = functional.pixel_unshuffle(rgb * 4 - 2, 4)
    y = torch.linspace(-1, 1, height // 4, device=rgb.device, dtype=rgb.dtype)[:, None].expand(height // 4, width // 4)
    x = torch.linspace(-1, 1, width // 4, device=rgb.device, dtype=rgb.dtype)[None].expand(height // 4, width // 4)
    place = torch.stack([y, x])[None].expand(batch, 2, height // 4, width // 4)
    return torch.cat([small, place], 1).contiguous(memory_format=torch.channels_last)


class Convolution(nn.Sequential):
    """Convolution, batch normalisation, rectifier."""

    def __init__(self, inputs: int, outputs: int, size: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
        )


class Residual(nn.Module):
    """Two 3 x 3 convolutions beside the identity; the second starts at zero."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = Convolution(channels, channels, 3)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as the input."""
        return torch.relu(x + self.norm(self.second(self.first(x))))


class Attention(nn.Module):
    """One pre-normalised transformer layer over the cells of a feature map."""

    def __init__(self, channels: int, heads: int = 6) -> None:
        super().__init__()
        self.heads = heads
        self.place = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.norm1, self.norm2 = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.join = nn.Linear(channels, channels)
        self.expand = nn.Linear(channels, 2 * channels)
        self.contract = nn.Linear(2 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as the input (N, channels, h, w)."""
        batch, channels, height, width = x.shape
        x = x + self.place(x)
        tokens = x.flatten(2).transpose(1, 2)
        qkv = self.qkv(self.norm1(tokens)).reshape(batch, -1, 3, self.heads, channels // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, -1, channels)
        tokens = tokens + self.join(mixed)
        tokens = tokens + self.contract(functional.gelu(self.expand(self.norm2(tokens))))
        attended: Tensor = tokens.transpose(1, 2).reshape(batch, channels, height, width)
        return attended


class Merge(nn.Module):
    """A coarse map enlarged twofold, joined with a finer one of the encoder."""

    def __init__(self, coarse: int, fine: int, outputs: int) -> None:
        super().__init__()
        self.coarse = nn.Conv2d(coarse, outputs, 1, bias=False)
        self.fine = nn.Conv2d(fine, outputs, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.block = Residual(outputs)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """(N, outputs, h, w) of the fine map's size."""
        up = functional.interpolate(self.coarse(coarse), scale_factor=2, mode="bilinear")
        merged: Tensor = self.block(torch.relu(self.norm(up + self.fine(fine))))
        return merged
