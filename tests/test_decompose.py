"""The composite of a decomposition is the photo in every byte, whatever the backends do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multiplane.decompose import Backends, decompose
from multiplane.errors import SceneError
from multiplane.inpaint.smooth import inpaint_smooth
from multiplane.matte.guided import matte_guided
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.pixels.over import flatten
from multiplane.scene import Camera, DepthMap, Photo, Segment

LABELS = ("sky", "ground", "object", "person", "wall")


def noise_photo(rng, height, width, bit_depth):
    dtype = np.uint8 if bit_depth == 8 else np.uint16
    levels = rng.integers(0, np.iinfo(dtype).max + 1, (height, width, 3)).astype(dtype)
    return Photo(from_levels(levels), Camera.from_focal_35mm(width, height), bit_depth=bit_depth)


def bad_backends(rng, parts):
    """Noise where a depth should be, blocks where things should be, noise for mattes and fills."""

    def depth(photo):
        return DepthMap(rng.uniform(1, 20, photo.rgb.shape[:2]).astype(np.float32))

    def segment(photo, _):
        where = rng.integers(0, parts, photo.rgb.shape[:2])
        found = [Segment(f"part {k}", LABELS[k % len(LABELS)], where == k) for k in range(parts) if (where == k).any()]
        return tuple(found)

    def matte(rgb, mask):
        return np.where(rng.random(mask.shape) < 0.5, rng.random(mask.shape), mask).astype(np.float32)

    def inpaint(rgb, hole, surface, seed):
        return np.where(hole[..., None], rng.random(rgb.shape), rgb).astype(np.float32)

    return Backends(depth, segment, matte, inpaint)


def recomposed(scene):
    return flatten(scene.layers, scene.camera.height, scene.camera.width, scene.bit_depth)


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32 - 1),
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    parts=st.integers(1, 9),
    layers=st.integers(1, 8),
    bit_depth=st.sampled_from([8, 16]),
)
def test_noise_through_bad_backends_comes_back_exactly(seed, height, width, parts, layers, bit_depth):
    rng = np.random.default_rng(seed)
    photo = noise_photo(rng, height, width, bit_depth)
    scene = decompose(photo, bad_backends(rng, parts), layers=layers)
    assert len(scene.layers) <= layers
    assert np.array_equal(recomposed(scene), to_levels(photo.rgb, bit_depth))


def ball_on_a_floor(size=96):
    """A bright ball before a dark wall and floor, with its true depth and segments."""
    y, x = np.mgrid[:size, :size].astype(np.float32) + 0.5
    ball = np.clip(size / 4 - np.hypot(x - size / 2, y - size / 2) + 0.5, 0, 1)
    rng = np.random.default_rng(3)
    back = 0.25 + 0.05 * rng.random((size, size, 3)).astype(np.float32)
    rgb = from_levels(to_levels(ball[..., None] * np.float32([0.9, 0.7, 0.3]) + (1 - ball[..., None]) * back))
    floor = y > size * 0.6
    z = np.where(floor, 10.0 - 6.0 * (y / size - 0.6) / 0.4, 10.0)
    z = np.where(ball > 0.5, 3.0, z).astype(np.float32)
    solid = ball > 0.5
    segments = (
        Segment("wall", "wall", ~floor & ~solid),
        Segment("floor", "ground", floor & ~solid),
        Segment("ball", "object", solid),
    )
    photo = Photo(rgb, Camera.from_focal_35mm(size, size), name="ball")
    return photo, Backends(lambda _: DepthMap(z), lambda *_: segments, matte_guided, inpaint_smooth)


def test_the_ball_is_in_front_and_what_is_behind_it_is_clean():
    photo, backends = ball_on_a_floor()
    scene = decompose(photo, backends)
    assert [layer.label for layer in scene.layers] == ["wall", "ground", "object"]
    ball = scene.layers[-1]
    assert ball.plane == "foreground"
    assert ball.depth == pytest.approx(3.0, abs=0.05)
    behind = flatten(scene.layers[:-1], 96, 96, 8)
    assert behind.max() < 0.45 * 255, "the ball shows in what was filled in behind it"


def test_invented_pixels_are_marked_and_only_they():
    photo, backends = ball_on_a_floor()
    wall, floor, _ = decompose(photo, backends).layers
    assert wall.filled[48, 48]
    assert not wall.filled[5, 5]
    assert not floor.filled[-2, 5 - floor.corner[0]]


def test_hidden_depth_stays_behind_what_hides_it():
    photo, backends = ball_on_a_floor()
    layers = decompose(photo, backends).layers
    for front, back in zip(layers[1:], layers[:-1], strict=True):
        x, y = front.corner[0] - back.corner[0], front.corner[1] - back.corner[1]
        h, w = min(front.height, back.height - y), min(front.width, back.width - x)
        if y < 0 or x < 0 or h <= 0 or w <= 0:
            continue
        solid = (front.rgba[:h, :w, 3] > 0.99) & (back.rgba[y : y + h, x : x + w, 3] > 0.99)
        assert (back.z[y : y + h, x : x + w][solid] >= front.z[:h, :w][solid] * 0.999).all()


def test_the_same_seed_gives_the_same_bytes():
    photo, backends = ball_on_a_floor()
    first, second = decompose(photo, backends, seed=5), decompose(photo, backends, seed=5)
    for a, b in zip(first.layers, second.layers, strict=True):
        assert np.array_equal(a.rgba, b.rgba)
        assert np.array_equal(a.z, b.z)


def test_the_photos_own_transparency_is_kept():
    photo, backends = ball_on_a_floor(48)
    alpha = np.linspace(0, 1, 48 * 48, dtype=np.float32).reshape(48, 48)
    with_alpha = Photo(photo.rgb, photo.camera, alpha=alpha)
    assert np.array_equal(decompose(with_alpha, backends).alpha, alpha)


def test_no_layers_at_all_is_refused():
    photo, backends = ball_on_a_floor(16)
    with pytest.raises(SceneError, match="at least 1 layer"):
        decompose(photo, backends, layers=0)
