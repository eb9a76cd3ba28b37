"""What is trained: the network, and beside it the teacher's view of its tokens, which is not shipped."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from multiplane.perception.encoder import CHANNELS
from multiplane.perception.network import Maps, PerceptionNet

FEATURES = 96
"""Principal components of the teacher's features that the student is to have too."""


class Student(nn.Module):
    """RGB (N, 3, h, w) to the network's maps and the teacher's features (N, FEATURES, h / 16, w / 16).

    The encoder was cut down from the teacher's, so its last tokens lie in the teacher's space: the same principal
    components, `basis` of label.py, show both.
    """

    mean: Tensor
    components: Tensor

    def __init__(self, basis: Path) -> None:
        super().__init__()
        self.net = PerceptionNet()
        with np.load(basis) as stored:
            self.register_buffer("mean", torch.from_numpy(stored["mean"]).view(1, CHANNELS, 1, 1))
            self.register_buffer("components", torch.from_numpy(stored["components"].T.copy())[..., None, None])

    def forward(self, rgb: Tensor) -> tuple[Maps, Tensor]:
        """Both, for a batch."""
        maps, features = self.net.with_features(rgb)
        return maps, nn.functional.conv2d(features.tokens - self.mean, self.components)
