"""Weights become whole steps: answers change less than by plain rounding, and the result has the size asked for."""

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import quantise
from multiplane.perception.network import PerceptionNet
from multiplane.perception.packing import read_packed

STEP = 0.05


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Linear(48, 20), (1, 400, 48)),
        (nn.Conv2d(8, 12, 3, padding=1), (1, 8, 20, 20)),
        (nn.Conv2d(8, 12, 3, 2, 1), (1, 8, 30, 30)),
        (nn.ConvTranspose2d(24, 6, 4, 4), (1, 24, 20, 20)),
    ],
)
@torch.inference_mode()
def test_errors_are_made_up_for_in_every_kind_of_layer(layer: quantise.Layers, shape: tuple[int, ...]) -> None:
    random = torch.Generator().manual_seed(0)
    mix = torch.randn(shape[1] if len(shape) == 4 else shape[2], 5, generator=random)
    few = torch.randn(*shape[:1], 5, *shape[2:], generator=random) if len(shape) == 4 else None
    seen = torch.randn(1, 400, 5, generator=random) @ mix.T if few is None else torch.einsum("ck,nkhw->nchw", mix, few)
    seen = seen + 0.1 * torch.randn(seen.shape, generator=random)
    wanted, whole = layer(seen), quantise.matrix(layer).clone()
    rows = quantise.rows_of(layer, seen)
    codes = quantise.rounded(layer, rows.T @ rows / len(rows), STEP)
    assert torch.equal(codes, codes.round())
    errors = []
    for values in (codes, (whole / STEP).round()):
        quantise.put(layer, values * STEP)
        errors.append(float((layer(seen) - wanted).square().mean()))
    assert 0 < errors[0] < 0.5 * errors[1]


def test_the_entropy_of_even_weights_is_their_number_of_bits() -> None:
    assert quantise.entropy(torch.arange(64.0).repeat(3)) == pytest.approx(6)


@torch.inference_mode()
def test_the_whole_network_comes_out_at_the_size_asked_for(tmp_path) -> None:
    torch.manual_seed(1)
    net = PerceptionNet().eval()
    net.encoder.places.normal_()
    stored = {
        name: value.clone()
        for name, value in net.state_dict().items()
        if name.startswith(("depth.join", "depth.to16", "encoder.norm", "encoder.places", "encoder.patch"))
    }
    pictures = [torch.rand(1, 3, 64, 80) for _ in range(3)]
    packed = quantise.quantised(net, stored, pictures, 2, 0.6e6)
    save_file(packed, tmp_path / "packed.safetensors")
    assert (tmp_path / "packed.safetensors").stat().st_size == pytest.approx(0.6e6, rel=0.03)
    assert sum(value.nbytes for value in packed.values()) <= 0.6e6
    found = read_packed(tmp_path / "packed.safetensors")
    assert sorted(found) == sorted(stored)
    for name, value in stored.items():
        assert (found[name] - value).square().mean() <= 0.1 * value.square().mean()
