"""The depth teacher's refit: a loss that knows no scale and no unknown pixels, and one tensor that changes."""

import argparse
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

import refit


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Depth Anything of twelve channels."""
    torch.manual_seed(3)
    backbone = Dinov2Config(
        hidden_size=12,
        num_hidden_layers=4,
        num_attention_heads=2,
        image_size=28,
        patch_size=14,
        out_features=["stage1", "stage2", "stage3", "stage4"],
        reshape_hidden_states=False,
        initializer_range=0.2,
    )
    sizes = {"reassemble_hidden_size": 12, "neck_hidden_sizes": [4] * 4, "fusion_hidden_size": 8, "head_hidden_size": 8}
    config = DepthAnythingConfig(backbone_config=backbone, initializer_range=0.2, **sizes)
    folder = tmp_path_factory.mktemp("teacher")
    DepthAnythingForDepthEstimation(config).save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text("{}")
    return folder


def ramp(height: int = 80, width: int = 100) -> refit.Pair:
    """A floor that comes nearer downwards, bright where it is near."""
    near = np.linspace(0.1, 1.0, height, dtype=np.float32)[:, None].repeat(width, axis=1)
    return refit.Pair(np.repeat((near * 255).astype(np.uint8)[..., None], 3, axis=2), near, True)


def test_the_loss_ignores_scale_shift_and_what_is_unknown() -> None:
    truth = torch.rand(2, 28, 42)
    known = torch.rand(2, 28, 42) > 0.4
    assert refit.affine_loss(3 * truth + 2, truth, known).item() == pytest.approx(0, abs=1e-5)
    elsewhere = torch.where(known, truth, 99 * torch.rand(2, 28, 42))
    assert refit.affine_loss(elsewhere, truth, known).item() == pytest.approx(0, abs=1e-5)
    assert refit.affine_loss(-truth, truth, known).item() > 1


def test_a_measured_photo_says_where_it_is_not_known(tmp_path: Path) -> None:
    for place in range(9):
        folder = tmp_path / f"room{place}"
        folder.mkdir()
        cv2.imwrite(str(folder / "view.jpg"), np.full((60, 80, 3), 90, np.uint8))
        depth = np.full((60, 80), 2.0, np.float32)
        depth[:, :30] = 0
        np.savez(folder / "view.npz", depth=depth)
    train, held = refit.read_pairs(tmp_path)
    assert (len(train), len(held)) == (8, 1)
    _, truth, known = refit.sample(train[0], (4, 3), refit.WHOLE, None)
    assert not known[:, :20].any()
    assert known[:, 22:].all()
    assert truth[known].unique().tolist() == [0.5]


def test_fitting_lowers_the_loss_and_changes_one_tensor(checkpoint: Path, tmp_path: Path, capsys) -> None:
    model = refit.load(checkpoint)
    options = argparse.Namespace(minutes=0.06, batch=2, rate=2e-2)
    fitted = refit.fit(model, [[ramp()]], {"scenes": [ramp()]}, options)
    said = [float(line.split()[-1]) for line in capsys.readouterr().out.splitlines()]
    assert said[-1] < said[0]
    refit.write(fitted, checkpoint, tmp_path / "better")
    before, after = (load_file(folder / "model.safetensors") for folder in (checkpoint, tmp_path / "better"))
    assert [name for name in before if not torch.equal(before[name], after[name])] == [refit.TENSOR]
    DepthAnythingForDepthEstimation.from_pretrained(tmp_path / "better")
