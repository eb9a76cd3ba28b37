"""What a user points at becomes a layer of its own: prompts, the built-in answer, choices, the command line."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from multiplane.decompose import Backends, decompose
from multiplane.errors import SceneError, SegmentFileError
from multiplane.perception.network import CLASSES
from multiplane.scene import Camera, DepthMap, Photo, Segment
from multiplane.segment import chosen as chosen_module
from multiplane.segment.chosen import Choices, apart, choose, one_background, set_apart, spoken
from multiplane.segment.prompt import Found, Prompt
from multiplane.segment.prompted import load_prompted
from multiplane_cli.main import app

HEIGHT, WIDTH = 120, 160
DISC = (110.0, 60.0)
"""A red disc before a grey wall; beside it, to the left, a blue box at the same depth."""


def scene_arrays() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    disc = (columns - DISC[0]) ** 2 + (rows - DISC[1]) ** 2 < 28**2
    box = (abs(columns - 40) < 22) & (abs(rows - 64) < 24)
    rgb = np.full((HEIGHT, WIDTH, 3), 140, np.float32) + np.random.default_rng(0).normal(0, 3, (HEIGHT, WIDTH, 1))
    rgb[disc] = (200, 30, 30)
    rgb[box] = (30, 60, 190)
    z = np.where(disc | box, 2.0, 6.0).astype(np.float32)
    return np.round(rgb.clip(0, 255)).astype(np.float32) / np.float32(255), z, disc, box


def photo_of(rgb: np.ndarray) -> Photo:
    return Photo(rgb, Camera.from_focal_35mm(rgb.shape[1], rgb.shape[0]))


def iou(first: np.ndarray, second: np.ndarray) -> float:
    return float((first & second).sum() / (first | second).sum())


@pytest.mark.parametrize(
    ("prompt", "which"),
    [
        (Prompt(((*DISC, True),)), 0),
        (Prompt(((40.0, 64.0, True),)), 1),
        (Prompt((), (80, 30, 140, 90)), 0),
        (Prompt(((40.0, 64.0, True), (*DISC, False))), 1),
    ],
)
def test_the_built_in_answer_is_the_thing_that_is_pointed_at(prompt: Prompt, which: int) -> None:
    rgb, z, *things = scene_arrays()
    mask = load_prompted("builtin")(rgb, z, prompt)
    assert iou(mask, things[which]) > 0.9
    assert all(mask[int(y), int(x)] == positive for x, y, positive in prompt.points)
    assert (load_prompted("builtin")(rgb, z, prompt) == mask).all()


def test_two_points_choose_two_things_at_once() -> None:
    rgb, z, disc, box = scene_arrays()
    mask = load_prompted("builtin")(rgb, z, Prompt(((*DISC, True), (40.0, 64.0, True))))
    assert iou(mask, disc | box) > 0.85


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (7, 5), (300, 20)])
@pytest.mark.parametrize("boxed", [False, True])
def test_pictures_of_every_shape_are_answered(size: tuple[int, int], boxed: bool) -> None:
    rgb = np.random.default_rng(1).random((*size, 3), np.float32)
    prompt = Prompt((), (0, 0, size[1], size[0])) if boxed else Prompt(((size[1] - 1, 0, True),))
    mask = load_prompted("builtin")(rgb, np.ones(size, np.float32), prompt)
    assert mask.shape == size
    assert boxed or mask[0, -1]


@pytest.mark.parametrize(
    ("prompt", "line"),
    [
        (Prompt(((160, 5, True),)), "point 160,5 lies outside the picture of 160 x 120 pixels"),
        (Prompt(((5, -1, True),)), "point 5,-1 lies outside"),
        (Prompt((), (170, 0, 180, 10)), "box 170,0,180,10 lies outside"),
    ],
)
def test_prompts_outside_the_picture_are_one_line(prompt: Prompt, line: str) -> None:
    rgb, z, *_ = scene_arrays()
    with pytest.raises(SceneError, match=line):
        load_prompted("builtin")(rgb, z, prompt)


def test_prompts_that_say_nothing_are_refused() -> None:
    for points, box in (((), None), (((1, 1, False),), None), ((), (5, 5, 5, 9)), (((np.nan, 1, True),), None)):
        with pytest.raises(SceneError):
            Prompt(points, box)


def fake_select(rgb: np.ndarray, z: np.ndarray, prompt: Prompt) -> np.ndarray:
    """A square of 21 pixels around the first point, or the whole box."""
    mask = np.zeros(z.shape, np.bool_)
    x, y, _ = prompt.points[0] if prompt.points else (0, 0, True)
    left, top, right, bottom = (round(edge) for edge in prompt.box or (x - 10, y - 10, x + 11, y + 11))
    mask[max(0, top) : bottom, max(0, left) : right] = True
    return mask


def chosen_of(choices: Choices, photo: Photo, **finders: object) -> tuple[Segment, ...]:
    depth = DepthMap(np.ones(photo.rgb.shape[:2], np.float32))
    return choose(choices, fake_select, **finders)(photo, depth)


def test_every_choice_is_a_segment_and_the_smaller_lies_in_front() -> None:
    photo = photo_of(scene_arrays()[0])
    prompts = (Prompt((), (20, 20, 100, 100)), Prompt(((60.0, 60.0, True),)))
    large, small = chosen_of(Choices(prompts=prompts), photo)
    assert small.mask.sum() == 21 * 21
    assert large.mask.sum() == 80 * 80 - 21 * 21
    assert not (large.mask & small.mask).any()


def test_only_most_of_a_surface_is_called_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    rgb = scene_arrays()[0]
    classes = np.zeros((len(CLASSES), HEIGHT // 2, WIDTH // 2), np.float32)
    classes[CLASSES.index("sky"), :20] = 1
    classes[CLASSES.index("person"), 20:] = 1
    monkeypatch.setattr(chosen_module, "look_closely", lambda _: SimpleNamespace(classes=classes))
    boxes = {"sky": (0, 0, 160, 36), "object": (0, 0, 40, 36), "person": (40, 60, 100, 110)}
    for word, box in boxes.items():
        (segment,) = chosen_of(Choices(prompts=(Prompt((), box),)), photo_of(rgb))
        assert segment.label == word


def test_what_is_chosen_twice_is_one_segment() -> None:
    photo = photo_of(scene_arrays()[0])
    prompts = (Prompt(((60.0, 60.0, True),)), Prompt((), (50, 50, 71, 71)))
    assert len(chosen_of(Choices(prompts=prompts), photo)) == 1


def test_a_point_in_one_thing_is_not_in_another() -> None:
    first, second = apart((Prompt(((1, 2, True), (9, 9, False))), Prompt(((3, 4, True),), (0, 0, 9, 9))))
    assert set(first.points) == {(1, 2, True), (9, 9, False), (3, 4, False)}
    assert set(second.points) == {(3, 4, True), (1, 2, False)}
    assert second.box == (0, 0, 9, 9)
    alone = Prompt(((1, 2, True),))
    assert apart((alone,)) == (alone,)


def test_words_become_a_layer_for_each_thing_found_by_their_name() -> None:
    photo = photo_of(scene_arrays()[0])

    def find(rgb: np.ndarray, text: str) -> tuple[Found, ...]:
        assert text == "the red disc"
        return Found((80, 30, 140, 90), 0.9), Found((10, 30, 60, 90), 0.5)

    found = chosen_of(Choices(texts=("the red disc",)), photo, find=find)
    assert [segment.name for segment in found] == ["red disc", "red disc"]


@pytest.mark.parametrize(
    ("text", "name"), [("the red car.", "red car"), ("A dog", "dog"), ("the", "the"), ("cup", "cup")]
)
def test_words_lose_their_article(text: str, name: str) -> None:
    assert spoken(text) == name


def save_mask(path: Path, mask: np.ndarray) -> Path:
    Image.fromarray(mask.astype(np.uint8) * 255).save(path)
    return path


def test_a_mask_of_ones_own_is_a_layer_as_it_is(tmp_path: Path) -> None:
    rgb, _, disc, _ = scene_arrays()
    file = save_mask(tmp_path / "my disc.png", disc)
    (segment,) = chosen_of(Choices(masks=(file,)), photo_of(rgb))
    assert segment.name == "my disc"
    assert (segment.mask == disc).all()


def test_masks_that_do_not_fit_are_one_line(tmp_path: Path) -> None:
    photo = photo_of(scene_arrays()[0])
    small = save_mask(tmp_path / "small.png", np.ones((60, 80), np.bool_))
    empty = save_mask(tmp_path / "empty.png", np.zeros((HEIGHT, WIDTH), np.bool_))
    with pytest.raises(SegmentFileError, match="80 x 60 pixels but the photo is 160 x 120"):
        chosen_of(Choices(masks=(small,)), photo)
    with pytest.raises(SegmentFileError, match="is empty"):
        chosen_of(Choices(masks=(empty,)), photo)
    with pytest.raises(SegmentFileError, match=r"none\.png"):
        chosen_of(Choices(masks=(tmp_path / "none.png",)), photo)


def test_what_was_chosen_leaves_the_rest_without_overlap_and_without_empty_segments() -> None:
    mask = np.zeros((4, 4), np.bool_)
    mask[:2] = True
    segments = (Segment("a", "object", mask), Segment("b", "object", ~mask))
    half = mask.copy()
    half[1] = False
    (left, whole) = set_apart(segments, (Segment("c", "object", half),))
    assert left.mask.sum() == 4
    assert (whole.mask == ~mask).all()
    assert [segment.name for segment in set_apart(segments, (Segment("c", "object", mask),))] == ["b"]


def hard_matte(rgb: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return mask.astype(np.float32)


def mean_fill(rgb: np.ndarray, hole: np.ndarray, behind: np.ndarray, seed: int) -> np.ndarray:
    filled = rgb.copy()
    filled[hole] = rgb[~hole].mean(axis=0) if (~hole).any() else 0.5
    return filled


def test_chosen_things_are_layers_of_their_own_however_small_and_many_and_the_photo_comes_back() -> None:
    rgb, z, disc, box = scene_arrays()
    stripes = tuple(
        Segment(f"stripe {i}", "object", np.roll(np.arange(WIDTH) // 20 == i, 0)[None] & np.ones((HEIGHT, 1), np.bool_))
        for i in range(8)
    )
    speck = np.zeros((HEIGHT, WIDTH), np.bool_)
    speck[3:5, 3:5] = True
    chosen = (Segment("disc", "object", disc), Segment("box", "object", box), Segment("speck", "object", speck))
    backends = Backends(lambda _: DepthMap(z), lambda *_: stripes, hard_matte, mean_fill, choose=lambda *_: chosen)
    for most in (1, 4, 6):
        scene = decompose(photo_of(rgb), backends, layers=most)
        assert len(scene.layers) <= max(most, 4)
        for segment in chosen:
            (layer,) = [layer for layer in scene.layers if segment.name in layer.name]
            x, y = layer.corner
            shown = np.zeros((HEIGHT, WIDTH), np.bool_)
            shown[y : y + layer.height, x : x + layer.width] = layer.rgba[..., 3] > 0.5
            assert iou(shown, segment.mask) > 0.98
        composite = np.zeros((HEIGHT, WIDTH, 3))
        for layer in scene.layers:
            x, y = layer.corner
            part = composite[y : y + layer.height, x : x + layer.width]
            part += layer.rgba[..., 3:] * (layer.rgba[..., :3] - part)
        assert np.abs(composite - rgb).max() < 1 / 255
    alone = decompose(photo_of(rgb), replace(backends, segment=one_background), layers=6)
    assert len(alone.layers) == 4
    everything = (Segment("all", "object", np.ones((HEIGHT, WIDTH), np.bool_)),)
    assert len(decompose(photo_of(rgb), replace(backends, choose=lambda *_: everything)).layers) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--point", "5"], "not understood"),
        (["--point", "a,5"], "is no number"),
        (["--point", ""], "empty"),
        (["--point", "-5,5"], "only says where a thing is not"),
        (["--box", "1,2,3"], "not understood"),
        (["--box", "1,2"], "is no box"),
        (["--point", "1,2 1,2,3,4"], "not understood"),
        (["--only"], "nothing to keep apart"),
    ],
)
def test_the_command_line_says_what_it_does_not_understand(tmp_path: Path, options: list[str], words: str) -> None:
    result = CliRunner().invoke(app, ["decompose", "photo.png", "-o", str(tmp_path / "out"), *options])
    assert result.exit_code == 2
    assert words in " ".join(result.output.replace("│", " ").split())
    assert not (tmp_path / "out").exists()


def test_the_command_line_makes_layers_of_points_and_masks(tmp_path: Path) -> None:
    rgb, z, _, box = scene_arrays()
    Image.fromarray(np.round(rgb * 255).astype(np.uint8)).save(tmp_path / "photo.png")
    np.save(tmp_path / "depth.npy", z)
    mask = save_mask(tmp_path / "crate.png", box)
    options = ["--point", "110,60 112,70 -10,10", "--mask", str(mask), "--only", "--to", "", "--json"]
    quick = ["--depth", str(tmp_path / "depth.npy"), "--matte", "guided", "--inpaint", "smooth"]
    result = CliRunner().invoke(
        app, ["decompose", str(tmp_path / "photo.png"), "-o", str(tmp_path / "out"), *options, *quick]
    )
    assert result.exit_code == 0, result.output
    assert result.output.count('"id"') == 3
    assert "crate" in result.output
    assert "background" in result.output
