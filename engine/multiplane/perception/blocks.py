"""What the decoders that we taught are built of: plain convolutions, residual blocks, joins of coarse and fine maps."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class Convolution(nn.Sequential):
    """Convolution, batch normalisation, rectifier."""

    def __init__(self, inputs: int, outputs: int, size: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
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
