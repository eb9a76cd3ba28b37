"""The classical depth backend keeps its contract at any size and orders what anybody would order."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multiplane.depth import load_depth
from multiplane.depth.classical import estimate_depth_classically
from multiplane.depth.cues.balance import balance
from multiplane.depth.cues.focus import find_focus
from multiplane.depth.cues.horizon import vanishing_row
from multiplane.depth.cues.outline import holes, overlap, whole
from multiplane.depth.cues.regions import find_regions, touching
from multiplane.depth.cues.sky import find_sky
from multiplane.depth.cues.subject import find_body
from multiplane.depth.edge_aware import upsample
from multiplane.errors import BackendError
from multiplane.pixels.disparity import FAR, NEAR
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.scene import Camera, Photo
from tolerances import SOLVER

SAMPLES = Path(__file__).parent.parent / "samples"


def photo_of(rgb):
    rgb = from_levels(to_levels(np.ascontiguousarray(rgb, np.float32)))
    return Photo(rgb, Camera.from_focal_35mm(rgb.shape[1], rgb.shape[0]))


def grain(shape, strength, seed=0):
    return np.random.default_rng(seed).normal(0, strength, (*shape, 1)).astype(np.float32)


def landscape(height=240, width=320):
    """Blue sky that pales towards the horizon, over coarse green ground."""
    row = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    sky = (1 - row) * np.float32([0.25, 0.5, 0.9]) + row * np.float32([0.7, 0.82, 0.95])
    ground = np.float32([0.25, 0.4, 0.15]) + grain((height, width), 0.08)
    return np.clip(np.where(row < 0.45, np.broadcast_to(sky, ground.shape), ground), 0, 1)


def with_disc(rgb, centre, radius, colour):
    rgb = rgb.copy()
    cv2.circle(rgb, centre, radius, colour, -1, cv2.LINE_AA)
    return rgb


def disc_mask(shape, centre, radius):
    return cv2.circle(np.zeros(shape, np.uint8), centre, radius, 1, -1) > 0


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 70), st.integers(1, 70), st.integers(0, 5))
def test_any_size_of_noise_gives_finite_positive_depth_of_the_photos_shape(height, width, seed):
    rgb = np.random.default_rng(seed).random((height, width, 3), np.float32)
    z = estimate_depth_classically(photo_of(rgb)).z
    assert z.shape == (height, width)
    assert NEAR - 1e-4 <= z.min() <= z.max() <= FAR + 1e-2


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (1, 900), (900, 1), (3, 700), (601, 37)])
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_constant_pictures_of_odd_sizes_have_a_depth(size, level):
    depth = estimate_depth_classically(photo_of(np.full((*size, 3), level)))
    assert depth.z.shape == size
    assert not depth.metric


def test_the_same_photo_gives_the_same_bytes_and_is_not_changed():
    photo = photo_of(with_disc(landscape(), (160, 150), 40, (0.8, 0.1, 0.1)))
    before = photo.rgb.copy()
    first = estimate_depth_classically(photo).z
    cv2.setRNGSeed(99)
    assert np.array_equal(first, estimate_depth_classically(photo).z)
    assert np.array_equal(before, photo.rgb)


def test_sky_is_farthest_and_ground_comes_nearer_towards_the_bottom():
    z = estimate_depth_classically(photo_of(landscape())).z
    rows = np.median(z, axis=1)
    assert rows[:90].min() > 2 * rows[130:].max()
    assert z[:90].min() > 0.9 * FAR
    # Every step down the ground is nearer; a tenth of the picture is well over the size of a region.
    assert (np.diff(rows[130::24]) < 0).all()


def test_ground_carries_no_texture_of_the_photo():
    """Within a row of level ground depth is nearly one, however coarse the ground."""
    z = estimate_depth_classically(photo_of(landscape())).z[140:, 20:-20]
    assert ((1 / z).std(axis=1) < 0.06).all()


@pytest.mark.parametrize("colour", [(0.8, 0.1, 0.1), (0.95, 0.9, 0.2), (0.1, 0.1, 0.4)])
def test_a_thing_before_a_plain_wall_is_nearer_than_all_around_it_and_whole(colour):
    wall = np.clip(0.55 + grain((240, 320), 0.01), 0, 1) * np.ones(3, np.float32)
    centre, radius = (160, 130), 45
    disparity = 1 / estimate_depth_classically(photo_of(with_disc(wall, centre, radius, colour))).z
    inside = disc_mask(disparity.shape, centre, radius - 3)
    ring = disc_mask(disparity.shape, centre, radius + 12) & ~disc_mask(disparity.shape, centre, radius + 3)
    for side in (slice(0, 130), slice(130, 240)):
        assert np.median(disparity[side][inside[side]]) > np.median(disparity[side][ring[side]]) + 0.02
    # Whole: within the thing depth varies far less than over the wall beside it.
    rows = np.median(disparity[:, 10:60], axis=1)[90:170]
    assert np.ptp(np.median(disparity[90:170, 150:170], axis=1)) < 0.5 * np.ptp(rows)


def test_the_edge_of_depth_sits_on_the_edge_of_the_photo():
    wall = np.full((480, 640, 3), 0.6, np.float32)
    centre, radius = (320, 260), 90
    disparity = 1 / estimate_depth_classically(photo_of(with_disc(wall, centre, radius, (0.7, 0.1, 0.1)))).z
    step = np.abs(np.diff(disparity[260, :320]))
    assert abs(int(step.argmax()) + 0.5 - (320 - radius)) <= 2


@pytest.mark.parametrize("size", [(240, 320), (480, 640), (720, 960)])
def test_the_order_of_depth_does_not_hang_on_the_photos_size(size):
    rgb = with_disc(landscape(), (160, 150), 40, (0.8, 0.1, 0.1))
    larger = cv2.resize(rgb, size[::-1], interpolation=cv2.INTER_CUBIC)
    z = estimate_depth_classically(photo_of(np.clip(larger, 0, 1))).z
    ball, sky = z[int(0.6 * size[0]), size[1] // 2], z[int(0.15 * size[0]), size[1] // 2]
    beside = z[int(0.6 * size[0]), int(0.2 * size[1])]
    assert ball < beside < sky


@pytest.mark.parametrize("wall", [(0.93, 0.88, 0.78), (0.75, 0.7, 0.62)])
def test_a_warm_white_wall_is_no_sky(wall):
    rgb = np.clip(np.float32(wall) + grain((200, 300), 0.01), 0, 1)
    rgb[140:] = np.clip(np.float32([0.5, 0.35, 0.2]) + grain((60, 300), 0.04, 1), 0, 1)
    assert find_sky(rgb, find_regions(rgb, 16)).max() < 0.3


def test_lines_that_meet_give_the_horizon():
    rgb = np.full((300, 400, 3), 0.8, np.float32)
    for x in range(-1200, 1700, 80):
        cv2.line(rgb, (200, 120), (x, 299), (0.1, 0.1, 0.1), 2, cv2.LINE_AA)
    row, trust = vanishing_row(rgb)
    assert trust > 0.8
    assert abs(row - 120 / 300) < 0.02


def test_upsampling_keeps_a_constant_and_stays_between_its_samples():
    rng = np.random.default_rng(0)
    small, large = rng.random((12, 16, 3), np.float32), rng.random((41, 57, 3), np.float32)
    assert np.allclose(upsample(np.full((12, 16), 0.3, np.float32), small, large), 0.3, atol=1e-6)
    disparity = rng.random((12, 16), np.float32)
    up = upsample(disparity, small, large)
    assert disparity.min() - 1e-6 <= up.min() <= up.max() <= disparity.max() + 1e-6


def test_balance_finds_the_least_squares_solution():
    rng = np.random.default_rng(0)
    pairs = np.array([[0, 1], [1, 2], [2, 3], [0, 3]])
    weight, wish, link, step = rng.random(4) + 0.1, rng.random(4), rng.random(4), rng.random(4)
    rows = np.zeros((8, 4))
    rows[range(4), range(4)] = np.sqrt(weight)
    for k, (i, j) in enumerate(pairs):
        rows[4 + k, i], rows[4 + k, j] = np.sqrt(link[k]), -np.sqrt(link[k])
    right = np.concatenate([np.sqrt(weight) * wish, np.sqrt(link) * step])
    slow = np.linalg.lstsq(rows, right, rcond=None)[0]
    assert np.allclose(balance(weight, wish, pairs, link, step), slow, atol=SOLVER)


def test_touching_lists_each_neighbouring_pair_once():
    labels = np.int32([[0, 0, 1], [2, 2, 1], [2, 3, 3]])
    slow = {
        tuple(sorted((int(labels[y, x]), int(labels[y + dy, x + dx]))))
        for y in range(3)
        for x in range(3)
        for dy, dx in ((0, 1), (1, 0))
        if y + dy < 3 and x + dx < 3 and labels[y, x] != labels[y + dy, x + dx]
    }
    assert [tuple(pair) for pair in touching(labels)] == sorted(slow)


def test_the_astronaut_stands_before_the_wall_and_the_flag():
    bgr = cv2.imread(str(SAMPLES / "astronaut.png"))
    disparity = 1 / estimate_depth_classically(photo_of(from_levels(np.ascontiguousarray(bgr[..., ::-1])))).z
    height, width = disparity.shape

    def at(x, y):
        rows, columns = (slice(int((c - 0.02) * side), int((c + 0.02) * side)) for c, side in ((y, height), (x, width)))
        return float(np.median(disparity[rows, columns]))

    face, chest, wall, flag = at(0.43, 0.22), at(0.43, 0.75), at(0.63, 0.12), at(0.05, 0.3)
    assert face > wall + 0.2
    assert face > flag + 0.1
    assert abs(face - chest) < 0.35


def test_cards_of_known_depth_come_out_in_order():
    sys.path.insert(0, str(SAMPLES))
    try:
        from cards import make_cards
    finally:
        sys.path.remove(str(SAMPLES))
    cards = make_cards(480, 320)
    guess = 1 / estimate_depth_classically(cards.photo).z
    truth = 1 / cards.z
    points = np.random.default_rng(0).integers(0, truth.size, (2, 20_000))
    a, b = truth.ravel()[points]
    apart = np.maximum(a, b) > 1.1 * np.minimum(a, b)
    g, h = guess.ravel()[points]
    assert ((g > h) == (a > b))[apart].mean() > 0.85


def test_load_depth_names_its_backends():
    assert load_depth("classical") is estimate_depth_classically
    for name in ("foo", "", "no/such/folder"):
        with pytest.raises(BackendError, match="choose one of: builtin"):
            load_depth(name)


def close_up(height=240, width=320):
    """A textured body of the wall's own colour that fills the left two thirds, before a blurred wall; and its mask."""
    rng = np.random.default_rng(3)
    body = cv2.ellipse(np.zeros((height, width), np.uint8), (90, 130), (130, 150), 0, 0, 360, 1, -1) > 0
    rough = rng.normal(0, 0.08, (height, width, 1)).astype(np.float32)
    soft = cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), 12)
    wall = 0.55 + 0.08 * soft[..., None] / soft.std()
    rgb = np.where(body[..., None], 0.55 + rough, wall) * np.float32([1.0, 0.85, 0.7])
    return np.clip(rgb, 0, 1).astype(np.float32), body


def test_a_close_up_that_touches_three_borders_is_lifted_whole_by_its_focus():
    rgb, body = close_up()
    regions = find_regions(rgb, 16)
    focus = find_focus(rgb, regions)
    outline, trust = find_body(rgb, regions, focus)
    assert trust > 0.8
    assert overlap(outline > 0.5, body) > 0.9
    disparity = 1 / estimate_depth_classically(photo_of(rgb)).z
    rows = slice(20, 200)
    assert (np.percentile(disparity[rows, 20:180], 5, axis=1) > disparity[rows, 260:].max(axis=1) + 0.05).all()


@pytest.mark.parametrize("picture", ["all sharp", "all plain", "sharp ground from side to side"])
def test_without_one_body_in_focus_the_lens_is_not_believed(picture):
    rgb = np.clip(0.5 + grain((240, 320), 0.0 if picture == "all plain" else 0.08), 0, 1) * np.ones(3, np.float32)
    if picture == "sharp ground from side to side":
        rgb[:120] = cv2.GaussianBlur(rgb, (0, 0), 8)[:120]
    assert find_focus(rgb, find_regions(rgb, 16)).trust < 0.1


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([(40, 60), (90, 50), (32, 300)]))
def test_a_tidied_mask_is_as_one_sided_as_the_mask(seed, shape):
    """Tidying commutes with mirroring, keeps the empty and the full mask, and leaves no single-pixel specks."""
    soft = cv2.GaussianBlur(np.random.default_rng(seed).random(shape, np.float32), (0, 0), 3)
    mask = soft > np.median(soft)
    tidy = whole(mask)
    assert overlap(whole(mask[:, ::-1])[:, ::-1], tidy) > 0.95
    assert not whole(np.zeros(shape, bool)).any()
    assert whole(np.ones(shape, bool)).all()
    alone = cv2.filter2D(tidy.astype(np.float32), -1, np.ones((3, 3), np.float32), borderType=cv2.BORDER_REPLICATE)
    assert not (tidy & (alone < 2)).any()


def test_holes_are_what_a_ring_encloses_and_never_what_reaches_a_border():
    ring = disc_mask((60, 80), (40, 30), 20) & ~disc_mask((60, 80), (40, 30), 10)
    assert np.array_equal(holes(ring), disc_mask((60, 80), (40, 30), 10))
    ring[30:, 40] = False
    assert not holes(ring).any()


def test_the_cat_is_lifted_whole_and_the_wall_behind_it_stays_behind():
    bgr = cv2.imread(str(SAMPLES / "chelsea.png"))
    disparity = 1 / estimate_depth_classically(photo_of(from_levels(np.ascontiguousarray(bgr[..., ::-1])))).z
    height, width = disparity.shape
    for y in (0.2, 0.4, 0.6):
        row = disparity[int(y * height)]
        face, wall = row[int(0.25 * width) : int(0.7 * width)], row[int(0.92 * width) :]
        assert face.min() > wall.max() + 0.1
        assert np.ptp(face) < 0.1
