"""A contact sheet shows the photo, its depth and every layer where they should be, and words stay in their cells."""

import io
import time
from dataclasses import replace

import cv2
import numpy as np
import pytest
import skimage.data
from PIL import Image

from multiplane.formats import contact_sheet
from multiplane.formats.contact_sheet import CAPTION, GROUND, GUTTER, HEADER, MARGIN, PLANE_COLOURS, ROUNDING, WIDTH
from multiplane.formats.contact_sheet import encode_contact_sheet as encode
from multiplane.formats.sheet_pictures import depth_picture, layer_picture, ramp
from multiplane.pixels.levels import from_levels
from scenes import hostile_scene, noise_scene, photo_of, picture_scene
from tolerances import ROUNDING as ONE_LEVEL

TOP = MARGIN + HEADER


def sheet_of(scene):
    with Image.open(io.BytesIO(encode(scene))) as picture:
        assert (picture.format, picture.mode, picture.width) == ("PNG", "RGB", WIDTH)
        return np.asarray(picture).astype(np.int64)


def picture(height, width):
    return picture_scene(cv2.resize(skimage.data.astronaut(), (width, height), interpolation=cv2.INTER_AREA))


class TestPictures:
    @pytest.mark.parametrize(("height", "width", "columns", "span"), [(300, 400, 4, 2), (400, 300, 5, 1), (99, 297, 2, 1)])  # fmt: skip # noqa: E501
    def test_the_photo_stands_top_left(self, height, width, columns, span):
        scene = picture(height, width)
        column = (WIDTH - 2 * MARGIN - (columns - 1) * GUTTER) // columns
        across = span * column + (span - 1) * GUTTER
        rgb = np.asarray(photo_of(scene))
        down = round(across / (width / height))
        enlarges = across >= width and down >= height
        want = cv2.resize(rgb, (across, down), interpolation=cv2.INTER_LINEAR if enlarges else cv2.INTER_AREA)
        got = sheet_of(scene)[TOP : TOP + down, MARGIN : MARGIN + across]
        inside = slice(ROUNDING, -ROUNDING)
        assert np.abs(got - want)[inside].max() <= 1
        assert np.abs(got - want)[:, inside].max() <= 1
        assert (got[0, 0] == GROUND).all()  # its corners are round

    def test_every_layer_is_shown_from_near_to_far(self):
        scene = picture(300, 400)
        sheet, column = sheet_of(scene), (WIDTH - 2 * MARGIN - 3 * GUTTER) // 4
        head, row = round((2 * column + GUTTER) * 0.75), round(column * 0.75)
        for index, layer in enumerate(reversed(scene.layers)):
            top = TOP + head + CAPTION + index // 4 * (row + CAPTION)
            left = MARGIN + index % 4 * (column + GUTTER)
            got = sheet[top : top + row, left : left + column]
            want = layer_picture(layer, scene, (column, row))
            np.testing.assert_array_equal(got[ROUNDING:-ROUNDING], want[ROUNDING:-ROUNDING])

    def test_a_layer_lies_in_its_place_on_a_checkerboard(self):
        scene = noise_scene(count=1, width=40, height=30)
        rgba = np.ones((10, 20, 4), np.float32) * np.float32([1, 0, 0, 1])
        z = scene.layers[0].z[:10, :20]
        thing = replace(scene.layers[0], id="b", name="b", corner=(10, 15), rgba=rgba, z=z, filled=z > 9)
        got = layer_picture(thing, scene, (80, 60))
        red = (got == (255, 0, 0)).all(-1)
        want = np.zeros((60, 80), bool)
        want[30:50, 20:60] = True
        np.testing.assert_array_equal(red, want)
        assert len(np.unique(got[~want], axis=0)) == 2

    def test_the_near_is_brighter_than_the_far(self):
        scene = noise_scene(count=1, width=40, height=30)
        z = np.repeat(np.linspace(1, 9, 40, dtype=np.float32)[None], 30, 0)
        scene = replace(scene, layers=(replace(scene.layers[0], z=z),))
        column = (WIDTH - 2 * MARGIN - 3 * GUTTER) // 4
        across = 2 * column + GUTTER
        row = sheet_of(scene)[TOP + 300, MARGIN + across + GUTTER : MARGIN + 2 * across + GUTTER].sum(-1)
        assert (np.diff(row) <= 6).all()  # the palette is not strictly even in brightness
        assert row[0] > 550
        assert row[-1] < 60

    def test_transparency_shows_the_checkerboard(self):
        scene = replace(noise_scene(count=1), alpha=np.zeros((17, 23), np.float32))
        column = (WIDTH - 2 * MARGIN - 3 * GUTTER) // 4
        got = sheet_of(scene)[TOP + 20 : TOP + 400, MARGIN : MARGIN + 2 * column]
        assert len(np.unique(got.reshape(-1, 3), axis=0)) == 2


WORDS = [
    ("W" * 300, (1, 900)),
    ("W" * 300, (300, 140)),
    ("日本語のレイヤー" * 40, (1, 1)),
    ("é\n\t\u200b\ud800" * 50, (40, 30)),
    ("short", (900, 1)),
    ("", (17, 23)),
]


def named(scene, text):
    """`scene` with long names everywhere, and the longest facts."""
    layers = [
        replace(layer, name=f"{text} {k}", blend="normal" if k == 0 else "multiply")
        for k, layer in enumerate(scene.layers)
    ]
    layers = [replace(layer, z=(layer.z * np.float32(12345.6)), filled=layer.z > 0) for layer in layers]
    origin = replace(scene.origin, photo=text.replace("/", ""), depth=text, metric=True)
    return replace(scene, layers=tuple(layers), origin=origin)


class TestWords:
    @pytest.mark.parametrize(("text", "shape"), WORDS, ids=range(len(WORDS)))
    def test_never_leave_their_cell(self, text, shape):
        sheet = sheet_of(named(noise_scene(1, width=shape[1], height=shape[0], count=6), text))
        ground = (sheet == GROUND).all(-1)
        assert ground[:, : MARGIN - 4].all()
        assert ground[:, WIDTH - MARGIN + 2 :].all()
        columns = {True: 2, False: 4 if shape[1] / shape[0] > 0.85 else 5}[shape[1] / shape[0] > 2.2]
        column = (WIDTH - 2 * MARGIN - (columns - 1) * GUTTER) // columns
        below = ground[-(CAPTION + MARGIN // 2) :]  # the captions of the last row, where every cell is one column wide
        for index in range(1, columns):
            left = MARGIN + index * (column + GUTTER) - GUTTER
            assert below[:, left + 4 : left + GUTTER - 4].all(), index

    @pytest.mark.parametrize("shape", [(300, 140), (300, 200), (300, 400), (100, 400)], ids=str)
    def test_of_the_depth_legend_stay_beside_its_picture(self, shape):
        sheet = sheet_of(named(picture(*shape), "x"))
        aspect = shape[1] / shape[0]
        columns, span = (2, 1) if aspect > 2.2 else (4, 2) if aspect > 0.85 else (5, 1)
        column = (WIDTH - 2 * MARGIN - (columns - 1) * GUTTER) // columns
        across = span * column + (span - 1) * GUTTER
        high = round(across / max(aspect, 0.5))
        right = MARGIN + 2 * across + GUTTER
        gutter = sheet[TOP + high + 10 : TOP + high + CAPTION - 10, right + 2 : right + GUTTER - 2]
        assert (gutter == GROUND).all()

    def test_that_are_endless_cost_no_time(self):
        start = time.process_time()
        sheet_of(named(noise_scene(), "n" * 3_000_000))
        assert time.process_time() - start < 3

    @pytest.mark.parametrize("width", [40, 120, 400, 2000])
    def test_fill_their_width_and_no_more(self, width):
        line, font = contact_sheet._fitted("several words that go on for quite some time " * 9, 30, width)
        assert font.getlength(line) <= width
        assert line.endswith("...")
        assert width - font.getlength(line) < 30
        short, _ = contact_sheet._fitted("ab", 30, width)
        assert short == "ab"


def test_hostile_names_depths_and_colours_are_drawn():
    for scene in (hostile_scene(), hostile_scene(16), noise_scene(2, shadow=True, transparent=True, bit_depth=16)):
        assert sheet_of(scene).shape[0] > TOP


def test_the_same_scene_gives_the_same_bytes():
    assert encode(noise_scene()) == encode(noise_scene())


def flat_scene():
    """A red backdrop far away and a small opaque green square near, in a frame of 40 x 30."""
    rgb = np.full((30, 40, 3), (200, 0, 0), np.uint8)
    scene = picture_scene(rgb, count=1)
    green = np.zeros((10, 10, 4), np.float32)
    green[..., 1] = green[..., 3] = 1
    square = replace(
        scene.layers[0],
        id="square",
        name="010 square",
        plane="foreground",
        corner=(20, 10),
        rgba=green,
        z=np.full((10, 10), 2, np.float32),
        filled=np.zeros((10, 10), bool),
    )
    return replace(scene, layers=(scene.layers[0], square))


def test_a_shadow_darkens_what_is_behind():
    scene = flat_scene()
    shadow = replace(scene.layers[1], blend="multiply")
    board = layer_picture(replace(shadow, rgba=shadow.rgba * np.float32(0)), scene, (400, 300))
    picture = layer_picture(shadow, scene, (400, 300))
    inside = from_levels(picture[100:200, 200:300]) - from_levels(board[100:200, 200:300]) * (0, 1, 0)
    assert np.abs(inside).max() <= ONE_LEVEL


def test_near_is_bright_and_far_is_dark_as_the_legend_says():
    scene = flat_scene()
    picture, legend = depth_picture(scene, (400, 300)), ramp((50, 4))
    assert (picture[150, 250] == legend[0, 0]).all()
    assert (picture[50, 50] == legend[0, -1]).all()
    assert legend[0, 0].sum() > 600
    assert legend[0, -1].sum() < 60


def test_the_photo_depth_and_layers_are_all_on_it():
    sheet = sheet_of(flat_scene())
    for colour in ((200, 0, 0), (0, 255, 0), PLANE_COLOURS["foreground"], PLANE_COLOURS["background"]):
        assert (sheet == colour).all(axis=-1).any(), colour


def test_forty_layers_fit_between_the_margins():
    sheet = sheet_of(noise_scene(count=40, width=12, height=9, shadow=True))
    for edge in (sheet[:MARGIN], sheet[:, : MARGIN - 4], sheet[:, -MARGIN:], sheet[-MARGIN // 2 :]):
        assert (edge == GROUND).all()
