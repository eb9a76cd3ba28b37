"""A .glb read by other programs: trimesh, Khronos' validator, and a renderer of our own that only knows glTF."""

import io
import itertools
import json
import os
import shutil
import subprocess
import zlib
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
import pygltflib
import pytest
import skimage.data
import trimesh

from extreme_scene import extreme_scene
from gltf_view import base_colour, read, render
from multiplane.arrays import Floats, Levels
from multiplane.formats import glb
from multiplane.formats.glb import Geometry, encode_glb
from multiplane.formats.gltf import quadtree, textures
from multiplane.formats.gltf.stage import CameraMove
from multiplane.formats.gltf.textures import TextureFormat
from multiplane.formats.plane_depths import plane_depths
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.scene import Scene
from scenes import HOSTILE_NAMES, hostile_scene, noise_scene, photo_of, picture_scene
from tolerances import LOOKS_LIKE

SWAY = CameraMove("sway", 4.0, [(0.1 * k, 0.0, 0.01 * k) for k in (0, 1, 2, 1, 0, -1, -2, -1)], aim=5.0)

ROOT = Path(__file__).resolve().parent.parent


def astronaut() -> Levels:
    return np.ascontiguousarray(cv2.resize(skimage.data.astronaut(), (320, 240), interpolation=cv2.INTER_AREA))


def many_scenes() -> dict[str, Scene]:
    return {
        "noise": noise_scene(),
        "pixel": noise_scene(width=1, height=1, count=1),
        "transparent": noise_scene(3, transparent=True),
        "shadow": noise_scene(4, shadow=True),
        "deep": noise_scene(5, bit_depth=16),
        "hostile": hostile_scene(),
        "picture": picture_scene(astronaut()),
    }


def psnr(a: Floats, b: Floats) -> float:
    return float(-10 * np.log10(max(np.mean((a - b) ** 2), 1e-12)))


@pytest.mark.parametrize("seed", range(4))
def test_the_files_own_camera_sees_the_photo(seed: int) -> None:
    scene = picture_scene(astronaut(), seed=seed)
    seen = render(encode_glb(scene), scene.camera.width, scene.camera.height)
    assert psnr(seen, from_levels(photo_of(scene))) >= LOOKS_LIKE


def test_the_files_own_camera_sees_a_picture_of_noise() -> None:
    """Noise shows a shift by a hundredth of a pixel: texels lie on pixels, for every crop and size."""
    scene = noise_scene(7, 64, 41, 5)
    seen = render(encode_glb(scene), 64, 41)
    assert psnr(seen, from_levels(photo_of(scene))) >= LOOKS_LIKE


def test_a_grey_shadow_darkens_as_much_as_multiplying_does() -> None:
    scene = picture_scene(astronaut(), count=3)
    shade = scene.layers[1]
    grey = np.concatenate([np.full_like(shade.rgba[..., :3], 0.4), shade.rgba[..., 3:]], -1)
    layers = (scene.layers[0], type(shade)(**{**vars(shade), "rgba": grey, "blend": "multiply"}))
    shadowed = Scene(scene.camera, layers)
    seen = render(encode_glb(shadowed), scene.camera.width, scene.camera.height)
    assert psnr(seen, from_levels(photo_of(shadowed))) >= LOOKS_LIKE


def test_trimesh_sees_each_layer_where_and_as_large_as_it_stands() -> None:
    scene = picture_scene(astronaut())
    camera = scene.camera
    world = trimesh.load(io.BytesIO(encode_glb(scene)), file_type="glb")
    for layer, depth in zip(scene.layers, plane_depths(scene), strict=True):
        matrix, geometry = world.graph[layer.name]
        points = trimesh.transform_points(world.geometry[geometry].vertices, matrix)
        x, y = layer.corner
        left, right = x - camera.width / 2, x + layer.width - camera.width / 2
        top, bottom = camera.height / 2 - y, camera.height / 2 - y - layer.height
        low, high = np.array([left, bottom]) * depth / camera.focal, np.array([right, top]) * depth / camera.focal
        np.testing.assert_allclose(points.min(0), [*low, -depth], rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(points.max(0), [*high, -depth], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", many_scenes())
def test_nodes_go_from_far_to_near_each_at_its_own_depth(name: str) -> None:
    scene = many_scenes()[name]
    z = [-node.translation[2] for node in read(encode_glb(scene)).nodes if node.mesh is not None]
    assert len(z) == len(scene.layers)
    assert all(near < far for far, near in itertools.pairwise(z))


def test_a_layer_stands_at_its_median_depth_where_that_agrees_with_the_order() -> None:
    scene = picture_scene(astronaut())
    depths = [layer.depth for layer in scene.layers]
    assert depths == sorted(depths, reverse=True)
    assert plane_depths(scene) == depths


def test_extras_say_what_each_plane_is() -> None:
    scene = hostile_scene()
    doc = read(encode_glb(scene))
    assert [node.name for node in doc.nodes[:-1]] == list(HOSTILE_NAMES)
    for order, (node, layer) in enumerate(zip(doc.nodes, scene.layers, strict=False)):
        low, high = node.extras["depth_range"]
        assert (node.extras["id"], node.extras["name"], node.extras["order"]) == (layer.id, layer.name, order)
        assert (node.extras["plane"], node.extras["label"]) == (layer.plane, layer.label)
        assert low <= layer.depth <= high
    assert doc.scenes[0].extras["metric"] is False
    assert doc.asset.generator.startswith("multiplane ")


def test_lone_surrogates_in_a_name_do_not_break_the_file() -> None:
    scene = noise_scene(count=1, names=("broken \udcff name",))
    assert read(encode_glb(scene)).nodes[0].name == "broken ? name"


def test_the_photos_own_transparency_thins_every_layer() -> None:
    scene = noise_scene(3, transparent=True)
    doc = read(encode_glb(scene))
    assert scene.alpha is not None
    for index, layer in enumerate(scene.layers):
        x, y = layer.corner
        mask = scene.alpha[y : y + layer.height, x : x + layer.width]
        np.testing.assert_array_equal(texture(doc, index)[..., 3], np.rint(layer.rgba[..., 3] * mask * 255))


def test_textures_keep_every_visible_byte() -> None:
    scene = picture_scene(astronaut())
    doc = read(encode_glb(scene))
    for index, layer in enumerate(scene.layers):
        got, want = texture(doc, index), np.rint(layer.rgba * 255).astype(np.uint8)
        np.testing.assert_array_equal(got[..., 3], want[..., 3])
        np.testing.assert_array_equal(got[want[..., 3] > 0], want[want[..., 3] > 0])


def texture(doc: pygltflib.GLTF2, mesh: int) -> Levels:
    return base_colour(doc, doc.meshes[mesh].primitives[0])


def test_a_size_cap_shrinks_textures_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    scene = picture_scene(astronaut())
    data = encode_glb(scene, texture_size=160)
    assert max(texture(read(data), index).shape[1] for index in range(len(scene.layers))) == 160
    assert psnr(render(data, 320, 240), from_levels(photo_of(scene))) > 24
    assert "shrunk to 160 pixels" in caplog.text


@pytest.mark.parametrize("geometry", ["planes", "relief"])
def test_a_texture_too_large_for_graphics_cards_is_tiled_and_no_seam_shows(
    geometry: Geometry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(textures, "MAX_TEXTURE", 100)
    monkeypatch.setattr(glb, "LARGEST_SQUARE", 16)
    monkeypatch.setattr(quadtree, "LARGEST_SQUARE", 16)
    scene = picture_scene(astronaut())
    data = encode_glb(scene, geometry)
    doc = read(data)
    sizes = [base_colour(doc, each).shape[:2] for mesh in doc.meshes for each in mesh.primitives]
    assert max(map(max, sizes)) <= 100
    assert len(doc.meshes) == len(scene.layers) < len(sizes)
    assert psnr(render(data, 320, 240), from_levels(photo_of(scene))) >= LOOKS_LIKE


def test_lossy_textures_are_smaller_and_look_the_same() -> None:
    scene = picture_scene(np.ascontiguousarray(skimage.data.astronaut()))
    photo, sizes = from_levels(photo_of(scene)), {}
    for kind in get_args(TextureFormat):
        data = encode_glb(scene, texture=kind)
        sizes[kind] = len(data)
        limit = LOOKS_LIKE if kind == "png" else 35
        assert psnr(render(data, 512, 512), photo) >= limit, kind
    assert sizes["webp"] < sizes["jpeg"] < sizes["png"]


def test_webp_is_declared_and_keeps_alpha_exactly() -> None:
    scene = picture_scene(astronaut())
    doc = read(encode_glb(scene, texture="webp"))
    assert doc.extensionsRequired == ["EXT_texture_webp"]
    for index, layer in enumerate(scene.layers):
        np.testing.assert_array_equal(texture(doc, index)[..., 3], np.rint(layer.rgba[..., 3] * 255))


def test_what_gltf_cannot_hold_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    encode_glb(noise_scene(4, bit_depth=16, shadow=True), texture="jpeg")
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 3
    for words in ("cannot multiply", "8 bits", "no transparency"):
        assert caplog.text.count(words) == 1


@pytest.mark.parametrize("geometry", ["planes", "relief"])
def test_the_same_scene_gives_the_same_bytes(geometry: Geometry) -> None:
    scene = picture_scene(astronaut())
    assert encode_glb(scene, geometry, lit=True) == encode_glb(scene, geometry, lit=True)


def test_a_file_is_at_most_twice_its_layers_as_zipped_png() -> None:
    scene = picture_scene(np.ascontiguousarray(skimage.data.astronaut()))
    pictures = 0
    for layer in scene.layers:
        done, data = cv2.imencode(".png", cv2.cvtColor(to_levels(layer.rgba), cv2.COLOR_RGBA2BGRA))
        assert done
        pictures += len(zlib.compress(data.tobytes()))
    for geometry in get_args(Geometry):
        assert len(encode_glb(scene, geometry)) <= 2 * pictures


def node_modules() -> Path | None:
    places = [ROOT / "node_modules", ROOT / ".tools" / "node_modules"]
    if given := os.environ.get("MULTIPLANE_NODE_MODULES"):
        places.insert(0, Path(given))
    return next((place.resolve() for place in places if (place / "gltf-validator").is_dir()), None)


@pytest.mark.program
def test_khronos_validator_finds_neither_errors_nor_warnings(tmp_path: Path) -> None:
    modules, node = node_modules(), shutil.which("node")
    if modules is None or node is None:
        pytest.skip("needs node and the npm package gltf-validator: npm install --prefix .tools gltf-validator")
    files = []
    for name, scene in {**many_scenes(), "extreme": extreme_scene()}.items():
        for geometry, lit, kind in itertools.product(get_args(Geometry), (False, True), ("png", "webp")):
            files.append(tmp_path / f"{name}-{geometry}-{lit}-{kind}.glb")
            files[-1].write_bytes(encode_glb(scene, geometry, lit=lit, texture=kind, move=SWAY))
    script = Path(__file__).with_name("validate_gltf.mjs")
    done = subprocess.run([node, script, modules, *files], capture_output=True, text=True, check=True)
    for report in json.loads(done.stdout):
        issues = report["issues"]
        assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), (report["file"], issues["messages"])
    assert len(json.loads(done.stdout)) == len(files)
