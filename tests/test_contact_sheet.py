"""A contact sheet shows the photo, the depth and every layer, at any shape and number of them."""

from dataclasses import replace

import imagecodecs
import numpy as np
import pytest

from multiplane.formats.contact_sheet import GROUND, MARGIN, PLANE_COLOURS, WIDTH, encode_contact_sheet
from multiplane.formats.sheet_pictures import composite_picture, depth_picture, layer_picture, ramp
from multiplane.pixels.levels import from_levels
from scenes import hostile_scene, noise_scene, photo_of, picture_scene
from tolerances import ROUNDING


def sheet_of(scene):
    return imagecodecs.png_decode(encode_contact_sheet(scene))


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


@pytest.mark.parametrize(
    "scene",
    [
        noise_scene(count=1, width=1, height=1),
        noise_scene(count=3, width=1, height=300),
        noise_scene(count=3, width=300, height=1, bit_depth=16),
        noise_scene(count=40, width=12, height=9, shadow=True),
        noise_scene(count=3, transparent=True),
        hostile_scene(),
    ],
)
def test_any_shape_count_and_name_fits_between_the_margins(scene):
    sheet = sheet_of(scene)
    assert sheet.shape[1] == WIDTH
    for edge in (sheet[:MARGIN], sheet[:, : MARGIN - 4], sheet[:, -MARGIN:], sheet[-MARGIN // 2 :]):
        assert (edge == GROUND).all()


def test_the_photo_on_it_is_the_photo():
    scene = noise_scene(4, shadow=True)
    picture = composite_picture(scene.layers, scene, (scene.camera.width, scene.camera.height))
    np.testing.assert_array_equal(picture, photo_of(scene))


def test_a_layer_stands_in_its_place_on_the_checkerboard():
    scene = flat_scene()
    picture = layer_picture(scene.layers[1], scene, (400, 300))
    green = (picture == (0, 255, 0)).all(axis=-1)
    assert green[100:200, 200:300].all()
    assert green.sum() == 100 * 100
    assert (np.ptp(picture[~green], axis=-1) == 0).all()  # greys elsewhere


def test_a_shadow_darkens_what_is_behind():
    scene = flat_scene()
    shadow = replace(scene.layers[1], blend="multiply")
    board = layer_picture(replace(shadow, rgba=shadow.rgba * np.float32(0)), scene, (400, 300))
    picture = layer_picture(shadow, scene, (400, 300))
    inside = from_levels(picture[100:200, 200:300]) - from_levels(board[100:200, 200:300]) * (0, 1, 0)
    assert np.abs(inside).max() <= ROUNDING


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


def test_the_same_scene_gives_the_same_bytes():
    assert encode_contact_sheet(noise_scene(2)) == encode_contact_sheet(noise_scene(2))
