"""Trimming an encoder: what it keeps is what it was, and the tokens stay near."""

import pytest
import torch
from torch import Tensor

import trim
from multiplane.perception.encoder import CHANNELS, HEADS, Layer, Widths

WHOLE = Widths(20, 16, 200)


@pytest.fixture
def layer() -> Layer:
    """A layer in which a third of the neurons says next to nothing."""
    torch.manual_seed(1)
    layer = Layer(WHOLE).eval().requires_grad_(False)
    layer.contract.weight[:, ::3] *= 1e-4
    return layer


@pytest.fixture
def tokens() -> list[Tensor]:
    random = torch.Generator().manual_seed(2)
    return [torch.randn(1, 500, CHANNELS, generator=random) for _ in range(3)]


@torch.inference_mode()
def test_a_layer_is_found_with_its_own_widths_and_its_queries_scaled(layer: Layer) -> None:
    stored = {f"layers.7.{name}": value for name, value in layer.state_dict().items()}
    found = trim.layer_of(stored, 7, 0.5)
    assert found.parts == [HEADS * 20, HEADS * 20, HEADS * 16]
    assert found.expand.out_features == 200
    queries = slice(0, HEADS * 20)
    assert torch.equal(found.qkv.weight[queries], 0.5 * layer.qkv.weight[queries])
    assert torch.equal(found.qkv.weight[HEADS * 20 :], layer.qkv.weight[HEADS * 20 :])


@torch.inference_mode()
def test_heads_of_the_same_widths_see_the_same(layer: Layer, tokens: list[Tensor]) -> None:
    again = Layer(WHOLE).eval()
    again.norm1 = layer.norm1
    trim.cut_heads(again, layer, WHOLE, tokens)
    trim.refit(again.join, [again.mixed(one) for one in tokens], [layer.join(layer.mixed(one)) for one in tokens])
    for one in tokens:
        wanted = layer.join(layer.mixed(one))
        assert (again.join(again.mixed(one)) - wanted).norm() < 0.02 * wanted.norm()


@torch.inference_mode()
def test_neurons_that_say_next_to_nothing_go(layer: Layer, tokens: list[Tensor]) -> None:
    active = trim.with_ones(torch.cat([layer.neurons(one) for one in tokens], 1)[0].double())
    target = torch.cat([layer.contract(layer.neurons(one)) for one in tokens], 1)[0].double()
    kept = trim.neurons_left(active, target, 133)
    assert len(kept) == 133
    assert not (kept % 3 == 0).any()


def test_two_linear_maps_of_patches_are_one() -> None:
    stored = {"patch.0.weight": torch.randn(5, 3, 16, 16), "patch.1.weight": torch.randn(CHANNELS, 5, 1, 1)}
    picture = torch.randn(1, 3, 32, 48)
    joined = torch.nn.functional.conv2d(picture, trim.joined_patches(stored), stride=16)
    apart = torch.nn.functional.conv2d(picture, stored["patch.0.weight"], stride=16)
    torch.testing.assert_close(
        joined, torch.nn.functional.conv2d(apart, stored["patch.1.weight"]), rtol=1e-3, atol=1e-2
    )
