"""Relighting: the photo's own light is the identity in every byte, and others do what light does."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multiplane.decompose import Backends, decompose
from multiplane.errors import SceneError
from multiplane.inpaint.smooth import inpaint_smooth
from multiplane.light.clip import light_clip
from multiplane.light.key_light import key_light_of
from multiplane.light.lights import Ambient, Original, Point, Sun, colour_of_kelvin
from multiplane.light.passes import light_passes
from multiplane.light.preview import prepare_preview
from multiplane.light.relight import prepare_light, relight, relit, relit_picture
from multiplane.light.shine import shine
from multiplane.matte.guided import matte_guided
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.pixels.light_pass import apply_passes
from multiplane.pixels.linear import encoded, linear
from multiplane.scene import LUMINANCE, Camera, DepthMap, KeyLight, Layer, Origin, Photo, Scene, Segment
from scenes import assert_same_scene, noise_scene, photo_of

KEY = KeyLight((0.6, -0.64, -0.48), (1.0, 1.0, 1.0), 0.4, 1.0)


def ball_on_floor(size=96, key=KEY, shadow=False):
    """A grey ball before a grey floor, lit by `key`, with its exact depth; its `shadow` on the floor may be there."""
    camera = Camera(size, size, float(size))
    v, u = np.mgrid[:size, :size] + 0.5 - size / 2
    ray = np.stack([u / size, v / size, np.ones_like(u)], axis=-1)
    up = np.array([0.0, -1.0, 0.0])
    height = 1.2  # of the camera over the floor; its horizon lies behind the picture's upper half
    floor_z = np.where(v > 2, height * size / np.maximum(v, 1), 40.0)
    centre, radius = np.array([0.0, 0.3, 4.0]), 0.8
    b = ray @ centre
    under = b * b - (ray * ray).sum(-1) * (centre @ centre - radius**2)
    ball = under > 0
    z = (b - np.sqrt(np.maximum(under, 0))) / (ray * ray).sum(-1)
    normals = (ray * z[..., None] - centre) / radius

    point = ray * floor_z[..., None] - centre
    towards = np.array(key.towards)
    along = point @ towards
    hidden = (along < 0) & ((point * point).sum(-1) - along**2 < radius**2)

    def seen(normal, arrives=1.0):
        light = key.ambient * (0.65 + 0.35 * (normal @ up)) / (0.65 + 0.35 * np.dot(key.towards, up))
        light = light + (1 - key.ambient) * np.maximum(normal @ towards, 0) * arrives
        grey = to_levels(encoded((0.5 * light).astype(np.float32)))
        return from_levels(np.repeat(grey[..., None], 3, -1))

    floor = np.broadcast_to(seen(up[None, None], 1.0 - hidden if shadow else 1.0), (size, size, 3))
    layers = []
    for name, colour, alpha, depth in (
        ("ground", floor, np.ones_like(ball), floor_z),
        ("object", seen(normals), ball, np.where(ball, z, 4.0)),
    ):
        rgba = np.dstack([colour, alpha]).astype(np.float32)
        none = np.zeros((size, size), bool)
        layers.append(Layer(name, name, name, "midground", (0, 0), rgba, depth.astype(np.float32), none))
    return Scene(camera, tuple(layers), key_light=key)


class TestIdentity:
    @settings(max_examples=15, deadline=None)
    @given(st.integers(0, 2**32), st.sampled_from([8, 16]), st.booleans())
    def test_the_photos_own_light_changes_no_byte(self, seed, bit_depth, shadow):
        scene = replace(noise_scene(seed, 31, 24, 4, bit_depth, shadow=shadow), key_light=KEY)
        assert_same_scene(relight(scene, [Original()]), scene)
        lit = prepare_light(scene)
        assert_same_scene(relit(lit, lit.lights), scene)

    def test_all_of_it_and_nothing_else_changes_no_byte(self):
        """Not by being recognised, but because the ratio is 1."""
        scene = replace(noise_scene(3, 31, 24), key_light=KEY)
        same = relight(scene, [Original(), Ambient(0.0)])
        assert np.array_equal(photo_of(same), photo_of(scene))

    @settings(max_examples=10, deadline=None)
    @given(st.integers(0, 2**32), st.sampled_from([np.uint8, np.uint16]), st.integers(1, 5))
    def test_a_ratio_of_1_leaves_every_level(self, seed, kind, step):
        levels = np.random.default_rng(seed).integers(0, np.iinfo(kind).max + 1, (17, 23, 4)).astype(kind)
        assert np.array_equal(shine(levels, np.ones((9, 9, 3), np.float32), step, (1, 0)), levels)


class TestShine:
    @pytest.mark.parametrize("kind", [np.uint8, np.uint16])
    def test_multiplies_linear_light(self, kind):
        top = np.iinfo(kind).max
        levels = np.linspace(0, top, 256).astype(kind)[None, :, None].repeat(3, -1)
        ratio = np.full((1, 1, 3), 0.5, np.float32)
        want = encoded(np.float32(0.5) * linear(from_levels(levels))) * top
        assert np.abs(shine(levels, ratio, 256, (0, 0)) - want).max() <= 1.01 * max(1, top / 255)

    def test_more_light_never_cuts_off_nor_turns_back(self):
        levels = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, -1)
        before = levels
        for ratio in (1.02, 1.5, 3.0, 6.0):
            lit = shine(levels, np.full((1, 1, 3), ratio, np.float32), 256, (0, 0))
            assert (lit.astype(int) >= before.astype(int) - 1).all()
            assert (np.diff(lit[0, :, 0].astype(int)) >= -2).all()
            before = lit
        assert (before[0, 1:250] > 0).all()


class TestLight:
    def test_the_true_new_light_gives_the_true_picture(self):
        for other in (KeyLight((-0.6, -0.64, -0.48), ambient=0.4), KeyLight((0.0, -0.8, -0.6), ambient=0.7)):
            scene, truth = ball_on_floor(), photo_of(ball_on_floor(key=other))
            lit = prepare_light(scene)
            up = 0.65 + 0.35 * -other.towards[1]
            lights = [Sun.from_towards(other.towards, 1 - other.ambient, softness=0.0), Ambient(other.ambient / up)]
            got = photo_of(relit(lit, lights))
            ball = scene.layers[1].rgba[..., 3] > 0
            before = np.abs(photo_of(scene).astype(float) - truth)[ball].mean()
            after = np.abs(got.astype(float) - truth)[ball].mean()
            assert after < 0.35 * before

    def test_comes_from_where_it_is_said_to(self):
        scene = ball_on_floor()
        for azimuth, brighter in ((90, 1), (-90, -1)):
            ball = photo_of(relight(scene, [Sun(azimuth, 20), Ambient(0.2)]))[30:66, 20:76].astype(float)
            assert brighter * (ball[:, 28:].mean() - ball[:, :28].mean()) > 10

    def test_a_thing_throws_a_shadow_on_what_is_behind_it(self):
        scene = ball_on_floor()
        left = photo_of(relight(scene, [Sun(-90, 30), Ambient(0.3)])).astype(float)
        right = photo_of(relight(scene, [Sun(90, 30), Ambient(0.3)])).astype(float)
        row = slice(72, 82)
        assert left[row, 78:92].mean() < right[row, 78:92].mean() - 15
        assert right[row, 4:18].mean() < left[row, 4:18].mean() - 15

    def test_a_lamp_is_brightest_where_it_stands(self):
        scene = ball_on_floor()
        near = photo_of(relight(scene, [Point((-1.0, 0.6, 3.6)), Ambient(0.1)])).astype(float)
        assert near[70:, :40].mean() > near[70:, 56:].mean() + 10

    def test_has_its_colour(self):
        scene = ball_on_floor()
        warm = photo_of(relight(scene, [Ambient(1.0, colour_of_kelvin(2500))])).astype(float)
        cold = photo_of(relight(scene, [Ambient(1.0, colour_of_kelvin(12000))])).astype(float)
        assert warm[..., 0].mean() > warm[..., 2].mean() + 30
        assert cold[..., 2].mean() > cold[..., 0].mean() + 15

    def test_added_to_the_photos_own_only_brightens(self):
        scene = ball_on_floor()
        more = photo_of(relight(scene, [Original(), Sun(-90, 30, 0.5)]))
        assert (more.astype(int) >= photo_of(scene).astype(int) - 1).all()
        assert more.mean() > photo_of(scene).mean() + 2

    def test_alpha_and_depth_stay(self):
        scene = replace(noise_scene(3, 31, 24), key_light=KEY)
        for before, after in zip(scene.layers, relight(scene, [Sun(40, 30)]).layers, strict=True):
            assert after.z is before.z
            assert np.array_equal(after.rgba[..., 3], before.rgba[..., 3])

    def test_shadow_layers_keep_the_photos_share_of_light(self):
        scene = replace(noise_scene(4, 31, 24, shadow=True), key_light=KEY)
        assert all(layer.blend == "normal" for layer in relight(scene, [Sun(40, 30)]).layers)
        half = relight(scene, [Original(0.5), Ambient(0.5)]).layers[1]
        assert half.blend == "multiply"
        assert np.allclose(half.rgba[..., 3], scene.layers[1].rgba[..., 3] / 2, atol=1 / 255)

    def test_is_the_same_every_time(self):
        scene, lights = ball_on_floor(), [Sun(60, 30, softness=8), Ambient(0.3)]
        assert_same_scene(relight(scene, lights), relight(scene, lights))


class TestAnyScene:
    @settings(max_examples=25, deadline=None)
    @given(
        st.integers(0, 2**32),
        st.integers(1, 40),
        st.integers(1, 40),
        st.integers(1, 5),
        st.sampled_from([8, 16]),
        st.booleans(),
        st.sampled_from(["sky", "ground", "wall", "background", "person", "rest"]),
    )
    def test_is_relit_and_previewed_whatever_its_size_and_labels(
        self, seed, width, height, count, bit_depth, metric, label
    ):
        scene = noise_scene(seed, width, height, count, bit_depth, shadow=True)
        layers = tuple(replace(layer, label=label) if k % 2 else layer for k, layer in enumerate(scene.layers))
        scene = replace(scene, layers=layers, origin=Origin(metric=metric))
        lights = [Sun(seed % 360, 30, softness=seed % 9), Point((0.1, -0.2, 1.5)), Original(0.3), Ambient(0.2)]
        lit = prepare_light(scene)
        out = relit(lit, lights)
        assert len(out.layers) == len(scene.layers)
        assert np.array_equal(relit_picture(lit, lights), photo_of(out))
        assert prepare_preview(scene, width, height).frame(lights).shape == (height, width, 3)


class TestLights:
    def test_6504_kelvin_is_white_and_less_is_redder(self):
        assert np.allclose(colour_of_kelvin(6504), 1.0)
        reds = [colour_of_kelvin(kelvin)[0] for kelvin in (1500, 2500, 4000, 6504, 10000, 25000)]
        assert reds == sorted(reds, reverse=True)
        for kelvin in (1000, 3000, 40000):
            assert np.dot(colour_of_kelvin(kelvin), LUMINANCE) == pytest.approx(1.0)

    @given(st.floats(-180, 180), st.floats(-89, 89))
    def test_a_direction_and_its_angles_are_inverse(self, azimuth, elevation):
        towards = Sun(azimuth, elevation).towards
        again = Sun.from_towards(towards)
        assert np.allclose(again.towards, towards, atol=1e-9)
        assert np.linalg.norm(towards) == pytest.approx(1.0)

    def test_azimuth_90_is_right_and_0_behind_the_viewer(self):
        assert np.allclose(Sun(90, 0).towards, (1, 0, 0))
        assert np.allclose(Sun(0, 0).towards, (0, 0, -1))
        assert np.allclose(Sun(0, 90).towards, (0, -1, 0))

    @pytest.mark.parametrize(
        ("make", "word"),
        [
            (lambda: Sun(0, 91), "elevation"),
            (lambda: Sun(float("nan"), 0), "azimuth"),
            (lambda: Sun(0, 0, -1.0), "intensity"),
            (lambda: Sun(0, 0, 1.0, (2.0, 2.0, 2.0)), "colour"),
            (lambda: Sun(0, 0, softness=61), "softness"),
            (lambda: Point((0.0, 0.0, -1.0)), "before the camera"),
            (lambda: Original(-1.0), "share"),
            (lambda: colour_of_kelvin(500), "temperature"),
        ],
    )
    def test_nonsense_is_refused(self, make, word):
        with pytest.raises(SceneError, match=word):
            make()


class TestPasses:
    @pytest.mark.parametrize("bit_depth", [8, 16])
    def test_blended_as_editors_do_they_give_the_relit_picture(self, bit_depth):
        scene = replace(noise_scene(7, 31, 24, bit_depth=bit_depth), key_light=KEY)
        lit = prepare_light(scene)
        lights = [Sun(70, 30, 0.6), Point((0.0, 0.0, 1.5), 0.5), Ambient(0.3)]
        passes = light_passes(lit, lights)
        assert passes[0].name == "shade"
        assert {"sun 1", "lamp 1"} <= {each.name for each in passes}
        got, want = apply_passes(photo_of(scene), passes), photo_of(relit(lit, lights))
        assert np.abs(got.astype(int) - want).max() <= 1

    def test_of_the_photos_own_light_change_nothing(self):
        scene = replace(noise_scene(7, 31, 24), key_light=KEY)
        passes = light_passes(prepare_light(scene), [Original()])
        assert np.array_equal(apply_passes(photo_of(scene), passes), photo_of(scene))


class TestClip:
    def test_swings_and_comes_back(self):
        scene = ball_on_floor()
        frames = list(light_clip(scene, [Sun(0, 30), Ambient(0.3)], 80, 1.0, 4, (96, 96)))
        assert len(frames) == 4
        ball = [frame[30:66, 20:76].astype(float) for frame in frames]
        sides = [one[:, 28:].mean() - one[:, :28].mean() for one in ball]
        assert sides[1] > 10
        assert sides[3] < -10
        assert np.array_equal(frames[0], frames[2])

    def test_needs_a_sun(self):
        with pytest.raises(SceneError, match="sun"):
            list(light_clip(ball_on_floor(), [Ambient(0.3)], 80, 1.0, 4, (96, 96)))


class TestPreview:
    def test_of_the_photos_own_light_is_the_photo(self):
        scene = replace(noise_scene(4, 32, 24, shadow=True), key_light=KEY)
        preview = prepare_preview(scene, 32, 24)
        assert np.array_equal(preview.frame([Original()]), photo_of(scene))

    def test_is_the_relit_picture_but_for_soft_edges(self):
        scene = ball_on_floor()
        lights = [Sun(80, 30, 0.6), Ambient(0.4)]
        got = prepare_preview(scene, 96, 96).frame(lights).astype(int)
        want = photo_of(relight(scene, lights)).astype(int)
        assert np.abs(got - want).mean() < 1.0
        assert np.percentile(np.abs(got - want), 99) < 12


class TestKeyLight:
    @pytest.mark.parametrize("towards", [(0.6, -0.64, -0.48), (-0.7, -0.5, -0.5099), (0.0, -0.8, -0.6)])
    def test_is_found_from_shading(self, towards):
        true = KeyLight(tuple(np.array(towards) / np.linalg.norm(towards)), ambient=0.3)
        scene = replace(ball_on_floor(key=true, shadow=True), key_light=None, origin=Origin(metric=True))
        found = key_light_of(scene)
        assert np.degrees(np.arccos(np.dot(found.towards, true.towards))) < 20
        assert abs(found.ambient - true.ambient) < 0.25

    def test_of_a_black_picture_is_not_believed(self):
        scene = replace(ball_on_floor(), key_light=None)
        black = tuple(replace(layer, rgba=layer.rgba * np.array([0, 0, 0, 1], np.float32)) for layer in scene.layers)
        assert key_light_of(replace(scene, layers=black)).confidence == 0.0

    def test_decompose_writes_it_into_the_scene(self):
        rgb = from_levels(photo_of(ball_on_floor(64)))
        depth = DepthMap(np.full(rgb.shape[:2], 3.0, np.float32))
        whole = Segment("all", "object", np.ones(rgb.shape[:2], bool))
        backends = Backends(lambda _: depth, lambda *_: (whole,), matte_guided, inpaint_smooth)
        scene = decompose(Photo(rgb, Camera(64, 64, 64.0)), backends)
        assert scene.key_light is not None
        assert 0 <= scene.key_light.confidence <= 1
