"""The inpaint stage's contract over every backend, and what makes a patch fill worth looking at."""

import cv2
import numba.core.caching
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from multiplane.arrays import Floats, Ints, Mask
from multiplane.errors import BackendError, SceneError
from multiplane.inpaint import BUILTIN, load_inpaint
from multiplane.inpaint.membrane import membrane
from multiplane.inpaint.patches import inpaint_patches
from multiplane.inpaint.smooth import inpaint_smooth
from multiplane.pixels.compiled import compiled
from tolerances import LOOKS_LIKE, SOLVER

BACKENDS = pytest.mark.parametrize("fill", [load_inpaint(name) for name in BUILTIN], ids=BUILTIN)
MAGENTA = np.array([1, 0, 1], np.float32)


@st.composite
def pictures(draw: st.DrawFn) -> tuple[Floats, Mask, Ints]:
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    blocks = rng.random((height // 8 + 1, width // 8 + 1))
    coarse = np.kron(blocks, np.ones((8, 8)))[:height, :width]
    hole = coarse < draw(st.sampled_from([0.0, 0.2, 0.5, 0.9, 2.0]))
    surface = (np.kron(rng.integers(-1, 3, blocks.shape), np.ones((8, 8)))[:height, :width]).astype(np.int32)
    return rng.random((height, width, 3), np.float32), hole, surface


def psnr(a: Floats, b: Floats) -> float:
    return float(-10 * np.log10(max(np.mean((a - b) ** 2), 1e-12)))


def disc(height: int, width: int, radius: float) -> Mask:
    y, x = np.mgrid[:height, :width]
    return np.asarray((y - height / 2) ** 2 + (x - width / 2) ** 2 < radius**2)


def one_surface(hole: Mask) -> Ints:
    return np.zeros(hole.shape, np.int32)


def without(rgb: Floats, hole: Mask) -> Floats:
    """The photo with magenta in its hole: a fill that peeks shows it."""
    return np.where(hole[..., None], MAGENTA, rgb).astype(np.float32)


def test_an_unknown_backend_is_named_with_its_mend() -> None:
    with pytest.raises(BackendError, match=r"'foo'.*patches, smooth"):
        load_inpaint("foo")


def test_a_membrane_with_nothing_to_hang_on_is_an_error() -> None:
    with pytest.raises(SceneError, match="known pixel"):
        membrane(np.zeros((4, 4, 1), np.float32), np.zeros((4, 4), bool), np.ones((4, 4), bool))


@BACKENDS
@settings(max_examples=25, deadline=None)
@given(picture=pictures())
def test_only_the_hole_changes_and_stays_a_colour(fill, picture) -> None:
    rgb, hole, surface = picture
    before = rgb.copy()
    out = fill(rgb, hole, surface, 3)
    assert out.dtype == np.float32 and out.shape == rgb.shape
    assert np.array_equal(out[~hole], rgb[~hole])
    assert np.array_equal(rgb, before)
    assert out.min() >= 0 and out.max() <= 1
    assert np.array_equal(out, fill(rgb, hole, surface, 3))


@BACKENDS
@settings(max_examples=25, deadline=None)
@given(picture=pictures())
def test_the_fill_does_not_depend_on_what_the_hole_or_the_foreground_held(fill, picture) -> None:
    rgb, hole, surface = picture
    if not ((surface >= 0) & ~hole).any():
        return
    unseen = hole | (surface < 0)
    painted = without(rgb, unseen)
    assert np.array_equal(fill(rgb, hole, surface, 0)[hole], fill(painted, hole, surface, 0)[hole])


@BACKENDS
@settings(max_examples=25, deadline=None)
@given(picture=pictures())
def test_each_surface_is_filled_from_itself(fill, picture) -> None:
    """Known pixels of one surface are never seen by another that has pixels of its own."""
    rgb, hole, surface = picture
    own = hole & (surface == 0)
    if not ((surface == 0) & ~hole).any():
        return
    painted = without(rgb, surface != 0)
    assert np.array_equal(fill(rgb, hole, surface, 0)[own], fill(painted, hole, surface, 0)[own])


@BACKENDS
def test_red_stays_on_reds_side_and_blue_on_blues(fill) -> None:
    rng = np.random.default_rng(0)
    rgb = np.full((80, 90, 3), 0.2, np.float32)
    surface = np.zeros((80, 90), np.int32)
    surface[:, 45:] = 1
    rgb[:, :45, 0], rgb[:, 45:, 2] = 0.9, 0.9
    rgb += rng.normal(0, 0.02, rgb.shape).astype(np.float32)
    rgb = np.clip(rgb, 0, 1)
    hole = disc(80, 90, 25)
    out = fill(without(rgb, hole), hole, surface, 0)
    left, right = hole & (surface == 0), hole & (surface == 1)
    assert out[left, 0].min() > 0.7 and out[left, 2].max() < 0.4
    assert out[right, 2].min() > 0.7 and out[right, 0].max() < 0.4


@BACKENDS
def test_no_foreground_colour_comes_into_a_photo(fill) -> None:
    rgb = data.astronaut()[::4, ::4].astype(np.float32) / 255
    hole = disc(128, 128, 25)
    ring = disc(128, 128, 34) & ~hole
    surface = np.where(hole | ~ring, 0, -1).astype(np.int32)
    out = fill(without(rgb, hole | ring), hole, surface, 0)
    greenless = np.minimum(out[..., 0], out[..., 2]) - out[..., 1]
    assert greenless[hole].max() < 0.5


@BACKENDS
def test_a_surface_with_no_known_pixel_takes_any_that_is_not_foreground(fill) -> None:
    rgb = np.full((40, 40, 3), (0.1, 0.6, 0.2), np.float32)
    hole = disc(40, 40, 10)
    surface = np.where(hole, 7, 0).astype(np.int32)
    surface[:, :5] = -1
    out = fill(without(rgb, hole | (surface < 0)), hole, surface, 0)
    assert np.abs(out[hole] - rgb[hole]).max() < SOLVER


@BACKENDS
def test_a_picture_that_is_all_hole_becomes_middle_grey(fill) -> None:
    hole = np.ones((9, 7), bool)
    assert np.all(fill(np.zeros((9, 7, 3), np.float32), hole, one_surface(hole), 0) == 0.5)


@BACKENDS
def test_foreground_alone_serves_where_there_is_nothing_else(fill) -> None:
    hole = disc(30, 30, 9)
    surface = np.full(hole.shape, -1, np.int32)
    out = fill(without(np.full((30, 30, 3), 0.3, np.float32), hole), hole, surface, 0)
    assert np.abs(out - 0.3).max() < SOLVER


@BACKENDS
def test_a_smooth_gradient_goes_on_behind_a_hole(fill) -> None:
    y, x = np.mgrid[:120, :160].astype(np.float32)
    rgb = np.stack([0.3 + y / 300, 0.5 + x / 500, 0.8 - y / 400], axis=-1).astype(np.float32)
    hole = disc(120, 160, 35)
    out = fill(without(rgb, hole), hole, one_surface(hole), 0)
    assert psnr(out[hole], rgb[hole]) > LOOKS_LIKE


def test_a_periodic_texture_is_continued() -> None:
    y, x = np.mgrid[:160, :160]
    tile = 0.5 + 0.3 * np.sin(2 * np.pi * x / 16) * np.sin(2 * np.pi * y / 16)
    rgb = np.stack([tile, 0.5 * tile + 0.2, 1 - tile], axis=-1).astype(np.float32)
    hole = disc(160, 160, 30)
    flat = inpaint_smooth(without(rgb, hole), hole, one_surface(hole), 0)
    out = inpaint_patches(without(rgb, hole), hole, one_surface(hole), 0)
    assert psnr(flat[hole], rgb[hole]) < 20
    assert psnr(out[hole], rgb[hole]) > 30


@pytest.mark.parametrize("slope", [0.0, 0.4, -1.0])
def test_a_straight_edge_crosses_the_hole(slope: float) -> None:
    y, x = np.mgrid[:150, :180]
    dark = (y - 75) > slope * (x - 90)
    rgb = np.where(dark[..., None], np.float32([0.2, 0.3, 0.1]), np.float32([0.7, 0.8, 0.9])).astype(np.float32)
    hole = disc(150, 180, 30)
    fills = [fill(without(rgb, hole), hole, one_surface(hole), 0) for fill in (inpaint_smooth, inpaint_patches)]
    blurred, crisp = (float((np.abs(fill - rgb).max(axis=-1)[hole] > 0.2).mean()) for fill in fills)
    assert crisp < 0.08
    assert blurred > 0.15


def test_a_picture_out_of_focus_gets_no_hard_seams() -> None:
    """Steps of the fill, beside the steepest of the photo: where no patch over a seam was heard, they were 10 to 18."""
    noise = np.random.default_rng(0).random((200, 300, 3)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), 14.0)
    rgb = (blurred - blurred.min()) / np.ptp(blurred)
    hole = disc(200, 300, 55)
    out = inpaint_patches(without(rgb, hole), hole, one_surface(hole), 0)
    inside = hole[:, 1:] & hole[:, :-1]
    steps = [np.abs(np.diff(picture, axis=1)).max(axis=-1) for picture in (out, rgb)]
    assert np.quantile(steps[0][inside], 0.999) < 9 * steps[1].max()


def test_the_fill_keeps_the_photos_grain() -> None:
    rng = np.random.default_rng(1)
    rgb = np.clip(0.5 + rng.normal(0, 0.03, (150, 150, 3)), 0, 1).astype(np.float32)
    hole = disc(150, 150, 40)
    out = inpaint_patches(without(rgb, hole), hole, one_surface(hole), 0)
    assert 0.75 < out[hole].std() / rgb[~hole].std() < 1.25


def test_a_fill_found_at_a_fraction_of_the_size_is_as_sharp_as_the_photo(monkeypatch: pytest.MonkeyPatch) -> None:
    rgb = np.repeat(data.gravel()[:256, :256, None], 3, axis=2).astype(np.float32) / 255
    hole = disc(256, 256, 50)
    monkeypatch.setattr("multiplane.inpaint.patches.WORKING_PIXELS", int(hole.sum()) // 8)
    out = inpaint_patches(without(rgb, hole), hole, one_surface(hole), 0)
    gradient = np.abs(np.diff(out[..., 0], axis=1))
    inside, outside = gradient[hole[:, 1:]].mean(), gradient[~hole[:, 1:]].mean()
    assert 0.85 < inside / outside < 1.15


def test_a_package_on_a_read_only_disk_still_compiles(monkeypatch) -> None:
    def no_place(self, *_: object) -> None:
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(numba.core.caching.CacheImpl, "__init__", no_place)
    assert compiled()(lambda x: x + 1)(2) == 3
