"""Mattes: what every backend promises, edges that follow the photo, and rim colours freed from what is behind."""

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from multiplane.errors import BackendError
from multiplane.matte import holes, load_matte, solve
from multiplane.matte.foreground import estimate_foreground
from multiplane.matte.holes import open_holes
from multiplane.matte.laplacian import band_laplacian
from multiplane.matte.solve import solve_alpha
from tolerances import EXACT, ROUNDING, SOLVER

RED = np.array([0.8, 0.25, 0.1], np.float32)
GREEN = np.array([0.15, 0.45, 0.3], np.float32)

every_backend = pytest.mark.parametrize("name", ("closed-form", "guided"))


def textured(height, width, colour, contrast, seed):
    """A surface of one colour with smooth texture of the given contrast."""
    noise = np.random.default_rng(seed).standard_normal((height, width, 3)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 2.5)
    return np.clip(colour + noise * (contrast / noise.std()), 0, 1).astype(np.float32)


def disc(height, width, centre, radius, softness=0.5):
    """Alpha of a disc whose edge ramps over 2 * softness pixels: 0.5 is exact antialiasing."""
    y, x = np.mgrid[:height, :width] + 0.5
    distance = np.hypot(x - centre[0], y - centre[1])
    return np.clip((radius - distance) / (2 * softness) + 0.5, 0, 1).astype(np.float32)


def disc_photo(softness=0.5, back=GREEN):
    """A textured red disc before a textured ground: rgb, alpha and true foreground."""
    alpha = disc(160, 200, (100.3, 80.6), 50, softness)
    fore = textured(160, 200, RED, 0.03, 1)
    rgb = alpha[..., None] * fore + (1 - alpha[..., None]) * textured(160, 200, back, 0.05, 2)
    return (np.rint(rgb * 255) / 255).astype(np.float32), alpha, fore


def moved(mask, pixels):
    """The mask grown (or shrunk) by so many pixels."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(pixels) + 1,) * 2)
    return (cv2.dilate if pixels > 0 else cv2.erode)(mask.astype(np.uint8), kernel) > 0


def shifted(mask, pixels):
    return np.roll(mask, pixels, axis=1)


def edge_width(alpha):
    """Area where alpha runs from 10 to 90 %, per pixel of the disc's rim."""
    return np.count_nonzero((alpha > 0.1) & (alpha < 0.9)) / (2 * np.pi * 50)


def check_alpha(alpha, mask):
    assert alpha.shape == mask.shape
    assert alpha.dtype == np.float32
    assert np.isfinite(alpha).all()
    assert alpha.min() >= 0
    assert alpha.max() <= 1


@every_backend
class TestEveryBackend:
    @given(height=st.integers(1, 24), width=st.integers(1, 24), seed=st.integers(0, 2**16), share=st.floats(0, 1))
    @settings(max_examples=25, deadline=None)
    def test_any_picture_and_mask_give_an_alpha_in_range(self, name, height, width, seed, share):
        rng = np.random.default_rng(seed)
        rgb = rng.random((height, width, 3), np.float32)
        mask = rng.random((height, width)) < share
        check_alpha(load_matte(name)(rgb, mask), mask)

    def test_a_flat_picture_gives_an_alpha_in_range(self, name):
        mask = disc(60, 60, (30, 30), 15) > 0.5
        check_alpha(load_matte(name)(np.full((60, 60, 3), 0.5, np.float32), mask), mask)

    def test_the_same_input_gives_the_same_bytes_and_is_not_touched(self, name):
        rgb, alpha, _ = disc_photo()
        mask = alpha > 0.5
        rgb_before, mask_before = rgb.copy(), mask.copy()
        first, second = load_matte(name)(rgb, mask), load_matte(name)(rgb, mask)
        assert first.tobytes() == second.tobytes()
        assert np.array_equal(rgb, rgb_before)
        assert np.array_equal(mask, mask_before)

    def test_deep_inside_is_one_and_far_outside_is_zero(self, name):
        rgb, alpha, _ = disc_photo()
        result = load_matte(name)(rgb, moved(alpha > 0.5, 2))
        assert np.abs(result[moved(alpha > 0.5, -20)] - 1).max() == EXACT
        assert result[~moved(alpha > 0.5, 20)].max() == EXACT

    @pytest.mark.parametrize("value", [False, True])
    def test_a_mask_without_border_is_its_own_alpha(self, name, value):
        rgb = np.random.default_rng(0).random((40, 50, 3), np.float32)
        assert np.abs(load_matte(name)(rgb, np.full((40, 50), value)) - value).max() == EXACT

    def test_one_pixel_does_not_vanish(self, name):
        rgb = np.full((40, 50, 3), 0.2, np.float32)
        rgb[20, 25] = 0.9
        mask = rgb[..., 0] > 0.5
        result = load_matte(name)(rgb, mask)
        assert result[20, 25] > 0.5
        assert result[~moved(mask, 4)].max() < ROUNDING

    def test_an_object_cut_by_the_frame_is_opaque_there(self, name):
        alpha = disc(160, 200, (200, 80), 60)
        rgb = alpha[..., None] * textured(160, 200, RED, 0.03, 1)
        rgb += (1 - alpha[..., None]) * textured(160, 200, GREEN, 0.05, 2)
        result = load_matte(name)(rgb, moved(alpha > 0.5, -2))
        assert result[30:130, -1].min() > 1 - ROUNDING

    def test_a_mask_two_pixels_off_moves_to_the_photos_edge(self, name):
        rgb, alpha, _ = disc_photo()
        for mask in (moved(alpha > 0.5, 2), moved(alpha > 0.5, -2), shifted(alpha > 0.5, 2)):
            before = np.abs(mask - alpha).sum()
            assert np.abs(load_matte(name)(rgb, mask) - alpha).sum() < 0.75 * before


class TestClosedForm:
    @pytest.mark.parametrize("wrong", [2, -2, 0])
    def test_its_alpha_is_close_to_the_truth_whatever_way_the_mask_is_off(self, wrong):
        rgb, alpha, _ = disc_photo()
        mask = moved(alpha > 0.5, wrong) if wrong else shifted(alpha > 0.5, 2)
        result = load_matte("closed-form")(rgb, mask)
        rim = moved(alpha > 0, 3) & ~moved(alpha == 1, -3)
        assert np.abs(result - alpha)[rim].mean() < 0.04
        assert np.abs(result - alpha).sum() < 0.2 * np.abs(mask - alpha).sum()

    def test_its_edge_is_not_wider_than_the_photos(self):
        rgb, alpha, _ = disc_photo()
        result = load_matte("closed-form")(rgb, moved(alpha > 0.5, 2))
        assert edge_width(result) < edge_width(alpha) + 0.5

    def test_a_blurred_edge_stays_blurred(self):
        rgb, alpha, _ = disc_photo(softness=6)
        result = load_matte("closed-form")(rgb, alpha > 0.5)
        assert edge_width(result) > 0.6 * edge_width(alpha)
        assert np.abs(result - alpha).sum() < 0.5 * np.abs((alpha > 0.5) - alpha).sum()

    def test_hairs_beyond_the_mask_are_found(self):
        rgb, alpha, fore = disc_photo()
        hairs = np.zeros((160, 200), np.float32)
        for degrees in range(0, 360, 15):
            tip = (100 + 60 * np.cos(np.radians(degrees)), 80 + 60 * np.sin(np.radians(degrees)))
            cv2.line(hairs, (100, 80), (round(tip[0]), round(tip[1])), 1.0, 1, cv2.LINE_AA)
        hairs[hairs > 1] = 1
        truth = np.maximum(alpha, hairs)
        rgb = truth[..., None] * fore + (1 - truth[..., None]) * textured(160, 200, GREEN, 0.05, 2)
        result = load_matte("closed-form")(rgb, alpha > 0.5)
        outside = moved(truth > 0, 3) & (alpha == 0)
        assert np.abs(result - truth)[outside].sum() < 0.4 * truth[outside].sum()

    def test_where_colour_cannot_tell_the_mask_decides_without_a_veil(self):
        rgb = textured(160, 200, GREEN, 0.05, 3)
        mask = disc(160, 200, (100, 80), 50) > 0.5
        result = load_matte("closed-form")(rgb, mask)
        assert np.array_equal(result[moved(mask, -4)] > 0.99, mask[moved(mask, -4)])
        assert result[~moved(mask, 4)].max() < ROUNDING
        assert edge_width(result) < 4

    def test_nothing_outside_hangs_in_the_air(self):
        rgb, alpha, fore = disc_photo()
        for x, y in ((100, 18), (30, 80), (165, 120)):  # dots of the object's colour beside it
            rgb[y - 1 : y + 2, x - 1 : x + 2] = fore[y - 1 : y + 2, x - 1 : x + 2]
        result = load_matte("closed-form")(rgb, alpha > 0.5)
        _, parts = cv2.connectedComponents((result > 0.1).astype(np.uint8), connectivity=8)
        assert parts.max() == 1

    def test_a_large_picture_gives_the_same_matte_as_a_small_one(self):
        rgb, alpha, _ = disc_photo()
        size = (2000, 1600)
        large, truth = cv2.resize(rgb, size, interpolation=cv2.INTER_CUBIC), cv2.resize(alpha, size)
        result = load_matte("closed-form")(np.clip(large, 0, 1), moved(truth > 0.5, 5))
        assert np.abs(result - truth).mean() < 0.5 * np.abs(moved(truth > 0.5, 5) - truth).mean()
        assert result[moved(truth > 0.5, -60)].min() == 1
        assert result[~moved(truth > 0.5, 60)].max() == 0

    def test_a_third_colour_at_the_rim_is_not_half_transparent(self):
        rgb, alpha, _ = disc_photo()
        collar = alpha - disc(160, 200, (100.3, 80.6), 45)
        grey = textured(160, 200, (RED + GREEN) / 2, 0.01, 4)
        rgb = (rgb + collar[..., None] * (grey - rgb)).astype(np.float32)
        result = load_matte("closed-form")(rgb, alpha > 0.5)
        assert result[collar > 0.99].mean() > 0.95
        assert result[~moved(alpha > 0.5, 3)].mean() < ROUNDING

    def test_a_whisker_that_the_mask_cut_off_is_followed_to_its_end(self):
        rgb, alpha, fore = disc_photo()
        whisker = np.zeros((160, 200), np.float32)
        cv2.line(whisker, (100, 80), (195, 80), 1.0, 2, cv2.LINE_AA)
        truth = np.maximum(alpha, np.minimum(whisker, 1))
        rgb = truth[..., None] * fore + (1 - truth[..., None]) * textured(160, 200, GREEN, 0.05, 2)
        result = load_matte("closed-form")(rgb.astype(np.float32), alpha > 0.5)
        assert result[78:83, 155:188].max(axis=0).min() > 0.7
        assert result[~moved(truth > 0, 4)].max() < ROUNDING

    def test_the_thin_shadow_of_a_thin_post_is_not_the_posts(self):
        post, shadow = np.zeros((2, 160, 200), np.float32)
        cv2.line(post, (60, 20), (60, 90), 1.0, 5, cv2.LINE_AA)
        cv2.line(shadow, (60, 90), (190, 130), 1.0, 4, cv2.LINE_AA)
        dark = np.maximum(post, shadow)[..., None]
        rgb = dark * textured(160, 200, RED, 0.02, 1) + (1 - dark) * textured(160, 200, GREEN, 0.02, 2)
        result = load_matte("closed-form")(rgb.astype(np.float32), post > 0.5)
        assert result[25:85, 59:62].min() > 0.9
        assert result[:, 80:].max() < ROUNDING


class TestSolveAlpha:
    def trimap(self, alpha, reach):
        trimap = (alpha > 0.5).astype(np.float32)
        trimap[moved(alpha > 0, reach) & ~moved(alpha == 1, -reach)] = 0.5
        return trimap

    @pytest.mark.parametrize("softness", [0.5, 6])
    def test_it_finds_the_alpha_between_known_sides(self, softness):
        rgb, alpha, _ = disc_photo(softness)
        trimap = self.trimap(alpha, 8)
        result = solve_alpha(rgb, trimap)
        check_alpha(result, alpha)
        assert np.array_equal(result[trimap != 0.5], trimap[trimap != 0.5])
        assert np.abs(result - alpha)[trimap == 0.5].mean() < 0.05

    @pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
    def test_a_trimap_that_knows_one_side_only_is_its_own_alpha(self, value):
        rgb = np.random.default_rng(0).random((20, 30, 3), np.float32)
        trimap = np.full((20, 30), value, np.float32)
        trimap[5:9, 5:9] = 0.5
        assert np.array_equal(solve_alpha(rgb, trimap), trimap)

    def test_a_band_larger_than_the_limit_is_solved_smaller(self, monkeypatch):
        rgb, alpha, _ = disc_photo(6)
        trimap = self.trimap(alpha, 8)
        monkeypatch.setattr(solve, "UNKNOWN_LIMIT", 3000)
        result = solve_alpha(rgb, trimap)
        assert np.array_equal(result[trimap != 0.5], trimap[trimap != 0.5])
        assert np.abs(result - alpha)[trimap == 0.5].mean() < 0.07


class TestHoles:
    def ring_photo(self, inside=GREEN):
        """A red ring of which the mask covers the hole, in which `inside` shows."""
        outer, inner = disc(160, 200, (100, 80), 50), disc(160, 200, (100, 80), 38)
        back = textured(160, 200, GREEN, 0.03, 2)
        hole = textured(160, 200, inside, 0.03, 2)
        rgb = outer[..., None] * textured(160, 200, RED, 0.03, 1) + (1 - outer[..., None]) * back
        rgb = (rgb + inner[..., None] * (hole - rgb)).astype(np.float32)
        return np.clip(rgb, 0, 1), outer > 0.5, inner > 0.5

    @pytest.fixture(autouse=True)
    def holes_of_any_size(self, monkeypatch):
        monkeypatch.setattr(holes, "LARGEST", 0.7)

    def depth(self, mask, hole, behind):
        """Object at 1, background at 3, and `behind` in the hole."""
        return np.where(hole, behind, np.where(mask, 1.0, 3.0)).astype(np.float32)

    def test_a_hole_that_shows_the_background_opens_to_its_edge(self):
        rgb, mask, hole = self.ring_photo()
        opened = open_holes(rgb, mask)
        assert not opened[moved(hole, -3)].any()
        alpha = load_matte("closed-form")(rgb, opened)
        assert np.abs(alpha - (mask & ~hole)).mean() < 0.01

    def test_a_patch_of_another_colour_stays(self):
        rgb, mask, _ = self.ring_photo(inside=np.array([0.2, 0.2, 0.8], np.float32))
        assert np.array_equal(open_holes(rgb, mask), mask)

    def test_a_patch_of_the_backgrounds_colour_stays_where_depth_knows_it_for_the_objects(self):
        rgb, mask, hole = self.ring_photo()
        assert np.array_equal(open_holes(rgb, mask, self.depth(mask, hole, 1.0)), mask)
        assert not open_holes(rgb, mask, self.depth(mask, hole, 3.0))[moved(hole, -3)].any()

    def test_the_objects_own_colour_is_no_hole(self):
        rgb, mask, _ = self.ring_photo(inside=RED)
        assert np.array_equal(open_holes(rgb, mask), mask)

    @given(height=st.integers(1, 40), width=st.integers(1, 40), seed=st.integers(0, 2**16), share=st.floats(0, 1))
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_a_mask_is_never_grown(self, height, width, seed, share):
        rng = np.random.default_rng(seed)
        mask = rng.random((height, width)) < share
        opened = open_holes(rng.random((height, width, 3), np.float32), mask)
        assert not (opened & ~mask).any()


class TestForeground:
    def test_equals_the_photo_where_opaque_and_is_finite_in_range(self):
        rgb, alpha, _ = disc_photo()
        result = estimate_foreground(rgb, alpha)
        assert result.shape == rgb.shape
        assert result.dtype == np.float32
        assert np.isfinite(result).all()
        assert result.min() >= 0
        assert result.max() <= 1
        assert np.abs(result - rgb)[alpha == 1].max() == EXACT

    @pytest.mark.parametrize("softness", [0.5, 6])
    def test_the_rim_has_the_objects_own_colour(self, softness):
        rgb, alpha, fore = disc_photo(softness)
        rim = (alpha > 0) & (alpha < 1)
        error = np.abs(estimate_foreground(rgb, alpha) - fore) * alpha[..., None]
        contaminated = np.abs(rgb - fore) * alpha[..., None]
        assert error[rim].mean() < 0.2 * contaminated[rim].mean()

    def test_the_objects_colour_goes_on_beyond_its_rim(self):
        rgb, alpha, _ = disc_photo()
        result = estimate_foreground(rgb, alpha)
        beyond = (alpha == 0) & moved(alpha > 0, 4)
        assert np.abs(result[beyond] - RED).mean() < 0.06

    @given(height=st.integers(1, 20), width=st.integers(1, 20), seed=st.integers(0, 2**16))
    @settings(max_examples=25, deadline=None)
    def test_any_alpha_gives_colours_in_range(self, height, width, seed):
        rng = np.random.default_rng(seed)
        rgb = rng.random((height, width, 3), np.float32)
        alpha = np.clip(rng.random((height, width), np.float32) * 3 - 1, 0, 1).astype(np.float32)
        before = rgb.copy()
        result = estimate_foreground(rgb, alpha)
        assert np.isfinite(result).all()
        assert result.min() >= 0
        assert result.max() <= 1
        assert np.array_equal(result[alpha == 1], rgb[alpha == 1])
        assert np.array_equal(rgb, before)

    def test_a_picture_without_soft_pixels_is_returned_as_it_is(self):
        rgb = np.random.default_rng(0).random((30, 30, 3), np.float32)
        for value in (0, 1):
            assert np.array_equal(estimate_foreground(rgb, np.full((30, 30), value, np.float32)), rgb)


def slow_laplacian(rgb, epsilon):
    """Levin, Lischinski and Weiss 2008, equation 12, window by window."""
    height, width = rgb.shape[:2]
    numbers = np.arange(height * width).reshape(height, width)
    matrix = np.zeros((height * width, height * width))
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            window = numbers[y - 1 : y + 2, x - 1 : x + 2].ravel()
            colour = rgb.reshape(-1, 3)[window].astype(np.float64)
            centred = colour - colour.mean(axis=0)
            inverse = np.linalg.inv(centred.T @ centred / 9 + epsilon * np.eye(3))
            matrix[np.ix_(window, window)] += np.eye(9) - (1 + centred @ inverse @ centred.T) / 9
    return csr_matrix(matrix)


@given(seed=st.integers(0, 2**16))
@settings(max_examples=10, deadline=None)
def test_the_band_laplacian_is_the_papers(seed):
    rng = np.random.default_rng(seed)
    rgb = rng.random((9, 11, 3), np.float32)
    unknown, alpha = rng.random((9, 11)) < 0.5, rng.random((9, 11)).astype(np.float32)
    matrix, right = band_laplacian(rgb, unknown, alpha, 1e-4)
    whole = slow_laplacian(rgb, 1e-4).toarray()
    free, fixed = np.flatnonzero(unknown), np.flatnonzero(~unknown)
    assert np.abs(matrix.toarray() - whole[np.ix_(free, free)]).max() < SOLVER
    assert np.abs(right + whole[np.ix_(free, fixed)] @ alpha.ravel()[fixed]).max() < SOLVER


def test_an_unknown_backend_is_named_with_its_alternatives():
    with pytest.raises(BackendError, match=r"'foo'.*closed-form, guided"):
        load_matte("foo")
