"""A point cloud read by trimesh: where its points are, their colours, and that normals face the camera."""

import importlib
import io
from types import ModuleType

import numpy as np
import pytest
import trimesh

from multiplane.arrays import Floats
from multiplane.errors import MissingDependency
from multiplane.formats import ply
from multiplane.formats.ply import VERTEX, encode_ply
from multiplane.pixels.levels import to_levels
from multiplane.scene import Camera, Layer, Scene
from scenes import hostile_scene, noise_scene
from tolerances import SOLVER


def tilted_scene(width: int = 60, height: int = 40) -> Scene:
    """An opaque plane that leans back, in the scene's axes z = 4 - 2 y, and a nearer card before it."""
    camera = Camera(width, height, 50.0)
    v = (np.arange(height, dtype=np.float32) + 0.5 - height / 2) / camera.focal
    z = np.repeat((4 / (1 + 2 * v))[:, None], width, 1).astype(np.float32)
    rgba = np.random.default_rng(0).integers(0, 256, (height, width, 4)).astype(np.float32) / np.float32(255)
    rgba[..., 3] = 1
    card = rgba[:9, :11].copy()
    card[0, 0, 3] = 0.4
    back = Layer("back", "back", "wall", "background", (0, 0), rgba, z, np.ones((height, width), bool))
    front = Layer("front", "front", "object", "foreground", (20, 10), card, np.full((9, 11), 1.5, np.float32),
                  np.zeros((9, 11), bool))  # fmt: skip
    return Scene(camera, (back, front))


def vertices(data: bytes) -> np.ndarray:
    return np.frombuffer(data[data.index(b"end_header\n") + len(b"end_header\n") :], VERTEX)


def columns(points: np.ndarray, *names: str) -> Floats:
    return np.stack([points[name] for name in names], -1)


def test_trimesh_finds_every_visible_pixel_where_the_camera_saw_it_and_in_its_colour() -> None:
    scene = tilted_scene()
    cloud = trimesh.load(io.BytesIO(encode_ply(scene)), file_type="ply")
    count = 0
    for layer in scene.layers:
        solid = layer.rgba[..., 3] >= 0.5
        rows, across = np.nonzero(solid)
        points = cloud.vertices[count : count + len(rows)]
        # y and z are turned over: up is up, and the camera looks along -z.
        seen = scene.camera.project((points * [1, -1, -1]).astype(np.float32))
        np.testing.assert_allclose(seen[:, 0], across + layer.corner[0] + 0.5, atol=1e-3)
        np.testing.assert_allclose(seen[:, 1], rows + layer.corner[1] + 0.5, atol=1e-3)
        np.testing.assert_allclose(-points[:, 2], layer.z[solid], rtol=1e-6)
        np.testing.assert_array_equal(cloud.colors[count : count + len(rows), :3], to_levels(layer.rgba[solid][:, :3]))
        count += len(rows)
    assert len(cloud.vertices) == count


def test_normals_of_a_floor_that_reaches_far_point_up() -> None:
    """Rows of a floor lie far apart in space: fitted to the nearest points there, normals would fall over."""
    camera = Camera(80, 97, 70.0)  # the horizon is at 48.5, the floor begins 9 rows below it, 1.5 under the camera
    below = np.arange(9, 49, dtype=np.float32)[:, None]
    z = np.concatenate([np.full((57, 80), 50, np.float32), np.repeat(1.5 * 70 / below, 80, 1)])
    back = Layer(
        "sky", "sky", "sky", "background", (0, 0), np.ones((97, 80, 4), np.float32), z, np.zeros((97, 80), bool)
    )
    floor = Layer("floor", "floor", "ground", "foreground", (0, 57), back.rgba[57:], z[57:], back.filled[57:])
    points = vertices(encode_ply(Scene(camera, (back, floor))))
    points = points[points["layer"] == 1]
    np.testing.assert_allclose(columns(points, "nx", "ny", "nz"), np.tile([0, 1, 0], (len(points), 1)), atol=2e-3)


def test_hidden_filled_parts_are_there_and_layers_are_numbered_from_far_to_near() -> None:
    points = vertices(encode_ply(tilted_scene()))
    assert [int((points["layer"] == k).sum()) for k in (0, 1)] == [60 * 40, 9 * 11 - 1]


def test_normals_of_planes_are_theirs_and_face_the_camera() -> None:
    points = vertices(encode_ply(tilted_scene()))
    normals, places = columns(points, "nx", "ny", "nz"), columns(points, "x", "y", "z")
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=SOLVER)
    assert ((normals * places).sum(-1) < 0).all()
    # z = 4 - 2 y in the scene's axes is 2 y + z + 4 = 0 in the file's.
    leaning = np.array([0, 2, 1]) / np.sqrt(5)
    np.testing.assert_allclose(normals[points["layer"] == 0], np.tile(leaning, (2400, 1)), atol=2e-3)
    np.testing.assert_allclose(normals[points["layer"] == 1], np.tile([0, 0, 1], (98, 1)), atol=2e-3)


def test_large_scenes_are_thinned_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ply, "MOST_POINTS", 500)
    points = vertices(encode_ply(tilted_scene()))
    assert 400 <= len(points) <= 600
    flat = points[points["layer"] == 0]
    places = columns(flat, "x", "y", "z") * [1, -1, -1]
    seen = tilted_scene().camera.project(places.astype(np.float32))
    gaps = np.diff(np.unique(np.round(seen[:, 0], 2)))
    assert 2 <= gaps.min() <= gaps.max() <= 3


@pytest.mark.parametrize("scene", [noise_scene(width=1, height=1, count=1), noise_scene(2), hostile_scene(16)])
def test_any_scene_gives_finite_points_and_unit_normals(scene: Scene) -> None:
    points = vertices(encode_ply(scene))
    normals = columns(points, "nx", "ny", "nz")
    assert len(points) > 0 and np.isfinite(columns(points, "x", "y", "z")).all()
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-3)


def test_the_same_scene_gives_the_same_bytes() -> None:
    assert encode_ply(tilted_scene()) == encode_ply(tilted_scene())


@pytest.mark.parametrize("failure", [ImportError("No module named 'open3d'"), OSError("libGL.so.1: cannot open")])
def test_a_missing_library_is_named_with_its_debian_packages(
    monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def refuse(name: str) -> ModuleType:
        raise failure

    monkeypatch.setattr(importlib, "import_module", refuse)
    with pytest.raises(MissingDependency, match=r"libgl1.*libx11-6") as caught:
        encode_ply(tilted_scene())
    assert str(failure) in str(caught.value) and caught.value.__cause__ is failure
