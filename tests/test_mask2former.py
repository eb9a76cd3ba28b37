"""Mask2Former runs from a folder, keeps the segment contract, and combines its predictions as it should."""

from pathlib import Path

import numpy as np
import pytest
import torch
from skimage import data
from transformers import Mask2FormerConfig, Mask2FormerForUniversalSegmentation, SwinConfig

from multiplane.errors import BackendError, MissingWeights
from multiplane.scene import Camera, DepthMap, Photo
from multiplane.segment import load_segment
from multiplane.segment.class_words import class_word
from multiplane.segment.mask2former import MOST_PIXELS, combined, load_mask2former, named_segments, prepared


def photo_of(rgb8: np.ndarray) -> Photo:
    height, width = rgb8.shape[:2]
    return Photo(np.asarray(rgb8[..., :3], np.float32) / np.float32(255), Camera.from_focal_35mm(width, height))


def flat_depth(photo: Photo) -> DepthMap:
    return DepthMap(np.ones(photo.rgb.shape[:2], np.float32))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    torch.manual_seed(5)
    backbone = SwinConfig(
        embed_dim=8,
        depths=[1, 1, 1, 1],
        num_heads=[1, 1, 2, 2],
        window_size=4,
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )
    config = Mask2FormerConfig(
        backbone_config=backbone,
        feature_size=32,
        mask_feature_size=32,
        hidden_dim=32,
        encoder_feedforward_dim=16,
        dim_feedforward=16,
        encoder_layers=1,
        decoder_layers=2,
        num_attention_heads=2,
        num_queries=8,
        id2label={0: "person", 1: "sky-other-merged", 2: "dining table"},
        label2id={"person": 0, "sky-other-merged": 1, "dining table": 2},
    )
    model = Mask2FormerForUniversalSegmentation(config)
    with torch.no_grad():  # random heads are never sure; these are, so that masks come out
        model.class_predictor.weight.mul_(60)
        model.class_predictor.bias.zero_()
    folder = tmp_path_factory.mktemp("mask2former")
    model.save_pretrained(folder)
    return str(folder)


@pytest.mark.parametrize("size", [(96, 128), (1, 1), (1, 50), (333, 17)])
def test_segments_from_a_folder_are_disjoint_cover_the_photo_and_repeat(tiny: str, size: tuple[int, int]) -> None:
    photo = photo_of(data.astronaut()[: size[0], : size[1]])
    segment = load_segment(tiny)
    first, second = segment(photo, flat_depth(photo)), segment(photo, flat_depth(photo))
    assert (sum(part.mask.astype(int) for part in first) == 1).all()
    assert len({part.name for part in first}) == len(first)
    assert [(a.name, a.mask.tobytes()) for a in first] == [(b.name, b.mask.tobytes()) for b in second]


def predictions(*entries: tuple[int, float, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Class probabilities (Q, 4) and masks (Q, h, w) of queries given as (class, probability, mask)."""
    classes = np.zeros((len(entries), 4), np.float32)
    for row, (number, probability, _) in zip(classes, entries, strict=True):
        row[number] = probability
        row[3 if number != 3 else 0] = 1 - probability
    return classes, np.stack([mask for _, _, mask in entries]).astype(np.float32)


WORDS = {0: "person", 1: "sky-other-merged", 2: "dining table"}


def test_surfaces_of_one_class_are_one_and_people_stay_apart() -> None:
    left, right = np.zeros((20, 30)), np.zeros((20, 30))
    left[:, :10], right[:, 20:] = 1, 1
    middle = 1 - left - right
    people = combined(*predictions((0, 0.9, left), (0, 0.8, right), (1, 0.9, middle)), WORDS)
    assert [word for word, _ in people] == ["person", "person", "sky"]
    skies = combined(*predictions((1, 0.9, left), (1, 0.8, right), (2, 0.9, middle)), WORDS)
    assert [word for word, _ in skies] == ["sky", "dining table"]


def test_unsure_empty_and_overshadowed_predictions_are_dropped() -> None:
    whole, half = np.ones((20, 30)), np.ones((20, 30))
    half[:, 15:] = 0
    assert [w for w, _ in combined(*predictions((0, 0.3, whole), (3, 0.9, whole)), WORDS)] == ["background"]
    assert [w for w, _ in combined(*predictions((0, 0.9, whole), (2, 0.6, half)), WORDS)] == ["person"]


def test_what_nobody_claims_becomes_background_where_it_is_large() -> None:
    half = np.ones((20, 30))
    half[:, 15:] = 0
    things = combined(*predictions((0, 0.9, half)), WORDS)
    assert [word for word, _ in things] == ["person", "background"]
    speckled = np.ones((20, 30))
    speckled[3, 3] = 0
    assert [word for word, _ in combined(*predictions((0, 0.9, speckled)), WORDS)] == ["person"]


def test_equal_words_are_counted_and_single_ones_are_not() -> None:
    labels = np.array([[0, 1, 2]], np.int32)
    assert [s.name for s in named_segments(labels, ["person", "sky", "person"])] == ["person 1", "sky", "person 2"]


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("sky-other-merged", "sky"),
        ("wall-brick", "wall"),
        ("floor-wood", "ground"),
        ("mountain-merged", "mountain"),
        ("dining table", "dining table"),
        ("water-other", "water"),
        ("house", "building"),
        ("person", "person"),
    ],
)
def test_class_names_become_our_words(name: str, word: str) -> None:
    assert class_word(name) == word


@pytest.mark.parametrize("size", [(480, 640), (200, 1600), (1, 5000)])
def test_the_networks_input_has_bounded_size_in_whole_strides(size: tuple[int, int]) -> None:
    shape = prepared(np.zeros((*size, 3), np.float32)).shape
    assert shape[2] % 32 == 0
    assert shape[3] % 32 == 0
    assert shape[2] * shape[3] <= 1.2 * MOST_PIXELS


def test_doors_name_what_they_know_and_refuse_other_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BackendError, match="no segment backend is called 'foo'; choose one of: builtin, mask2former"):
        load_segment("foo")
    with pytest.raises(BackendError, match="no segment backend is called ''"):
        load_segment("")
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: None)
    with pytest.raises(MissingWeights, match="hf download facebook/mask2former-swin-tiny-coco-panoptic"):
        load_segment("mask2former-swin-tiny-coco-panoptic")
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(BackendError, match="cannot be loaded as Mask2Former"):
        load_mask2former(str(tmp_path))
