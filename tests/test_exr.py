"""OpenEXR: read back by its own reader and by OpenImageIO, and composited in linear light, the layers are the photo."""

import io
import json
import logging
import re
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import OpenEXR
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extreme_scene import extreme_scene
from multiplane.errors import FormatError
from multiplane.formats.exr import channel_names, encode_exr
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.pixels.linear import linear
from multiplane.pixels.zbuffer import nearest_depth
from scenes import HOSTILE_NAMES, hostile_scene, noise_scene, photo_of, picture_scene
from tolerances import SOLVER

HALF = 2.0**-11
PXR24 = 2.0**-15
PICTURE = picture_scene(
    np.kron(np.random.default_rng(0).integers(0, 256, (15, 20, 3), np.uint8), np.ones((6, 6, 1), np.uint8))
)


def opened(data):
    return OpenEXR.File(io.BytesIO(data))


def colour_parts(file):
    return [part for part in file.parts if "RGBA" in part.channels]


def linear_over(file):
    """The composite of the parts' colours, in float, far to near as the header says."""
    (x0, y0), (x1, y1) = file.parts[0].header["displayWindow"]
    canvas = np.zeros((y1 - y0 + 1, x1 - x0 + 1, 3), np.float32)
    for part in sorted(colour_parts(file), key=lambda part: part.header["multiplaneOrder"]):
        (x0, y0), (x1, y1) = part.header["dataWindow"]
        rgba = part.channels["RGBA"].pixels.astype(np.float32)
        window = canvas[y0 : y1 + 1, x0 : x1 + 1]
        window[:] = rgba[..., :3] + (1 - rgba[..., 3:]) * window
    return canvas


def encoded(light):
    """sRGB-encoded levels, not rounded, of linear light; by the standard's inverse curve."""
    light = np.asarray(light, np.float64)
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 0) ** (1 / 2.4) - 0.055)


class TestTheComposite:
    @settings(max_examples=40, deadline=None)
    @given(st.integers(0, 2**32), st.integers(1, 30), st.integers(1, 30), st.integers(1, 8), st.booleans())
    def test_in_linear_light_is_the_photo_in_every_byte(self, seed, width, height, count, shadow):
        scene = noise_scene(seed, width, height, count, shadow=shadow)
        got = np.rint(encoded(linear_over(opened(encode_exr(scene)))))
        np.testing.assert_array_equal(got, photo_of(scene))

    @pytest.mark.parametrize("scene", [PICTURE, hostile_scene()], ids=["picture", "hostile"])
    def test_of_pictures_too(self, scene):
        np.testing.assert_array_equal(np.rint(encoded(linear_over(opened(encode_exr(scene))))), photo_of(scene))

    def test_of_16_bits_is_the_photo_to_halfs_precision_and_it_says_so_once(self, caplog):
        scene = noise_scene(4, count=5, bit_depth=16)
        with caplog.at_level(logging.WARNING):
            got = linear_over(opened(encode_exr(scene)))
        assert len(caplog.records) == 1
        want = linear(from_levels(photo_of(scene)))
        assert (np.abs(got - want) <= 2 * HALF * want + 1e-6).all()

    def test_without_solving_anew_would_not_be(self):
        """The same colours and alphas, blended in linear light, give another picture: this is why they are solved."""
        canvas = np.zeros((*photo_of(PICTURE).shape[:2], 3), np.float32)
        for layer in PICTURE.layers:
            window = canvas[layer.corner[1] :, layer.corner[0] :][: layer.height, : layer.width]
            alpha = layer.rgba[..., 3:]
            window[:] = alpha * linear(layer.rgba[..., :3]) + (1 - alpha) * window
        assert np.abs(encoded(canvas) - photo_of(PICTURE)).max() > 3


class TestLayers:
    @pytest.mark.parametrize("scene", [PICTURE, noise_scene(2, count=6)], ids=["picture", "noise"])
    def test_opaque_and_hidden_pixels_are_the_scenes(self, scene):
        for part, layer in zip(colour_parts(opened(encode_exr(scene))), scene.layers, strict=True):
            (x0, y0), _ = part.header["dataWindow"]
            rgba = part.channels["RGBA"].pixels
            assert rgba.dtype == np.float16
            assert ((x0, y0), rgba.shape) == (layer.corner, layer.rgba.shape)
            solid, nothing = layer.rgba[..., 3] == 1, layer.rgba[..., 3] == 0
            assert (rgba[solid][..., 3] == 1).all()
            np.testing.assert_array_equal(np.rint(encoded(rgba[solid][..., :3])), to_levels(layer.rgba)[solid][..., :3])
            assert not rgba[nothing].any()

    def test_soft_pixels_hold_colours_in_range_and_alpha_that_never_falls(self):
        for scene in (PICTURE, noise_scene(3, count=6)):
            for part, layer in zip(colour_parts(opened(encode_exr(scene))), scene.layers, strict=True):
                rgba = part.channels["RGBA"].pixels.astype(np.float32)
                assert (rgba[..., :3] >= 0).all()
                assert (rgba[..., :3] <= rgba[..., 3:] * (1 + HALF)).all()
                assert (rgba[..., 3] >= layer.rgba[..., 3] * (1 - HALF)).all()

    def test_soft_pixels_mostly_take_the_light_of_a_level_so_that_the_file_is_small(self):
        """PIZ packs by how many values occur; solved freely, there are thousands. Random colours are the worst case."""
        levels = {*linear(from_levels(np.arange(256, dtype=np.uint8))).astype(np.float16).tolist()}
        for part, layer in zip(colour_parts(opened(encode_exr(PICTURE)))[1:], PICTURE.layers[1:], strict=True):
            soft = (layer.rgba[..., 3] > 0) & (layer.rgba[..., 3] < 1)
            colours = part.channels["RGBA"].pixels[soft][:, :3].ravel().tolist()
            assert sum(colour in levels for colour in colours) > 0.5 * len(colours)

    def test_what_multiplies_becomes_a_shadow_that_shows_what_is_under_it(self, caplog):
        scene = noise_scene(1, count=3, shadow=True)
        with caplog.at_level(logging.WARNING):
            shade = colour_parts(opened(encode_exr(scene)))[1].channels["RGBA"].pixels
        assert [record.message.count(repr(scene.layers[1].name)) for record in caplog.records] == [1]
        white = replace(scene.layers[1], rgba=np.ones_like(scene.layers[1].rgba))
        layers = (scene.layers[0], white, scene.layers[2])
        assert not colour_parts(opened(encode_exr(replace(scene, layers=layers))))[1].channels["RGBA"].pixels.any()
        assert shade[..., 3].any()

    def test_depth_is_float_in_a_group_of_its_own(self):
        scene = noise_scene(3, count=4)
        parts = [part for part in opened(encode_exr(scene)).parts if "Z" in part.channels]
        for part, layer, colours in zip(parts, scene.layers, colour_parts(opened(encode_exr(scene))), strict=True):
            assert part.name() == f"{colours.name()}_depth"
            assert part.channels["Z"].pixels.dtype == np.float32
            np.testing.assert_allclose(part.channels["Z"].pixels, layer.z, rtol=PXR24)
            assert "Z" not in colours.channels

    def test_the_photos_own_transparency_is_a_part(self):
        scene = noise_scene(transparent=True)
        part = opened(encode_exr(scene)).parts[-1]
        assert part.name() == "transparency"
        np.testing.assert_array_equal(part.channels["A"].pixels, scene.alpha.astype(np.float16))


class TestSinglePart:
    def test_holds_every_layer_on_the_full_canvas_and_the_photo_unnamed(self):
        scene = noise_scene(3, count=4, transparent=True)
        (part,) = OpenEXR.File(io.BytesIO(encode_exr(scene, single_part=True)), separate_channels=True).parts
        size = scene.camera.height, scene.camera.width
        assert {channel.pixels.shape for channel in part.channels.values()} == {size}
        canvas = np.zeros((*size, 3), np.float32)
        for name, layer in zip(channel_names([layer.name for layer in scene.layers]), scene.layers, strict=True):
            rgba = np.dstack([part.channels[f"{name}.{letter}"].pixels for letter in "RGBA"]).astype(np.float32)
            canvas = rgba[..., :3] + (1 - rgba[..., 3:]) * canvas
            box = np.s_[layer.corner[1] :, layer.corner[0] :]
            z = part.channels[f"{name}_depth.Z"].pixels[box][: layer.height, : layer.width]
            np.testing.assert_allclose(z, layer.z, rtol=PXR24)
        np.testing.assert_array_equal(np.rint(encoded(canvas)), photo_of(scene))
        whole = np.dstack([part.channels[letter].pixels for letter in "RGBA"]).astype(np.float32)
        np.testing.assert_allclose(whole[..., 3], scene.alpha, rtol=HALF)
        photo = linear(from_levels(photo_of(scene))) * scene.alpha[..., None]
        np.testing.assert_allclose(whole[..., :3], photo, rtol=2 * HALF, atol=1e-6)
        np.testing.assert_allclose(part.channels["depth.Z"].pixels, nearest_depth(scene.layers, *size), rtol=PXR24)

    def test_too_many_pixels_are_refused_before_they_are_made(self, monkeypatch):
        monkeypatch.setattr("multiplane.formats.exr.MOST_BYTES", 12 * 23 * 17 * 4 - 1)
        with pytest.raises(FormatError, match=r"4 layers of 23 x 17 .* leave out --single-part"):
            encode_exr(noise_scene(count=4), single_part=True)
        assert encode_exr(noise_scene(count=3), single_part=True)


class TestTheHeader:
    def test_names_are_letters_digits_and_underscores_and_unique(self):
        names = channel_names([*HOSTILE_NAMES, "020 person 1", "1", "..."])
        assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) for name in names)
        assert len({name.lower() for name in names}) == len(names)
        assert names[3] == "L04_Strae_elan"
        assert names[-3:] == ["L14_person_1", "L15_1", "L16_layer"]

    def test_tells_order_ids_planes_and_names_as_they_are(self):
        scene = hostile_scene()
        for order, (part, layer) in enumerate(zip(colour_parts(opened(encode_exr(scene))), scene.layers, strict=True)):
            got = [part.header[f"multiplane{fact}"] for fact in ("Order", "Id", "Name", "Plane")]
            assert got == [order, layer.id, layer.name, layer.plane]
            assert part.header["multiplaneDepth"] == pytest.approx(layer.depth, rel=SOLVER)

    @pytest.mark.parametrize("metric", [False, True])
    @pytest.mark.parametrize("single", [False, True])
    def test_tells_camera_and_unit(self, metric, single):
        scene = noise_scene(count=2)
        scene = replace(scene, dpi=300.0, origin=replace(scene.origin, metric=metric))
        header = opened(encode_exr(scene, single)).parts[0].header
        assert header["multiplaneFocal"] == pytest.approx(scene.camera.focal, rel=SOLVER)
        assert header["multiplaneDepthUnit"] == ("metres" if metric else "relative")
        assert (header["xDensity"], header["colorInteropID"]) == (300.0, "lin_rec709_scene")
        document = json.loads(header["multiplane"])
        assert document["camera"] == {"width": 23, "height": 17, "focal": scene.camera.focal}
        assert [row["id"] for row in document["layers"]] == [layer.id for layer in scene.layers]

    def test_the_same_scene_gives_the_same_bytes(self):
        for single in (False, True):
            assert encode_exr(noise_scene(transparent=True), single) == encode_exr(
                noise_scene(transparent=True), single
            )


def test_the_extreme_scene_is_the_photo():
    scene = extreme_scene()
    file = opened(encode_exr(scene))
    assert len(file.parts) == 2 * 40
    np.testing.assert_array_equal(np.rint(encoded(linear_over(file))), photo_of(scene))


@pytest.mark.program
@pytest.mark.skipif(not shutil.which("oiiotool"), reason="needs apt-get install openimageio-tools")
class TestOpenImageIO:
    def test_composites_the_parts_to_the_photo(self, tmp_path):
        """`--over`, far to near, then to sRGB: OpenImageIO's own arithmetic from end to end."""
        (tmp_path / "a.exr").write_bytes(encode_exr(PICTURE))
        command = ["oiiotool", tmp_path / "a.exr", "--subimage", "0"]
        for order in range(1, len(PICTURE.layers)):
            command += [tmp_path / "a.exr", "--subimage", str(2 * order), "--swap", "--over"]
        command += ["--ch", "R,G,B", "--colorconvert", "linear", "sRGB", "-d", "uint8", "-o", tmp_path / "a.tif"]
        self.run(command)
        from PIL import Image

        with Image.open(tmp_path / "a.tif") as picture:
            difference = np.abs(np.asarray(picture).astype(int) - photo_of(PICTURE))
        assert difference.max() <= 1

    def test_finds_windows_and_types_as_they_are(self, tmp_path):
        scene = hostile_scene()
        (tmp_path / "a.exr").write_bytes(encode_exr(scene))
        told = self.run(["oiiotool", "--info", "-v", "-a", tmp_path / "a.exr"])
        assert f"{2 * len(scene.layers)} subimages" in told
        assert len(re.findall(r"subimage +\d+: .* 4 channel, half openexr", told)) == len(scene.layers)
        assert len(re.findall(r"subimage +\d+: .* 1 channel, float openexr", told)) == len(scene.layers)
        for layer in (layer for layer in scene.layers if layer.corner != (0, 0)):
            assert f"pixel data origin: x={layer.corner[0]}, y={layer.corner[1]}" in told

    @staticmethod
    def run(command):
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout
