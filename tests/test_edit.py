"""Merge, rename, reorder, drop, set-plane, replace: valid scenes, stable ids, a picture changed only on purpose."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multiplane.edit.drop import drop
from multiplane.edit.find import find_layer
from multiplane.edit.merge import merge
from multiplane.edit.pixels_changed import pixels_changed
from multiplane.edit.rename import rename
from multiplane.edit.reorder import place_beside, reorder
from multiplane.edit.replace_pixels import replace_pixels
from multiplane.edit.set_plane import set_plane
from multiplane.edit.unique import next_id, next_name
from multiplane.errors import SceneError
from multiplane.formats.archive import decode_archive, encode_archive
from multiplane.scene import Camera, Layer, Scene
from scenes import noise_scene, photo_of

SCENES = st.builds(
    noise_scene,
    seed=st.integers(0, 2**32),
    width=st.integers(1, 24),
    height=st.integers(1, 24),
    count=st.integers(2, 6),
    bit_depth=st.sampled_from([8, 16]),
    shadow=st.booleans(),
)


def ids(scene):
    return [layer.id for layer in scene.layers]


def boxes_scene(*boxes):
    """A grey backdrop and a coloured, opaque box (name, x, y, side) for each, far to near, each nearer by one."""
    nothing = np.zeros((40, 40), bool)
    wall = Layer("wall", "010 wall", "wall", "background", (0, 0), _plain(40, 0.5), _far(40, 9), nothing)
    layers = [
        Layer(
            name, f"0{k + 2}0 {name}", "object", "foreground", (x, y), _plain(side, 0.1 * k), _far(side, 8 - k),
            np.full((side, side), k % 2 == 1),
        )
        for k, (name, x, y, side) in enumerate(boxes)
    ]  # fmt: skip
    return Scene(Camera.from_focal_35mm(40, 40), (wall, *layers))


def _plain(side, grey):
    colour = np.full((side, side, 4), np.float32(round(grey * 255)) / np.float32(255), np.float32)
    colour[..., 3] = 1
    return colour


def _far(side, z):
    return np.full((side, side), z, np.float32)


class TestFind:
    scene = replace(
        noise_scene(count=4, names=("010 sky", "020 Tea Cup", "030 cup", "040 person 1")),
    )

    @pytest.mark.parametrize(
        ("words", "index"),
        [("layer-2", 2), ("030 cup", 2), ("020 tea CUP", 1), ("sky", 0), ("Tea", 1), ("person", 3), ("LAYER-3", 3)],
    )
    def test_by_id_name_or_part(self, words, index):
        assert find_layer(self.scene, words) == index

    @pytest.mark.parametrize("words", ["vase", "", "  "])
    def test_none_lists_the_choices_near_to_far(self, words):
        with pytest.raises(SceneError, match="choose one of: layer-3, layer-2, layer-1, layer-0"):
            find_layer(self.scene, words)

    def test_several_are_told(self):
        with pytest.raises(SceneError, match="more than one layer; say which: layer-2, layer-1"):
            find_layer(self.scene, "cup")

    def test_an_exact_name_wins_over_a_part_of_another(self):
        scene = noise_scene(count=3, names=("cup", "cup 2", "Cup"))
        assert [find_layer(scene, word) for word in ("cup", "Cup", "cup 2")] == [0, 2, 1]


def test_new_names_count_on():
    assert next_id("vase", {"vase"}) == "vase-2"
    assert next_id("vase-2", {"vase", "vase-2"}) == "vase-3"
    assert next_id("object-1", {"object-1", "object-2"}) == "object-3"
    assert next_name("020 vase", {"020 vase"}) == "020 vase 2"
    assert next_name("030 person 1", {"030 person 1"}) == "030 person 2"
    assert next_name("7", {"7"}) == "7 2"


class TestMerge:
    @settings(max_examples=150)
    @given(SCENES, st.data())
    def test_keeps_the_picture_or_says_what_is_in_between(self, scene, data):
        chosen = data.draw(st.lists(st.integers(0, len(scene.layers) - 1), min_size=2, unique=True))
        try:
            merged = merge(scene, chosen)
        except SceneError as error:
            assert "is in between" in str(error) or "nothing would be left" in str(error)
            return
        assert np.array_equal(photo_of(decode_archive(encode_archive(merged))), photo_of(scene))
        first = scene.layers[chosen[0]]
        (one,) = (layer for layer in merged.layers if layer.id == first.id)
        assert (one.name, one.label, one.plane) == (first.name, first.label, first.plane)
        others = [layer.id for k, layer in enumerate(scene.layers) if k not in chosen]
        assert [layer.id for layer in merged.layers if layer.id != first.id] == others
        casters = {layer.caster for layer in merged.layers if layer.caster}
        assert casters <= set(ids(merged))

    @settings(max_examples=40)
    @given(SCENES)
    def test_of_all_layers_gives_the_photo(self, scene):
        merged = merge(scene, range(len(scene.layers)))
        assert len(merged.layers) == 1
        assert np.array_equal(photo_of(merged), photo_of(scene))

    @settings(max_examples=40)
    @given(SCENES)
    def test_neighbours_always_merge(self, scene):
        if scene.layers[-1].visible.any():
            assert len(merge(scene, [len(scene.layers) - 2, len(scene.layers) - 1]).layers) == len(scene.layers) - 1

    def test_every_pixel_keeps_depth_and_origin_of_who_shows(self):
        scene = boxes_scene(("low", 0, 0, 20), ("high", 10, 10, 20))
        one = merge(scene, [1, 2]).layers[1]
        assert (one.corner, one.rgba.shape[:2]) == ((0, 0), (30, 30))
        assert (one.z[:10, :10] == 8).all()
        assert (one.z[10:, 10:] == 7).all()
        assert not one.filled[:10, :10].any()
        assert one.filled[10:30, 10:30].all()

    def test_a_layer_between_that_touches_neither_is_passed(self):
        scene = boxes_scene(("low", 0, 0, 10), ("aside", 30, 30, 5), ("high", 5, 5, 10))
        assert ids(merge(scene, [3, 1])) == ["wall", "aside", "high"]

    def test_what_lies_on_the_lower_one_stays_on_it(self):
        """The upper one comes down: it does not touch what is between, the lower one does."""
        scene = boxes_scene(("low", 0, 0, 20), ("on it", 5, 5, 5), ("high", 25, 25, 10))
        merged = merge(scene, [1, 3])
        assert ids(merged) == ["wall", "low", "on it"]
        assert np.array_equal(photo_of(merged), photo_of(scene))

    def test_a_layer_between_that_both_overlap_is_named(self):
        scene = boxes_scene(("low", 0, 0, 20), ("between", 5, 5, 20), ("high", 10, 10, 20))
        with pytest.raises(SceneError, match="cannot merge 'low' and 'high': 'between' is in between"):
            merge(scene, [1, 3])

    def test_one_layer_alone_is_told(self):
        with pytest.raises(SceneError, match="two different layers"):
            merge(boxes_scene(("a", 0, 0, 5)), [1, 1])

    def test_a_shadow_follows_the_layer_that_its_caster_became(self):
        scene = boxes_scene(("shadow", 0, 0, 20), ("cup", 5, 5, 10), ("spoon", 5, 5, 10))
        layers = list(scene.layers)
        layers[1] = replace(layers[1], caster="spoon", blend="multiply")
        merged = merge(replace(scene, layers=tuple(layers)), [2, 3])
        assert merged.layers[1].caster == "cup"


class TestRename:
    def test_keeps_the_id_and_everything_else(self):
        scene = noise_scene(count=3)
        renamed = rename(scene, 1, "vase")
        assert renamed.layers[1] == replace(scene.layers[1], name="vase")
        assert renamed.layers[::2] == scene.layers[::2]

    def test_its_own_name_is_free(self):
        scene = noise_scene(count=3)
        assert rename(scene, 1, scene.layers[1].name) == scene

    @pytest.mark.parametrize("name", ["", " \n"])
    def test_no_blank_name(self, name):
        with pytest.raises(SceneError, match="blank"):
            rename(noise_scene(), 1, name)

    def test_no_name_twice(self):
        scene = noise_scene(count=3)
        with pytest.raises(SceneError, match="layer 'layer-2' is called '020 thing 2' already"):
            rename(scene, 1, "020 thing 2")


class TestReorder:
    scene = boxes_scene(("a", 0, 0, 10), ("b", 5, 5, 10), ("c", 30, 30, 10))

    @pytest.mark.parametrize(
        ("index", "place", "order"),
        [(1, 3, ["wall", "b", "c", "a"]), (3, 1, ["wall", "c", "a", "b"]), (2, 2, ["wall", "a", "b", "c"])],
    )
    def test_to_a_place(self, index, place, order):
        assert ids(reorder(self.scene, index, place)) == order

    @pytest.mark.parametrize(
        ("index", "other", "above", "order"),
        [
            (1, 3, True, ["wall", "b", "c", "a"]),
            (1, 3, False, ["wall", "b", "a", "c"]),
            (3, 1, True, ["wall", "a", "c", "b"]),
            (3, 1, False, ["wall", "c", "a", "b"]),
        ],
    )
    def test_beside_another(self, index, other, above, order):
        assert ids(reorder(self.scene, index, place_beside(self.scene, index, other, above))) == order

    def test_counts_what_changes(self):
        assert pixels_changed(self.scene, reorder(self.scene, 1, 2)) == 25
        assert pixels_changed(self.scene, reorder(self.scene, 3, 1)) == 0

    @settings(max_examples=60)
    @given(SCENES, st.data())
    def test_counts_every_pixel_that_changes(self, scene, data):
        last = len(scene.layers) - 1
        moved = reorder(scene, data.draw(st.integers(1, last)), data.draw(st.integers(1, last)))
        changed = (photo_of(scene) != photo_of(moved)).any(axis=-1)
        assert pixels_changed(scene, moved) == changed.sum()

    def test_nothing_goes_below_the_backdrop(self):
        for index, place in ((1, 0), (0, 2)):
            with pytest.raises(SceneError, match="'wall' is the backdrop, and 'a'"):
                reorder(self.scene, index, place)

    @pytest.mark.parametrize("place", [-1, 4, 99])
    def test_no_such_place(self, place):
        with pytest.raises(SceneError, match=f"no place {place} among 4"):
            reorder(self.scene, 1, place)

    def test_not_beside_itself(self):
        with pytest.raises(SceneError, match="itself"):
            place_beside(self.scene, 1, 1, True)


class TestDrop:
    def test_what_was_behind_appears(self):
        scene = boxes_scene(("a", 0, 0, 10), ("b", 5, 5, 10))
        dropped = drop(scene, 2)
        assert ids(dropped) == ["wall", "a"]
        assert pixels_changed(scene, dropped) == 100

    def test_not_the_backdrop(self):
        with pytest.raises(SceneError, match="'wall' is the backdrop"):
            drop(boxes_scene(("a", 0, 0, 10)), 0)

    def test_a_backdrop_under_another_may_go(self):
        assert ids(drop(boxes_scene(("a", 0, 0, 40)), 0)) == ["a"]

    def test_a_shadow_outlives_its_caster(self):
        scene = noise_scene(count=3, shadow=True)
        assert scene.layers[1].caster == "layer-2"
        assert drop(scene, 2).layers[1].caster is None


def test_set_plane_changes_nothing_else():
    scene = noise_scene(count=3)
    assert set_plane(scene, 1, "foreground").layers[1] == replace(scene.layers[1], plane="foreground")
    with pytest.raises(SceneError, match="middle"):
        set_plane(scene, 1, "middle")


class TestReplace:
    scene = boxes_scene(("a", 4, 6, 20), ("b", 5, 5, 10))

    def red(self, height, width):
        return np.broadcast_to(np.array([1, 0, 0], np.float32), (height, width, 3)).copy()

    @pytest.mark.parametrize("size", [20, 40])
    def test_without_transparency_the_outline_stays(self, size):
        replaced = replace_pixels(self.scene, 1, self.red(size, size), None).layers[1]
        old = self.scene.layers[1]
        assert (replaced.id, replaced.name, replaced.corner) == (old.id, old.name, old.corner)
        assert np.array_equal(replaced.rgba[..., :3], self.red(20, 20))
        assert np.array_equal(replaced.rgba[..., 3], old.rgba[..., 3])
        assert np.array_equal(replaced.z, old.z)

    def test_a_new_outline_continues_the_depth(self):
        slope = np.repeat(np.linspace(0.1, 0.2, 20, dtype=np.float32)[None], 20, 0)
        tilted = replace(self.scene.layers[1], z=1 / slope)
        scene = replace(self.scene, layers=(self.scene.layers[0], tilted, self.scene.layers[2]))
        alpha = np.zeros((40, 40), np.float32)
        alpha[6:26, 4:34] = 1
        replaced = replace_pixels(scene, 1, self.red(40, 40), alpha).layers[1]
        assert (replaced.corner, replaced.rgba.shape[:2]) == ((4, 6), (20, 30))
        assert np.array_equal(replaced.z[:, :20], tilted.z)
        assert (np.diff(1 / replaced.z, axis=1) > 0).all(), "it goes on as a plane, nearer to the right"

    def test_new_pixels_are_not_invented_and_old_ones_stay_so(self):
        scene = boxes_scene(("a", 0, 0, 5), ("b", 5, 5, 10))
        rgb = scene.layers[2].rgba[..., :3].copy()
        rgb[:, :4] = 0.8
        filled = replace_pixels(scene, 2, rgb, None).layers[2].filled
        assert not filled[:, :4].any()
        assert filled[:, 4:].all()

    @pytest.mark.parametrize("bit_depth", [8, 16])
    def test_what_is_shown_is_what_was_given(self, bit_depth):
        scene = noise_scene(2, 21, 18, 3, bit_depth)
        new = noise_scene(7, 21, 18, 1, bit_depth).layers[0].rgba
        replaced = replace_pixels(scene, 0, new[..., :3], None)
        assert np.array_equal(decode_archive(encode_archive(replaced)).layers[0].rgba, new)

    def test_the_backdrop_stays_opaque(self):
        with pytest.raises(SceneError, match="'wall' is the backdrop"):
            replace_pixels(self.scene, 0, self.red(40, 40), np.full((40, 40), 0.5, np.float32))

    def test_another_size_or_nothing_at_all_is_told(self):
        with pytest.raises(SceneError, match="the new pixels are 7 x 9, but the scene is 40 x 40 and 'a' 20 x 20"):
            replace_pixels(self.scene, 1, self.red(9, 7), None)
        with pytest.raises(SceneError, match="nothing would be left to see of layer 'a'"):
            replace_pixels(self.scene, 1, self.red(20, 20), np.zeros((20, 20), np.float32))
