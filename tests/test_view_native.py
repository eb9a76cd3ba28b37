"""`multiplane view --native` and its window: what is drawn, and one clear line where nothing can be."""

import importlib
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from skimage.data import coffee

from multiplane.errors import MissingDependency
from multiplane.formats.glb import encode_glb
from multiplane.formats.save import save
from multiplane_cli import view_native, view_window
from scenes import picture_scene

LINUX = sys.platform.startswith("linux")


def small_scene():
    return picture_scene(np.ascontiguousarray(coffee()[::4, ::4]), count=3)


def run(code):
    """Run `code` in the place of the window's program."""
    view_native._run([sys.executable, "-c", code])


@pytest.mark.skipif(not LINUX, reason="elsewhere there is always a display")
def test_without_a_display_it_says_so_in_one_line(tmp_path):
    save(small_scene(), tmp_path / "photo.multiplane")
    program = Path(sys.executable).parent / "multiplane"
    bare = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    done = subprocess.run(
        [program, "view", tmp_path / "photo.multiplane", "--native"],
        capture_output=True,
        text=True,
        env=bare,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"multiplane: {view_native.NO_DISPLAY}\n"


def test_what_goes_wrong_in_the_window_is_told_in_one_line():
    with pytest.raises(MissingDependency, match=r"Failed to load vulkan library.*mesa-vulkan-drivers.*--native"):
        run("raise RuntimeError('Failed to load vulkan library!')")
    with pytest.raises(MissingDependency, match=r"signal 6.*graphics driver"):
        run("import os; os.abort()")
    with pytest.raises(MissingDependency, match=r"^Open3D is not installed"):
        run("raise ModuleNotFoundError(\"No module named 'open3d'\")")
    for code in ("raise RuntimeError('no')", "import os; os.abort()"):
        with pytest.raises(MissingDependency) as told:
            run(code)
        assert len(str(told.value).splitlines()) == 1


def test_a_window_that_nobody_sees_is_closed():
    code = f"print('[WARNING] GLFW: {view_native.HEADLESS}', flush=True); import time; time.sleep(600)"
    with pytest.raises(MissingDependency, match="no display"):
        run(code)


def test_a_window_that_is_closed_is_no_error():
    run("print('chatter of a driver')")


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """What Open3D is asked to draw of a scene."""
    open3d, asked = importlib.import_module("open3d"), SimpleNamespace()

    def draw(geometry, **options):
        asked.geometry, asked.options = geometry, options

    monkeypatch.setattr(open3d.visualization, "draw", draw)
    path = tmp_path / "scene.glb"
    path.write_bytes(encode_glb(small_scene(), "relief"))
    view_window.show(path, "photo")
    return asked


def test_every_layer_is_a_textured_mesh_of_its_own_near_to_far(drawn):
    scene = small_scene()
    assert [each["name"] for each in drawn.geometry] == [*(x.name for x in reversed(scene.layers)), "camera"]
    for each, layer in zip(drawn.geometry, reversed(scene.layers), strict=False):
        (part,), (material,) = each["geometry"].meshes, each["geometry"].materials
        assert len(part.mesh.triangles) > 0
        assert part.mesh.has_triangle_uvs()
        assert np.asarray(material.albedo_img).shape[:2] == (layer.height, layer.width)
        assert material.shader == view_window.SHADER


def test_the_frustum_is_the_cameras_and_the_view_can_be_its(drawn):
    camera, frustum = small_scene().camera, drawn.geometry[-1]["geometry"]
    points = np.asarray(frustum.points)
    corners = points[1:5]
    across = 2 * np.arctan(np.abs(corners[:, 0]) / -corners[:, 2])
    down = 2 * np.arctan(np.abs(corners[:, 1]) / -corners[:, 2])
    assert np.allclose(down, camera.fov_y, atol=1e-5)
    assert np.allclose(across, 2 * np.arctan(camera.width / (2 * camera.focal)), atol=1e-5)
    assert np.array_equal(points[0], np.zeros(3))
    placed = {}
    window = SimpleNamespace(setup_camera=lambda fov, aim, eye, up: placed.update(fov=fov, eye=list(eye)))
    through = dict(drawn.options["actions"])["Through the camera"]
    through(window)
    assert placed["eye"] == [0, 0, 0]
    assert placed["fov"] == pytest.approx(np.degrees(camera.fov_y))
