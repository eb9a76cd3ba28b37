"""A .psd read by somebody else, psd-tools: the layers are those of the scene, and they add up to the photo."""

import io
import math
import struct
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from psd_tools import PSDImage
from psd_tools.constants import BlendMode, Resource, Tag

from multiplane.errors import FormatError
from multiplane.formats import psd_records
from multiplane.formats.psd import encode_psd
from multiplane.pixels.levels import from_levels, to_levels, top_level
from multiplane.pixels.over import over
from multiplane.scene import Camera, Layer, Scene
from scenes import HOSTILE_NAMES, hostile_scene, noise_scene, photo_of, picture_scene
from tolerances import ROUNDING

SAMPLES = Path(__file__).parent.parent / "samples"
BLENDS = {BlendMode.NORMAL: "normal", BlendMode.MULTIPLY: "multiply"}


def read(data):
    return PSDImage.open(io.BytesIO(data))


def layers_of(picture):
    """The layers that are no groups, bottom to top."""
    return [layer for layer in picture.descendants() if not layer.is_group()]


def groups_of(picture):
    return [layer for layer in picture.descendants() if layer.is_group()]


def pixels_of(layer, bit_depth):
    """What psd-tools reads of a layer, as levels (h, w, 4): its float32 are levels divided by the top one."""
    return to_levels(np.asarray(layer.numpy(), np.float32), bit_depth)


def composited(picture):
    """Layer over layer with rounding, as an editor of the file's bit depth blends, from nothing but the file."""
    top = top_level(picture.depth)
    canvas = np.zeros((picture.height, picture.width, 3), np.uint8 if top == 255 else np.uint16)
    for layer in layers_of(picture):
        assert (layer.opacity, layer.visible) == (255, True)
        window = canvas[layer.top : layer.bottom, layer.left : layer.right]
        window[:] = over(pixels_of(layer, picture.depth), window, BLENDS[layer.blend_mode])
    return canvas


def merged(picture):
    """The planes (channels, H, W) of the merged picture, straight from the file, as it stores them."""
    record = picture._record
    planes = record.image_data.get_data(record.header)
    kind = np.uint8 if picture.depth == 8 else np.dtype(">u2")
    return np.array([np.frombuffer(plane, kind).reshape(picture.height, picture.width) for plane in planes])


def sample(name, bit_depth=8):
    rgb = np.asarray(Image.open(SAMPLES / name).convert("RGB"))
    small = cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return small if bit_depth == 8 else small.astype(np.uint16) * 257 - (small > 127) * np.uint16(61)


def assert_holds(data, scene, full_canvas=False):
    """The file's layers are the scene's, they composite to its photo, and the merged picture is the photo."""
    picture = read(data)
    photo = photo_of(scene)
    assert (picture.width, picture.height, picture.depth) == (scene.camera.width, scene.camera.height, scene.bit_depth)
    np.testing.assert_array_equal(composited(picture), photo)
    for got, want in zip(layers_of(picture), scene.layers, strict=True):
        assert (got.name, BLENDS[got.blend_mode]) == (want.name, want.blend)
        corner, size = ((0, 0), picture.size) if full_canvas else (want.corner, (want.width, want.height))
        assert ((got.left, got.top), got.size) == (corner, size)
        x, y = want.corner if full_canvas else (0, 0)
        mine = pixels_of(got, picture.depth)[y : y + want.height, x : x + want.width]
        theirs = to_levels(want.rgba, scene.bit_depth)
        np.testing.assert_array_equal(mine[..., 3], theirs[..., 3])
        shown = theirs[..., 3] > 0
        np.testing.assert_array_equal(mine[shown], theirs[shown])
    if scene.alpha is None:
        np.testing.assert_array_equal(merged(picture), np.moveaxis(photo, -1, 0))


class TestTheLayersAddUpToThePhoto:
    @pytest.mark.parametrize("name", ["astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "cards/photo.png"])
    def test_of_every_sample(self, name):
        assert_holds(encode_psd(picture_scene(sample(name))), picture_scene(sample(name)))

    @pytest.mark.parametrize("large", [False, True])
    def test_at_16_bits(self, large):
        scene = picture_scene(sample("coffee.png", 16))
        assert_holds(encode_psd(scene, large=large), scene)

    @pytest.mark.parametrize("full_canvas", [False, True])
    @pytest.mark.parametrize("bit_depth", [8, 16])
    def test_under_hostile_names(self, bit_depth, full_canvas):
        assert_holds(encode_psd(hostile_scene(bit_depth), full_canvas), hostile_scene(bit_depth), full_canvas)

    @settings(max_examples=40, deadline=None)
    @given(
        st.integers(0, 2**32),
        st.integers(1, 40),
        st.integers(1, 40),
        st.integers(1, 6),
        st.sampled_from([8, 16]),
        *[st.booleans()] * 4,
    )
    def test_of_any_scene(self, seed, width, height, count, bit_depth, transparent, shadow, full_canvas, large):
        scene = noise_scene(seed, width, height, count, bit_depth, transparent, shadow)
        assert_holds(encode_psd(scene, full_canvas, large), scene, full_canvas)

    def test_in_psd_tools_own_compositor_but_for_its_float_rounding(self):
        scene = picture_scene(sample("chelsea.png"))
        got = np.asarray(read(encode_psd(scene)).composite(force=True).convert("RGB"), np.float64)
        assert np.abs(got - photo_of(scene)).max() <= ROUNDING * 255

    def test_when_lines_are_longer_than_a_packed_run(self):
        flat = np.full((3, 700, 3), 77, np.uint8)  # runs and literals longer than 128 bytes are split
        noisy = np.random.default_rng(0).integers(0, 256, (3, 700, 3), np.uint8)
        for rgb in (flat, noisy, np.vstack([flat, noisy])):
            scene = one_layer_scene(rgb)
            assert_holds(encode_psd(scene), scene)


def one_layer_scene(rgb):
    height, width = rgb.shape[:2]
    opaque = np.dstack([rgb, np.full((height, width), 255, np.uint8)])
    z = np.ones((height, width), np.float32)
    layer = Layer("a", "only", "sky", "background", (0, 0), from_levels(opaque), z, np.zeros(z.shape, bool))
    return Scene(Camera.from_focal_35mm(width, height), (layer,))


class TestStructure:
    def test_is_one_group_for_each_plane_from_far_to_near(self):
        picture = read(encode_psd(noise_scene(count=6)))
        assert [(group.name, group.parent.name, len(group)) for group in groups_of(picture)] == [
            ("background", "Root", 2), ("midground", "Root", 2), ("foreground", "Root", 2),
        ]  # fmt: skip
        assert {group.blend_mode for group in groups_of(picture)} == {BlendMode.PASS_THROUGH}

    def test_forty_layers_are_kept(self):
        assert_holds(encode_psd(noise_scene(count=40)), noise_scene(count=40))

    def test_groups_that_the_order_splits_are_numbered(self):
        scene = noise_scene(count=6)
        planes = ("background", "midground", "background", "foreground", "background", "foreground")
        layers = tuple(replace(layer, plane=plane) for layer, plane in zip(scene.layers, planes, strict=True))
        scene = replace(scene, layers=layers)
        picture = read(encode_psd(scene))
        names = [group.name for group in groups_of(picture)]
        assert names == ["background", "midground", "background 2", "foreground", "background 3", "foreground 2"]
        assert_holds(encode_psd(scene), scene)

    def test_keeps_every_name_even_where_the_old_field_cannot(self):
        layers = layers_of(read(encode_psd(hostile_scene())))
        assert tuple(layer.name for layer in layers) == HOSTILE_NAMES
        assert all("?" in layer._record.name for layer in layers if not layer.name.isascii() and "é" not in layer.name)

    def test_half_a_character_in_a_name_does_not_break_it(self):
        scene = noise_scene(count=1, names=("half \ud800 name",))
        assert [layer.name for layer in layers_of(read(encode_psd(scene)))] == ["half ? name"]

    def test_every_row_has_an_identity_of_its_own(self):
        for scene in (hostile_scene(), noise_scene(count=1), noise_scene(2, transparent=True)):
            rows = read(encode_psd(scene))._record.layer_and_mask_information.layer_info.layer_records
            identities = [row.tagged_blocks.get_data(Tag.LAYER_ID) for row in rows]
            assert len(set(identities)) == len(identities) > len(scene.layers)
            assert None not in identities

    def test_layers_keep_their_identity_whatever_becomes_of_the_others(self):
        scene = noise_scene(count=5)
        fewer = replace(scene, layers=(scene.layers[0], *scene.layers[:1:-1]))
        many, few = (
            {layer.name: layer.layer_id for layer in layers_of(read(encode_psd(each)))} for each in (scene, fewer)
        )
        assert len(few) == 4
        assert few.items() <= many.items()

    def test_layers_are_trimmed_unless_asked(self):
        scene = noise_scene(4, count=5)
        trimmed, full = (layers_of(read(encode_psd(scene, full_canvas))) for full_canvas in (False, True))
        assert [layer.size for layer in trimmed] == [(layer.width, layer.height) for layer in scene.layers]
        assert {layer.size for layer in full} == {(scene.camera.width, scene.camera.height)}

    def test_colours_are_carried_on_under_what_is_transparent(self):
        rgba = np.zeros((4, 6, 4), np.uint8)
        rgba[1, 2] = (200, 100, 50, 255)
        scene = one_layer_scene(np.zeros((9, 9, 3), np.uint8))
        z, filled = scene.layers[0].z[:4, :6], scene.layers[0].filled[:4, :6]
        thing = Layer("b", "thing", "object", "foreground", (2, 3), from_levels(rgba), z, filled)
        for full_canvas in (False, True):
            layer = layers_of(read(encode_psd(replace(scene, layers=(*scene.layers, thing)), full_canvas)))[1]
            pixels = pixels_of(layer, 8)
            assert (pixels[..., :3] == (200, 100, 50)).all()
            assert pixels[..., 3].sum() == 255


class TestWholePicture:
    @pytest.mark.parametrize("bit_depth", [8, 16])
    @pytest.mark.parametrize("large", [False, True])
    def test_header_says_what_the_file_is(self, bit_depth, large):
        data = encode_psd(noise_scene(bit_depth=bit_depth), large=large)
        signature, version, channels, height, width, depth, mode = struct.unpack(">4sH6xHIIHH", data[:26])
        assert (signature, version, channels, depth, mode) == (b"8BPS", 2 if large else 1, 3, bit_depth, 3)
        assert (width, height) == (23, 17)

    def test_has_an_srgb_profile_and_says_that_the_merged_picture_is_real(self):
        picture = read(encode_psd(noise_scene()))
        profile = ImageCms.ImageCmsProfile(io.BytesIO(picture.image_resources.get_data(Resource.ICC_PROFILE)))
        assert "sRGB" in ImageCms.getProfileDescription(profile)
        assert picture.has_preview()

    @pytest.mark.parametrize(("given", "wanted"), [(300.0, 300.0), (None, 72.0), (72.009, 72.009), (1e6, 32767.0)])
    def test_keeps_the_resolution(self, given, wanted):
        resolution = read(encode_psd(replace(noise_scene(), dpi=given))).image_resources.get_data(
            Resource.RESOLUTION_INFO
        )
        assert math.isclose(resolution.horizontal / 65536, wanted, abs_tol=1 / 65536)
        assert (resolution.horizontal, resolution.horizontal_unit) == (resolution.vertical, resolution.vertical_unit)

    def test_opens_in_pillow_as_the_photo(self):
        scene = picture_scene(sample("rocket.jpg"))
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(encode_psd(scene)))), photo_of(scene))

    def test_the_same_scene_gives_the_same_bytes(self):
        assert encode_psd(noise_scene(transparent=True)) == encode_psd(noise_scene(transparent=True))

    def test_a_scene_is_not_changed_by_writing_it(self):
        scene = noise_scene(transparent=True, shadow=True)
        before = [layer.rgba.copy() for layer in scene.layers]
        encode_psd(scene, full_canvas=True)
        assert all(np.array_equal(layer.rgba, old) for layer, old in zip(scene.layers, before, strict=True))


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("bit_depth", [8, 16])
class TestTransparency:
    def test_masks_one_group_around_everything(self, bit_depth, large):
        scene = noise_scene(6, bit_depth=bit_depth, transparent=True)
        picture = read(encode_psd(scene, large=large))
        assert [layer.name for layer in picture] == ["photo"]
        assert [group.name for group in picture[0]] == ["background", "midground", "foreground"]
        mask = picture[0].mask
        assert (mask.bbox, mask.background_color, mask.disabled) == ((0, 0, 23, 17), 0, False)
        levels = to_levels(np.asarray(picture[0].numpy("mask")[..., 0], np.float32), bit_depth)
        np.testing.assert_array_equal(levels, to_levels(scene.alpha, bit_depth))

    def test_is_the_merged_pictures_own_and_its_colours_are_matted_white(self, bit_depth, large):
        scene = noise_scene(6, bit_depth=bit_depth, transparent=True)
        solid_left = scene.alpha.copy()
        solid_left[:, :9] = 1
        scene = replace(scene, alpha=solid_left)
        picture = read(encode_psd(scene, large=large))
        planes, top = merged(picture).astype(np.int64), top_level(bit_depth)
        alpha = to_levels(scene.alpha, bit_depth).astype(np.int64)
        np.testing.assert_array_equal(planes[3], alpha)
        on_white = np.rint((alpha[..., None] * photo_of(scene) + (top - alpha[..., None]) * float(top)) / top)
        np.testing.assert_array_equal(np.moveaxis(planes[:3], 0, -1), on_white)
        assert picture.topil().mode == "RGBA"  # a layer count below 0 says that channel 4 is transparency
        np.testing.assert_array_equal(planes[:3, :, :9], np.moveaxis(photo_of(scene), -1, 0)[:, :, :9])


class TestLimits:
    def test_a_side_too_long_for_psd_goes_into_psb(self):
        scene = one_layer_scene(np.random.default_rng(0).integers(0, 256, (1, 30_001, 3), np.uint8))
        with pytest.raises(FormatError, match=r"30001 x 1 pixels are more than the 30000 .* save as \.psb"):
            encode_psd(scene)
        planes = merged(
            read(encode_psd(scene, large=True))
        )  # psd-tools refuses such layers, but not the merged picture
        np.testing.assert_array_equal(planes, np.moveaxis(photo_of(scene), -1, 0))

    def test_a_side_too_long_for_psb_is_refused(self):
        with pytest.raises(FormatError, match="use a smaller photo"):
            encode_psd(one_layer_scene(np.zeros((300_001, 1, 3), np.uint8)), large=True)

    def test_a_file_too_long_for_psd_is_refused_and_goes_into_psb(self, monkeypatch):
        monkeypatch.setattr(psd_records, "LAST_PSD_BYTE", 4000)  # instead of 2 GB
        with pytest.raises(FormatError, match=r"save as \.psb"):
            encode_psd(noise_scene())
        encode_psd(noise_scene(), large=True)

    def test_two_megapixels_in_six_layers_are_written_in_time(self):
        scene = picture_scene(np.tile(sample("coffee.png"), (6, 5, 1))[:1200, :1500])
        start = time.perf_counter()
        encode_psd(scene)
        assert time.perf_counter() - start < 3.0  # a third of it on an idle machine
