"""A pasted layer takes the light of its scene, and nothing else of it."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from multiplane.errors import SceneError
from multiplane.formats.archive import load_scene
from multiplane.formats.save import save
from multiplane.light.harmonise import harmonise
from multiplane.pixels.levels import to_levels
from multiplane.pixels.linear import encoded, linear
from multiplane.scene import LUMINANCE
from multiplane_cli.main import app
from test_relight import KEY, ball_on_floor


def shone_on(layer, factor):
    colours = encoded(np.clip(linear(layer.rgba[..., :3]) * np.array(factor, np.float32), 0, 1))
    return replace(layer, rgba=np.dstack([colours, layer.rgba[..., 3]]).astype(np.float32))


def colour_of(layer):
    return linear(layer.rgba[layer.rgba[..., 3] > 0][:, :3]).mean(axis=0)


def pasted(factor):
    scene = ball_on_floor()
    return replace(scene, layers=(scene.layers[0], shone_on(scene.layers[1], factor)))


def test_alpha_depth_and_place_stay():
    scene = pasted((1.5, 1.0, 0.6))
    got = harmonise(scene.layers[1], scene)
    assert np.array_equal(got.rgba[..., 3], scene.layers[1].rgba[..., 3])
    assert got.z is scene.layers[1].z
    assert got.corner == scene.layers[1].corner


@pytest.mark.parametrize("factor", [(1.5, 1.0, 0.6), (0.6, 0.9, 1.4)])
def test_a_cast_is_taken_back_by_half_and_more(factor):
    scene = pasted(factor)
    before, after = colour_of(scene.layers[1]), colour_of(harmonise(scene.layers[1], scene))
    want = colour_of(ball_on_floor().layers[1])

    def cast(colour):
        return abs(np.log(colour[0] / colour[2]) - np.log(want[0] / want[2]))

    assert cast(after) < 0.55 * cast(before)


@pytest.mark.parametrize("factor", [0.4, 1.8])
def test_brightness_comes_nearer(factor):
    scene = pasted((factor, factor, factor))
    want = colour_of(ball_on_floor().layers[1]) @ LUMINANCE
    before, after = (
        abs(np.log(colour_of(layer) @ LUMINANCE / want))
        for layer in (scene.layers[1], harmonise(scene.layers[1], scene))
    )
    assert after < 0.75 * before


def test_light_comes_from_the_scenes_side():
    """A ball lit from the left, pasted into a scene that is lit from the right."""
    other = replace(KEY, towards=(-0.6, -0.64, -0.48))
    scene, left = ball_on_floor(shadow=True), ball_on_floor(key=other).layers[1]
    both = replace(scene, layers=(scene.layers[0], left))
    before, after = (layer.rgba[30:66, 20:76, 0] for layer in (left, harmonise(left, both)))
    assert before[:, 28:].mean() < before[:, :28].mean() - 0.02
    assert after[:, 28:].mean() > after[:, :28].mean()


def test_a_layer_of_no_scene_is_refused():
    scene = ball_on_floor()
    with pytest.raises(SceneError, match="no layer"):
        harmonise(replace(scene.layers[1], id="stranger"), scene)
    with pytest.raises(SceneError, match="no others"):
        harmonise(scene.layers[0], replace(scene, layers=scene.layers[:1]))


def test_on_the_command_line_a_replacement_is_harmonised_when_asked(tmp_path):
    scene = ball_on_floor()
    save(scene, tmp_path / "s.multiplane")
    red = shone_on(scene.layers[1], (1.6, 1.0, 0.5))
    cv2.imwrite(str(tmp_path / "red.png"), to_levels(red.rgba)[..., [2, 1, 0, 3]])
    for name, words in (("plain", ()), ("lit", ("--harmonise",))):
        files = (tmp_path / "s.multiplane", tmp_path / "red.png", tmp_path / f"{name}.multiplane")
        scene_file, picture, out = map(str, files)
        result = CliRunner().invoke(app, ["edit", scene_file, "replace", "object", picture, *words, "--out", out])
        assert result.exit_code == 0, result.output
    plain, lit = (colour_of(load_scene(tmp_path / f"{name}.multiplane").layers[1]) for name in ("plain", "lit"))
    assert lit[0] / lit[2] < 0.75 * plain[0] / plain[2]
