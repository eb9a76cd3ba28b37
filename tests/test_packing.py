"""Packed weights come back as they were rounded, and take the space that their entropy says."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from multiplane.perception.packing import pack, read_packed


@settings(max_examples=20)
@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
    st.floats(1e-4, 10),
    st.sampled_from([1, 128, 40_000]),
    st.integers(0, 99),
)
def test_a_packed_tensor_comes_back(tmp_path_factory, shape: list[int], step: float, spread: int, seed: int) -> None:
    path = tmp_path_factory.mktemp("packed") / "w.safetensors"
    codes = torch.randint(-spread, spread + 1, shape, generator=torch.Generator().manual_seed(seed))
    other = {"count": torch.tensor(7), "bias": torch.ones(3).half()}
    save_file(pack("a.weight", codes, step) | other, path)
    found = read_packed(path)
    assert sorted(found) == ["a.weight", "bias", "count"]
    torch.testing.assert_close(found["a.weight"], codes.float() * torch.tensor(step, dtype=torch.float32))
    assert found["a.weight"].dtype == found["bias"].dtype == torch.float32
    assert found["count"].dtype == torch.int64


def test_normal_weights_take_hardly_more_than_their_entropy() -> None:
    codes = (torch.randn(384, 1536, generator=torch.Generator().manual_seed(0)) * 6).round()
    share = torch.unique(codes, return_counts=True)[1].double() / codes.numel()
    entropy = float(-(share * share.log2()).sum())
    stored = pack("w", codes, 1.0)
    assert 8 * stored["w.codes"].numel() < 1.02 * entropy * codes.numel()


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="none"):
        read_packed(tmp_path / "none.safetensors")
