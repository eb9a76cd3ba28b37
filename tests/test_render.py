"""Views from a moved eye against exact geometry: at rest the photo, off axis what a pinhole sees, never a gap."""

from dataclasses import replace
from functools import cache
from itertools import pairwise

import cv2
import numpy as np
import pytest
import skimage.data
from cards import Card, Cards, make_cards
from hypothesis import given, settings
from hypothesis import strategies as st

from multiplane.arrays import Floats, Levels
from multiplane.errors import SceneError
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.render.budget import safe_amplitude, tasteful_amplitude
from multiplane.render.clip import DOLLY, RISE, default_amplitude
from multiplane.render.path import AT_REST, Eye, loop_path
from multiplane.render.prepare import RESIDUE, TASTEFUL_PARALLAX, prepare
from multiplane.render.resample import make_taps, resample
from multiplane.render.view import border_zoom, render_prepared, render_view
from multiplane.scene import Camera, Layer, Scene
from scenes import noise_scene, photo_of, picture_scene
from tolerances import LOOKS_LIKE, ROUNDING


def astronaut(width: int, height: int) -> Levels:
    return np.asarray(cv2.resize(skimage.data.astronaut(), (width, height), interpolation=cv2.INTER_AREA))


def psnr(a: Floats, b: Floats) -> float:
    return float(-10 * np.log10(max(np.mean((a - b) ** 2), 1e-12)))


def sheet(name: str, rgba: Floats, z: Floats | float, corner: tuple[int, int] = (0, 0), filled: bool = True) -> Layer:
    depth = np.broadcast_to(np.asarray(z, np.float32), rgba.shape[:2]).copy()
    return Layer(name, name, "object", "midground", corner, rgba, depth, np.full(rgba.shape[:2], filled))


def grey(height: int, width: int, value: Floats | float) -> Floats:
    out = np.ones((height, width, 4), np.float32)
    out[..., :3] = np.broadcast_to(value, (height, width))[..., None]
    return out


@cache
def cards_still() -> Cards:
    return make_cards(480, 320)


def card_colour(cards: Cards, card: Card) -> Floats:
    rgb = card.rgb * cards.shadow[..., None] if card.name == "ground" else card.rgb
    return from_levels(to_levels(np.dstack([rgb, card.alpha])))


def cards_scene(cards: Cards) -> Scene:
    layers = []
    for card in cards.cards:
        ys, xs = np.nonzero(to_levels(card.alpha))
        box = slice(ys.min(), ys.max() + 1), slice(xs.min(), xs.max() + 1)
        corner = (int(xs.min()), int(ys.min()))
        layers.append(sheet(card.name, card_colour(cards, card)[box], card.z[box], corner))
    return Scene(cards.camera, tuple(layers))


def exact_view(cards: Cards, eye: Eye, focus: float, zoom: float) -> Floats:
    """What a pinhole at `eye` sees of planes: each card by its own homography, solved for every pixel."""
    camera = cards.camera
    y, x = np.mgrid[: camera.height, : camera.width] + 0.5
    x, y = x - camera.width / 2, y - camera.height / 2
    recentred = camera.focal * focus / (1 - eye.z * focus)
    ax, ay = x / zoom - recentred * eye.x, y / zoom - recentred * eye.y
    canvas = np.zeros((camera.height, camera.width, 3))
    for card in cards.cards:
        known = card.alpha > 0
        places = np.stack([x[known], y[known], np.ones(known.sum())], -1)
        a, b, c = np.linalg.lstsq(places, 1.0 / card.z[known], rcond=None)[0]
        # (X, Y) = (ax, ay) + q (gx, gy) with q = a X + b Y + c: linear in X and Y.
        gx, gy = camera.focal * eye.x - eye.z * ax, camera.focal * eye.y - eye.z * ay
        q = (a * ax + b * ay + c) / (1 - a * gx - b * gy)
        map_x = (ax + q * gx + camera.width / 2 - 0.5).astype(np.float32)
        map_y = (ay + q * gy + camera.height / 2 - 0.5).astype(np.float32)
        rgba = card_colour(cards, card)
        rgba[..., :3] *= rgba[..., 3:]
        seen = cv2.remap(rgba, map_x, map_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
        canvas = canvas * (1 - seen[..., 3:]) + seen[..., :3]
    return np.clip(canvas, 0, 1).astype(np.float32)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), deep=st.booleans(), shadow=st.booleans())
def test_at_rest_the_view_is_the_photo(seed: int, deep: bool, shadow: bool) -> None:
    scene = noise_scene(seed, 29, 18, 4, 16 if deep else 8, shadow=shadow)
    seen = render_view(scene, AT_REST, 29, 18)
    np.testing.assert_allclose(seen, from_levels(photo_of(scene)), atol=ROUNDING)


def test_at_rest_a_smaller_view_looks_like_the_smaller_photo() -> None:
    scene = picture_scene(astronaut(480, 360))
    for width, height in ((360, 270), (322, 242), (120, 90)):
        want = cv2.resize(from_levels(photo_of(scene)), (width, height), interpolation=cv2.INTER_AREA)
        assert psnr(render_view(scene, AT_REST, width, height), want) >= LOOKS_LIKE


@pytest.mark.parametrize("index", [2, 5, 9])
def test_off_axis_the_view_is_what_a_pinhole_sees(index: int) -> None:
    cards = cards_still()
    scene = cards_scene(cards)
    prepared = prepare(scene, 480, 320)
    sway = tasteful_amplitude(scene)
    eye = loop_path(12, sway, RISE * sway, DOLLY * sway)[index]
    want = exact_view(cards, eye, prepared.depths.focus, border_zoom(prepared, eye))
    seen = render_prepared(prepared, eye)
    inside = slice(8, -8), slice(8, -8)
    assert psnr(seen[inside], want[inside]) >= LOOKS_LIKE
    # It is a different picture from the photo: the move is real.
    assert psnr(seen[inside], cards.photo.rgb[inside]) < 26


@settings(max_examples=15, deadline=None)
@given(x=st.floats(-0.3, 0.3), y=st.floats(-0.3, 0.3), z=st.floats(-0.2, 0.2), seed=st.integers(0, 99))
def test_the_frame_is_always_full(x: float, y: float, z: float, seed: int) -> None:
    """A white scene stays white from everywhere: no empty border, no crack, no dark rim."""
    scene = noise_scene(seed, 40, 30, 4)
    white = [
        replace(layer, rgba=np.concatenate([np.ones_like(layer.rgba[..., :3]), layer.rgba[..., 3:]], -1))
        for layer in scene.layers
    ]
    seen = render_view(replace(scene, layers=tuple(white)), Eye(x, y, z), 40, 30)
    np.testing.assert_allclose(seen, 1.0, atol=ROUNDING)


@pytest.mark.parametrize("sign", [-1, 1])
def test_little_beyond_the_photos_border_is_shown_and_sheets_do_not_fold(sign: int) -> None:
    """Brightness grows to the right in the photo, so it does in the view, save for a mirrored sliver at the border."""
    width, height = 400, 300
    z = np.where(np.arange(width) < 150, 1.0, 8.0).astype(np.float32)[None]  # a cliff inside one layer
    ramp = np.linspace(0, 1, width, dtype=np.float32)[None]
    scene = Scene(Camera.from_focal_35mm(width, height), (sheet("all", grey(height, width, ramp), z),))
    sway = sign * tasteful_amplitude(scene)
    row = render_view(scene, Eye(sway, RISE * sway, 0.0), width, height)[height // 2, :, 0]
    sliver = int(np.ceil(RESIDUE * width / 2)) + 1
    assert np.diff(row[sliver:-sliver]).min() >= 0
    assert np.diff(row[sliver:-sliver]).max() < 4 / width


def test_near_and_far_part_by_focal_times_shift_times_inverse_depth() -> None:
    width, height, near, far, shift = 400, 300, 2.0, 10.0, 0.1
    camera = Camera.from_focal_35mm(width, height)
    card = grey(40, 40, 1.0)
    card[..., 3] = 1.0
    back = grey(height, width, 0.0)
    back[100:140, 100:140, :3] = 0.5
    scene = Scene(camera, (sheet("back", back, far), sheet("card", card, near, (250, 100))))

    def centre(row: Floats, level: float) -> float:
        return float(np.mean(np.flatnonzero(np.abs(row - level) < 0.05)))

    rest, moved = (render_view(scene, Eye(x), width, height)[120, :, 0] for x in (0.0, shift))
    parted = (centre(moved, 1.0) - centre(moved, 0.5)) - (centre(rest, 1.0) - centre(rest, 0.5))
    zoom = border_zoom(prepare(scene, width, height), Eye(shift))
    apart = camera.focal * shift * (1 / near - 1 / far)
    assert parted == pytest.approx(zoom * (150 - apart) - 150, abs=0.6)
    assert parted < -10


def test_the_zoom_begins_softly() -> None:
    prepared = prepare(picture_scene(astronaut(120, 90)), 120, 90)
    assert border_zoom(prepared, AT_REST) == 1.0
    for eye in (Eye(1e-4), Eye(0, -1e-4), Eye(1e-4, 1e-4, 1e-4)):
        assert 0 <= border_zoom(prepared, eye) - 1 < 1e-6


def test_an_eye_that_would_pass_the_nearest_layer_is_refused() -> None:
    scene = picture_scene(astronaut(60, 45))
    with pytest.raises(SceneError, match="forward"):
        render_view(scene, Eye(0, 0, 1.5), 60, 45)


def test_a_layer_that_shows_nothing_lies_where_the_backdrop_does() -> None:
    """It has a depth, by which nothing divides to infinity, and one that does not hold the eye back."""
    scene = noise_scene(2, count=3)
    gone = replace(scene.layers[1], rgba=np.zeros_like(scene.layers[1].rgba))
    pane = prepare(replace(scene, layers=(scene.layers[0], gone, scene.layers[2])), 46, 34).panes[1]
    np.testing.assert_allclose(pane.q, 1 / scene.layers[0].depth, rtol=1e-5)


def test_views_change_nothing_and_repeat() -> None:
    scene = noise_scene(3)
    before = [layer.rgba.copy() for layer in scene.layers]
    prepared, eye = prepare(scene, 23, 17), Eye(0.1, 0.05, 0.02)
    np.testing.assert_array_equal(render_prepared(prepared, eye), render_prepared(prepared, eye))
    for layer, was in zip(scene.layers, before, strict=True):
        np.testing.assert_array_equal(layer.rgba, was)


@settings(max_examples=30, deadline=None)
@given(
    size=st.integers(1, 40),
    out=st.integers(1, 60),
    start=st.integers(0, 39),
    length=st.integers(1, 40),
)
def test_resampling_a_crop_is_resampling_the_canvas_it_lies_on(size: int, out: int, start: int, length: int) -> None:
    start = min(start, size - 1)
    length = min(length, size - start)
    canvas = np.zeros((1, size, 1), np.float32)
    canvas[:, start : start + length] = 0.5 + np.random.default_rng(size).random((1, length, 1), np.float32)
    rows = make_taps(1, 1, 0, 1)
    taps = make_taps(size, out, start, length)
    whole = resample(lambda band: canvas[band], rows, make_taps(size, out, 0, size))
    part = resample(lambda band: canvas[band, start : start + length], rows, taps)
    pasted = np.zeros_like(whole)
    pasted[:, taps.first : taps.first + part.shape[1]] = part
    np.testing.assert_allclose(pasted, whole, atol=1e-6)


@pytest.mark.parametrize("out", [(40, 30), (33, 21), (13, 7)])
def test_shrinking_takes_area_means(out: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).random((30, 40, 3), np.float32)
    got = resample(lambda band: picture[band], make_taps(30, out[1], 0, 30), make_taps(40, out[0], 0, 40))
    np.testing.assert_allclose(got, cv2.resize(picture, out, interpolation=cv2.INTER_AREA), atol=1e-4)


@pytest.mark.parametrize("frames", [1, 2, 7, 120])
def test_a_loop_starts_at_rest_and_its_last_frame_leads_into_the_first(frames: int) -> None:
    eyes = loop_path(frames, 1.0, 0.5, 0.25)
    assert eyes[0] == AT_REST
    assert len(eyes) == frames
    if frames < 100:
        return
    places = np.array([(eye.x, eye.y, eye.z) for eye in eyes])
    steps = np.diff(np.concatenate([places, places[:1]]), axis=0)
    assert np.abs(steps[0]).max() < 0.05 * np.abs(steps).max()
    bends = [np.abs(after - before).max() for before, after in pairwise([*steps, steps[0]])]
    assert max(bends) < 0.1 * np.abs(steps).max()
    np.testing.assert_allclose(np.abs(places).max(axis=0), [1.0, 0.5, 0.25], atol=1e-3)


def stacked(hidden: int, filled: bool = True) -> Scene:
    """A near card over a middle one that goes on for `hidden` pixels behind its left edge, over a backdrop."""
    width, height = 600, 400
    back = sheet("back", grey(height, width, 0.2), 10.0)
    middle = sheet("middle", grey(240, 200 + hidden, 0.5), 4.0, (100, 80), filled)
    front = sheet("front", grey(240, 200, 0.8), 2.0, (300, 80))
    return Scene(Camera.from_focal_35mm(width, height), (back, middle, front))


@pytest.mark.parametrize("hidden", [20, 30, 40])
def test_the_eye_may_move_until_what_was_filled_in_behind_a_layer_ends(hidden: int) -> None:
    scene = stacked(hidden)
    uncovered = safe_amplitude(scene) * scene.camera.focal * (1 / 2.0 - 1 / 4.0)
    assert hidden - 6 <= uncovered <= hidden


def test_nothing_filled_in_gives_no_room_and_nothing_in_front_gives_all() -> None:
    assert safe_amplitude(stacked(60, filled=False)) == 0.0
    scene = stacked(60)
    assert safe_amplitude(replace(scene, layers=scene.layers[:1])) == float("inf")


def test_a_clip_by_itself_does_not_move_where_nothing_was_filled_in() -> None:
    assert default_amplitude(stacked(60, filled=False)) == 0.0


def test_a_clip_by_itself_stays_tasteful() -> None:
    scene = stacked(199)
    parallax = default_amplitude(scene) * scene.camera.focal * (1 / 2.0 - 1 / 10.0) / scene.camera.width
    assert parallax == pytest.approx(TASTEFUL_PARALLAX, rel=0.01)
