"""The network: an encoder that sees the whole photo, decoders of depth, of classes, edges and contours, of subject."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from multiplane.perception.blocks import Convolution, Merge, Residual
from multiplane.perception.decoder import WIDTH, DepthDecoder
from multiplane.perception.encoder import CHANNELS, PATCH, Encoder
from multiplane.perception.subject import SubjectDecoder

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
STRIDE = PATCH
"""The sides of the input are multiples of this."""
FINE = 2
"""One output pixel covers FINE x FINE input pixels."""
FINE_MAPS = 2
"""Maps that the second head gives at that size: edges and contours. The classes come at half of it."""
SCENE_TAPS = (1, 2, 3)
"""Which of the encoder's depths tell what is there: the later three."""

PIXELS4 = 48
"""Channels at stride 4 of what the pixels show, which know no more than their surroundings."""
SCENE16, SCENE8, FINE_CHANNELS = 96, 64, 48
"""Channels at strides 16, 8 and 4 on the way to classes, edges and contours."""


class Maps(NamedTuple):
    """What the network says of a batch of N pictures (h, w), on a grid of (h / FINE, w / FINE).

    `disparity` (N, h', w') is relative: right up to a scale and a shift. `classes` (N, 10, h', w'), `edges`,
    `subject` and `contours` (N, h', w') are logits.
    """

    disparity: Tensor
    classes: Tensor
    edges: Tensor
    subject: Tensor
    contours: Tensor


class Features(NamedTuple):
    """What the maps of N pictures (h, w) are made from: `tokens` (N, CHANNELS, h / 16, w / 16), the encoder's last,
    which know what a place is of, and `fine` (N, FINE_CHANNELS, h / 4, w / 4), which classes, edges and contours are
    read from.
    """

    tokens: Tensor
    fine: Tensor


class PerceptionNet(nn.Module):
    """RGB (N, 3, h, w) in [0, 1], sides multiples of STRIDE, to `Maps`.

    A transformer over patches of 16 pixels knows what is where (encoder.py); one decoder makes depth of it
    (decoder.py); another, narrower, reads that one's maps, the tokens, and the pixels, which know where exactly a
    thing ends (a residual block of dense 3 x 3 convolutions, He et al., CVPR 2016), and says classes, edges and
    contours. What the picture is of is told by a third, which reads the tokens and that one's maps (subject.py).
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.stem = Convolution(3 * 16 + 2, PIXELS4, 3)
        self.level4 = Residual(PIXELS4)
        self.depth = DepthDecoder()
        self.taps = nn.ModuleList(nn.Conv2d(CHANNELS, SCENE16, 1, bias=False) for _ in SCENE_TAPS)
        self.norm16 = nn.BatchNorm2d(SCENE16)
        self.level16 = Residual(SCENE16)
        self.up8 = Merge(SCENE16, WIDTH, SCENE8)
        self.up4 = Merge(SCENE8, WIDTH + PIXELS4, FINE_CHANNELS)
        self.head = nn.Conv2d(FINE_CHANNELS, FINE_MAPS * FINE * FINE + len(CLASSES), 3, padding=1)
        self.subject = SubjectDecoder(SCENE8, FINE_CHANNELS)

    def forward(self, rgb: Tensor) -> Maps:
        """The maps of a batch."""
        return self.with_features(rgb)[0]

    def with_features(self, rgb: Tensor) -> tuple[Maps, Features]:
        """The maps, and the features that they are made from."""
        x4 = self.level4(self.stem(patches(rgb)))
        tokens = self.encoder(rgb)
        depths = self.depth(tokens)
        seen = [project(tokens[tap]) for project, tap in zip(self.taps, SCENE_TAPS, strict=True)]
        y16 = self.level16(torch.relu(self.norm16(torch.stack(seen).sum(0))))
        y8 = self.up8(y16, depths.at8)
        y4 = self.up4(y8, torch.cat([depths.at4, x4], 1))
        out = self.head(y4)
        split = FINE_MAPS * FINE * FINE
        edges, contours = functional.pixel_shuffle(out[:, :split], FINE).unbind(1)
        classes = functional.interpolate(out[:, split:], scale_factor=FINE, mode="bilinear")
        subject = functional.pixel_shuffle(self.subject(tokens, y8, y4), FINE)[:, 0]
        return Maps(depths.disparity, classes, edges, subject, contours), Features(tokens[-1], y4)


def patches(rgb: Tensor) -> Tensor:
    """Each 4 x 4 patch of a batch as one pixel (N, 50, h / 4, w / 4), its place in the picture beside it."""
    batch, _, height, width = rgb.shape
    small = functional.pixel_unshuffle(rgb * 4 - 2, 4)
    y = torch.linspace(-1, 1, height // 4, device=rgb.device, dtype=rgb.dtype)[:, None].expand(height // 4, width // 4)
    x = torch.linspace(-1, 1, width // 4, device=rgb.device, dtype=rgb.dtype)[None].expand(height // 4, width // 4)
    place = torch.stack([y, x])[None].expand(batch, 2, height // 4, width // 4)
    return torch.cat([small, place], 1).contiguous(memory_format=torch.channels_last)
