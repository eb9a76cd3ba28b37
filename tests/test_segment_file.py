"""Segments from the user's file: label maps, named and unnamed, and folders of masks."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from multiplane.errors import SegmentFileError
from multiplane.scene import Camera, DepthMap, Photo, Segment
from multiplane.segment.file import label_of, segments_from_file

HEIGHT, WIDTH = 12, 16


def photo_of(width: int = WIDTH, height: int = HEIGHT) -> Photo:
    return Photo(np.zeros((height, width, 3), np.float32), Camera.from_focal_35mm(width, height))


def cut(path: Path, photo: Photo | None = None) -> tuple[Segment, ...]:
    photo = photo or photo_of()
    depth = DepthMap(np.ones((photo.camera.height, photo.camera.width), np.float32))
    segments = segments_from_file(path)(photo, depth)
    owners = np.sum([segment.mask for segment in segments], axis=0)
    assert owners.min() == owners.max() == 1, "segments must cover the photo without overlap"
    return segments


def labels() -> np.ndarray[Any, np.dtype[np.uint8]]:
    out = np.zeros((HEIGHT, WIDTH), np.uint8)
    out[6:], out[8:10, 4:7], out[2:5, 9:12] = 1, 7, 200
    return out


@pytest.mark.parametrize("name", ["a.png", "a.tif", "deep.png", "deep.tif", "signed.tif", "palette.png", "palette.gif"])
def test_every_value_of_a_label_map_is_a_segment(tmp_path: Path, name: str) -> None:
    path, stored = tmp_path / name, labels()
    if name.startswith("palette"):
        image = Image.fromarray(stored, "P")
        image.putpalette([0, 0, 0] * 256)  # in a palette the index counts, not the colour
        image.save(path, optimize=False) if name.endswith("png") else image.save(path)
    elif name.endswith("png"):
        cv2.imwrite(str(path), stored.astype(np.uint16 if name == "deep.png" else np.uint8))
    else:
        kind = {"a.tif": np.uint8, "deep.tif": np.uint16, "signed.tif": np.int32}[name]
        tifffile.imwrite(path, stored.astype(kind))
    segments = cut(path)
    assert sorted(int(segment.mask.sum()) for segment in segments) == sorted(np.unique(stored, return_counts=True)[1])
    if not name.endswith("gif"):  # its writer may renumber the palette
        assert [segment.name for segment in segments] == ["segment 0", "segment 1", "segment 7", "segment 200"]
        assert all(np.array_equal(s.mask, stored == int(s.name.split()[1])) for s in segments)
    assert {segment.label for segment in segments} == {"object"}


def test_every_colour_is_a_segment_and_json_names_them(tmp_path: Path) -> None:
    colours = np.array([[10, 20, 30], [255, 128, 0], [0, 0, 0]], np.uint8)
    index = np.zeros((HEIGHT, WIDTH), np.int64)
    index[5:], index[:, 10:] = 1, 2
    Image.fromarray(colours[index]).save(tmp_path / "map.png")
    (tmp_path / "map.json").write_text(json.dumps({"#FF8000": "Person 2", "#000000": "sky", "#123456": "not there"}))
    found = {segment.name: segment for segment in cut(tmp_path / "map.png")}
    assert set(found) == {"segment #0a141e", "Person 2", "sky"}
    assert found["Person 2"].label == "person" and found["sky"].label == "sky"
    assert np.array_equal(found["Person 2"].mask, index == 1)


def test_json_names_the_values(tmp_path: Path) -> None:
    Image.fromarray(labels()).save(tmp_path / "map.png")
    (tmp_path / "map.json").write_text('{"0": "sky", "1": "ground", "7": "my best vase"}', "utf-8")
    assert [(s.name, s.label) for s in cut(tmp_path / "map.png")] == [
        ("sky", "sky"),
        ("ground", "ground"),
        ("my best vase", "object"),
        ("segment 200", "object"),
    ]


def test_transparent_pixels_of_a_label_map_are_the_rest(tmp_path: Path) -> None:
    stored = np.dstack([labels(), np.full((HEIGHT, WIDTH), 255, np.uint8)])
    stored[:3, :, 1] = 0
    Image.fromarray(stored, "LA").save(tmp_path / "map.png")
    assert {s.name: int(s.mask[:3].sum()) for s in cut(tmp_path / "map.png")}["rest"] == 3 * WIDTH
    stored[..., 1] = 0
    Image.fromarray(stored, "LA").save(tmp_path / "map.png")
    refused(lambda: segments_from_file(tmp_path / "map.png"), "transparent everywhere")


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("person", "person"),
        ("Person 2", "person"),
        ("sky_01", "sky"),
        ("vehicle-3", "vehicle"),
        ("persona", "object"),
        ("", "object"),
    ],
)
def test_a_known_word_is_the_label(name: str, label: str) -> None:
    assert label_of(name) == label


def write_masks(folder: Path, masks: dict[str, np.ndarray[Any, np.dtype[np.bool_]]]) -> None:
    folder.mkdir(exist_ok=True)
    for name, mask in masks.items():
        Image.fromarray(mask).save(folder / name)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 11)] * 4), min_size=1, max_size=5))
def test_of_overlapping_masks_the_smaller_wins_and_the_rest_is_a_segment(
    tmp_path_factory: pytest.TempPathFactory, boxes: list[tuple[int, int, int, int]]
) -> None:
    """Against the obvious way: each pixel asks every mask that covers it how large it is."""
    folder = tmp_path_factory.mktemp("masks")
    masks = []
    for number, (x, y, w, h) in enumerate(boxes):
        mask = np.zeros((HEIGHT, WIDTH), np.bool_)
        mask[y : y + h + 1, x : x + w + 1] = True
        masks.append(mask)
        write_masks(folder, {f"thing {number}.png": mask})
    found = {segment.name: segment.mask for segment in cut(folder)}
    for y in range(HEIGHT):
        for x in range(WIDTH):
            covering = [(mask.sum(), number) for number, mask in enumerate(masks) if mask[y, x]]
            winner = f"thing {min(covering)[1]}" if covering else "rest"
            assert found[winner][y, x]


def test_masks_are_white_inside_or_opaque_inside(tmp_path: Path) -> None:
    inside = np.zeros((HEIGHT, WIDTH), np.bool_)
    inside[3:7, 2:9] = True
    cutout = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    cutout[inside] = (10, 20, 30, 255)  # dark, and yet inside
    for number, picture in enumerate((inside, inside * np.uint8(255), inside * np.uint8(200), cutout)):
        folder = tmp_path / str(number)
        write_masks(folder, {"animal.png": picture})
        animal = next(segment for segment in cut(folder) if segment.name == "animal")
        assert animal.label == "animal" and np.array_equal(animal.mask, inside)
    cv2.imwrite(str(tmp_path / "0" / "animal.png"), inside * np.uint16(65535))
    assert np.array_equal(cut(tmp_path / "0")[0].mask, inside)


def test_other_files_in_the_folder_do_not_matter(tmp_path: Path) -> None:
    write_masks(tmp_path / "m", {"person.png": np.ones((HEIGHT, WIDTH), np.bool_)})
    (tmp_path / "m" / "notes.txt").write_text("about the masks")
    (tmp_path / "m" / "._person.png").write_bytes(b"what some systems leave behind")
    assert [segment.name for segment in cut(tmp_path / "m")] == ["person"]


def test_an_empty_mask_among_others_is_left_out_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    full, empty = np.ones((HEIGHT, WIDTH), np.bool_), np.zeros((HEIGHT, WIDTH), np.bool_)
    write_masks(tmp_path / "m", {"person.png": full, "sky.png": empty})
    assert [segment.name for segment in cut(tmp_path / "m")] == ["person"]
    assert "'sky'" in caplog.text


def test_another_scale_is_resized_by_nearest_and_another_shape_refused(tmp_path: Path) -> None:
    Image.fromarray(labels()).save(tmp_path / "map.png")
    for segment in cut(tmp_path / "map.png", photo_of(WIDTH * 3, HEIGHT * 3)):
        value = int(segment.name.split()[1])
        assert np.array_equal(segment.mask, np.kron(labels() == value, np.ones((3, 3), np.bool_)))
    refused(lambda: cut(tmp_path / "map.png", photo_of(20, 12)), "16 x 12", "20 x 12")


def refused(call: Callable[[], object], *words: str) -> None:
    """The call raises SegmentFileError, on one line, with every one of `words`."""
    with pytest.raises(SegmentFileError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message, message


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    refused(lambda: segments_from_file(tmp_path / "gone.png"), "does not exist")
    (tmp_path / "a.png").write_bytes(b"")
    refused(lambda: segments_from_file(tmp_path / "a.png"), "empty")
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    refused(lambda: segments_from_file(tmp_path / "a.png"), "damaged")
    tifffile.imwrite(tmp_path / "a.tif", np.ones((4, 5), np.float32))
    refused(lambda: segments_from_file(tmp_path / "a.tif"), "float32")


def test_a_photo_is_not_taken_for_a_label_map(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "photo.png")
    refused(lambda: segments_from_file(tmp_path / "photo.png"), "distinct values", "without smoothing")


def test_folders_without_masks_or_with_masks_of_several_sizes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    refused(lambda: segments_from_file(tmp_path / "none"), "no images")
    write_masks(tmp_path / "two", {"a.png": np.ones((4, 5), np.bool_), "b.png": np.ones((5, 5), np.bool_)})
    refused(lambda: segments_from_file(tmp_path / "two"), "b.png", "same size")
    write_masks(tmp_path / "black", {"a.png": np.zeros((4, 5), np.bool_)})
    refused(lambda: segments_from_file(tmp_path / "black"), "empty masks")


@pytest.mark.parametrize("text", ["", "[1, 2]", '{"1": 2}', '{"1": ""}', "{" * 5000, "\udcff"])
def test_names_that_are_not_names_are_refused(tmp_path: Path, text: str) -> None:
    Image.fromarray(labels()).save(tmp_path / "map.png")
    (tmp_path / "map.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    refused(lambda: segments_from_file(tmp_path / "map.png"), "map.json", "JSON")
