"""Albedo is the photo without its light, and the lit variant of a model shows it under the scene's own key light."""

from dataclasses import replace

import numpy as np
import pygltflib
import pytest

from multiplane.formats.glb import encode_glb
from multiplane.light.albedo import albedo_layers
from multiplane.light.relight import prepare_light
from multiplane.pixels.linear import linear
from multiplane.scene import Origin
from scenes import noise_scene
from test_relight import KEY, ball_on_floor


def test_of_an_evenly_painted_ball_is_even():
    scene = replace(ball_on_floor(shadow=True), origin=Origin(metric=True))
    ball = scene.layers[1].rgba[..., 3] > 0
    photo = linear(scene.layers[1].rgba[ball][:, 0])
    albedo = linear(albedo_layers(prepare_light(scene))[1].rgba[ball][:, 0])
    assert albedo.std() / albedo.mean() < 0.4 * photo.std() / photo.mean()
    assert np.median(albedo) == pytest.approx(0.5, abs=0.08)


def test_alpha_depth_and_ids_stay_and_shadows_have_none():
    scene = replace(noise_scene(4, 31, 24, shadow=True), key_light=KEY)
    layers = albedo_layers(prepare_light(scene))
    kept = [layer for layer in scene.layers if layer.blend == "normal"]
    assert [layer.id for layer in layers] == [layer.id for layer in kept]
    for layer, before in zip(layers, kept, strict=True):
        assert np.array_equal(layer.rgba[..., 3], before.rgba[..., 3])
        assert layer.z is before.z


def test_a_lit_model_is_painted_with_it_and_lit_from_the_scenes_side():
    scene = ball_on_floor()
    plain = pygltflib.GLTF2.load_from_bytes(encode_glb(scene, lit=True))
    doc = pygltflib.GLTF2.load_from_bytes(encode_glb(scene, lit=True, albedo=albedo_layers(prepare_light(scene))))
    assert len(doc.textures) == len(plain.textures) + len(scene.layers)
    by_name = {material.name: material for material in doc.materials}
    for layer in scene.layers:
        shot, relit = (
            by_name[name].pbrMetallicRoughness.baseColorTexture for name in (layer.name, f"{layer.name} (relit)")
        )
        assert shot.index != relit.index
    [node] = [node for node in doc.nodes if node.name == "key light"]
    x, y, z, w = node.rotation
    # Where a light looks, -Z, after the quaternion's turn.
    looks = -np.array([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)])
    assert np.allclose(looks, -np.array(KEY.towards) * (1, -1, -1), atol=1e-5)
