"""Splitting a layer never changes the picture, whatever the layer, the cut, the matte and the fill are."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multiplane.edit.by_component import by_component
from multiplane.edit.by_depth import by_depth
from multiplane.edit.by_selection import by_mask, by_prompt
from multiplane.edit.natural_breaks import natural_breaks
from multiplane.edit.split import Parts, split
from multiplane.errors import SceneError
from multiplane.formats.archive import decode_archive, encode_archive
from multiplane.inpaint.smooth import inpaint_smooth
from multiplane.matte.guided import matte_guided
from multiplane.pixels.levels import from_levels
from multiplane.scene import Camera, Layer, Scene
from multiplane.segment.prompt import Prompt
from scenes import noise_scene, photo_of

SCENES = st.builds(
    noise_scene,
    seed=st.integers(0, 2**32),
    width=st.integers(2, 24),
    height=st.integers(2, 24),
    count=st.integers(1, 4),
    bit_depth=st.sampled_from([8, 16]),
    shadow=st.booleans(),
)


def wild_tools(seed):
    """A matte and a fill that know nothing of the picture."""
    random = np.random.default_rng(seed)

    def matte(rgb, mask):
        return random.choice(np.array([0, 0.002, 0.3, 0.998, 1], np.float32), mask.shape)

    def fill(rgb, hole, surface, seed):
        return np.where(hole[..., None], random.random(rgb.shape, np.float32), rgb)

    return matte, fill


def any_parts(layer, count, seed, apart=False):
    """`count` parts of `layer` with random borders; None where it shows too little for them."""
    random = np.random.default_rng(seed)
    owner = random.integers(0, count, (-(-layer.height // 3), -(-layer.width // 3)))
    owner = np.repeat(np.repeat(owner, 3, 0), 3, 1)[: layer.height, : layer.width]
    masks = tuple(layer.visible & (owner == k) for k in range(count))
    return Parts(masks, kept=int(random.integers(count)), apart=apart) if all(mask.any() for mask in masks) else None


def assert_split_well(scene, index, edited, count):
    """The picture is the same as written to disk, ids are kept or new, and everything else is untouched."""
    assert np.array_equal(photo_of(decode_archive(encode_archive(edited))), photo_of(scene))
    made = edited.layers[index : index + count]
    assert [layer.id for layer in made].count(scene.layers[index].id) == 1
    assert edited.layers[:index] == scene.layers[:index]
    assert edited.layers[index + count :] == scene.layers[index + 1 :]


def disc_scene(label="object", bit_depth=8):
    """A textured table with a ball on it, as one soft-edged layer before a wall."""
    rows, columns = np.mgrid[:90, :120].astype(np.float32)
    random = np.random.default_rng(0)
    top = 255 if bit_depth == 8 else 65535
    grain = random.integers(0, top // 10, (90, 120, 3))
    colour = np.where(rows[..., None] > 60, [0.6, 0.4, 0.2], [0.5, 0.5, 0.6]) * top * 0.9
    ball = np.hypot(rows - 50, columns - 60) < 22
    colour = np.where(ball[..., None], np.array([0.8, 0.1, 0.1]) * top * 0.9, colour)
    levels = (colour + grain).astype(np.uint8 if bit_depth == 8 else np.uint16)
    alpha = np.clip(rows - 20.5, 0, 1).astype(np.float32)
    z = np.where(ball, 2.0, 6.0 - rows / 30).astype(np.float32)
    wall = np.full((90, 120, 4), 0.6, np.float32)
    wall[..., 3] = 1
    wall = from_levels(np.rint(wall * top).astype(levels.dtype))
    rgba = np.dstack([from_levels(levels), from_levels(np.rint(alpha * top).astype(levels.dtype))])
    nothing = np.zeros((90, 120), bool)
    layers = (
        Layer("wall", "010 wall", "wall", "background", (0, 0), wall, np.full((90, 120), 9, np.float32), nothing),
        Layer("table", "020 table", label, "foreground", (0, 0), rgba, z, nothing),
    )
    return Scene(Camera.from_focal_35mm(120, 90), layers, bit_depth), ball


class TestExactness:
    @settings(max_examples=120)
    @given(SCENES, st.data())
    def test_any_cut_by_any_tools_keeps_the_picture(self, scene, data):
        index = data.draw(st.integers(0, len(scene.layers) - 1))
        count = data.draw(st.integers(2, 4))
        parts = any_parts(scene.layers[index], count, data.draw(st.integers(0, 99)), data.draw(st.booleans()))
        if parts is None:
            return
        try:
            edited = split(scene, index, parts, *wild_tools(1))
        except SceneError as error:
            assert "too thin" in str(error) or "nothing would be left" in str(error)
            return
        assert_split_well(scene, index, edited, count)

    @settings(max_examples=25)
    @given(SCENES, st.integers(0, 99))
    def test_a_split_of_a_split_of_a_split_keeps_the_picture(self, scene, seed):
        edited = scene
        for turn in range(3):
            index = (seed + turn) % len(edited.layers)
            parts = any_parts(edited.layers[index], 2, seed + turn)
            if parts is not None:
                try:
                    edited = split(edited, index, parts, matte_guided, inpaint_smooth)
                except SceneError:
                    continue
        assert np.array_equal(photo_of(decode_archive(encode_archive(edited))), photo_of(scene))

    @pytest.mark.parametrize("bit_depth", [8, 16])
    def test_parts_that_are_apart_stay_as_they_are(self, bit_depth):
        """Every pixel of the layer is, unchanged, in one part, so the split holds over any background."""
        scene = noise_scene(3, 20, 20, 3, bit_depth)
        layer = scene.layers[2]
        parts = any_parts(layer, 2, 5, apart=True)
        edited = split(scene, 2, parts, *wild_tools(0))
        assert np.array_equal(photo_of(edited), photo_of(scene))
        alphas = sum(_on_canvas(part, scene)[..., 3] for part in edited.layers[2:])
        assert np.array_equal(alphas, _on_canvas(layer, scene)[..., 3])


def _on_canvas(layer, scene):
    canvas = np.zeros((scene.camera.height, scene.camera.width, 4), np.float32)
    x, y = layer.corner
    canvas[y : y + layer.height, x : x + layer.width] = layer.rgba
    return canvas


class TestSelection:
    def cut(self, scene, mask, name=None):
        return split(scene, 1, by_mask(scene, 1, mask, name), matte_guided, inpaint_smooth)

    @pytest.mark.parametrize("bit_depth", [8, 16])
    @pytest.mark.parametrize("label", ["object", "ground"])
    def test_a_thing_comes_off_soft_and_what_is_behind_is_filled(self, label, bit_depth):
        scene, ball = disc_scene(label, bit_depth)
        edited = self.cut(scene, ball, "ball")
        assert_split_well(scene, 1, edited, 2)
        table, thing = edited.layers[1:]
        assert (table.id, thing.id, thing.name, thing.label) == ("table", "table-2", "ball", "object")
        inner = np.zeros_like(ball)
        inner[37:64, 47:74] = True
        assert (_on_canvas(table, scene)[inner, 3] == 1).all(), "the table goes on behind the ball"
        x, y = table.corner
        assert table.filled[inner[y : y + table.height, x : x + table.width]].all()
        assert np.abs(_on_canvas(table, scene)[inner][:, 0] - 0.75).min() > 0.1, "and shows nothing of it"
        hidden = table.z[inner[y : y + table.height, x : x + table.width]]
        assert hidden.min() > 3.0
        assert thing.depth == pytest.approx(2.0)
        soft = thing.rgba[..., 3]
        assert ((soft > 0) & (soft < 1)).sum() > 20

    def test_the_layer_does_not_grow_beyond_its_outline(self):
        scene, ball = disc_scene()
        edited = self.cut(scene, ball)
        before = _on_canvas(scene.layers[1], scene)[..., 3]
        for part in edited.layers[1:]:
            assert (_on_canvas(part, scene)[..., 3] <= before + 0.01).all()

    def test_what_is_chosen_around_something_nearer_goes_below_it(self):
        """Somebody picks the table, with the ball on it: the ball stays above."""
        scene, ball = disc_scene()
        edited = self.cut(scene, ~ball, "board")
        assert [layer.name for layer in edited.layers] == ["010 wall", "board", "020 table"]
        assert edited.layers[2].depth == pytest.approx(2.0)

    def test_where_all_is_equally_far_the_enclosed_is_in_front(self):
        scene, ball = disc_scene()
        flat = replace(scene, layers=(scene.layers[0], replace(scene.layers[1], z=np.full((90, 120), 5, np.float32))))
        assert [layer.name for layer in self.cut(flat, ball, "ball").layers][-1] == "ball"
        assert [layer.name for layer in self.cut(flat, ~ball, "board").layers][1] == "board"

    def test_the_backdrop_stays_opaque(self):
        scene, ball = disc_scene()
        edited = split(scene, 0, by_mask(scene, 0, ball), matte_guided, inpaint_smooth)
        assert edited.layers[0].id == "wall"
        assert np.array_equal(photo_of(edited), photo_of(scene))

    def test_a_prompt_asks_for_the_thing_in_the_picture_without_nearer_layers(self):
        scene, ball = disc_scene()
        seen = {}

        def select(rgb, z, prompt):
            seen.update(rgb=rgb, z=z, prompt=prompt)
            return ball

        prompt = Prompt(((60.0, 50.0, True),))
        parts = by_prompt(scene, 1, prompt, select, "ball")
        assert np.array_equal(seen["rgb"], from_levels(photo_of(scene)))
        assert seen["z"][50, 60] == 2.0
        assert seen["z"][5, 5] == 9.0
        assert parts.masks[0][50, 60]

    @pytest.mark.parametrize(
        ("prompt", "words"),
        [
            (Prompt(((60.0, 3.0, True),)), "does not show at 60,3; there are: wall"),
            (Prompt(((600.0, 3.0, True),)), "outside"),
        ],
    )
    def test_a_point_beside_the_layer_is_told(self, prompt, words):
        scene, ball = disc_scene()
        with pytest.raises(SceneError, match=words):
            by_prompt(scene, 1, prompt, lambda *_: ball)

    def test_a_selection_of_all_or_nothing_or_another_size_is_told(self):
        scene, ball = disc_scene()
        for mask, words in (
            (np.ones_like(ball), "holds all of 'table'"),
            (np.zeros_like(ball), "holds nothing of 'table'"),
            (ball[:50], "120 x 50 pixels"),
        ):
            with pytest.raises(SceneError, match=words):
                by_mask(scene, 1, mask)


class TestComponents:
    def pieces(self, *boxes):
        scene, _ = disc_scene()
        alpha = np.zeros((90, 120), np.float32)
        for y, x, side in boxes:
            alpha[y : y + side, x : x + side] = 1
        rgba = np.dstack([scene.layers[1].rgba[..., :3], alpha])
        return replace(scene, layers=(scene.layers[0], replace(scene.layers[1], rgba=rgba)))

    def test_each_part_becomes_a_layer_and_debris_stays_with_the_nearest(self):
        scene = self.pieces((30, 10, 30), (40, 70, 20), (36, 66, 2))
        edited = split(scene, 1, by_component(scene.layers[1]), *wild_tools(0))
        assert_split_well(scene, 1, edited, 2)
        assert sorted((layer.id, layer.corner) for layer in edited.layers[1:]) == [
            ("table", (10, 30)),
            ("table-2", (66, 36)),
        ]

    def test_at_most_so_many(self):
        scene = self.pieces((30, 5, 20), (30, 40, 22), (30, 80, 24))
        assert len(by_component(scene.layers[1]).masks) == 3
        assert len(by_component(scene.layers[1], 2).masks) == 2

    def test_one_part_is_told(self):
        with pytest.raises(SceneError, match="hangs together"):
            by_component(self.pieces((30, 10, 30)).layers[1])


class TestDepth:
    def test_the_nearer_part_is_above_and_the_break_is_natural(self):
        scene, ball = disc_scene()
        parts = by_depth(scene.layers[1])
        near = parts.masks[0]
        visible = scene.layers[1].visible
        agreement = (near & ball & visible).sum() / ((near | ball) & visible).sum()
        assert agreement > 0.9
        edited = split(scene, 1, parts, matte_guided, inpaint_smooth)
        assert_split_well(scene, 1, edited, 2)
        assert edited.layers[2].depth < edited.layers[1].depth

    def test_a_flat_layer_is_told(self):
        scene, _ = disc_scene()
        with pytest.raises(SceneError, match="equally far"):
            by_depth(scene.layers[0])

    @settings(max_examples=60)
    @given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 5)), min_size=2, max_size=9), st.integers(2, 4))
    def test_natural_breaks_scatter_least(self, pairs, count):
        values, weights = (np.array(each, float) for each in zip(*pairs, strict=True))
        bounds = natural_breaks(values, weights, count)
        assert _scatter(values, weights, bounds) <= _least_scatter(values, weights, count) + 1e-6 + _binning(
            values, weights
        )


def _scatter(values, weights, bounds):
    total = 0.0
    for k in range(len(bounds) + 1):
        mine = np.searchsorted(bounds, values) == k
        if mine.any():
            mean = np.average(values[mine], weights=weights[mine])
            total += float((weights[mine] * (values[mine] - mean) ** 2).sum())
    return total


def _least_scatter(values, weights, count):
    """By trying every set of bounds."""
    from itertools import combinations

    between = np.unique(values)[:-1] + 0.5
    sets = (c for n in range(min(count, len(between) + 1)) for c in combinations(between, n))
    return min(_scatter(values, weights, list(bounds)) for bounds in sets)


def _binning(values, weights):
    """What counting in 256 steps may cost."""
    return float(weights.sum()) * np.ptp(values) * np.ptp(values) / 256
