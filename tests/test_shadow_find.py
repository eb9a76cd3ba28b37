"""Shadows of drawn scenes are found with their light, and none where nothing throws any."""

from dataclasses import replace

import numpy as np
import pytest

from multiplane.light.shadow_find import find
from multiplane.light.shadow_view import view_of
from multiplane.light.shadows import with_shadows
from multiplane.pixels.levels import from_levels
from multiplane.scene import Scene
from test_move import CAMERA, TOWARDS, box, make, on_canvas, overlap, photo_of


def flattened(scene, tint=(1.0, 1.0, 1.0)):
    """`scene` with its shadows painted onto the ground, as a photo would come: no layer of it multiplies."""
    shaded = photo_of(Scene(CAMERA, tuple(x for x in scene.layers if not x.id.startswith("cup"))))
    layers = []
    for layer in scene.layers:
        if layer.id == "ground":
            y = layer.corner[1]
            opaque = np.ones((*shaded[y:].shape[:2], 1), np.float32)
            rgb = np.rint(from_levels(shaded[y:]) * np.float32(tint) * 255) / 255
            layers.append(replace(layer, rgba=np.concatenate([rgb.astype(np.float32), opaque], axis=-1)))
        elif layer.blend == "normal":
            layers.append(layer)
    return Scene(CAMERA, tuple(layers))


@pytest.fixture(scope="module")
def scene():
    return make(box("cup 1", 60, 4.0), box("cup 2", 150, 5.0))


@pytest.fixture(scope="module")
def found(scene):
    return with_shadows(flattened(scene))


def test_each_thing_gets_its_own(scene, found):
    for caster in ("cup 1", "cup 2"):
        (mine,) = (x for x in found.layers if x.caster == caster)
        (true,) = (x for x in scene.layers if x.caster == caster)
        hidden = on_canvas(scene.layers[-1]) | on_canvas(scene.layers[-2])
        assert overlap(on_canvas(mine) & ~hidden, on_canvas(true) & ~hidden) > 0.8
        assert mine.blend == "multiply"
        assert mine.label == "shadow"


def test_the_light_is_known_from_them(found):
    assert np.degrees(np.arccos(np.dot(found.key_light.towards, TOWARDS))) < 12
    # A factor of 0.4 in encoded colours is 0.13 in linear light; the ground meets the light at a cosine of 2/3.
    left = (102 / 255) ** 2.2
    assert found.key_light.ambient == pytest.approx(1 / (1 + (1 / left - 1) / (2 / 3)), abs=0.06)


def test_the_picture_is_the_same_and_the_ground_is_lit(scene, found):
    assert np.array_equal(photo_of(found), photo_of(flattened(scene)))
    ground = next(x for x in found.layers if x.id == "ground")
    true = next(x for x in scene.layers if x.id == "ground")
    before = next(x for x in flattened(scene).layers if x.id == "ground")
    seen = ~(on_canvas(scene.layers[-1]) | on_canvas(scene.layers[-2]))[ground.corner[1] :]
    error, was = (float(np.square(x.rgba - true.rgba)[seen].mean()) for x in (ground, before))
    assert error < was / 2.5  # at least 4 dB


def test_a_shadow_goes_on_under_things_and_not_under_another_surface(scene):
    wall, ground, *cups = flattened(scene).layers
    half = {name: getattr(ground, name)[:, 120:] for name in ("rgba", "z", "filled")}
    right = replace(ground, id="mat", name="mat", corner=(120, 98), **half)
    found = with_shadows(Scene(CAMERA, (wall, ground, right, *cups)))
    shadows = {x.id: x for x in found.layers if x.caster is not None}
    under = shadows["shadow-cup 1-on-ground"]
    assert on_canvas(under, least=0.05)[130:150, 70:100].any()
    assert under.corner[0] + under.width < 120 + 12
    assert on_canvas(shadows["shadow-cup 1-on-mat"]).any()


def test_no_shadow_is_found_where_none_is(scene):
    bare = replace(scene, layers=tuple(x for x in scene.layers if x.blend == "normal"))
    assert with_shadows(bare) is bare


def test_a_stain_that_no_light_could_throw_is_nobodys_shadow(scene):
    bare = replace(scene, layers=tuple(x for x in scene.layers if x.blend == "normal"))
    ground = bare.layers[1]
    stained = ground.rgba.copy()
    stained[10:24, 20:60, :3] = np.rint(stained[10:24, 20:60, :3] * 0.5 * 255) / 255
    with_stain = replace(bare, layers=(bare.layers[0], replace(ground, rgba=stained), *bare.layers[2:]))
    assert with_shadows(with_stain) is with_stain


def test_is_deterministic_and_done_once(scene, found):
    again = find(flattened(scene), view_of(flattened(scene)))
    assert again is not None
    assert again.light == found.key_light
    assert with_shadows(found) is found
