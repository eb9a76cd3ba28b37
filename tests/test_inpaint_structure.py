"""What is expected behind a rim: edges run on, shades go on, nothing is invented, and patches add only what fits."""

import cv2
import numpy as np
import pytest

from multiplane.arrays import Floats, Mask
from multiplane.inpaint.blend import blend
from multiplane.inpaint.membrane import membrane
from multiplane.inpaint.patches import inpaint_patches
from multiplane.inpaint.structure import Continued, continue_structure

HEIGHT, WIDTH = 96, 128


def psnr(a: Floats, b: Floats) -> float:
    return float(-10 * np.log10(max(np.mean((a - b) ** 2), 1e-12)))


def band(width: int) -> Mask:
    """A hole of `width` columns whose right side is a wall: known pixels on the left only, as behind a near thing."""
    hole = np.zeros((HEIGHT, WIDTH), bool)
    hole[:, 60 : 60 + width] = True
    return hole


def left_of(hole: Mask) -> Mask:
    known = np.zeros_like(hole)
    known[:, : int(np.nonzero(hole.any(axis=0))[0][0])] = True
    return known


def half_planes(slope: float) -> Floats:
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    share = np.clip((y - HEIGHT / 2) - slope * (x - 60) + 0.5, 0, 1)[..., None]
    return (share * np.float32([0.8, 0.7, 0.2]) + (1 - share) * np.float32([0.1, 0.3, 0.6])).astype(np.float32)


@pytest.mark.parametrize("slope", [0.0, 0.5, -0.5, 1.0])
def test_an_edge_seen_from_one_side_runs_on_as_straight_as_it_came(slope: float) -> None:
    truth, hole = half_planes(slope), band(14)
    out = continue_structure(truth, left_of(hole), hole).rgb
    smooth = membrane(truth, left_of(hole), hole)
    assert psnr(out[hole], truth[hole]) > psnr(smooth[hole], truth[hole]) + (0.5 if slope == 0 else 2)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    away = np.abs(y - HEIGHT / 2 - slope * (x - 60)) > 12
    assert np.abs(out - truth)[hole & away].mean() < 0.02


def test_no_colour_is_brighter_or_darker_than_what_is_known() -> None:
    rng = np.random.default_rng(0)
    picture = cv2.GaussianBlur(rng.random((HEIGHT, WIDTH, 3), np.float32), (0, 0), 2)
    hole = band(20)
    known = left_of(hole)
    out = continue_structure(picture, known, hole).rgb
    assert out[hole].min() >= picture[known].min() - 1e-4 and out[hole].max() <= picture[known].max() + 1e-4
    assert np.array_equal(out[~hole], picture[~hole])


def test_what_lies_behind_a_wall_is_never_seen() -> None:
    truth, hole = half_planes(0.5), band(10)
    known = left_of(hole)
    painted = np.where((known | hole)[..., None], truth, np.float32([1, 0, 1])).astype(np.float32)
    seen, unseen = (continue_structure(picture, known, hole).rgb[hole] for picture in (truth, painted))
    assert np.array_equal(seen, unseen)


def test_a_texture_expects_its_mean() -> None:
    """Away from the rim the best guess of white noise is its mean: the error is the noise's own, not twice that."""
    rng = np.random.default_rng(1)
    noise = np.clip(0.5 + rng.normal(0, 0.1, (HEIGHT, WIDTH, 3)), 0, 1).astype(np.float32)
    hole = band(16)
    out = continue_structure(noise, left_of(hole), hole).rgb
    inner = hole & ~np.roll(hole, 4, axis=1)
    assert np.abs(out[hole & ~inner] - 0.5).mean() < 0.05


def test_patches_that_foretell_the_rim_are_taken_whole_and_others_lend_detail_only() -> None:
    x = np.arange(WIDTH, dtype=np.float32) + np.zeros((HEIGHT, 1), np.float32)
    stripes = np.repeat((0.5 + 0.3 * np.sin(x / 2))[..., None], 3, axis=2).astype(np.float32)
    hole = band(16)
    known = left_of(hole)
    flat = Continued(np.where(hole[..., None], np.float32(0.4), stripes), np.zeros(hole.shape, np.float32))
    beside = known & (x > 50)
    told = np.where(beside, np.float32(0), np.float32(np.nan))
    guessed = np.where(beside, np.float32(0.2), np.float32(np.nan))
    assert np.abs(blend(stripes, flat, told, known, hole) - stripes).max() < 0.02
    mixed = blend(stripes, flat, guessed, known, hole)
    assert abs(float(mixed[hole].mean()) - 0.4) < abs(float(stripes[hole].mean()) - 0.4) + 0.02
    assert 0.3 * stripes[hole].std() < mixed[hole].std() < stripes[hole].std()


def test_a_hole_known_all_round_keeps_the_patches_but_for_its_seam() -> None:
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    grain = np.repeat((0.5 + 0.3 * np.sin(x / 2) * np.sin(y / 2))[..., None], 3, axis=2).astype(np.float32)
    hole = np.asarray((y - 48) ** 2 + (x - 64) ** 2 < 24**2)
    flat = Continued(np.full_like(grain, 0.4), np.zeros(hole.shape, np.float32))
    error = np.where(~hole, np.float32(0.2), np.float32(np.nan))
    deep = np.asarray((y - 48) ** 2 + (x - 64) ** 2 < 12**2)
    assert np.abs(blend(grain, flat, error, ~hole, hole) - grain)[deep].max() < 1e-5


def test_a_thin_band_beside_a_near_thing_is_nearer_the_truth_than_opencvs() -> None:
    """The far side is known on one side only; what is nearer is masked off for both."""
    from skimage import data

    rgb = (data.coffee()[::3, ::3].astype(np.float32) / 255)[:120, :180]
    gains = []
    for column in (40, 80, 120):
        hole = np.zeros(rgb.shape[:2], bool)
        hole[:, column : column + 9] = True
        surface = np.zeros(hole.shape, np.int32)
        surface[:, column + 9 :] = -1
        ours = inpaint_patches(np.where(hole[..., None], np.float32([1, 0, 1]), rgb), hole, surface, 0)
        unknown = (hole | (surface < 0)).view(np.uint8)
        theirs = cv2.inpaint(np.uint8(rgb * 255 + 0.5), unknown, 3, cv2.INPAINT_TELEA).astype(np.float32) / 255
        gains.append(psnr(ours[hole], rgb[hole]) - psnr(theirs[hole], rgb[hole]))
    assert np.mean(gains) > 0.5
