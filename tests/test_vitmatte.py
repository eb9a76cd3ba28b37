"""ViTMatte runs from a folder, keeps the matte contract, and says what is wrong with a folder that is not one."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import VitDetConfig, VitMatteConfig, VitMatteForImageMatting

from multiplane.errors import BackendError, MissingWeights
from multiplane.matte import load_matte
from multiplane.matte.vitmatte import prepared, trimap_of


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    torch.manual_seed(3)
    backbone = VitDetConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=64,
        pretrain_image_size=64,
        patch_size=16,
        num_channels=4,
        window_size=2,
        window_block_indices=[0],
        residual_block_indices=[1],
        out_features=["stage2"],
    )
    config = VitMatteConfig(
        backbone_config=backbone,
        hidden_size=16,
        convstream_hidden_sizes=[8, 12, 16],
        fusion_hidden_sizes=[16, 12, 8, 4],
    )
    folder = tmp_path_factory.mktemp("vitmatte")
    VitMatteForImageMatting(config).save_pretrained(folder)
    return str(folder)


def disc_photo(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[:height, :width]
    mask = np.hypot(y - height / 2, x - width / 2) < min(height, width) / 3
    noise = np.random.default_rng(1).random((height, width, 3)) * 0.1
    rgb = np.where(mask[..., None], [0.8, 0.2, 0.1], [0.1, 0.4, 0.3]) * 0.9 + noise
    return rgb.astype(np.float32), mask


@pytest.mark.parametrize("size", [(90, 120), (64, 64), (33, 70)])
def test_an_alpha_from_a_folder_keeps_what_is_known_and_repeats(tiny: str, size: tuple[int, int]) -> None:
    rgb, mask = disc_photo(*size)
    matte = load_matte(tiny)
    first, second = matte(rgb, mask), matte(rgb, mask)
    assert first.tobytes() == second.tobytes()
    assert (first.shape, first.dtype) == (mask.shape, np.float32)
    assert first.min() >= 0
    assert first.max() <= 1
    trimap = trimap_of(rgb, mask, 1.0)
    assert np.array_equal(first[trimap == 1], np.ones(np.count_nonzero(trimap == 1)))


@pytest.mark.parametrize("value", [False, True])
def test_a_mask_without_border_is_its_own_alpha(tiny: str, value: bool) -> None:
    rgb, _ = disc_photo(40, 50)
    assert np.array_equal(load_matte(tiny)(rgb, np.full((40, 50), value)), np.full((40, 50), float(value)))


def test_the_input_is_padded_below_and_right_and_the_picture_is_not_moved() -> None:
    rgb, mask = disc_photo(40, 70)
    trimap = mask.astype(np.float32)
    network_input = prepared(rgb, trimap)
    assert network_input.shape == (1, 4, 64, 96)
    np.testing.assert_allclose(network_input[0, :3, :40, :70], rgb.transpose(2, 0, 1) * 2 - 1, atol=1e-6)
    assert np.array_equal(network_input[0, 3, :40, :70], trimap)
    assert not network_input[0, :, 40:].any()


def test_a_folder_of_another_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "glpn"}')
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(BackendError, match="ViTMatte: it is a glpn model"):
        load_matte(str(tmp_path))


def test_weights_that_are_not_here_are_named_with_size_and_licence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: None)
    with pytest.raises(MissingWeights, match=r"103 MB, licence Apache-2\.0"):
        load_matte("vitmatte-small-composition-1k")
