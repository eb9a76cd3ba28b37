"""Depth Anything runs from a folder, speaks our depth convention, and asks for missing weights in one helpful line."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage import data
from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

from multiplane import weights
from multiplane.depth.depth_anything import MOST_PIXELS, load_depth_anything, prepared
from multiplane.depth.upsampling import upsample_disparity
from multiplane.errors import BackendError, MissingWeights
from multiplane.pixels.disparity import FAR, NEAR
from multiplane.scene import Camera, Photo

DATA = Path(os.environ.get("MULTIPLANE_DATA", Path(__file__).parents[2] / "shared" / "data"))
REAL = DATA / "models" / "depth-anything-v2-small"


def photo_of(rgb8: np.ndarray) -> Photo:
    height, width = rgb8.shape[:2]
    return Photo(np.asarray(rgb8[..., :3], np.float32) / np.float32(255), Camera.from_focal_35mm(width, height))


def save_tiny(folder: Path, kind: str) -> str:
    torch.manual_seed(3)
    backbone = Dinov2Config(
        hidden_size=12,
        num_hidden_layers=4,
        num_attention_heads=2,
        image_size=28,
        patch_size=14,
        out_features=["stage1", "stage2", "stage3", "stage4"],
        reshape_hidden_states=False,
    )
    config = DepthAnythingConfig(
        backbone_config=backbone,
        reassemble_hidden_size=12,
        neck_hidden_sizes=[4, 4, 4, 4],
        fusion_hidden_size=4,
        head_hidden_size=4,
        depth_estimation_type=kind,
        max_depth=20,
    )
    DepthAnythingForDepthEstimation(config).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {kind: save_tiny(tmp_path_factory.mktemp(kind), kind) for kind in ("relative", "metric")}


@pytest.mark.parametrize("kind", ["relative", "metric"])
def test_a_checkpoint_folder_gives_depth_of_the_photos_size_in_its_own_unit(tiny: dict[str, str], kind: str) -> None:
    photo = photo_of(data.astronaut()[:90, :120])
    depth = load_depth_anything(tiny[kind])(photo)
    assert depth.z.shape == photo.rgb.shape[:2]
    assert depth.metric == (kind == "metric")
    if kind == "relative":
        assert depth.z.min() == pytest.approx(NEAR, rel=1e-3)
        assert depth.z.max() == pytest.approx(FAR, rel=1e-3)


def test_the_same_photo_gives_the_same_depth_and_is_not_changed(tiny: dict[str, str]) -> None:
    photo = photo_of(data.coffee()[:60, :80])
    before = photo.rgb.copy()
    estimate = load_depth_anything(tiny["relative"])
    assert np.array_equal(estimate(photo).z, estimate(photo).z)
    assert np.array_equal(photo.rgb, before)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (300, 2)])
def test_the_smallest_and_thinnest_photos_have_depth(tiny: dict[str, str], size: tuple[int, int]) -> None:
    photo = photo_of(np.full((*size, 3), 90, np.uint8))
    assert load_depth_anything(tiny["relative"])(photo).z.shape == size


@pytest.mark.parametrize("size", [(480, 640), (200, 1600), (1200, 900), (1, 5000)])
def test_the_networks_input_has_sides_of_whole_patches_and_bounded_size(size: tuple[int, int]) -> None:
    shape = prepared(np.zeros((*size, 3), np.float32)).shape
    assert shape[2] % 14 == 0
    assert shape[3] % 14 == 0
    assert shape[2] * shape[3] <= 1.2 * MOST_PIXELS


def test_a_depth_step_near_a_photo_edge_lands_on_it_without_overshoot() -> None:
    rgb = np.zeros((240, 320, 3), np.float32)
    rgb[:, 150:] = 0.8
    coarse = np.zeros((60, 80), np.float32)
    coarse[:, 38:] = 1.0  # one coarse pixel, so four fine ones, beside the photo's edge at 37.5
    coarse = (coarse + np.roll(coarse, 1, 1) + np.roll(coarse, -1, 1)) / 3
    coarse[:, 0], coarse[:, -1] = 0, 1
    fine = upsample_disparity(coarse, rgb)
    assert fine.min() >= 0.0
    assert fine.max() <= 1.0 + 1e-6
    assert fine[100, 146] < 0.1
    assert fine[100, 154] > 0.9


def test_a_slope_stays_a_slope() -> None:
    slope = np.broadcast_to(np.linspace(0, 1, 80, dtype=np.float32), (60, 80)).copy()
    fine = upsample_disparity(slope, np.full((240, 320, 3), 0.5, np.float32))
    expected = (np.arange(320) + 0.5) / 4 / 79 - 0.5 / 79
    assert np.abs(fine[120, 20:-20] - expected[20:-20]).max() < 0.01


def test_a_missing_checkpoint_says_its_name_size_licence_and_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: None)
    with pytest.raises(MissingWeights) as caught:
        load_depth_anything("depth-anything-v2-small")
    for part in (
        "depth-anything-v2-small",
        "99 MB",
        "Apache-2.0",
        "hf download depth-anything/Depth-Anything-V2-Small-hf",
    ):
        assert part in str(caught.value)


def test_cached_weights_that_are_not_the_published_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"not the weights")
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda _repo, file: str(tmp_path / file))
    with pytest.raises(BackendError, match="sha256"):
        weights.locate("depth-anything-v2-small")
    published = weights.Checkpoint("x", "a/x", "MIT", 1, 1, hashlib.sha256(b"not the weights").hexdigest())
    monkeypatch.setitem(weights.CHECKPOINTS, "x", published)
    assert weights.locate("x") == tmp_path


def test_folders_that_are_no_depth_checkpoint_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="no checkpoint or folder is called 'nowhere'"):
        load_depth_anything("nowhere")
    with pytest.raises(MissingWeights, match=r"config\.json"):
        load_depth_anything(str(tmp_path))
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(MissingWeights, match=r"model\.safetensors"):
        load_depth_anything(str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(BackendError, match="cannot be loaded as a depth model"):
        load_depth_anything(str(tmp_path))


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no checkpoint at {REAL}")
def test_the_real_checkpoint_puts_the_astronaut_before_the_backdrop() -> None:
    z = load_depth_anything(str(REAL))(photo_of(data.astronaut())).z
    face, suit, backdrop = z[110, 225], z[380, 150], z[60, 340]
    assert suit < face < 0.5 * backdrop
