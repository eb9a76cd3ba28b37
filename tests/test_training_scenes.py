"""The rendered training scenes: exact depth, the same for a seed, whole shards."""

import cv2
import numpy as np
import pytest
from training.scenes.camera import Camera
from training.scenes.layout import Layout
from training.scenes.light import Light
from training.scenes.render import RenderedScene, render_layout, render_scene
from training.scenes.stage import BOX, CARD, ELLIPSOID, GROUND, OBJECT, PLANE, SKY, Material, Stage
from training.scenes.textures import Textures
from training.scenes.write import write_scenes

HEIGHT, WIDTH = 96, 128


@pytest.fixture(scope="module")
def textures(tmp_path_factory):
    """Three drawn photographs, each with a round salient thing."""
    photos, saliency = tmp_path_factory.mktemp("photos"), tmp_path_factory.mktemp("saliency")
    rng = np.random.default_rng(5)
    for index in range(3):
        picture = cv2.resize(rng.integers(0, 255, (12, 16, 3), np.uint8), (160, 120))
        outline = np.zeros((120, 160), np.uint8)
        cv2.ellipse(outline, (80, 65), (40, 30 + 5 * index), 0, 0, 360, 255, -1)
        cv2.imwrite(str(photos / f"{index}.png"), picture)
        cv2.imwrite(str(saliency / f"{index}.png"), outline)
    return Textures.of(photos, saliency)


def plain_light():
    return Light(
        sun=np.array([0.6, 0.8, 0.0]),
        sun_colour=np.full(3, 0.6),
        ambient=np.full(3, 0.3),
        zenith=np.full(3, 0.5),
        horizon=np.full(3, 0.8),
        haze=0.0,
        haze_colour=np.zeros(3),
        centre=np.zeros(3),
        reach=10.0,
        contact=0.5,
    )


def shown(stage, camera) -> RenderedScene:
    return render_layout(Layout(stage, camera, plain_light()), HEIGHT, WIDTH, np.random.default_rng(0))


def rays_of(camera):
    """World directions through pixel centres, scaled to 1 along the camera's axis, by the definition."""
    right, down, forward = camera.axes()
    x, y = np.meshgrid(np.arange(WIDTH) + 0.5 - WIDTH / 2, np.arange(HEIGHT) + 0.5 - HEIGHT / 2)
    focal = WIDTH / 2 / np.tan(np.radians(camera.field_of_view) / 2)
    return forward + x[..., None] / focal * right + y[..., None] / focal * down


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_seed_gives_the_same_scene_every_time(textures, seed):
    first, second = (render_scene(seed, HEIGHT, WIDTH, textures) for _ in range(2))
    for name in ("rgb", "disparity", "labels", "instance", "subject"):
        assert np.array_equal(getattr(first, name), getattr(second, name)), name


def test_sky_and_only_sky_is_infinitely_far_and_things_have_one_class(textures):
    skies = 0
    for seed in range(10, 22):
        scene = render_scene(seed, HEIGHT, WIDTH, textures)
        sky = scene.labels == SKY
        skies += int(sky.any())
        assert np.array_equal(sky, scene.disparity == 0)
        assert np.array_equal(sky, scene.instance == 0)
        assert np.isfinite(scene.disparity).all() and (scene.disparity >= 0).all()
        for thing in np.unique(scene.instance):
            assert len(np.unique(scene.labels[scene.instance == thing])) == 1
            assert len(np.unique(scene.subject[scene.instance == thing])) == 1
    assert skies > 0


@pytest.mark.parametrize(("pitch", "roll", "yaw"), [(20.0, 0.0, 0.0), (35.0, 5.0, 15.0), (8.0, -6.0, -30.0)])
def test_the_ground_lies_where_its_plane_equation_says(pitch, roll, yaw):
    stage, camera = Stage(), Camera(np.array([0.3, 1.6, 0.0]), pitch, roll, 60.0, yaw)
    stage.add(PLANE, stage.thing(GROUND), np.zeros(3), np.eye(3), Material())
    scene = shown(stage, camera)
    expected = np.maximum(-rays_of(camera)[..., 1], 0) / 1.6
    sample = 1.0 / (WIDTH / 2 / np.tan(np.radians(30)) * 1.6)  # the disparity's change over a pixel, at most
    assert np.abs(scene.disparity - expected).max() <= sample
    inner = np.abs(scene.disparity - expected)[expected > 2 * sample]
    assert inner.size > 1000
    assert (scene.labels[expected > 2 * sample] == GROUND).all()


def test_a_ball_is_nearest_in_its_middle_by_its_radius():
    stage, camera = Stage(), Camera(np.zeros(3), 0.0, 0.0, 50.0)
    ball = stage.thing(OBJECT)
    stage.add(ELLIPSOID, ball, np.array([0.0, 0.0, 5.0]), np.eye(3), Material())
    scene = shown(stage, camera)
    assert 1 / scene.disparity[HEIGHT // 2, WIDTH // 2] == pytest.approx(4.0, rel=1e-3)
    focal = WIDTH / 2 / np.tan(np.radians(25))
    radius = focal * np.tan(np.arcsin(1 / 5))
    assert (scene.instance == ball).sum() == pytest.approx(np.pi * radius**2, rel=0.03)


def test_what_is_nearer_hides_what_is_farther_and_depth_steps_at_its_outline():
    stage, camera = Stage(), Camera(np.zeros(3), 0.0, 0.0, 60.0)
    far, near = stage.thing(OBJECT), stage.thing(OBJECT)
    stage.add(BOX, near, np.array([0.0, 0.0, 2.5]), np.diag([0.4, 0.4, 0.5]), Material())
    stage.add(CARD, far, np.array([0.0, 0.0, 8.0]), np.diag([20.0, 20.0, 1.0]), Material())
    scene = shown(stage, camera)
    assert scene.disparity[scene.instance == near] == pytest.approx(1 / 2.0, rel=1e-4)
    assert scene.disparity[scene.instance == far] == pytest.approx(1 / 8.0, rel=1e-4)
    across = np.diff(scene.instance[HEIGHT // 2].astype(int)) != 0
    assert across.sum() == 2
    assert np.array_equal(across, np.abs(np.diff(scene.disparity[HEIGHT // 2])) > 0.3)


def test_writing_resumes_and_reads_back(textures, tmp_path):
    made = write_scenes(3, 40, HEIGHT, WIDTH, tmp_path, textures)
    assert len(made) == 1
    before = made[0].stat().st_mtime_ns
    assert write_scenes(3, 40, HEIGHT, WIDTH, tmp_path, textures) == []
    assert made[0].stat().st_mtime_ns == before
    scene = render_scene(41, HEIGHT, WIDTH, textures)
    with np.load(made[0]) as stored:
        assert np.array_equal(stored["rgb"][1], scene.rgb)
        assert stored["disparity"].max() == 1
        whole = stored["disparity"][1].astype(np.float32) * stored["scale"][1]
        assert np.abs(whole - scene.disparity).max() <= 1e-3 * stored["scale"][1]
        subject = np.unpackbits(stored["subject"], axis=-1, count=WIDTH)[1].astype(bool)
        assert np.array_equal(subject, scene.subject)
    made[0].unlink()
    assert write_scenes(3, 40, HEIGHT, WIDTH, tmp_path, textures) == made
