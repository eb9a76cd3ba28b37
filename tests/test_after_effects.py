"""The script for After Effects, run under Node against a small model of its objects; the .psd is read by psd-tools."""

import io
import itertools
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
from psd_tools import PSDImage

from extreme_scene import extreme_scene
from multiplane.errors import FormatError
from multiplane.formats.after_effects import depth_ratios, encode_after_effects
from multiplane.formats.psd import encode_psd
from multiplane.scene import Layer, Scene
from scenes import HOSTILE_NAMES, hostile_scene, noise_scene, picture_scene

FAKE = Path(__file__).with_name("fake_after_effects.mjs")
BLENDS = {"normal": 5212, "multiply": 5216}

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs node: apt-get install nodejs")


def tree_of(group: Any) -> list[dict[str, Any]]:
    """The layers of a .psd from the top down, as psd-tools reads them."""
    return [
        {"name": each.name, "tree": tree_of(each)}
        if each.is_group()
        else {
            "name": each.name,
            "left": each.left,
            "top": each.top,
            "width": each.width,
            "height": each.height,
            "blend": BLENDS[each.blend_mode.name.lower()],
        }
        for each in reversed(list(group))
    ]


def run(
    scene: Scene,
    folder: Path,
    times: tuple[float, ...] = (0.0,),
    sliders: dict[str, float] | None = None,
    psd: bytes | None = None,
    change: Any = lambda script: script,
) -> dict[str, Any]:
    """What the script makes of the scene's .psd in the model."""
    picture = psd or encode_psd(scene)
    (folder / "ä photo.psd").write_bytes(picture)
    script = folder / "ä photo.jsx"
    script.write_text(change(encode_after_effects(scene).decode("ascii")))
    document = {
        "width": scene.camera.width,
        "height": scene.camera.height,
        "tree": tree_of(PSDImage.open(io.BytesIO(picture))),
        "times": times,
        "sliders": sliders or {},
    }
    (folder / "document.json").write_text(json.dumps(document))
    node = shutil.which("node")
    assert node is not None
    done = subprocess.run(
        [node, FAKE, script, folder / "document.json"], capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def rectangle(layer: Layer) -> list[list[int]]:
    (x, y), right, bottom = layer.corner, layer.corner[0] + layer.width, layer.corner[1] + layer.height
    return [[x, y], [right, y], [right, bottom], [x, bottom]]


def picture() -> Scene:
    return picture_scene(np.ascontiguousarray(skimage.data.astronaut()[::2, ::2]))


SCENES = {
    "picture": picture,
    "noise": noise_scene,
    "shadow": lambda: noise_scene(4, shadow=True),
    "transparent": lambda: noise_scene(3, transparent=True),
    "one": lambda: noise_scene(width=9, height=7, count=1),
    "hostile": hostile_scene,
    "deep": lambda: noise_scene(5, bit_depth=16),
}


@pytest.mark.parametrize("name", SCENES)
def test_the_front_view_is_unchanged_and_layers_run_far_to_near(name: str, tmp_path: Path) -> None:
    scene = SCENES[name]()
    seconds = 6
    report = run(scene, tmp_path, times=(0.0, seconds))
    assert report["alerts"] == []
    assert (report["comp"]["width"], report["comp"]["height"]) == (scene.camera.width, scene.camera.height)
    assert report["bits"] == scene.bit_depth
    assert len(report["layers"]) == len(scene.layers)
    for layer, got in zip(scene.layers, reversed(report["layers"]), strict=True):
        assert (got["id"], got["threeD"], got["blend"]) == (layer.id, True, BLENDS[layer.blend])
        for corners in got["at"]:
            np.testing.assert_allclose(corners, rectangle(layer), atol=1e-3)
    depths = [layer["z"] for layer in report["layers"]]
    assert depths == sorted(depths)
    assert len(set(depths)) == len(depths)


@pytest.mark.parametrize("amount", [0.0, 40.0, 170.0])
def test_the_depth_slider_keeps_the_front_view(amount: float, tmp_path: Path) -> None:
    scene = picture()
    report = run(scene, tmp_path, sliders={"Depth %": amount})
    for layer, got in zip(scene.layers, reversed(report["layers"]), strict=True):
        np.testing.assert_allclose(got["at"][0], rectangle(layer), atol=1e-3)


def test_the_starter_move_makes_the_parallax_it_promises(tmp_path: Path) -> None:
    scene = picture()
    report = run(scene, tmp_path, times=(0.0, 2.0), sliders={"Rise": 0, "Dolly": 0})
    assert report["sliders"] == ["Depth %", "Sway", "Rise", "Dolly", "Loop seconds"]
    moved = [np.mean(np.subtract(each["at"][1], each["at"][0])[:, 0]) for each in report["layers"]]
    near, far = moved[0], moved[-1]
    assert near < 0 < far  # the eye goes right, the focus stays
    # Turning towards the focus adds some perspective.
    assert far - near == pytest.approx(0.025 * scene.camera.width, rel=0.15)


def test_a_smaller_composition_shows_the_same_view(tmp_path: Path) -> None:
    scene = picture()
    width = scene.camera.width // 2
    report = run(scene, tmp_path, change=lambda text: text.replace("COMP_WIDTH = SCENE.width", f"COMP_WIDTH = {width}"))
    for layer, got in zip(scene.layers, reversed(report["layers"]), strict=True):
        np.testing.assert_allclose(got["at"][0], np.array(rectangle(layer)) / 2, atol=1e-3)


def far_scene() -> Scene:
    scene = picture()
    layers = [replace(layer, z=layer.z * (1000.0 if k < 3 else 1.0)) for k, layer in enumerate(scene.layers)]
    return replace(scene, layers=tuple(layers))


def test_far_layers_are_clamped_in_order_and_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    scene = far_scene()
    ratios = depth_ratios(scene)
    assert ratios[2] == 20 < ratios[1] < ratios[0] < 20.1
    assert all(a > b for a, b in itertools.pairwise(ratios))
    assert ratios[-1] == 1
    assert "3 layers are over 20 times" in caplog.text
    report = run(scene, tmp_path)
    for layer, got in zip(scene.layers, reversed(report["layers"]), strict=True):
        np.testing.assert_allclose(got["at"][0], rectangle(layer), atol=1e-3)


def test_the_mapping_stands_in_a_comment() -> None:
    scene = picture()
    lines = encode_after_effects(scene).decode("ascii").splitlines()
    comment = [line for line in lines if line.startswith("//")]
    for layer, ratio in zip(scene.layers, depth_ratios(scene), strict=True):
        assert f'// r = {ratio:.6g}  D = {layer.depth:.6g}  "{layer.name}"' in comment


def test_renamed_layers_are_matched_by_their_order(tmp_path: Path) -> None:
    scene = picture()
    renamed = replace(scene, layers=tuple(replace(layer, name=f"new {layer.name}") for layer in scene.layers))
    report = run(scene, tmp_path, psd=encode_psd(renamed))
    assert [layer["id"] for layer in reversed(report["layers"])] == [layer.id for layer in scene.layers]


def test_another_psd_is_refused_in_one_line(tmp_path: Path) -> None:
    scene = picture()
    fewer = replace(scene, layers=tuple(replace(layer, name=f"new {layer.name}") for layer in scene.layers[:-1]))
    report = run(scene, tmp_path, psd=encode_psd(fewer))
    assert report["alerts"] == [
        "multiplane: the .psd has 5 layers, this script knows 6 and not all by name; export both again from one scene"
    ]


def test_names_cannot_break_out_of_the_script() -> None:
    names = ('"; alert(1); //', "*/ alert(1)", "line\u2028separator\r\n", "\udcff", *HOSTILE_NAMES)
    scene = noise_scene(count=len(names), names=names)
    script = encode_after_effects(scene).decode("ascii")
    assert "alert(1)" in script
    code = "\n".join(line for line in script.splitlines() if not line.startswith("//"))
    assert code.count("alert(1)") == 2  # both inside of the two names' strings
    assert '"\\"; alert(1); //"' in code


def test_a_photo_too_wide_for_a_composition_is_refused() -> None:
    with pytest.raises(FormatError, match="4 to 30000 pixels a side, not 30001 x 12"):
        encode_after_effects(extreme_scene())


def test_the_same_scene_gives_the_same_bytes() -> None:
    assert encode_after_effects(picture()) == encode_after_effects(picture())
