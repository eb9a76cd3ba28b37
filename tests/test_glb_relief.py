"""Reliefs, light and camera moves in a .glb: seen by Embree, by trimesh, and from the side."""

import io
import itertools
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pygltflib
import pytest
import skimage.data
import trimesh
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from extreme_scene import extreme_scene
from gltf_view import array, meshes, pixels_of, read, render, world
from multiplane.arrays import Floats, Levels
from multiplane.errors import FormatError
from multiplane.formats.glb import encode_glb
from multiplane.formats.gltf.stage import CameraMove
from multiplane.pixels.levels import from_levels
from multiplane.scene import Camera, Layer, Scene
from scenes import hostile_scene, noise_scene, photo_of, picture_scene
from tolerances import LOOKS_LIKE


def photo(width: int = 256, height: int = 192) -> Levels:
    return np.ascontiguousarray(cv2.resize(skimage.data.astronaut(), (width, height), interpolation=cv2.INTER_AREA))


def ground_and_ball(width: int = 256, height: int = 192) -> Scene:
    """A plane that runs from the viewer's feet to a wall, and before it a ball: depths that a formula gives."""
    rgb, camera = from_levels(photo(width, height)), Camera.from_focal_35mm(width, height)
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    floor = 1 / np.maximum((y - height / 2) / (height / 2) / 1.5, 0.1)
    away = np.hypot(x - 120, y - 90) / 60
    dome = 2.0 - 0.6 * np.sqrt(np.clip(1 - away**2, 0, 1))
    alpha = np.rint(np.clip((1 - away) * 20, 0, 1) * 255) / 255
    box = slice(28, 152), slice(58, 182)
    layers = (
        ("ground", "background", (0, 0), np.dstack([rgb, np.ones_like(x)]), floor),
        ("ball", "foreground", (58, 28), np.dstack([rgb, alpha])[box], dome[box]),
    )
    return Scene(
        camera,
        tuple(
            Layer(name, name, "object", plane, corner, rgba.astype(np.float32), z.astype(np.float32), z > 1e9)
            for name, plane, corner, rgba, z in layers
        ),
    )


def psnr(a: Floats, b: Floats) -> float:
    return float(-10 * np.log10(max(np.mean((a - b) ** 2), 1e-12)))


def triangles_of(doc: pygltflib.GLTF2, node: pygltflib.Node) -> NDArray[Any]:
    """Corners (m, 3, 3) of all triangles of a node, in the world."""
    parts = doc.meshes[node.mesh].primitives
    return np.concatenate([world(doc, node, each)[array(doc, each.indices).reshape(-1, 3)] for each in parts])


def on_picture(points: NDArray[Any], camera: Camera) -> NDArray[Any]:
    """Where points (..., 3) in glTF's axes lie on the photo, in pixels."""
    return np.stack(
        [
            camera.width / 2 - points[..., 0] / points[..., 2] * camera.focal,
            camera.height / 2 + points[..., 1] / points[..., 2] * camera.focal,
        ],
        -1,
    )


@pytest.mark.parametrize("triangles", [4000, 20_000])
def test_the_files_own_camera_sees_the_photo(triangles: int) -> None:
    for scene in (ground_and_ball(), picture_scene(photo())):
        seen = render(encode_glb(scene, "relief", triangles=triangles), 256, 192)
        assert psnr(seen, from_levels(photo_of(scene))) >= LOOKS_LIKE


def test_the_surface_is_where_the_depth_says() -> None:
    scene = ground_and_ball()
    doc = read(encode_glb(scene, "relief"))
    for node, layer in zip(meshes(doc), scene.layers, strict=True):
        points = world(doc, node, doc.meshes[node.mesh].primitives[0])
        u, v = on_picture(points, scene.camera).T
        column = np.clip(u - layer.corner[0], 0, layer.width - 1).astype(int)
        row = np.clip(v - layer.corner[1], 0, layer.height - 1).astype(int)
        inner = layer.rgba[row, column, 3] == 1
        error = np.abs(1 / -points[inner, 2] - 1 / layer.z[row, column][inner])
        assert np.quantile(error, 0.95) < 0.02  # of inverse depths from 0.07 to 0.7


@pytest.mark.parametrize("triangles", [60, 300, 1000, 5000])
def test_the_budget_holds_and_more_of_it_looks_better(triangles: int) -> None:
    scene = ground_and_ball()
    doc = read(encode_glb(scene, "relief", triangles=triangles))
    count = sum(len(triangles_of(doc, node)) for node in meshes(doc))
    assert count == doc.scenes[0].extras["triangles"] <= triangles
    assert count == sum(node.extras["triangles"] for node in meshes(doc))
    assert count > triangles / 4 or triangles > 1000


def test_too_small_a_budget_is_refused_and_a_poor_one_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(FormatError, match="3 triangles are too few for 2 layers"):
        encode_glb(ground_and_ball(), "relief", triangles=3)
    encode_glb(ground_and_ball(), "relief", triangles=60)
    assert caplog.text.count("the relief is off by up to") == 1


def test_no_skirt_hangs_from_the_outline_and_nothing_visible_is_cut() -> None:
    scene = ground_and_ball()
    doc = read(encode_glb(scene, "relief"))
    ball, camera = scene.layers[1], scene.camera
    corners = on_picture(triangles_of(doc, meshes(doc)[1]), camera) - ball.corner
    drawn = np.zeros((ball.height, ball.width), np.uint8)
    for corner in corners:
        cv2.fillConvexPoly(drawn, np.rint((corner - 0.5) * 16).astype(np.int32), 1, shift=4)
    visible = ball.rgba[..., 3] > 0
    assert drawn[visible].all()
    far = cv2.distanceTransform((~visible).astype(np.uint8), cv2.DIST_L2, 5)
    assert not drawn[far > 4].any()
    # Near the outline the depth is the ball's own, never something between it and the ground.
    depths = -triangles_of(doc, meshes(doc)[1])[..., 2]
    assert 1.3 < depths.min() < depths.max() < 2.1


@pytest.mark.parametrize("name", ["ball", "picture", "noise", "hostile"])
def test_no_layer_pierces_another(name: str) -> None:
    scene = {
        "ball": ground_and_ball(),
        "picture": picture_scene(photo()),
        "noise": noise_scene(7, 64, 41, 5),
        "hostile": hostile_scene(),
    }[name]
    import open3d

    doc, camera = read(encode_glb(scene, "relief")), scene.camera
    x, y = np.meshgrid(np.arange(camera.width) + 0.5, np.arange(camera.height) + 0.5)
    ways = camera.unproject(*(each.astype(np.float32) for each in (x, y, np.ones_like(x)))) * (1, -1, -1)
    rays = np.concatenate([np.zeros_like(ways), ways], -1).astype(np.float32)
    behind = np.full(x.shape, np.inf)
    for node, layer in zip(meshes(doc), scene.layers, strict=True):
        cast = open3d.t.geometry.RaycastingScene()
        corners = triangles_of(doc, node).reshape(-1, 3)
        faces = np.arange(len(corners), dtype=np.uint32).reshape(-1, 3)
        cast.add_triangles(open3d.core.Tensor(corners.astype(np.float32)), open3d.core.Tensor(faces))
        met = cast.cast_rays(open3d.core.Tensor(rays))["t_hit"].numpy()
        (left, top), shown = layer.corner, np.zeros(x.shape, bool)
        shown[top : top + layer.height, left : left + layer.width] = layer.rgba[..., 3] > 0.02
        pierced = shown & (met > behind * (1 + 1e-4))
        assert pierced.mean() <= 1e-3
        behind = np.where(shown, np.minimum(behind, met), behind)


@pytest.mark.parametrize("name", ["ball", "picture", "hostile", "extreme"])
def test_bounding_boxes_run_far_to_near_as_viewers_sort_by_their_middles(name: str) -> None:
    scenes = {"ball": ground_and_ball, "picture": lambda: picture_scene(photo()), "hostile": hostile_scene}
    doc = read(encode_glb(scenes.get(name, extreme_scene)(), "relief"))
    boxes = [
        [world(doc, node, each)[:, 2] for each in doc.meshes[node.mesh].primitives]
        for node in doc.nodes
        if node.mesh is not None
    ]
    middles = [[-(z.min() + z.max()) / 2 for z in parts] for parts in boxes]
    assert all(min(behind) > max(front) for behind, front in itertools.pairwise(middles))


def test_a_step_to_the_side_shows_parallax_by_the_true_depths() -> None:
    scene = ground_and_ball()
    step = 0.05
    data = encode_glb(scene, "relief")
    rest, moved = (render(data, 256, 192, eye) for eye in ((0.0, 0.0, 0.0), (step, 0.0, 0.0)))
    # A row of ground below the ball lies at one depth; it moves by f e / z pixels.
    row = 185
    shift = scene.camera.focal * step / scene.layers[0].z[row, 0]
    columns = np.arange(20, 230, dtype=np.float32)
    want = cv2.remap(rest[row : row + 1], (columns + shift)[None], np.zeros_like(columns)[None], cv2.INTER_LINEAR)
    assert shift > 5
    assert psnr(moved[row, 20:230], want[0]) > 32


def test_trimesh_finds_sound_meshes_that_face_the_camera() -> None:
    scene = ground_and_ball()
    for mesh in trimesh.load(io.BytesIO(encode_glb(scene, "relief")), file_type="glb").geometry.values():
        assert mesh.area_faces.min() > 0
        assert (mesh.face_normals[:, 2] > -0.5).all()
        assert len(np.unique(np.sort(mesh.faces, axis=1), axis=0)) == len(mesh.faces)


@given(st.integers(0, 10_000), st.sampled_from(["relief", "planes"]), st.booleans())
def test_any_small_scene_can_be_written(seed: int, geometry: Any, lit: bool) -> None:
    random = np.random.default_rng(seed)
    width, height = random.integers(1, 40, 2)
    scene = noise_scene(seed, int(width), int(height), int(random.integers(1, 6)), transparent=bool(seed % 2))
    doc = read(encode_glb(scene, geometry, lit=lit))
    for node in meshes(doc):
        assert np.isfinite(triangles_of(doc, node)).all()
        assert (triangles_of(doc, node)[..., 2] < 0).all()


def test_forty_layers_30001_pixels_wide_are_tiled() -> None:
    doc = read(encode_glb(extreme_scene(), "relief"))
    assert len(meshes(doc)) == 40
    assert max(len(mesh.primitives) for mesh in doc.meshes) > 3
    assert max(max(pixels_of(doc, index).shape[:2]) for index in range(len(doc.textures))) <= 8192


@pytest.mark.parametrize("geometry", ["planes", "relief"])
def test_the_lit_variant_has_its_own_materials_and_lights(geometry: Any) -> None:
    doc = read(encode_glb(ground_and_ball(), geometry, lit=True))
    names = [each["name"] for each in doc.extensions["KHR_materials_variants"]["variants"]]
    assert names == ["as shot", "relit"]
    assert len(doc.extensions["KHR_lights_punctual"]["lights"]) == 2
    for mesh in doc.meshes:
        for primitive in mesh.primitives:
            mappings = primitive.extensions["KHR_materials_variants"]["mappings"]
            unlit, relit = (doc.materials[each["material"]] for each in mappings)
            assert primitive.material == mappings[0]["material"]
            assert "KHR_materials_unlit" in unlit.extensions
            assert not relit.extensions
            assert relit.pbrMetallicRoughness.metallicFactor == 0
            assert relit.emissiveTexture is None
            textures = (each.pbrMetallicRoughness.baseColorTexture.index for each in (unlit, relit))
            assert len(set(textures)) == 1
            assert (relit.normalTexture is not None) == (geometry == "planes")


def tilted_plane() -> tuple[Scene, NDArray[Any]]:
    """A plane n . P = -3 that fills the picture, and its normal in glTF's axes, facing the camera."""
    normal = np.array([0.3, -0.4, -0.866])
    camera = Camera.from_focal_35mm(96, 64)
    x, y = np.meshgrid(np.arange(96) + 0.5, np.arange(64) + 0.5)
    rays = camera.unproject(*(each.astype(np.float32) for each in (x, y, np.ones_like(x))))
    z = (-3 / (rays @ normal)).astype(np.float32)
    rgba = np.dstack([from_levels(photo(96, 64)), np.ones((64, 96), np.float32)])
    layer = Layer("plane", "plane", "object", "background", (0, 0), rgba, z, z < 0)
    return Scene(camera, (layer,)), normal * (1, -1, -1)


def test_normals_are_those_of_the_surface() -> None:
    scene, normal = tilted_plane()
    doc = read(encode_glb(scene, "planes", lit=True))
    bumps = from_levels(pixels_of(doc, doc.materials[1].normalTexture.index))[..., :3] * 2 - 1
    np.testing.assert_allclose(bumps[8:-8, 8:-8].mean((0, 1)), normal, atol=0.01)
    doc = read(encode_glb(scene, "relief", lit=True))
    normals = array(doc, doc.meshes[0].primitives[0].attributes.NORMAL)
    np.testing.assert_allclose(np.median(normals, axis=0), normal, atol=0.02)


def test_a_camera_move_starts_and_ends_at_the_photo_and_keeps_its_aim_in_the_middle() -> None:
    eyes = [(0.0, 0.0, 0.0), (0.3, -0.1, 0.2), (-0.4, 0.2, 0.1)]
    doc = read(encode_glb(ground_and_ball(), move=CameraMove("sway", 3.0, eyes, aim=4.0)))
    (animation,) = doc.animations
    tracks = {each.target.path: animation.samplers[each.sampler] for each in animation.channels}
    assert {doc.nodes[each.target.node].camera for each in animation.channels} == {0}
    times = array(doc, tracks["translation"].input)[:, 0]
    np.testing.assert_allclose(times, [0, 1, 2, 3])
    places, turns = (array(doc, tracks[path].output) for path in ("translation", "rotation"))
    for place, turn, eye in zip(places, turns, [*eyes, eyes[0]], strict=True):
        np.testing.assert_allclose(place, np.multiply(eye, (1, -1, -1)), atol=1e-6)
        matrix = trimesh.transformations.quaternion_matrix([turn[3], *turn[:3]])[:3, :3]
        aim = matrix.T @ (np.array([0, 0, -4.0]) - place)
        np.testing.assert_allclose(aim[:2], 0, atol=1e-5)
        assert aim[2] < 0
        assert abs(matrix[1, 0]) < 1e-6  # no roll: right stays level


def test_a_move_of_one_place_is_refused() -> None:
    with pytest.raises(FormatError, match="2 or more places"):
        encode_glb(ground_and_ball(), move=CameraMove("still", 3.0, [(0.0, 0.0, 0.0)]))


def test_extras_carry_the_budgets() -> None:
    scene = ground_and_ball()
    facts = read(encode_glb(scene, "relief", eye_budget=0.25)).scenes[0].extras
    assert (facts["eye_budget"], facts["geometry"], facts["photo_size"]) == (0.25, "relief", [256, 192])
    assert "eye_budget" not in read(encode_glb(scene)).scenes[0].extras
    flat = replace(scene, layers=scene.layers[:1])
    assert read(encode_glb(flat, "relief")).nodes[0].extras["depth_range"][0] > 0
