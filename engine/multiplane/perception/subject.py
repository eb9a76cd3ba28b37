"""The decoder of the subject: what the picture is of, from the tokens and from the maps that tell classes and edges."""

import torch
from torch import Tensor, nn

from multiplane.perception.blocks import Merge, Residual
from multiplane.perception.encoder import CHANNELS

TAPS = (2, 3)
"""Which of the encoder's depths are read: what stands out in a picture is a matter of the whole of it."""
COARSE, FINER = 48, 32
"""Channels at stride 16, and at strides 8 and 4."""
OUTPUTS = 4
"""Logits a place at stride 4: two rows of two."""


class SubjectDecoder(nn.Module):
    """Logits (N, 4, h / 4, w / 4) of belonging to the subject, for `pixel_shuffle`.

    It has maps of its own so that it could learn from photos of which nothing else is known, while all else stood
    still (training/subject.py).
    """

    def __init__(self, channels8: int, channels4: int) -> None:
        super().__init__()
        self.taps = nn.ModuleList(nn.Conv2d(CHANNELS, COARSE, 1, bias=False) for _ in TAPS)
        self.norm = nn.BatchNorm2d(COARSE)
        self.level16 = Residual(COARSE)
        self.up8 = Merge(COARSE, channels8, FINER)
        self.up4 = Merge(FINER, channels4, FINER)
        self.head = nn.Conv2d(FINER, OUTPUTS, 3, padding=1)

    def forward(self, tokens: list[Tensor], at8: Tensor, at4: Tensor) -> Tensor:
        """From the tokens of every depth (N, CHANNELS, h / 16, w / 16), and maps at strides 8 and 4."""
        seen = [project(tokens[tap]) for project, tap in zip(self.taps, TAPS, strict=True)]
        at16 = self.level16(torch.relu(self.norm(torch.stack(seen).sum(0))))
        logits: Tensor = self.head(self.up4(self.up8(at16, at8), at4))
        return logits
