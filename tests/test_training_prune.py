"""Cutting the teacher down: nothing is lost where nothing need be, and what is taken over is the teacher's."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

import prune
from decoder_of import decoder_of
from multiplane.perception.decoder import WIDTH, DepthDecoder
from multiplane.perception.encoder import CHANNELS, HEADS, Layer, Widths
from tolerances import SOLVER

TOKENS = 700


@pytest.fixture(scope="module")
def teacher() -> DepthAnythingForDepthEstimation:
    """A Depth Anything as wide as the real one and four layers deep, knowing nothing."""
    torch.manual_seed(5)
    backbone = Dinov2Config(
        hidden_size=CHANNELS,
        num_hidden_layers=4,
        num_attention_heads=HEADS,
        image_size=28,
        patch_size=14,
        out_features=["stage1", "stage2", "stage3", "stage4"],
        reshape_hidden_states=False,
        initializer_range=0.1,
        layerscale_value=0.5,
    )
    sizes = {"reassemble_hidden_size": CHANNELS, "neck_hidden_sizes": [48, 96, 192, CHANNELS], "fusion_hidden_size": 64}
    config = DepthAnythingConfig(backbone_config=backbone, initializer_range=0.1, **sizes)
    return DepthAnythingForDepthEstimation(config).eval()


@pytest.fixture(scope="module")
def tokens() -> list[Tensor]:
    """Tokens of three photos, which lie in no more than 100 of the directions."""
    random = torch.Generator().manual_seed(0)
    directions = torch.randn(100, CHANNELS, generator=random) / 10
    return [torch.randn(1, TOKENS, 100, generator=random) @ directions for _ in range(3)]


def cut(teacher: DepthAnythingForDepthEstimation, tokens: list[Tensor], widths: Widths) -> tuple[Layer, list[Tensor]]:
    """A layer of `widths` for the teacher's first, and what the teacher's heads gather."""
    their, layer = teacher.backbone.encoder.layer[0], Layer(widths)
    normed = [their.norm1(one) for one in tokens]
    gathered = [prune.gather(their, one) for one in normed]
    prune.cut_heads(layer, their, widths, normed, gathered)
    return layer, [their.layer_scale1(their.attention.o_proj(one)) for one in gathered]


@torch.inference_mode()
def test_heads_as_wide_as_the_teachers_gather_what_the_teachers_gather(teacher, tokens) -> None:
    layer, wanted = cut(teacher, tokens, Widths(64, 64, 8))
    prune.refit(layer.join, [layer.mixed(one) for one in tokens], wanted)
    for one, truth in zip(tokens, wanted, strict=True):
        assert (layer.join(layer.mixed(one)) - truth).norm() < 0.01 * truth.norm()


@torch.inference_mode()
def test_the_narrower_the_heads_the_more_is_lost(teacher, tokens) -> None:
    losses = []
    for width in (48, 24, 8):
        layer, wanted = cut(teacher, tokens, Widths(width, width, 8))
        prune.refit(layer.join, [layer.mixed(one) for one in tokens], wanted)
        losses.append(sum((layer.join(layer.mixed(a)) - b).norm().item() for a, b in zip(tokens, wanted, strict=True)))
    assert losses == sorted(losses)
    assert losses[0] < losses[-1]


@torch.inference_mode()
def test_neurons_that_say_nothing_are_the_first_to_go(teacher, tokens) -> None:
    their = teacher.backbone.encoder.layer[1]
    silent = torch.arange(1536) % 3 == 0
    their.mlp.fc2.weight[:, silent] = 0
    ours = [one + 0 for one in tokens]
    theirs = [one + their.layer_scale2(their.mlp(their.norm2(one))) for one in tokens]
    layer = Layer(Widths(8, 8, 1024))
    prune.cut_neurons(layer, their, 1024, ours, theirs)
    loud = {tuple(row[:3].tolist()) for row in their.mlp.fc1.weight[~silent]}
    assert all(tuple(row[:3].tolist()) in loud for row in layer.expand.weight)
    for one, truth in zip(ours, theirs, strict=True):
        found = one + layer.contract(layer.neurons(one))
        assert (found - truth).norm() < 0.02 * (truth - one).norm()


@torch.inference_mode()
def test_the_decoder_begins_as_the_teachers(teacher) -> None:
    """Exactly, where the coarsest map needs no more than WIDTH directions: where its last filter sees one pixel."""
    last = teacher.neck.convs[3].weight
    centre = last[:, :, 1, 1].clone()
    last.zero_()
    last[:, :, 1, 1] = centre
    grid = (6, 8)
    seen = [torch.randn(1, CHANNELS, *grid) for _ in range(40)]
    decoder = DepthDecoder(48, 64).eval()
    missing, unexpected = decoder.load_state_dict(decoder_of(teacher, seen), strict=False)
    assert sorted(missing) == ["pixels4.weight", "pixels8.weight"]
    assert not unexpected
    stage = teacher.neck.reassemble_stage.layers
    for number, part in enumerate((decoder.to4, decoder.to8, decoder.to16, decoder.to32)):
        theirs = teacher.neck.convs[number](stage[number].resize(stage[number].projection(seen[0])))
        # A token outside the picture is nothing, to the teacher after its own bias, to us before it: look inside.
        inside = (..., slice(1, None), slice(1, None))
        torch.testing.assert_close(part(seen[0])[inside], theirs[inside], rtol=SOLVER, atol=SOLVER)
    whole = functional.interpolate(decoder.to2(torch.ones(1, WIDTH, 4, 4)), scale_factor=2)
    assert decoder.head(whole).shape == (1, 1, 8, 8)
    blank = torch.zeros(1, 48, 24, 32), torch.zeros(1, 64, 12, 16)
    assert decoder([seen[0]] * 4, *blank).disparity.shape == (1, 48, 64)
