"""Deep OpenEXR: read by OpenEXR itself and flattened by OpenImageIO, samples near to far are the photo."""

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
from PIL import Image
from typer.testing import CliRunner

from extreme_scene import extreme_scene
from multiplane.formats.exr_deep import encode_deep_exr
from multiplane.formats.exr_light import linear_layers
from multiplane.formats.facts import read_facts
from multiplane.formats.save import save
from multiplane.pixels.linear import encoded
from multiplane_cli.main import app
from scenes import hostile_scene, noise_scene, photo_of, picture_scene

PICTURE = picture_scene(
    np.kron(np.random.default_rng(0).integers(0, 256, (15, 20, 3), np.uint8), np.ones((6, 6, 1), np.uint8))
)


def opened(data):
    (part,) = OpenEXR.File(io.BytesIO(data), separate_channels=True).parts
    return part, {name: channel.pixels for name, channel in part.channels.items()}


def flattened(pixels):
    """Linear light (h, w, 3) of the samples, laid over each other from near to far."""
    height, width = pixels["A"].shape
    out = np.zeros((height, width, 3))
    for y in range(height):
        for x in range(width):
            rest = 1.0
            for sample in range(len(pixels["A"][y, x])):
                out[y, x] += rest * np.array([pixels[letter][y, x][sample] for letter in "RGB"], np.float64)
                rest *= 1 - float(pixels["A"][y, x][sample])
            assert rest == 0
    return out


class TestSamples:
    @settings(max_examples=15, deadline=None)
    @given(st.integers(0, 2**32), st.integers(1, 20), st.integers(1, 20), st.integers(1, 6), st.booleans())
    def test_flattened_are_the_photo_in_every_byte(self, seed, width, height, count, shadow):
        scene = noise_scene(seed, width, height, count, shadow=shadow)
        light = flattened(opened(encode_deep_exr(scene))[1])
        np.testing.assert_array_equal(np.rint(255 * encoded(light)), photo_of(scene))

    @pytest.mark.parametrize(
        "scene", [PICTURE, hostile_scene(), noise_scene(4, count=5)], ids=["picture", "hostile", "noise"]
    )
    def test_stand_where_layers_show_strictly_near_to_far(self, scene):
        _, pixels = opened(encode_deep_exr(scene))
        shows = np.zeros(pixels["A"].shape, int)
        for linear in linear_layers(scene):
            (x, y), layer = linear.layer.corner, linear.layer
            shows[y : y + layer.height, x : x + layer.width] += linear.rgba[..., 3] > 0
        np.testing.assert_array_equal(np.vectorize(len)(pixels["Z"]), shows)
        for depths in pixels["Z"].ravel():
            assert depths.dtype == np.float32
            assert (np.diff(depths) > 0).all()

    def test_have_the_scenes_depth_where_it_agrees_with_the_order(self):
        """In this picture every layer lies before those that it covers."""
        _, pixels = opened(encode_deep_exr(PICTURE))
        far = np.vectorize(lambda depths: depths[-1], otypes=[np.float32])(pixels["Z"])
        np.testing.assert_array_equal(far, PICTURE.layers[0].z)
        nearest = np.full(far.shape, np.inf, np.float32)
        for layer in PICTURE.layers:
            (x, y) = layer.corner
            np.copyto(nearest[y : y + layer.height, x : x + layer.width], layer.z, where=layer.rgba[..., 3] > 0)
        near = np.vectorize(lambda depths: depths[0], otypes=[np.float32])(pixels["Z"])
        np.testing.assert_array_equal(near, nearest)


class TestTheFile:
    def test_header_tells_camera_unit_and_layers(self):
        scene = replace(hostile_scene(), dpi=300.0)
        header = opened(encode_deep_exr(scene))[0].header
        assert header["type"] == OpenEXR.deepscanline
        assert (header["multiplaneDepthUnit"], header["xDensity"]) == ("relative", 300.0)
        assert [row["id"] for row in json.loads(header["multiplane"])["layers"]] == [layer.id for layer in scene.layers]

    def test_inspect_tells_all_layers(self, tmp_path):
        (tmp_path / "a.exr").write_bytes(encode_deep_exr(PICTURE))
        facts = read_facts(tmp_path / "a.exr")
        assert [layer.name for layer in facts.layers] == [layer.name for layer in PICTURE.layers]

    def test_the_extreme_scene_has_all_its_samples(self):
        part, pixels = opened(encode_deep_exr(extreme_scene()))
        assert pixels["A"].shape == (12, 30_001)
        assert part.header["maxSamplesPerPixel"] == max(len(alphas) for alphas in pixels["A"].ravel())

    def test_a_photos_own_transparency_is_left_out_and_said_so_once(self, caplog):
        with caplog.at_level(logging.WARNING):
            data = encode_deep_exr(noise_scene(transparent=True))
        assert [record.message.count("transparency") for record in caplog.records] == [1]
        assert data == encode_deep_exr(replace(noise_scene(transparent=True), alpha=None, dpi=300.0))


@pytest.mark.program
@pytest.mark.skipif(not shutil.which("oiiotool"), reason="needs apt-get install openimageio-tools")
def test_openimageio_flattens_it_to_the_photo(tmp_path):
    (tmp_path / "a.exr").write_bytes(encode_deep_exr(PICTURE))
    told = ran(["oiiotool", "--info", "-v", tmp_path / "a.exr"])
    assert re.search(r"120 x +90, 5 channel, deep half/half/half/half/float openexr", told), told
    steps = ["--flatten", "--ch", "R,G,B", "--colorconvert", "linear", "sRGB", "-d", "uint8", "-o", tmp_path / "a.tif"]
    ran(["oiiotool", tmp_path / "a.exr", *steps])
    with Image.open(tmp_path / "a.tif") as picture:
        assert np.abs(np.asarray(picture).astype(int) - photo_of(PICTURE)).max() <= 1


def ran(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


class TestCommandLine:
    def export(self, *words):
        return CliRunner().invoke(app, ["export", *map(str, words)])

    def test_deep_reaches_the_file(self, tmp_path):
        save(noise_scene(2), tmp_path / "a.multiplane")
        assert self.export(tmp_path / "a.multiplane", tmp_path / "a.exr", "--deep").exit_code == 0
        assert (tmp_path / "a.exr").read_bytes() == encode_deep_exr(noise_scene(2))

    @pytest.mark.parametrize(
        ("name", "options", "said"),
        [
            ("a.psd", ["--deep"], "--deep is for OpenEXR"),
            ("a.exr", ["--deep", "--single-part"], "leave out --single-part"),
        ],
    )
    def test_is_refused_where_it_means_nothing(self, tmp_path, name, options, said):
        save(noise_scene(2), tmp_path / "a.multiplane")
        done = self.export(tmp_path / "a.multiplane", tmp_path / name, *options)
        assert (done.exit_code, said in " ".join(done.output.split())) == (2, True)
