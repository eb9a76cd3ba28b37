"""The measures of benchmarks/light.py: right on cases that anyone can check by hand, and its loader and layouts."""

import re
from dataclasses import fields, replace

import numpy as np
import pytest
from benchmarks.light_cases import EXACT as TOLD
from benchmarks.light_cases import Case, Tool
from benchmarks.light_layout import HEIGHT, WIDTH, Key, Layout, Thing, indoor, outdoor, sky_directions
from benchmarks.light_rays import dark, seen, shadows
from benchmarks.light_scenes import ambient_facing, to_bytes
from benchmarks.light_scores import (
    Score,
    albedo_error,
    angle,
    angles,
    darkness,
    differs,
    iou,
    lines_of,
    psnr,
    scene_layer_of,
    shadow_mask,
    without,
)
from benchmarks.light_shapes import ball, box, limb, person
from benchmarks.light_truth import LightTruth, ShadowFree, load_truth, shadow_free, truths
from benchmarks.measure_moved import dragged
from benchmarks.measure_relight import enlarged, key_errors, seen_of, told_key, told_lights
from benchmarks.measure_shadows import healed_psnr, is_false, shadow_ious

from multiplane.errors import PhotoError
from multiplane.light.original import original_lights
from multiplane.light.relight import prepare_light
from multiplane.scene import Camera, Layer, Scene
from tolerances import EXACT, ROUNDING, SOLVER

SIDE = 8


def sheet(name, rgb, alpha, **more):
    """A full-canvas layer of one colour with this alpha (SIDE, SIDE)."""
    rgba = np.dstack([np.broadcast_to(np.float32(rgb), (SIDE, SIDE, 3)), np.float32(alpha)]).astype(np.float32)
    z = np.full((SIDE, SIDE), 2, np.float32)
    return Layer(name, name, "object", "background", (0, 0), rgba, z, np.zeros((SIDE, SIDE), bool), **more)


def square(top, bottom, left, right):
    mask = np.zeros((SIDE, SIDE), bool)
    mask[top:bottom, left:right] = True
    return mask


GROUND, BOX, THROWN = square(0, 8, 0, 8), square(2, 5, 2, 4), square(4, 6, 4, 7)


def lit_scene(factor=0.4):
    """A grey ground, a box on it, and the box's shadow, which leaves this share of the encoded ground."""
    ground = sheet("ground", 0.8, np.ones((SIDE, SIDE)))
    shadow = sheet("shadow", np.round(factor * 255) / 255, THROWN, caster="box", blend="multiply")
    return Scene(Camera(SIDE, SIDE, 10.0), (ground, shadow, sheet("box", 0.2, BOX)))


def truth_of(scene):
    """The truth that `lit_scene` is an exact answer to."""
    flat = without(scene, set())
    empty = without(scene, {"box", "shadow"})
    fields_3 = np.zeros((SIDE, SIDE, 3), np.float32)
    return LightTruth(
        name="drawn", kind="outdoor", photo=flat, focal=10.0, z=np.ones((SIDE, SIDE), np.float32),
        ids=np.where(BOX, 2, 1).astype(np.uint8), labels=("sky", "ground", "object"), names=("Sky", "Ground", "Box 1"),
        casters=(2,), albedo=fields_3, normals=fields_3, sun=fields_3, sky=fields_3, up=np.float32([0, -1, 0]),
        key_towards=np.float32([0.6, -0.8, 0.0]), key_rgb=np.float32([0.9, 0.6, 0.3]),
        ambient_rgb=np.float32([0.3, 0.3, 0.3]), ambient_share=1 / 3, softness=0.5, shadows=THROWN[None],
        no_shadow=without(scene, {"shadow"}), removed=empty, moved=empty, move=np.float32([1, 0, 0]), moved_mask=BOX,
        moved_shadow=THROWN, relit=np.stack([flat, flat]), relit_towards=np.float32([[0.6, -0.8, 0], [0, -0.8, -0.6]]),
        relit_key_rgb=np.float32([[0.9, 0.6, 0.3], [0.6, 0.6, 0.6]]),
        relit_ambient_rgb=np.float32([[0.3, 0.3, 0.3], [0.3, 0.3, 0.3]]),
    )  # fmt: skip


class TestScores:
    def test_psnr_is_that_of_the_definition_inside_the_region_only(self):
        one = np.full((2, 2, 3), 100, np.uint8)
        other = one.copy()
        other[0, 0] = 110
        other[1, 1] = 0
        region = np.array([[True, True], [False, False]])
        assert psnr(one, other, region) == pytest.approx(10 * np.log10(255**2 / 50))

    def test_psnr_of_equal_pictures_is_finite_and_of_no_pixels_is_no_number(self):
        one = np.zeros((2, 2, 3), np.uint8)
        assert psnr(one, one, np.ones((2, 2), bool)) == pytest.approx(20 * np.log10(255 / 0.25))
        assert np.isnan(psnr(one, one, np.zeros((2, 2), bool)))

    def test_iou_counts_pixels(self):
        assert iou(square(0, 2, 0, 2), square(0, 2, 1, 3)) == pytest.approx(2 / 6)
        assert iou(square(0, 0, 0, 0), square(0, 0, 0, 0)) == 1.0

    def test_pictures_differ_from_four_levels_on_in_any_channel(self):
        one = np.zeros((1, 3, 3), np.uint8)
        other = np.uint8([[[0, 0, 3], [0, 4, 0], [255, 0, 0]]])
        assert differs(one, other).tolist() == [[False, True, True]]

    def test_angles_are_in_degrees(self):
        across = np.float32([[[1, 0, 0], [1, 0, 0]]])
        turned = np.float32([[[0, 1, 0], [1, 0, 0]]])
        assert angles(across, turned, np.array([[True, True]])).tolist() == [90.0, 0.0]
        assert angle(np.float32([2, 0, 0]), np.float32([1, 1, 0])) == pytest.approx(45.0)

    def test_albedo_error_forgives_a_scale_of_each_channel_and_nothing_else(self):
        rng = np.random.default_rng(0)
        true = rng.uniform(0.1, 0.9, (5, 5, 3)).astype(np.float32)
        where = np.ones((5, 5), bool)
        assert albedo_error(true * np.float32([2.0, 0.5, 3.0]), true, where) == pytest.approx(0, abs=SOLVER)
        flat = np.full_like(true, 0.5)
        spread = [1 - true[..., c].mean() ** 2 / np.mean(true[..., c].astype(np.float64) ** 2) for c in range(3)]
        assert albedo_error(flat, true, where) == pytest.approx(np.sqrt(np.mean(spread)), abs=SOLVER)

    @pytest.mark.parametrize(
        ("value", "bar", "better", "missed"),
        [(0.7, 0.7, "more", False), (0.69, 0.7, "more", True), (24, 25, "less", False), (26, 25, "less", True),
         (np.nan, 0.7, "more", True), (np.nan, 25, "less", True), (0.1, None, "more", False)],
    )  # fmt: skip
    def test_a_bar_is_missed_or_reached(self, value, bar, better, missed):
        score = Score("thing", "method", value, "dB", 3, bar, better)
        assert score.missed == missed
        line = lines_of([score])[1]
        assert line.endswith("missed") == missed
        assert bar is None or re.search(rf"[<>]= {bar:g}", line)


class TestShadowMasks:
    def test_darkness_is_what_the_layer_takes_of_encoded_light(self):
        dark_there = darkness(lit_scene(0.4))
        assert np.abs(dark_there[THROWN] - 0.6).max() <= ROUNDING
        assert dark_there[~THROWN].max() == EXACT

    def test_the_shadow_of_another_caster_does_not_count(self):
        assert darkness(lit_scene(), "somebody").max() == EXACT
        assert darkness(lit_scene(), "box").max() > 0.5

    def test_the_mask_is_cut_at_half_of_the_full_depth(self):
        dark_there = np.zeros((10, 10), np.float32)
        dark_there[:8] = 0.5
        dark_there[8] = 0.24
        dark_there[9] = 0.26
        mask = shadow_mask(dark_there)
        assert mask[:8].all() and not mask[8].any() and mask[9].all()

    def test_no_darkness_is_no_mask(self):
        assert not shadow_mask(np.zeros((4, 4), np.float32)).any()

    def test_a_layer_is_false_where_objects_leave_the_light_on(self):
        ratio = np.ones((SIDE, SIDE), np.float32)
        assert is_false(THROWN, ratio)
        assert not is_false(THROWN, np.where(THROWN, 0.7, 1).astype(np.float32))
        assert not is_false(np.zeros_like(THROWN), ratio)

    def test_the_layer_of_an_object_is_found_and_a_shadow_is_none(self):
        index, share = scene_layer_of(lit_scene(), BOX)
        assert (lit_scene().layers[index].id, share) == ("box", pytest.approx(1.0))
        index, share = scene_layer_of(lit_scene(), THROWN)
        assert lit_scene().layers[index].id != "shadow" and share < 0.5


class TestCases:
    def case(self, scene):
        plain = replace(scene, layers=tuple(layer for layer in scene.layers if layer.caster is None))
        return Case(truth_of(lit_scene()), TOLD, plain, scene, "box")

    def test_a_perfect_answer_gets_full_marks(self, monkeypatch):
        monkeypatch.setattr("benchmarks.measure_shadows.LEAST_SHADOW", 1)
        union, single = shadow_ious(self.case(lit_scene()))
        assert (union, single) == (1.0, [1.0])

    def test_no_shadow_layer_gets_none(self):
        bare = lit_scene()
        bare = replace(bare, layers=(bare.layers[0], bare.layers[2]))
        assert shadow_ious(self.case(bare))[0] == 0.0

    def test_healing_is_compared_with_removing_the_object_alone(self):
        exact = 20 * np.log10(255 / 0.25)
        stained = lit_scene()
        photo_of_ground = np.where(THROWN[..., None], without(stained, {"box"}), without(stained, {"box", "shadow"}))
        rgba = np.dstack([photo_of_ground.astype(np.float32) / 255, np.ones((SIDE, SIDE), np.float32)])
        plain = replace(stained, layers=(replace(stained.layers[0], rgba=rgba), stained.layers[2]))
        case = Case(truth_of(stained), TOLD, plain, stained, "box")
        ours, alone, best = healed_psnr(case)
        assert ours == best == pytest.approx(exact)
        assert alone < 15

    def test_an_object_that_is_no_layer_is_not_scored(self):
        assert healed_psnr(replace(self.case(lit_scene()), first=None)) is None


class TestToldLights:
    def test_the_photos_own_light_is_told_as_the_engine_has_it(self):
        truth = truth_of(lit_scene())
        told, own = told_lights(truth, 0), original_lights(told_key(truth), truth.up)
        for mine, theirs in zip(told, own, strict=True):
            assert mine.intensity == pytest.approx(theirs.intensity, abs=0.02)
            assert mine.colour == pytest.approx(theirs.colour, abs=0.02)
        assert told[0].towards == pytest.approx(own[0].towards)

    def test_a_whiter_key_is_told_relative_to_the_photos_light(self):
        sun, _ = told_lights(truth_of(lit_scene()), 1)
        assert np.array(sun.colour) * sun.intensity == pytest.approx([0.6 / 1.2, 0.6 / 0.9, 0.6 / 0.6], abs=SOLVER)


class TestMoves:
    def test_a_foot_is_dragged_as_far_as_its_true_move_looks(self):
        """At depth 4 and a focal length of 10 pixels, one metre to the right is 2.5 pixels."""
        truth = replace(truth_of(lit_scene()), z=np.full((SIDE, SIDE), 4, np.float32))
        assert dragged(truth, (3.0, 5.0)) == pytest.approx((2.5, 0.0), abs=SOLVER)

    def test_farther_away_is_nearer_to_the_middle(self):
        truth = replace(truth_of(lit_scene()), z=np.full((SIDE, SIDE), 4, np.float32), move=np.float32([0, 0, 4]))
        assert dragged(truth, (2.0, 6.0)) == pytest.approx((1.0, -1.0), abs=SOLVER)


class TestRelitScenes:
    def test_what_is_seen_is_taken_from_the_nearest_solid_sheet(self):
        lit = prepare_light(replace(lit_scene(), key_light=told_key(truth_of(lit_scene()))))
        fields_3 = [np.full((*sheet.alpha.shape, 3), k, np.float32) for k, sheet in enumerate(lit.setting.sheets)]
        seen_fields, solid = seen_of(lit, fields_3)
        assert np.array_equal(seen_fields[..., 0], BOX.astype(np.float32))
        assert solid.all()

    def test_an_enlarged_scene_has_the_previews_size_and_the_same_layers(self, monkeypatch):
        monkeypatch.setattr("benchmarks.measure_relight.PREVIEW", (32, 18))
        scene = enlarged(lit_scene(), told_key(truth_of(lit_scene())))
        assert (scene.camera.width, scene.camera.height, scene.camera.focal) == (32, 18, 40.0)
        assert [layer.id for layer in scene.layers] == ["ground", "shadow", "box"]
        assert scene.layers[2].rgba[..., 3].mean() > 0.05

    def test_key_lights_are_compared_by_angle_and_with_a_guess(self):
        truth = truth_of(lit_scene())
        scene = replace(lit_scene(), key_light=told_key(truth))
        ((found,), (guess,)) = key_errors([Case(truth, TOLD, scene, scene, "box")])
        assert found == pytest.approx(0, abs=0.1)
        assert guess == pytest.approx(np.degrees(np.arccos(0.8 * np.sqrt(0.5))), abs=0.1)

    def test_the_key_told_is_the_noun_of_the_true_light(self):
        key = told_key(truth_of(lit_scene()))
        assert key.towards == pytest.approx((0.6, -0.8, 0.0))
        assert np.array(key.colour) / key.colour[2] == pytest.approx([3, 2, 1], abs=SOLVER)
        assert key.ambient == pytest.approx(1 / 3)


class TestFiles:
    def test_layers_are_kept_and_read_again(self, tmp_path, monkeypatch):
        calls = []

        def decomposed(tool, view):
            calls.append(view.name)
            return lit_scene()

        monkeypatch.setattr(Tool, "_decomposed", decomposed)
        tool, truth = Tool(TOLD, tmp_path / "kept"), truth_of(lit_scene())
        first, second = tool.apart(truth), tool.apart(truth)
        other = tool.apart(replace(truth, photo=255 - truth.photo))
        assert len(calls) == 2
        for scene in (first, second, other):
            assert np.array_equal(without(scene, set()), without(lit_scene(), set()))

    def stored(self, path, kind):
        truth = truth_of(lit_scene())
        values = {one.name: getattr(truth, one.name, np.ones((SIDE, SIDE))) for one in fields(kind)}
        np.savez(path, **{key: np.array(value) for key, value in values.items() if key != "name"})
        return values

    @pytest.mark.parametrize(("kind", "read"), [(LightTruth, truths), (ShadowFree, shadow_free)])
    def test_a_stored_scene_comes_back(self, tmp_path, kind, read):
        values = self.stored(tmp_path / "drawn.npz", kind)
        (back,) = read(tmp_path)
        for key, value in values.items():
            assert np.array_equal(np.array(getattr(back, key)), np.array(value)), key
        assert back.as_photo().rgb.shape == (SIDE, SIDE, 3)
        assert [segment.name for segment in back.segments()] == ["Ground", "Box 1"]
        assert np.array_equal(back.surfaces, ~BOX)

    def test_what_is_no_scene_is_said_so(self, tmp_path):
        np.savez(tmp_path / "other.npz", photo=np.zeros((2, 2, 3), np.uint8))
        with pytest.raises(PhotoError, match="render it again"):
            load_truth(tmp_path / "other.npz", LightTruth)


def plain_layout(things):
    """A camera 2 m above the ground that looks straight ahead, and a sun at 45 degrees from the left."""
    towards = np.array([-1.0, -1.0, 0.0]) / np.sqrt(2)
    key = Key(towards, 0.5, np.ones(3), np.ones(3))
    half = 50.0
    floor = box(2 * half, 1.0, 2 * half, "ground").at(0, 1.0, 0)
    ground = Thing("Ground", "ground", (floor,))
    return Layout("outdoor", [ground, *things], 1, 2.0, 0.0, 400.0, {}, [key], np.ones((4, 8, 3)))


class TestLayouts:
    def test_a_box_is_seen_at_its_depth_and_its_shadow_is_as_long_as_it_is_high(self):
        layout = plain_layout([Thing("Crate 1", "object", (box(1, 1, 1, "paint").at(0, 0, 6.5),))])
        ids, z, points, normals = seen(layout, layout.things)
        assert abs(z[ids == 2].min() - 6.0) < 1e-4
        assert np.allclose(normals[ids == 1], [0, -1, 0], atol=1e-6)
        (mask,) = shadows(layout, layout.things, layout.keys[0].towards)
        on_ground = points[mask & (ids == 1)]
        assert on_ground[:, 0].min() > 0.49 and on_ground[:, 0].max() < 1.51
        assert on_ground[:, 0].max() > 1.45
        assert on_ground[:, 2].min() > 5.99 and on_ground[:, 2].max() < 7.01

    def test_what_another_thing_darkens_too_is_nobodys_shadow(self):
        crate = Thing("Crate 1", "object", (box(1, 1, 1, "paint").at(0, 0, 6.5),))
        wall = Thing("Crate 2", "object", (box(0.2, 3, 3, "paint").at(-1.5, 0, 6.5),))
        layout = plain_layout([crate, wall])
        first, second = shadows(layout, layout.things, layout.keys[0].towards)
        ids, _, points, normals = seen(layout, layout.things)
        both = dark([crate], points, normals, layout.keys[0].towards)
        both &= dark([wall], points, normals, layout.keys[0].towards)
        assert (both & (ids == 1)).any()
        assert not (first & both).any() and not (second & both).any()

    @pytest.mark.parametrize("make", [outdoor, indoor])
    def test_a_seed_gives_one_scene(self, make):
        one, two = make(5), make(5)
        assert [thing.name for thing in one.things] == [thing.name for thing in two.things]
        assert all(np.array_equal(one.paints[name], two.paints[name]) for name in one.paints)
        assert make(6).focal != one.focal
        assert {mesh.paint for thing in one.things for mesh in thing.meshes} == set(one.paints)

    def test_rays_and_directions_agree_with_the_camera(self):
        layout = replace(plain_layout([]), pitch=20.0)
        middle = layout.rays()[HEIGHT // 2 - 1 : HEIGHT // 2 + 1, WIDTH // 2 - 1 : WIDTH // 2 + 1].mean(axis=(0, 1))
        assert np.allclose(layout.to_camera(middle), [0, 0, 1], atol=1e-12)
        assert middle[1] > 0.3

    @pytest.mark.parametrize(("mesh", "area", "share"), [(box(1, 2, 3, "a"), 22, 1e-9), (ball(0.5, "a"), np.pi, 0.01)])
    def test_meshes_have_the_area_of_what_they_are(self, mesh, area, share):
        corners = mesh.points[mesh.faces]
        found = 0.5 * np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
        assert found.sum() == pytest.approx(area, rel=share)

    def test_a_limb_ends_where_it_is_told_to(self):
        rod = limb((0, 1, 0), (0.6, 1.8, 0), 0.1, "a")
        low, high = np.array([0, -1.0, 0]), np.array([0.6, -1.8, 0])
        along = (rod.points - low) @ (high - low)
        assert along.min() == pytest.approx(-0.1) and along.max() == pytest.approx(1.1)
        assert np.linalg.norm(np.cross(rod.points - low, high - low), axis=1).max() == pytest.approx(0.1)

    def test_a_person_stands_on_the_ground(self):
        points = np.concatenate([mesh.points for mesh in person(np.random.default_rng(0), ["a", "b"])])
        assert -0.03 <= -points[:, 1].max() <= 0.03
        assert 1.6 < -points[:, 1].min() < 1.9


class TestLightOfTheSky:
    def test_an_even_sky_gives_its_own_radiance_to_what_faces_up(self):
        level = ambient_facing(np.full((64, 128, 3), 0.7), np.array([0.0, -1.0, 0.0]), np.zeros(3))
        assert level == pytest.approx([0.7] * 3, abs=2e-3)

    def test_upright_surfaces_get_half_of_the_sky_and_half_of_the_ground(self):
        level = ambient_facing(np.ones((64, 128, 3)), np.array([1.0, 0.0, 0.0]), np.full(3, 0.4))
        assert level == pytest.approx([0.5 + 0.5 * 0.4] * 3, abs=5e-3)

    def test_directions_run_from_straight_up_to_straight_down(self):
        directions = sky_directions(32, 64)
        assert np.allclose(np.linalg.norm(directions, axis=-1), 1)
        assert directions[0, :, 1].max() < -0.99 and directions[-1, :, 1].min() > 0.99

    def test_bytes_are_srgb(self):
        assert to_bytes(np.array([[[0.0, 0.2158605, 1.5]]])).tolist() == [[[0, 128, 255]]]
