"""SAM and Grounding DINO run from a folder, keep the contract of prompted selection, and say what is missing."""

from pathlib import Path

import numpy as np
import pytest
import torch
from skimage import data
from transformers import (
    BertConfig,
    BertTokenizerFast,
    GroundingDinoConfig,
    GroundingDinoForObjectDetection,
    SamConfig,
    SamModel,
    SwinConfig,
)

from multiplane.errors import BackendError, MissingWeights, SceneError
from multiplane.segment import grounding
from multiplane.segment.grounding import found_things, overlap, phrase_of
from multiplane.segment.prompt import Prompt
from multiplane.segment.prompted import load_finder, load_prompted
from multiplane.segment.sam import mask_of, prepared, prompt_tensors


def picture(height: int, width: int) -> np.ndarray:
    return np.asarray(data.astronaut()[:height, :width], np.float32) / np.float32(255)


@pytest.fixture(scope="module")
def sam(tmp_path_factory: pytest.TempPathFactory) -> str:
    torch.manual_seed(5)
    config = SamConfig(
        vision_config={
            "hidden_size": 16,
            "output_channels": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": 64,
            "patch_size": 16,
            "window_size": 2,
            "global_attn_indexes": [1],
            "num_pos_feats": 8,
            "mlp_dim": 32,
        },
        prompt_encoder_config={"hidden_size": 16, "image_size": 64, "patch_size": 16, "mask_input_channels": 4},
        mask_decoder_config={
            "hidden_size": 16,
            "mlp_dim": 32,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "iou_head_hidden_dim": 16,
        },
    )
    folder = tmp_path_factory.mktemp("sam")
    SamModel(config).save_pretrained(folder)
    return str(folder)


PROMPTS = [
    Prompt(((10, 20, True),)),
    Prompt(((10, 20, True), (3, 4, False))),
    Prompt((), (2, 3, 30, 40)),
    Prompt(((9, 9, True),), (2, 3, 30, 40)),
]


@pytest.mark.parametrize("size", [(96, 128), (60, 33), (41, 200)])
@pytest.mark.parametrize("prompt", PROMPTS)
def test_sam_answers_every_kind_of_prompt_at_the_photos_size_and_repeats(
    sam: str, size: tuple[int, int], prompt: Prompt
) -> None:
    rgb, z = picture(*size), np.ones(size, np.float32)
    select = load_prompted(sam)
    mask = select(rgb, z, prompt)
    assert mask.shape == size
    assert mask.dtype == np.bool_
    assert all(mask[int(y), int(x)] == positive for x, y, positive in prompt.points)
    assert (select(rgb.copy(), z, prompt) == mask).all()


def test_sam_encodes_each_picture_once_and_never_answers_for_another(sam: str) -> None:
    z = np.ones((64, 64), np.float32)
    first, second = picture(64, 64), picture(128, 128)[64:, 64:].copy()
    both = load_prompted(sam)
    answers = [both(rgb, z, PROMPTS[2]) for rgb in (first, second, first)]
    alone = [load_prompted(sam)(rgb, z, PROMPTS[2]) for rgb in (first, second)]
    assert (answers[0] == alone[0]).all()
    assert (answers[1] == alone[1]).all()
    assert (answers[2] == alone[0]).all()


def test_sam_refuses_points_outside_the_picture(sam: str) -> None:
    with pytest.raises(SceneError, match="200,5 lies outside the picture of 40 x 30 pixels"):
        load_prompted(sam)(picture(30, 40), np.ones((30, 40), np.float32), Prompt(((200, 5, True),)))


def test_sams_input_keeps_the_pictures_corner_and_its_masks_come_back_to_the_same_place() -> None:
    rgb = np.zeros((30, 60, 3), np.float32)
    rgb[10:20, 15:45] = 1
    square = prepared(rgb, 64)[0, 0]
    assert square.shape == (64, 64)
    assert (square[32:] == 0).all()  # a wide picture fills the upper half
    bright = np.where(square > 1.5, 1.0, -1.0).astype(np.float32)
    mask = mask_of(bright, Prompt(((30, 15, True),)), 30, 60)
    truth = rgb[..., 0] > 0
    assert (mask & truth).sum() > 0.9 * (mask | truth).sum()


def test_sam_is_given_points_and_boxes_in_its_own_pixels() -> None:
    tensors = prompt_tensors(Prompt(((10.5, 20.5, True), (4, 6, False)), (2, 4, 8, 10)), 2.0)
    assert tensors["input_points"].tolist() == [[[[20.5, 40.5], [7.5, 11.5]]]]
    assert tensors["input_labels"].tolist() == [[[1, 0]]]
    assert tensors["input_boxes"].tolist() == [[[3.5, 7.5, 15.5, 19.5]]]


@pytest.fixture(scope="module")
def dino(tmp_path_factory: pytest.TempPathFactory) -> str:
    torch.manual_seed(5)
    folder = tmp_path_factory.mktemp("dino")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "the", "red", "car", "a", "helmet"]
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    config = GroundingDinoConfig(
        backbone_config=SwinConfig(
            embed_dim=8, depths=[1, 1, 1, 1], num_heads=[1, 1, 2, 2], window_size=4, out_indices=[2, 3, 4]
        ),
        text_config=BertConfig(
            vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
        ),
        d_model=32,
        encoder_layers=1,
        decoder_layers=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        num_queries=10,
    )
    GroundingDinoForObjectDetection(config).save_pretrained(folder)
    return str(folder)


def test_words_are_answered_with_boxes_inside_the_picture(dino: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grounding, "SURE", 0.0)  # random weights are sure of nothing
    find = load_finder(dino)
    found = find(picture(90, 120), "The red car")
    assert 1 <= len(found) <= 10
    assert [thing.score for thing in found] == sorted((thing.score for thing in found), reverse=True)
    for left, top, right, bottom in (thing.box for thing in found):
        assert 0 <= left < right <= 120
        assert 0 <= top < bottom <= 90
    assert find(picture(90, 120), "The red car") == found


def test_words_that_fit_nothing_are_one_line_that_says_so(dino: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grounding, "SURE", 1.1)
    with pytest.raises(SceneError, match=r"nothing in the picture looks like 'a helmet'.*use --point or --box"):
        load_finder(dino)(picture(90, 120), "a helmet")


def test_each_thing_is_found_once_the_surest_first_and_the_unsure_not_at_all() -> None:
    boxes = np.array([[0.5, 0.5, 0.4, 0.4], [0.51, 0.5, 0.4, 0.4], [0.1, 0.1, 0.4, 0.4], [0.9, 0.9, 0.1, 0.1]])
    scores = np.array([0.6, 0.8, 0.5, 0.1])
    found = found_things(scores.astype(np.float32), boxes.astype(np.float32), 100, 200)
    assert [thing.score for thing in found] == pytest.approx([0.8, 0.5])
    assert found[0].box == pytest.approx((62, 30, 142, 70))
    assert found[1].box == pytest.approx((0, 0, 60, 30))  # clipped to the picture


def test_overlap_is_intersection_over_union() -> None:
    assert overlap((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 1, 1), (2, 2, 3, 3)) == 0
    assert overlap((0, 0, 1, 1), (0, 0, 1, 1)) == 1


@pytest.mark.parametrize("text", ["The red car", " the red car. ", "THE RED CAR"])
def test_words_are_written_as_the_model_was_taught(text: str) -> None:
    assert phrase_of(text) == "the red car."


def test_doors_say_what_there_is_what_is_missing_and_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BackendError, match="points and boxes is called 'foo'; choose one of: builtin, sam-vit-base"):
        load_prompted("foo")
    with pytest.raises(BackendError, match="words is called 'foo'; choose one of: grounding-dino-tiny"):
        load_finder("foo")
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: None)
    with pytest.raises(MissingWeights, match=r"375 MB, licence Apache-2.0.*hf download facebook/sam-vit-base"):
        load_prompted("sam-vit-base")
    with pytest.raises(MissingWeights, match=r"690 MB, licence Apache-2.0.*hf download IDEA-Research/grounding"):
        load_finder("grounding-dino-tiny")
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(BackendError, match="cannot be loaded as SAM: it is a bert model"):
        load_prompted(str(tmp_path))
    with pytest.raises(BackendError, match="cannot be loaded as Grounding DINO: it is a bert model"):
        load_finder(str(tmp_path))
