"""The script for Blender, run in a stand-in of its module, and in Blender's own where that is installed."""

import os
import runpy
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import skimage.data

from fake_bpy import blender
from multiplane.arrays import Floats
from multiplane.formats.blender import encode_blender
from multiplane.formats.glb import Geometry
from multiplane.formats.save import files_of, save
from multiplane.pixels.levels import from_levels
from multiplane.scene import Origin, Scene
from scenes import hostile_scene, picture_scene
from tolerances import LOOKS_LIKE

RENDER = Path(__file__).with_name("render_in_blender.py")


def picture() -> Scene:
    return picture_scene(np.ascontiguousarray(skimage.data.astronaut()[100:300:2, ::2]))


def run(scene: Scene, folder: Path, text: bool = False, flags: tuple[str, ...] = ()) -> Any:
    """The scene that the script sets up in the stand-in."""
    script = folder / "photo.py"
    save(scene, script)
    path = script
    if text:  # in Blender's text editor a script's own path lies inside of the .blend
        path = folder / "other" / "photo.py"
        path.parent.mkdir()
        shutil.copy(script, path)
    with blender(script if text else None) as bpy, pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["blender", "--python", str(script), "--", *flags])
        runpy.run_path(str(path))
        return bpy


def test_the_camera_has_the_photos_lens_and_frame(tmp_path: Path) -> None:
    scene = picture()
    made = run(scene, tmp_path).data.scenes[0]
    assert (made.render.resolution_x, made.render.resolution_y) == (scene.camera.width, scene.camera.height)
    assert made.render.resolution_percentage == 100
    assert (made.render.pixel_aspect_x, made.render.pixel_aspect_y) == (1, 1)
    lens = made.camera.data
    assert lens.sensor_fit == "HORIZONTAL"
    assert lens.lens / lens.sensor_width * scene.camera.width == pytest.approx(scene.camera.focal)


def test_colours_are_shown_as_they_are_through_any_number_of_layers(tmp_path: Path) -> None:
    scene = hostile_scene()
    made = run(scene, tmp_path).data.scenes[0]
    assert (made.view_settings.view_transform, made.view_settings.look) == ("Standard", "None")
    assert made.cycles.transparent_max_bounces > len(scene.layers)
    assert made.render.film_transparent


def test_each_plane_has_its_collection_far_to_near(tmp_path: Path) -> None:
    scene = picture()
    made = run(scene, tmp_path).data.scenes[0]
    for group in made.collection.children:
        assert [each.name for each in group.objects] == [x.name for x in scene.layers if x.plane == group.name]
    assert [group.name for group in made.collection.children] == ["background", "midground", "foreground"]


def test_depth_of_field_is_set_up_and_waits_for_its_switch(tmp_path: Path) -> None:
    scene = picture()
    off = run(scene, tmp_path).data.scenes[0].camera
    on = run(scene, tmp_path, flags=("--depth-of-field",)).data.scenes[0].camera
    assert (off.data.dof.use_dof, on.data.dof.use_dof) == (False, True)
    depths = [layer.depth for layer in scene.layers]
    focus = off.data.dof.focus_object.location[1]
    assert min(depths) < focus < max(depths)
    # The circle of confusion in pixels: f A |1/D - 1/focus|, with the aperture A in metres.
    aperture = off.data.lens / 1000 / off.data.dof.aperture_fstop
    blur = [scene.camera.focal * aperture * abs(1 / depth - 1 / focus) for depth in depths]
    assert max(blur) == pytest.approx(0.012 * scene.camera.width, rel=0.01)


def test_the_rig_carries_the_camera_without_moving_it(tmp_path: Path) -> None:
    camera = run(picture(), tmp_path).data.scenes[0].camera
    assert camera.parent.name == "multiplane rig"
    np.testing.assert_allclose(np.add(camera.parent.location, camera.matrix_parent_inverse.translation), 0)


def test_the_script_finds_its_model_from_the_text_editor_too(tmp_path: Path) -> None:
    assert run(picture(), tmp_path, text=True).data.scenes[0].camera is not None


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    script = tmp_path / "photo.py"
    script.write_bytes(encode_blender(picture()))
    with blender(), pytest.raises(FileNotFoundError, match=r"photo\.glb is not there"):
        runpy.run_path(str(script))


@pytest.mark.parametrize("name", ['"""\nraise SystemExit(1)\n"""', "\\", "日本語 \udcff", '"; x = 1 #'])
def test_a_photos_name_cannot_break_out_of_the_script(name: str, tmp_path: Path) -> None:
    scene = replace(picture(), origin=Origin(photo=name))
    made = run(scene, tmp_path).data.scenes[0]
    assert made.name == f"{name.encode('utf-8', 'replace').decode()} in depth"


def test_a_script_is_saved_with_its_model(tmp_path: Path) -> None:
    assert files_of(tmp_path / "photo.py") == [tmp_path / "photo.py", tmp_path / "photo.glb"]
    assert encode_blender(picture()) == encode_blender(picture())


def in_linear_light(scene: Scene) -> Floats:
    """The layers blended as a renderer of light does; encoded again. Soft edges differ a little from an editor's."""
    canvas = np.zeros((scene.camera.height, scene.camera.width, 3))
    for layer in scene.layers:
        (x, y), alpha = layer.corner, layer.rgba[..., 3:].astype(float)
        colour = layer.rgba[..., :3].astype(float)
        light = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
        window = canvas[y : y + layer.height, x : x + layer.width]
        window[:] = window * (1 - alpha) + light * alpha
    return np.where(canvas <= 0.0031308, canvas * 12.92, 1.055 * canvas ** (1 / 2.4) - 0.055).astype(np.float32)


@pytest.mark.program
@pytest.mark.parametrize("geometry", ["planes", "relief"])
def test_blender_renders_the_photo(geometry: Geometry, tmp_path: Path) -> None:
    python = os.environ.get("MULTIPLANE_BPY_PYTHON")
    if python is None:
        pytest.skip("needs Blender's module: pip install bpy, and its Python's path in MULTIPLANE_BPY_PYTHON")
    from functools import partial

    from multiplane.formats.glb import encode_glb

    scene = picture()
    save(scene, tmp_path / "scene.py", {".glb": partial(encode_glb, geometry=geometry)})
    out = tmp_path / "scene.png"
    command = [python, RENDER, tmp_path / "scene.py", out]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert out.exists(), done.stderr[-2000:]
    seen = from_levels(cv2.cvtColor(cv2.imread(str(out)), cv2.COLOR_BGR2RGB))
    error = float(np.mean((seen - in_linear_light(scene)) ** 2))
    assert -10 * np.log10(error) >= LOOKS_LIKE
