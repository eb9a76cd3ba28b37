"""Moving, scaling, flipping, duplicating and removing things: feet stay on the ground, shadows follow, depth orders."""

from dataclasses import replace

import numpy as np
import pytest

from multiplane.edit.drop import drop
from multiplane.edit.duplicate import duplicate
from multiplane.edit.find import find_layer
from multiplane.edit.flip import flip
from multiplane.edit.move import move
from multiplane.edit.remove import remove
from multiplane.edit.scale import scale
from multiplane.errors import SceneError
from multiplane.formats.archive import decode_archive, encode_archive
from multiplane.light.shadow_cast import body_of, shadow_mask
from multiplane.light.shadow_plane import rays
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.scene import Camera, KeyLight, Layer, Scene
from scenes import assert_same_scene, photo_of

CAMERA = Camera(240, 180, 200.0)
EYE = 1.5
"""The camera looks level from this height, so the ground at depth z is seen 200 * 1.5 / z below the middle."""
TOWARDS = np.array([-0.6, -0.6, -0.3]) / np.linalg.norm([-0.6, -0.6, -0.3])
GROUND = np.array([0, 1 / EYE, 0])
FAR = 40.0


def ground_row(z):
    return 90 + 200 * EYE / z


def wall_and_ground(bits=8):
    random = np.random.default_rng(0)
    down = np.arange(180, dtype=np.float32) + 0.5 - 90
    z = np.where(down > 200 * EYE / FAR, 200 * EYE / np.maximum(down, 1), FAR).astype(np.float32)
    rgba = np.dstack([random.uniform(0.4, 0.9, (180, 240, 3)), np.ones((180, 240))]).astype(np.float32)
    first = int(200 * EYE / FAR) + 91
    grid = from_levels(to_levels(rgba, bits))
    depth = np.broadcast_to(z[:, None], (180, 240)).copy()
    wall = Layer("wall", "010 wall", "wall", "background", (0, 0), grid, np.full_like(depth, FAR), depth < 0)
    ground = Layer(
        "ground",
        "020 ground",
        "ground",
        "midground",
        (0, first),
        grid[first:].copy(),
        depth[first:].copy(),
        depth[first:] < 0,
    )
    return [wall, ground]


def box(name, x, z, size=1.0, colour=0.2):
    """An upright card, `size` metres wide and high, whose foot is at depth z."""
    side, bottom = round(200 * size / z), round(ground_row(z))
    rgba = np.full((side, side, 4), np.float32(round(colour * 255)) / np.float32(255), np.float32)
    rgba[..., 3] = 1
    rgba[:, : side // 3, 0] = 1  # so that left is not right
    shape = (side, side)
    return Layer(
        name,
        f"1 {name}",
        "object",
        "foreground",
        (x, bottom - side),
        rgba,
        np.full(shape, z, np.float32),
        np.zeros(shape, bool),
    )


def thrown_by(layer):
    """Where the layer's shadow falls on the ground, computed from scratch."""
    mask, z = np.zeros((180, 240), bool), np.ones((180, 240), np.float32)
    x, y = layer.corner
    window = slice(y, y + layer.height), slice(x, x + layer.width)
    mask[window], z[window] = layer.visible, layer.z
    seen = shadow_mask(body_of(mask, z, rays(180, 240, 200.0)), GROUND, TOWARDS, 200.0)
    seen[: int(200 * EYE / FAR) + 91] = False
    return seen


def shadow_on_ground(layer):
    mask = thrown_by(layer)
    ys, xs = np.nonzero(mask)
    top, bottom, left, right = ys.min(), ys.max() + 1, xs.min(), xs.max() + 1
    rgba = np.full((bottom - top, right - left, 4), np.float32(102) / np.float32(255), np.float32)
    rgba[..., 3] = mask[top:bottom, left:right]
    z = np.ones(rgba.shape[:2], np.float32)
    return Layer(
        f"shadow-{layer.id}", f"Shadow of {layer.name}", "shadow", "midground", (int(left), int(top)), rgba, z,
        z < 0, caster=layer.id, blend="multiply",
    )  # fmt: skip


def make(*boxes, bits=8):
    """Wall, ground, a shadow for every box, and the boxes, far to near."""
    layers = (*wall_and_ground(bits), *(shadow_on_ground(each) for each in boxes), *boxes)
    return Scene(CAMERA, layers, bits, key_light=KeyLight(tuple(float(v) for v in TOWARDS)))


@pytest.fixture
def scene():
    return make(box("cup", 60, 4.0))


def layer_of(scene, name):
    return scene.layers[find_layer(scene, name)]


def on_canvas(layer, least=0.5):
    mask = np.zeros((180, 240), bool)
    x, y = layer.corner
    mask[y : y + layer.height, x : x + layer.width] = layer.rgba[..., 3] >= least
    return mask


def solid_height(layer):
    return np.ptp(np.nonzero(layer.rgba[..., 3] >= 0.5)[0]) + 1


def overlap(one, other):
    return (one & other).sum() / (one | other).sum()


def foot(layer):
    ys, xs = np.nonzero(layer.rgba[..., 3] >= 0.5)
    low = ys == ys.max()
    return layer.corner[0] + xs[low].mean() + 0.5, layer.corner[1] + ys.max() + 1.0


@pytest.mark.parametrize(("dx", "dy"), [(40, 0), (0, -20), (25, 12), (-17.5, -31.25)])
def test_a_foot_goes_where_it_is_dragged_and_size_follows_the_ground(scene, dx, dy):
    before, after = layer_of(scene, "cup"), layer_of(move(scene, find_layer(scene, "cup"), dx, dy), "cup")
    assert np.allclose(np.subtract(foot(after), foot(before)), (dx, dy), atol=1.0)
    growth = (foot(before)[1] + dy - 90) / (foot(before)[1] - 90)
    assert solid_height(after) == pytest.approx(before.height * growth, abs=1)
    assert after.depth == pytest.approx(before.depth / growth, rel=0.03)


def test_dz_moves_along_the_ground(scene):
    after = layer_of(move(scene, find_layer(scene, "cup"), dz=4.0), "cup")
    assert after.depth == pytest.approx(8.0, rel=0.03)
    assert foot(after)[1] == pytest.approx(ground_row(8.0), abs=1.0)


@pytest.mark.parametrize(("dx", "dy"), [(50, 0), (20, -22), (10, 20)])
def test_the_shadow_is_the_one_that_the_light_throws_there(scene, dx, dy):
    moved = move(scene, find_layer(scene, "cup"), dx, dy)
    assert overlap(on_canvas(layer_of(moved, "shadow-cup")), thrown_by(layer_of(moved, "cup"))) > 0.75
    assert layer_of(moved, "shadow-cup").caster == "cup"
    assert decode_archive(encode_archive(moved)).layers[2].caster == "cup"


def test_a_scaled_things_shadow_grows_with_it(scene):
    grown = scale(scene, find_layer(scene, "cup"), 1.5)
    cup = layer_of(grown, "cup")
    assert solid_height(cup) == pytest.approx(1.5 * layer_of(scene, "cup").height, abs=1)
    assert np.allclose(foot(cup), foot(layer_of(scene, "cup")), atol=1.0)
    assert overlap(on_canvas(layer_of(grown, "shadow-cup")), thrown_by(cup)) > 0.75


def test_a_flipped_thing_keeps_the_light(scene):
    flipped = flip(scene, find_layer(scene, "cup"))
    cup, before = layer_of(flipped, "cup"), layer_of(scene, "cup")
    assert np.array_equal(cup.rgba, before.rgba[:, ::-1])
    assert overlap(on_canvas(layer_of(flipped, "shadow-cup"), 0.4), thrown_by(cup)) > 0.7


def test_order_follows_depth():
    scene = make(box("far", 60, 6.0), box("near", 90, 4.0))
    index = find_layer(scene, "1 far")
    dy = ground_row(3.0) - ground_row(6.0)
    moved = move(scene, index, dx=20, dy=dy)
    order = [layer.id for layer in moved.layers]
    assert order.index("far") > order.index("near")
    back = move(moved, find_layer(moved, "1 far"), dx=-20, dy=-dy)
    order = [layer.id for layer in back.layers]
    assert order.index("far") < order.index("near")


def test_what_was_behind_appears_and_nothing_else_changes(scene):
    moved = photo_of(move(scene, find_layer(scene, "cup"), 90, 0))
    bare = photo_of(remove(scene, find_layer(scene, "1 cup")))
    old = on_canvas(layer_of(scene, "1 cup"), 0.01) | on_canvas(layer_of(scene, "shadow-cup"), 0.01)
    new = move(scene, find_layer(scene, "1 cup"), 90, 0)
    touched = on_canvas(layer_of(new, "1 cup"), 0.001) | on_canvas(layer_of(new, "shadow-cup"), 0.001)
    assert np.array_equal(moved[old & ~touched], bare[old & ~touched])
    assert np.array_equal(moved[~old & ~touched], photo_of(scene)[~old & ~touched])


def test_shadows_that_meet_are_no_darker_than_one():
    scene = make(box("one", 40, 4.0), box("two", 130, 4.0))
    moved = move(scene, find_layer(scene, "1 one"), 85, 0)
    lit = photo_of(Scene(CAMERA, scene.layers[:2]))
    shaded = (lit.astype(int) * 102 + 127) // 255
    things = on_canvas(layer_of(moved, "1 one"), 0.001) | on_canvas(layer_of(moved, "1 two"), 0.001)
    both = on_canvas(layer_of(moved, "shadow-two")) & ~things
    assert both.any()
    assert (photo_of(moved)[both].astype(int) >= shaded[both] - 2).all()


def test_flat_moves_copy_pixels(scene):
    moved = move(scene, find_layer(scene, "1 cup"), 12, -7, physics=False)
    for name in ("1 cup", "shadow-cup"):
        before, after = layer_of(scene, name), layer_of(moved, name)
        assert after.corner == (before.corner[0] + 12, before.corner[1] - 7)
        assert np.array_equal(after.rgba, before.rgba)
        assert np.array_equal(after.z, before.z)


@pytest.mark.parametrize("bits", [8, 16])
def test_everything_stays_on_the_grid_and_on_the_canvas(bits):
    scene = make(box("cup", 60, 4.0), bits=bits)
    moved = move(scene, find_layer(scene, "1 cup"), 155.5, 40.25)
    assert np.array_equal(photo_of(decode_archive(encode_archive(moved))), photo_of(moved))
    for layer in moved.layers:
        assert np.array_equal(from_levels(to_levels(layer.rgba, bits)), layer.rgba), layer.id


def test_no_move_is_none(scene):
    assert_same_scene(move(scene, find_layer(scene, "1 cup")), scene)


def test_a_duplicate_can_be_removed_again(scene):
    doubled, copy = duplicate(scene, find_layer(scene, "1 cup"), 60, 5, name="mug")
    assert copy == "cup-2"
    assert layer_of(doubled, "mug").id == copy
    shadow = next(layer for layer in doubled.layers if layer.caster == copy)
    assert shadow.id == "shadow-cup-2"
    assert_same_scene(remove(doubled, find_layer(doubled, "mug")), scene)


def test_remove_takes_the_shadow_and_drop_leaves_it(scene):
    index = find_layer(scene, "1 cup")
    assert [layer.id for layer in remove(scene, index).layers] == ["wall", "ground"]
    left = drop(scene, index)
    assert [(layer.id, layer.caster) for layer in left.layers][-1] == ("shadow-cup", None)


class TestRefuses:
    def test_the_backdrop(self, scene):
        with pytest.raises(SceneError, match="'wall' is the backdrop"):
            move(scene, 0, 5)

    def test_a_shadow(self, scene):
        with pytest.raises(SceneError, match="'shadow-cup' is a shadow; move 'cup'"):
            move(scene, find_layer(scene, "shadow-cup"), 5)

    def test_a_place_above_the_horizon(self, scene):
        with pytest.raises(SceneError, match="above the horizon"):
            move(scene, find_layer(scene, "1 cup"), 0, -90)

    def test_a_place_out_of_view(self, scene):
        with pytest.raises(SceneError, match="nothing of 'cup' would be left in view"):
            move(scene, find_layer(scene, "1 cup"), 500)

    def test_a_factor_that_is_none(self, scene):
        with pytest.raises(SceneError, match=r"0\.02 to 50 times"):
            scale(scene, find_layer(scene, "1 cup"), 0.0)


def test_without_any_ground_a_thing_moves_on_a_level():
    wall, _ = wall_and_ground()
    lone = Scene(CAMERA, (wall, box("cup", 60, 4.0)))
    moved = layer_of(move(lone, 1, 20, -10), "1 cup")
    assert np.allclose(np.subtract(foot(moved), foot(lone.layers[1])), (20, -10), atol=1.0)
    hovering = replace(lone, layers=(wall, replace(lone.layers[1], corner=(60, 10))))
    assert layer_of(move(hovering, 1, 20, 0), "1 cup").height == lone.layers[1].height
