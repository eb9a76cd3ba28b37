"""`multiplane relight` writes every kind of file under the light asked for, and says in one line what it cannot do."""

from dataclasses import replace

import av
import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from multiplane.errors import MultiplaneError
from multiplane.formats.archive import load_scene
from multiplane.formats.facts import read_facts
from multiplane.formats.psd_read import read_psd
from multiplane.formats.save import save
from multiplane.light.environment import lights_of_environment, read_environment
from multiplane.light.lights import Sun, Surroundings
from multiplane.light.spherical import harmonics
from multiplane.scene import KeyLight
from multiplane_cli.main import app
from scenes import assert_same_scene, photo_of, picture_scene

KEY = KeyLight((0.6, -0.64, -0.48), ambient=0.4)


@pytest.fixture(scope="module")
def scene():
    rgb = np.kron(np.random.default_rng(0).integers(60, 200, (8, 12, 3), np.uint8), np.ones((6, 6, 1), np.uint8))
    return replace(picture_scene(rgb, count=3), key_light=KEY)


@pytest.fixture
def archive(scene, tmp_path):
    save(scene, tmp_path / "s.multiplane")
    return tmp_path / "s.multiplane"


def run(*words):
    return CliRunner().invoke(app, ["relight", *map(str, words)])


def done(*words):
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result


class TestWrites:
    def test_the_photo_itself_where_all_its_light_is_kept(self, archive, scene, tmp_path):
        done(archive, tmp_path / "o.png", "--keep", 1)
        assert np.array_equal(cv2.imread(str(tmp_path / "o.png"))[..., ::-1], photo_of(scene))
        done(archive, tmp_path / "o.multiplane", "--keep", 1)
        assert_same_scene(load_scene(tmp_path / "o.multiplane"), scene)

    def test_a_scene_and_its_picture_are_the_same(self, archive, tmp_path):
        light = ("--sun", "-80,20 kelvin=3000", "--softness", 3)
        done(archive, tmp_path / "o.multiplane", *light)
        done(archive, tmp_path / "o.png", *light)
        picture = cv2.imread(str(tmp_path / "o.png"))[..., ::-1]
        assert np.array_equal(photo_of(load_scene(tmp_path / "o.multiplane")), picture)

    def test_its_own_kelvin_stands_before_that_for_all(self, archive, tmp_path):
        for name, words in (("warm", ("40,20 kelvin=2500",)), ("cold", ("40,20", "--kelvin", 12000))):
            done(archive, tmp_path / f"{name}.png", "--sun", *words)
        warm, cold = (cv2.imread(str(tmp_path / f"{name}.png"))[..., ::-1].mean((0, 1)) for name in ("warm", "cold"))
        assert warm[0] / warm[2] > 1.3 * cold[0] / cold[2]

    def test_photoshop_layers_of_light_over_the_layers_of_the_photo(self, archive, scene, tmp_path):
        light = ("--sun", "120,40 intensity=0.6", "--keep", 0.5)
        done(archive, tmp_path / "o.psd", *light, "--passes")
        done(archive, tmp_path / "o.png", *light)
        data = (tmp_path / "o.psd").read_bytes()
        assert b"lddg" in data
        assert b"multiplane light" in data
        back = read_psd(memoryview(data), (scene.camera.width, scene.camera.height), False)
        assert [layer.name for layer in back.layers] == [layer.name for layer in scene.layers]
        assert not back.notes
        assert len(read_facts(tmp_path / "o.psd").layers) == len(scene.layers)
        from psd_tools import PSDImage

        merged = np.asarray(PSDImage.open(tmp_path / "o.psd").topil().convert("RGB")).astype(int)
        assert np.abs(merged - cv2.imread(str(tmp_path / "o.png"))[..., ::-1]).max() <= 1

    def test_a_model_and_a_clip(self, archive, tmp_path):
        done(archive, tmp_path / "o.glb", "--ambient", 4000)
        assert (tmp_path / "o.glb").read_bytes()[:4] == b"glTF"
        done(archive, tmp_path / "o.mp4", "--sun", "0,30", "--seconds", 0.5, "--fps", 8)
        with av.open(str(tmp_path / "o.mp4")) as clip:
            assert len(list(clip.decode(video=0))) == 4

    def test_under_surroundings(self, archive, tmp_path):
        sky = np.ones((16, 32, 3), np.float32)
        sky[5, 24] = 400
        cv2.imwrite(str(tmp_path / "e.hdr"), sky)
        done(archive, tmp_path / "o.png", "--env", tmp_path / "e.hdr")


class TestRefuses:
    @pytest.mark.parametrize(
        ("words", "say"),
        [
            ((), "say which light"),
            (("--sun", "90"), "needs 2 numbers"),
            (("--sun", "90,x"), "no number"),
            (("--sun", "90,30 strength=2"), "not understood"),
            (("--point", "1,2"), "needs 3 numbers"),
            (("--sun", "0,20", "--passes"), "Photoshop"),
        ],
    )
    def test_what_is_no_light(self, archive, tmp_path, words, say):
        result = run(archive, tmp_path / "o.png", *words)
        assert result.exit_code == 2
        assert say in " ".join(result.output.replace("│", " ").split())

    def test_a_file_that_is_there(self, archive, tmp_path):
        (tmp_path / "o.png").write_bytes(b"mine")
        assert "--force" in str(run(archive, tmp_path / "o.png", "--keep", 1).exception)
        assert (tmp_path / "o.png").read_bytes() == b"mine"

    @pytest.mark.parametrize(("name", "data"), [("no.hdr", None), ("bad.hdr", b"junk"), ("bad.exr", b"junk")])
    def test_surroundings_that_are_none(self, tmp_path, name, data):
        if data is not None:
            (tmp_path / name).write_bytes(data)
        with pytest.raises(MultiplaneError, match="equirectangular"):
            read_environment(tmp_path / name)


class TestSurroundings:
    def test_of_one_colour_light_all_alike(self):
        [around] = lights_of_environment(np.full((32, 64, 3), 3.0, np.float32))
        assert isinstance(around, Surroundings)
        directions = np.random.default_rng(0).normal(size=(50, 3))
        directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
        assert np.allclose(harmonics(directions.astype(np.float32)) @ around.coefficients, 1.0, atol=0.02)

    @pytest.mark.parametrize("turn", [0, 50])
    def test_have_their_sun_where_it_is(self, turn):
        sky = np.ones((64, 128, 3), np.float32)
        sky[16, 96] = (5000, 4000, 2000)  # a quarter down: 45 degrees high; three quarters across: to the right
        sun, _ = lights_of_environment(sky, turn=turn)
        assert isinstance(sun, Sun)
        assert sun.elevation == pytest.approx(45, abs=3)
        assert sun.azimuth == pytest.approx(90 - turn, abs=3)  # from the right to behind the viewer
        assert sun.colour[0] > sun.colour[2]
