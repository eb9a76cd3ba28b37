"""The network begins as its teacher: the same tokens and the same depth, patch for patch."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

from multiplane.depth.depth_anything import DEVIATION, MEAN
from multiplane.perception.encoder import CHANNELS, HEADS, LAYERS, PATCH, PLACES
from multiplane.perception.network import PerceptionNet
from taken import taken_from
from tolerances import SOLVER

GRID = (PLACES, PLACES)


@pytest.fixture(scope="module")
def teacher() -> DepthAnythingForDepthEstimation:
    """A Depth Anything V2 Small that knows nothing, its places as many as ours."""
    torch.manual_seed(5)
    backbone = Dinov2Config(
        hidden_size=CHANNELS,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        image_size=14 * PLACES,
        patch_size=14,
        out_features=["stage3", "stage6", "stage9", "stage12"],
        reshape_hidden_states=False,
        initializer_range=0.05,
        layerscale_value=0.5,
    )
    sizes = {"reassemble_hidden_size": CHANNELS, "neck_hidden_sizes": [48, 96, 192, CHANNELS], "fusion_hidden_size": 64}
    config = DepthAnythingConfig(backbone_config=backbone, initializer_range=0.05, **sizes)
    return DepthAnythingForDepthEstimation(config).eval()


@pytest.fixture(scope="module")
def net(teacher) -> PerceptionNet:
    """The network with what was taken."""
    net = PerceptionNet().eval()
    assert not net.load_state_dict(taken_from(teacher), strict=False).unexpected_keys
    return net


def flat_patches(size: int) -> Tensor:
    """One colour a patch, patches of `size` pixels: they look the same to filters of any size."""
    colours = torch.rand(1, 3, *GRID, generator=torch.Generator().manual_seed(1))
    return functional.interpolate(colours, scale_factor=size, mode="nearest")


@torch.inference_mode()
def test_tokens_are_the_teachers(teacher, net) -> None:
    mean, deviation = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, DEVIATION))
    theirs = teacher.backbone((flat_patches(14) - mean) / deviation).feature_maps
    for ours, their in zip(net.encoder(flat_patches(PATCH)), theirs, strict=True):
        torch.testing.assert_close(ours.flatten(2).transpose(1, 2), their[:, 1:], rtol=SOLVER, atol=SOLVER)


@torch.inference_mode()
def test_depth_before_the_last_enlargement_is_the_teachers(teacher, net) -> None:
    taps = [torch.randn(1, CHANNELS, 6, 8, generator=torch.Generator().manual_seed(seed)) for seed in range(4)]
    rows = [functional.pad(tap.flatten(2).transpose(1, 2), (0, 0, 1, 0)) for tap in taps]
    theirs = teacher.neck(rows, 6, 8)[-1]
    wanted = teacher.head.conv1(theirs)
    seen = net.depth(taps)
    assert seen.disparity.shape == (1, 48, 64)
    torch.testing.assert_close(spread_head(net, seen.at4), wanted, rtol=SOLVER, atol=SOLVER)


def spread_head(net: PerceptionNet, at4: Tensor) -> Tensor:
    """The head's first map, which both have at the same size."""
    at2 = functional.interpolate(net.depth.to2(at4), scale_factor=2, mode="bilinear", align_corners=True)
    first: Tensor = net.depth.head[0](at2)
    return first
