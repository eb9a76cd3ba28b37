"""An edited file comes back into its scene: what was not touched to the bit, what was with a depth that fits."""

import copy
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multiplane.errors import FormatError, SceneError
from multiplane.formats.ora import encode_ora
from multiplane.formats.psd import encode_psd
from multiplane.formats.read_edited import read_edited
from multiplane.inpaint.smooth import inpaint_smooth
from multiplane.reconcile.bring_in import bring_in
from multiplane.reconcile.order import reordered
from multiplane.scene import Camera, Layer, Scene
from scenes import PLANES, assert_same_scene, hostile_scene, noise_scene, photo_of
from tolerances import EXACT

ENCODERS = {
    "psd": encode_psd,
    "psb": lambda scene: encode_psd(scene, full_canvas=True, large=True),
    "ora": encode_ora,
}


@pytest.fixture
def back(tmp_path):
    """Encodes what an editor made of a scene, and brings it back into the scene."""

    def bring_back(scene, edited, kind="psd", change=lambda data: data, **options):
        path = tmp_path / f"edited.{kind}"
        path.write_bytes(change(ENCODERS[kind](edited)))
        file = read_edited(path, (scene.camera.width, scene.camera.height), scene.alpha is not None)
        return bring_in(scene, file, inpaint_smooth, **options)

    return bring_back


def without_numbers(data):
    """What GIMP and Krita make of a file: no layer has its number any more."""
    return data.replace(b"lyid", b"none").replace(b"multiplane:id", b"multiplane:no")


def stage(width=64, height=48):
    """A wall far away, ground before it that comes nearer downwards, a box on the ground, a lamp nearest."""
    random = np.random.default_rng(3)
    camera = Camera.from_focal_35mm(width, height)

    def layer(name, label, plane, corner, size, depth):
        h, w = size
        rgba = np.ones((h, w, 4), np.float32)
        rgba[..., :3] = random.integers(0, 256, (h, w, 3)).astype(np.float32) / np.float32(255)
        z = np.broadcast_to(np.asarray(depth, np.float32), (h, w)).copy()
        return Layer(label + "-id", name, label, plane, corner, rgba, z, np.zeros((h, w), bool))

    ground = 1.0 / np.linspace(1 / 16, 1 / 2, 24)[:, None]
    return Scene(
        camera,
        (
            layer("010 wall", "wall", "background", (0, 0), (height, width), 20.0),
            layer("020 ground", "ground", "background", (0, 24), (24, width), ground),
            layer("030 box", "object", "midground", (10, 20), (16, 12), 5.0),
            layer("040 lamp", "lamp", "foreground", (40, 10), (34, 8), 2.5),
        ),
    )


def painted(layer, box, colour=(1.0, 0.0, 0.0, 1.0)):
    """`layer` with `box` (rows, columns) in one colour."""
    rgba = layer.rgba.copy()
    rgba[box] = np.asarray(colour, np.float32)
    return replace(layer, rgba=rgba)


def with_layers(scene, *layers):
    return replace(scene, layers=tuple(layers))


def unchecked(scene, *layers):
    """What an editor allows and a Scene does not."""
    edited = copy.copy(scene)
    object.__setattr__(edited, "layers", layers)
    return edited


def fate(outcome, name):
    return next(each for each in outcome.fates if each.name == name)


def layer_of(outcome, name):
    return next(each for each in outcome.scene.layers if each.name == name)


class TestNothingEdited:
    @settings(max_examples=60)
    @given(
        st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 40), st.integers(1, 6), st.sampled_from([8, 16]),
        st.booleans(), st.booleans(), st.booleans(), st.sampled_from(sorted(ENCODERS)),
    )  # fmt: skip
    def test_gives_the_scene_to_the_bit(
        self, tmp_path_factory, seed, width, height, count, bit_depth, transparent, shadow, numbered, kind
    ):
        """Also 16 bits through OpenRaster's 8, and where the editor dropped the layers' numbers."""
        scene = noise_scene(seed, width, height, count, bit_depth, transparent, shadow)
        data = ENCODERS[kind](scene)
        path = tmp_path_factory.mktemp("edited") / f"edited.{kind}"
        path.write_bytes(data if numbered else without_numbers(data))
        outcome = bring_in(scene, read_edited(path, (width, height), transparent), inpaint_smooth)
        assert_same_scene(outcome.scene, scene)
        assert (outcome.is_unchanged, outcome.notes, outcome.summary) == (True, (), f"{count} kept")

    @pytest.mark.parametrize("kind", ENCODERS)
    @pytest.mark.parametrize("change", [bytes, without_numbers], ids=["numbers", "names"])
    def test_keeps_hostile_names(self, back, kind, change):
        scene = hostile_scene()
        assert_same_scene(back(scene, scene, kind, change).scene, scene)

    def test_keeps_16_bits_that_photoshop_halved(self, back):
        """Photoshop's 16 bits are 15 and one level."""
        scene = noise_scene(2, bit_depth=16)
        halved = [
            replace(each, rgba=(np.rint(np.rint(each.rgba * 32768) * (65535 / 32768)) / 65535).astype(np.float32))
            for each in scene.layers
        ]
        assert_same_scene(back(scene, with_layers(scene, *halved)).scene, scene)


class TestMatching:
    @pytest.mark.parametrize("kind", ENCODERS)
    def test_a_renamed_layer_is_known_by_its_number(self, back, kind):
        scene = noise_scene(7, count=4)
        names = [f"other {index}" for index in range(4)]
        edited = with_layers(scene, *(replace(each, name=n) for each, n in zip(scene.layers, names, strict=True)))
        outcome = back(scene, edited, kind)
        assert_same_scene(outcome.scene, edited)
        assert outcome.summary == "0 kept, 4 renamed"

    def test_a_renamed_layer_without_a_number_is_known_by_its_looks(self, back):
        scene = stage()
        edited = with_layers(scene, *scene.layers[:3], replace(scene.layers[3], name="the light"))
        outcome = back(scene, edited, change=without_numbers)
        assert_same_scene(outcome.scene, edited)
        assert fate(outcome, "the light").changes == ("renamed",)

    def test_of_two_copies_the_one_that_looks_like_it_is_the_layer(self, back):
        scene = stage()
        copy = painted(replace(scene.layers[2], id="copy", corner=(26, 20)), np.s_[4:12])
        edited = with_layers(scene, *scene.layers[:2], replace(copy, name="030 box copy"), *scene.layers[2:])
        outcome = back(scene, edited, change=without_numbers)
        assert [each.changes for each in outcome.fates] == [(), (), ("new",), (), ()]
        assert layer_of(outcome, "030 box").id == "object-id"

    def test_a_stranger_in_the_place_of_a_layer_is_new(self, back):
        scene = stage()
        stranger = painted(replace(scene.layers[3], id="x", name="tree"), np.s_[:], (0.1, 0.6, 0.1, 1.0))
        outcome = back(scene, with_layers(scene, *scene.layers[:3], stranger), change=without_numbers)
        assert (outcome.gone, fate(outcome, "tree").changes) == (("040 lamp",), ("new",))
        assert layer_of(outcome, "tree").id not in {each.id for each in scene.layers}


class TestEdits:
    def test_repainted_pixels_keep_depth_and_are_no_longer_filled(self, back):
        scene = stage()
        old = replace(scene.layers[1], filled=np.ones((24, 64), bool))
        scene = with_layers(scene, scene.layers[0], old, *scene.layers[2:])
        edited = with_layers(scene, scene.layers[0], painted(old, np.s_[5:9, 10:30]), *scene.layers[2:])
        outcome = back(scene, edited)
        new = layer_of(outcome, "020 ground")
        np.testing.assert_array_equal(new.z, old.z)
        assert not new.filled[5:9, 10:30].any()
        assert new.filled.sum() == 24 * 64 - 4 * 20
        np.testing.assert_array_equal(photo_of(outcome.scene), photo_of(edited))
        assert outcome.summary == "3 kept, 1 repainted"

    def test_16_bits_are_kept_where_an_8_bit_editor_painted_elsewhere(self, back):
        scene = noise_scene(3, count=2, bit_depth=16)
        bottom = painted(scene.layers[0], np.s_[:4, :4])
        outcome = back(scene, with_layers(scene, bottom, scene.layers[1]), "ora")
        np.testing.assert_array_equal(outcome.scene.layers[0].rgba, bottom.rgba)

    @pytest.mark.parametrize("kind", ENCODERS)
    @pytest.mark.parametrize("offset", [(5, -3), (-9, 2), (20, 0), (0, -15)])
    def test_depth_moves_with_its_pixels(self, back, kind, offset):
        scene = stage()
        lamp = scene.layers[3]
        lamp = replace(lamp, z=lamp.z + np.arange(34, dtype=np.float32)[:, None])
        scene = with_layers(scene, *scene.layers[:3], lamp)
        x, y = lamp.corner[0] + offset[0], lamp.corner[1] + offset[1]
        cut = slice(max(0, -y), min(34, 48 - y)), slice(max(0, -x), min(8, 64 - x))
        rgba, z = lamp.rgba[cut], lamp.z[cut]
        moved = replace(lamp, corner=(max(0, x), max(0, y)), rgba=rgba, z=z, filled=lamp.filled[cut])
        edited = with_layers(scene, *scene.layers[:3], moved)
        outcome = back(scene, edited, kind, change=without_numbers)
        assert_same_scene(outcome.scene, edited)
        assert fate(outcome, lamp.name).changes == ("moved",)

    def test_what_is_moved_and_partly_repainted_is_still_moved(self, back):
        scene = stage()
        box = scene.layers[2]
        moved = painted(replace(box, corner=(30, 25)), np.s_[:5])
        outcome = back(scene, with_layers(scene, *scene.layers[:2], moved, scene.layers[3]))
        assert fate(outcome, "030 box").changes == ("repainted", "moved")
        assert_same_scene(outcome.scene, with_layers(scene, *scene.layers[:2], moved, scene.layers[3]))

    def test_new_pixels_continue_the_depth(self, back):
        """Ground painted further down and to the side is the same plane: 1/z stays affine."""
        scene = stage()
        ground = scene.layers[1]
        part = replace(
            ground, corner=(8, 24), rgba=ground.rgba[:16, :40], z=ground.z[:16, :40], filled=ground.filled[:16, :40]
        )
        small = with_layers(scene, scene.layers[0], part, *scene.layers[2:])
        wide = replace(ground, rgba=ground.rgba.copy())
        wide.rgba[:16, 8:48] = part.rgba
        outcome = back(small, with_layers(scene, scene.layers[0], wide, *scene.layers[2:]))
        new = layer_of(outcome, "020 ground")
        assert new.z.shape == ground.z.shape
        np.testing.assert_array_equal(new.z[:16, 8:48], part.z)
        np.testing.assert_allclose(1 / new.z[:20], 1 / ground.z[:20], rtol=0.05)

    def test_a_mask_or_opacity_changes_alpha_and_nothing_else(self, back):
        scene = stage()
        box = replace(scene.layers[2], filled=np.ones((16, 12), bool))
        scene = with_layers(scene, *scene.layers[:2], box, scene.layers[3])
        faded = painted(box, np.s_[:, :6, 3], 0.2)
        edited = with_layers(scene, *scene.layers[:2], faded, scene.layers[3])
        outcome = back(scene, edited)
        assert_same_scene(outcome.scene, edited)
        assert outcome.summary == "3 kept, 1 masked"

    def test_order_is_the_files(self, back):
        scene = stage()
        edited = with_layers(scene, *(scene.layers[index] for index in (0, 1, 3, 2)))
        outcome = back(scene, edited)
        assert_same_scene(outcome.scene, edited)
        assert sum(each.changes == ("reordered",) for each in outcome.fates) == 1
        assert outcome.notes == (), "they do not overlap"

    def test_an_order_against_depth_is_said_where_it_shows(self, back):
        scene = stage()
        moved = replace(scene.layers[2], corner=(38, 20))
        scene = with_layers(scene, *scene.layers[:2], moved, scene.layers[3])
        outcome = back(scene, with_layers(scene, *(scene.layers[index] for index in (0, 1, 3, 2))))
        assert len(outcome.notes) == 1
        assert "greater depth" in outcome.notes[0]

    def test_another_group_is_another_plane(self, back):
        scene = stage()
        edited = with_layers(scene, *scene.layers[:2], replace(scene.layers[2], plane="foreground"), scene.layers[3])
        outcome = back(scene, edited)
        assert_same_scene(outcome.scene, edited)
        assert fate(outcome, "030 box").changes == ("regrouped",)

    def test_a_deleted_layer_goes_and_its_shadow_is_nobodys(self, back):
        scene = noise_scene(11, count=4, shadow=True)
        edited = with_layers(scene, *(each for each in scene.layers if each.id != "layer-2"))
        outcome = back(scene, edited)
        expected = [replace(each, caster=None) for each in edited.layers]
        assert_same_scene(outcome.scene, with_layers(scene, *expected))
        assert outcome.gone == ("020 thing 2",)


class TestHidden:
    @staticmethod
    def hide_top(data):
        """Switch the topmost layer off, as editors do: bit 1 of the flags in its record."""
        at = data.rindex(b"8BIMnorm", 0, data.index(b"\x08040 lamp"))  # its record: the metadata name it too
        return data[: at + 10] + bytes([data[at + 10] | 2]) + data[at + 11 :]

    def test_layers_are_left_out(self, back):
        scene = stage()
        outcome = back(scene, scene, change=self.hide_top)
        assert (outcome.hidden, outcome.gone) == (("040 lamp",), ())
        assert_same_scene(outcome.scene, with_layers(scene, *scene.layers[:3]))

    def test_layers_are_kept_if_asked(self, back):
        scene = stage()
        assert_same_scene(back(scene, scene, change=self.hide_top, keep_hidden=True).scene, scene)

    def test_new_layers_are_never_taken(self, back):
        scene = with_layers(stage(), *stage().layers[:3])
        outcome = back(scene, stage(), change=self.hide_top, keep_hidden=True)
        assert_same_scene(outcome.scene, scene)


def newcomer(corner, size, name="tree", alpha=1.0, blend="normal", plane="foreground"):
    h, w = size
    rgba = np.full((h, w, 4), 0.2, np.float32)
    rgba[..., :3] = np.float32(51 / 255)
    rgba[..., 3] = alpha
    z, filled = np.ones((h, w), np.float32), np.zeros((h, w), bool)
    return Layer("new", name, "object", plane, corner, rgba, z, filled, blend=blend)


class TestNewLayers:
    def test_stand_on_the_ground_that_they_touch(self, back):
        scene = stage()
        outcome = back(scene, with_layers(scene, *scene.layers[:3], newcomer((26, 10), (30, 8)), scene.layers[3]))
        tree = layer_of(outcome, "tree")
        ground = float(scene.layers[1].z[40 - 24, 0])
        assert np.ptp(tree.z) == EXACT
        assert tree.depth == pytest.approx(ground, rel=0.1)
        assert fate(outcome, "tree").reason == "standing on '020 ground'"

    def test_lie_between_what_they_cover_and_what_covers_them(self, back):
        scene = stage()
        bird = newcomer((38, 8), (8, 12), "bird")
        outcome = back(scene, with_layers(scene, *scene.layers[:3], bird, scene.layers[3]))
        assert 2.5 < layer_of(outcome, "bird").depth < 20
        assert "between" in fate(outcome, "bird").reason

    @pytest.mark.parametrize(("alpha", "blend"), [(1.0, "multiply"), (0.2, "normal")], ids=["multiply", "tint"])
    def test_shadows_and_tints_lie_on_what_they_cover(self, back, alpha, blend):
        scene = stage()
        shade = newcomer((10, 24), (20, 30), "shade", alpha, blend)
        outcome = back(scene, with_layers(scene, *scene.layers[:2], shade, *scene.layers[2:]))
        got = layer_of(outcome, "shade")
        np.testing.assert_allclose(got.z, scene.layers[1].z[:20, 10:40], rtol=0.01)
        assert (got.z < scene.layers[1].z[:20, 10:40]).all()
        assert got.blend == blend

    def test_take_plane_from_their_group_and_ids_that_never_were(self, back):
        scene = stage()
        for plane in PLANES:
            new = newcomer((26, 10), (30, 8), "object id", plane=plane)
            outcome = back(scene, with_layers(scene, *scene.layers, new))
            assert layer_of(outcome, "object id").plane == plane
            assert layer_of(outcome, "object id").id == "object-id-2"

    def test_show_what_the_file_shows(self, back):
        scene = stage()
        edited = with_layers(scene, *scene.layers, newcomer((3, 5), (9, 9), alpha=0.6))
        np.testing.assert_array_equal(photo_of(back(scene, edited).scene), photo_of(edited))

    def test_under_everything_take_the_place_of_the_old_background(self, back):
        scene = stage()
        new = newcomer((0, 0), (48, 64), "beach")
        outcome = back(scene, with_layers(scene, new, *scene.layers[1:]))
        np.testing.assert_array_equal(layer_of(outcome, "beach").z, scene.layers[0].z)
        assert outcome.gone == ("010 wall",)


class TestTheLowestLayer:
    def test_is_completed_where_it_has_holes(self, back):
        scene = stage()
        wall = painted(scene.layers[0], np.s_[4:10, 4:20, 3], 0.0)
        outcome = back(scene, unchecked(scene, wall, *scene.layers[1:]))
        got = outcome.scene.layers[0]
        assert got.rgba[..., 3].min() == 1.0
        assert got.filled[4:10, 4:20].all()
        assert got.filled.sum() == 6 * 16
        np.testing.assert_array_equal(got.z, scene.layers[0].z)
        assert any("filled in anew" in note for note in outcome.notes)

    def test_is_refused_where_it_covers_too_little(self, back):
        scene = stage()
        with pytest.raises(SceneError, match=r"'030 box', covers 6%.*bring the background back"):
            back(scene, unchecked(scene, *scene.layers[2:]))


class TestRefused:
    def test_another_size_than_the_scenes(self, back):
        with pytest.raises(FormatError, match=r"canvas is 23 x 17 pixels, but the scene's is 64 x 48"):
            back(stage(), noise_scene())

    @pytest.mark.parametrize("kind", ENCODERS)
    def test_any_damage_is_one_line_or_harmless(self, tmp_path, kind):
        """Cut short anywhere, or with any byte changed: a FormatError or a file, never anything else."""
        data = ENCODERS[kind](noise_scene(2, 9, 7, 3, transparent=True))
        random = np.random.default_rng(0)
        path = tmp_path / f"damaged.{kind}"
        for trial in range(300):
            broken = bytearray(data)
            if trial % 3 == 0:
                broken = broken[: int(random.integers(len(data)))]
            else:
                for at in random.integers(0, len(data), 1 + trial % 4):
                    broken[at] = random.integers(256)
            path.write_bytes(broken)
            try:
                read_edited(path, (9, 7), True)
            except FormatError as error:
                assert "\n" not in str(error)

    def test_layers_that_claim_more_than_memory_holds(self, tmp_path):
        data = bytearray(encode_psd(noise_scene(1, count=1)))
        at = data.index(struct.pack(">iiii", 0, 0, 17, 23))
        data[at : at + 16] = struct.pack(">iiii", 0, 0, 200_000, 200_000)
        path = tmp_path / "bomb.psd"
        path.write_bytes(data)
        with pytest.raises(FormatError, match="megapixels"):
            read_edited(path, (23, 17), False)

    @pytest.mark.parametrize(
        ("field", "value", "words"), [(24, 4, "CMYK"), (22, 32, "32 bits"), (4, 3, "version 3")], ids=str
    )
    def test_what_the_editor_must_convert_first(self, tmp_path, field, value, words):
        data = bytearray(encode_psd(noise_scene()))
        data[field : field + 2] = struct.pack(">H", value)
        path = tmp_path / "other.psd"
        path.write_bytes(data)
        with pytest.raises(FormatError, match=words):
            read_edited(path, (23, 17), False)

    @pytest.mark.parametrize("data", [b"", b"8BPS", b"PK\3\4", b"GIF89a"], ids=range(4))
    def test_what_is_no_layered_file(self, tmp_path, data):
        path = tmp_path / "file.psd"
        path.write_bytes(data)
        with pytest.raises(FormatError, match="cannot read"):
            read_edited(path, (1, 1), False)

    def test_a_file_that_is_not_there(self):
        with pytest.raises(FormatError, match="No such file"):
            read_edited(Path("nowhere.psd"), (1, 1), False)


@given(st.permutations(range(7)))
def test_the_fewest_layers_count_as_reordered(order):
    moved = reordered([*order, None])
    rest = [place for position, place in enumerate(order) if position not in moved]
    assert rest == sorted(rest)
    longest = max(
        bin(choice).count("1")
        for choice in range(128)
        if (chosen := [place for k, place in enumerate(order) if choice >> k & 1]) == sorted(chosen)
    )
    assert len(rest) == longest
