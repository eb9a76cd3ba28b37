"""What a browser is told of a scene: complete, plain JSON, with pictures that are known again by their content."""

import json
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from skimage.data import coffee

from multiplane.errors import FormatError
from multiplane.formats.view_description import LARGEST_CANVAS, describe_view
from multiplane.formats.view_pictures import LOSSLESS, Packing
from multiplane.render.budget import safe_parallax
from multiplane.render.prepare import prepare
from multiplane.scene import Camera, Layer, Scene
from scenes import noise_scene, photo_of, picture_scene
from tolerances import ROUNDING


@pytest.fixture(scope="module")
def scene():
    return picture_scene(np.ascontiguousarray(coffee()[::3, ::3]), count=4)


def pictures_of(scene, packing=LOSSLESS):
    """The description, and its pictures by kind and layer."""
    pictures = {}

    def keep(picture):
        pictures[picture.kind, picture.layer] = picture
        return picture.key

    return describe_view(scene, keep, packing), pictures


def pixels(picture, mode=None):
    data, media_type = picture.encode()
    opened = Image.open(BytesIO(data))
    assert media_type == Image.MIME[opened.format]
    return np.asarray(opened.convert(mode) if mode else opened)


def test_it_is_plain_json_with_finite_numbers_only(scene):
    for each in (scene, noise_scene(seed=1, transparent=True, shadow=True), replace(scene, layers=scene.layers[:1])):
        description, _ = pictures_of(each)
        assert json.loads(json.dumps(description, allow_nan=False)) == description


def test_layers_come_far_to_near_with_what_a_list_shows_of_them(scene):
    description, _ = pictures_of(scene)
    assert [layer["id"] for layer in description["layers"]] == [layer.id for layer in scene.layers]
    for told, layer in zip(description["layers"], scene.layers, strict=True):
        assert (told["name"], told["plane"], told["label"], told["blend"]) == (
            layer.name, layer.plane, layer.label, layer.blend,
        )  # fmt: skip
        assert (tuple(told["corner"]), told["width"], told["height"]) == (layer.corner, layer.width, layer.height)
        assert told["near"] <= told["far"]


def test_a_bend_gives_back_the_inverse_depths_that_the_engine_moves_by(scene):
    description, pictures = pictures_of(scene)
    panes = prepare(scene, description["width"], description["height"]).panes  # no larger than the working size
    for told, pane in zip(description["layers"], panes, strict=True):
        rgb = pixels(pictures["disparity", told["id"]]).astype(np.float64)
        share = (256 * rgb[..., 0] + rgb[..., 1]) / 65535
        q = share * (1 / told["near"] - 1 / told["far"]) + 1 / told["far"]
        assert np.abs(q - pane.q).max() <= np.ptp(pane.q) / 65535 + 1e-6
        assert told["disparityBox"][:2] == list(pane.corner)


@pytest.mark.parametrize("packing", [LOSSLESS, Packing(fast=True)])
def test_without_loss_a_texture_holds_the_layers_own_levels(scene, packing):
    _, pictures = pictures_of(scene, packing)
    for layer in scene.layers:
        got = pixels(pictures["texture", layer.id], "RGBA") / 255
        visible = layer.visible
        assert np.abs(got[visible] - layer.rgba[visible]).max() <= ROUNDING / 2
        assert np.array_equal(got[..., 3] > 0, visible)
    assert np.array_equal(pixels(pictures["photo", None]), photo_of(scene))


def test_pictures_keep_within_the_longest_side(scene):
    _, pictures = pictures_of(scene, Packing(quality=80, longest=50))
    for (kind, _), picture in pictures.items():
        if kind in ("texture", "filled", "photo"):
            assert max(pixels(picture).shape[:2]) <= 50


def test_what_an_edit_leaves_alone_keeps_its_key_and_what_it_changes_does_not(scene):
    _, before = pictures_of(scene)
    changed = scene.layers[1].rgba.copy()
    changed[0, 0, 0] = 1 - changed[0, 0, 0]
    _, after = pictures_of(
        replace(
            scene, layers=(scene.layers[0], replace(scene.layers[1], rgba=changed, name="other"), *scene.layers[2:])
        )
    )
    same = {place for place in before if before[place].key == after[place].key}
    assert {("texture", layer.id) for layer in scene.layers if layer is not scene.layers[1]} <= same
    assert not {("texture", scene.layers[1].id), ("thumbnail", scene.layers[1].id), ("photo", None)} & same


def test_equal_keys_mean_equal_bytes(scene):
    _, pictures = pictures_of(scene)
    _, again = pictures_of(scene)
    for place, picture in pictures.items():
        assert picture.key == again[place].key
        assert picture.encode() == again[place].encode()
    assert len({picture.key for picture in pictures.values()}) == len(pictures)


def test_the_parallax_that_is_safe_is_the_engines(scene):
    description, _ = pictures_of(scene)
    assert description["safeParallax"] == pytest.approx(min(safe_parallax(scene), 0.25))
    assert 0 <= description["clipParallax"] <= description["safeParallax"]


def test_a_canvas_that_no_browser_shows_is_refused():
    wide = LARGEST_CANVAS + 1
    rgba = np.ones((1, wide, 4), np.float32)
    layer = Layer("a", "a", "sky", "background", (0, 0), rgba, rgba[..., 0], np.zeros((1, wide), bool))
    with pytest.raises(FormatError, match="scale it to 32768"):
        describe_view(Scene(Camera(wide, 1, 100.0), (layer,)), lambda picture: picture.key)
