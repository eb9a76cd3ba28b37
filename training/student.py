"""What is trained: the network, and beside it a projection onto the teacher's features that is not shipped."""

from torch import Tensor, nn

from multiplane.perception.network import Maps, PerceptionNet, Sizes

FEATURES = 96
"""Principal components of the teacher's features that the student is to predict."""


class Student(nn.Module):
    """RGB (N, 3, h, w) to the network's maps and the teacher's features (N, FEATURES, h / 16, w / 16)."""

    def __init__(self) -> None:
        super().__init__()
        self.net = PerceptionNet()
        self.features = nn.Conv2d(Sizes().decoder[-1], FEATURES, 1)

    def forward(self, rgb: Tensor) -> tuple[Maps, Tensor]:
        """Both, for a batch."""
        maps, features = self.net.with_features(rgb)
        return maps, self.features(features.coarse)
