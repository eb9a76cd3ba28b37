"""The synthetic still tells the truth about itself: depth, order, alphas, shadows, and what is behind."""

from dataclasses import fields
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from cards import EYE_HEIGHT, HILLS_Z, OBJECTS, PITCH, Cards, make_cards, write_cards

from multiplane.photo.read import read_photo
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.scene import DepthMap, Photo
from tolerances import EXACT, ROUNDING, SOLVER

STILL_AT = Path(__file__).parent.parent / "samples" / "cards"


@pytest.fixture(scope="module")
def still() -> Cards:
    return make_cards(180, 120)


def test_the_same_arguments_draw_the_same_still_and_another_seed_another(still: Cards) -> None:
    again, other = make_cards(180, 120), make_cards(180, 120, seed=1)
    for one, two in zip(still.cards, again.cards, strict=True):
        for field in fields(one):
            a, b = getattr(one, field.name), getattr(two, field.name)
            assert a is b or np.array_equal(a, b), field.name
    assert not np.array_equal(still.photo.rgb, other.photo.rgb)


def test_arrays_keep_the_promises_of_the_nouns(still: Cards) -> None:
    assert isinstance(still.photo, Photo) and still.photo.rgb.shape == (120, 180, 3)
    assert DepthMap(still.z, metric=True).z.dtype == np.float32
    assert still.cards[0].alpha.min() == 1.0
    for card in still.cards:
        assert card.rgb.min() >= 0 and card.rgb.max() <= 1 and card.alpha.min() >= 0 and card.alpha.max() <= 1
        assert card.rgb.dtype == card.alpha.dtype == card.z.dtype == np.float32
        assert still.mask(card.name).any(), f"{card.name} is not seen"


def test_the_photo_is_its_cards_composited_one_pixel_after_another(still: Cards) -> None:
    rng = np.random.default_rng(0)
    for y, x in zip(rng.integers(0, 120, 200), rng.integers(0, 180, 200), strict=True):
        colour = np.zeros(3)
        for card in still.cards:
            front = card.rgb[y, x].astype(float)
            if card.name == "ground":
                front = front * np.prod([c.shadow[y, x] for c in still.cards if c.shadow is not None])
            colour = card.alpha[y, x] * front + (1 - card.alpha[y, x]) * colour
        assert np.abs(still.photo.rgb[y, x] - colour).max() <= 0.5 * ROUNDING + SOLVER


def test_the_photo_lies_on_the_8_bit_grid(still: Cards) -> None:
    assert np.abs(from_levels(to_levels(still.photo.rgb)) - still.photo.rgb).max() == EXACT


def test_nearer_cards_are_painted_later(still: Cards) -> None:
    """Where a card is seen, no earlier one that covers the pixel is nearer (2 % for half a pixel where they touch)."""
    for index, card in enumerate(still.cards):
        seen = still.front == index
        for behind in still.cards[:index]:
            covered = seen & (behind.alpha >= 0.5)
            assert (card.z[covered] <= behind.z[covered] * 1.02).all(), (card.name, behind.name)


def test_depth_lies_on_the_planes_that_the_cards_are(still: Cards) -> None:
    """Unprojected and turned level, the ground lies EYE_HEIGHT below the eye, and the hills stand upright."""
    camera = still.camera
    u, v = np.meshgrid(np.arange(180, dtype=np.float32) + 0.5, np.arange(120, dtype=np.float32) + 0.5)
    points = camera.unproject(u, v, still.z).astype(np.float64)
    below = points[..., 1] * np.cos(PITCH) + points[..., 2] * np.sin(PITCH)
    ahead = points[..., 2] * np.cos(PITCH) - points[..., 1] * np.sin(PITCH)
    ground, hills, house = (still.mask(name) for name in ("ground", "hills", "house"))
    assert np.abs(below[ground] - EYE_HEIGHT).max() <= SOLVER
    assert np.abs(ahead[hills] / HILLS_Z - 1).max() <= SOLVER
    design = np.stack([points[house][:, 0], ahead[house], np.ones(house.sum())], axis=-1)
    assert np.linalg.svd(design, compute_uv=False)[-1] / np.sqrt(house.sum()) <= SOLVER  # one upright plane


def test_objects_touch_the_ground_where_they_stand(still: Cards) -> None:
    for name in OBJECTS:
        card = still.card(name)
        rows, columns = np.nonzero(card.alpha >= 0.5)
        foot = rows.max()
        column = int(np.median(columns[rows == foot]))
        assert card.z[foot, column] == pytest.approx(still.card("ground").z[foot, column], rel=0.06)


def test_alphas_are_soft_and_one_card_has_a_hole(still: Cards) -> None:
    for name in OBJECTS:
        alpha = still.card(name).alpha
        assert ((alpha > 0.05) & (alpha < 0.95)).sum() > 20
    ring = still.card("ring").alpha
    rows, columns = np.nonzero(ring >= 0.5)
    assert ring[int(rows.mean()), int(columns.mean())] == 0.0


def test_the_clean_plate_is_the_photo_where_no_object_or_shadow_is(still: Cards) -> None:
    touched = np.max([still.card(name).alpha for name in OBJECTS], axis=0) > 0
    touched |= (still.shadow < 1) & (still.card("ground").alpha > 0)
    difference = np.abs(still.background - still.photo.rgb).max(axis=-1)
    assert touched.any() and not touched.all()
    assert difference[~touched].max() <= 0.5 * ROUNDING + SOLVER
    assert difference[touched].max() > 0.2


def test_shadows_darken_the_ground_by_their_factor(still: Cards) -> None:
    bare = still.mask("ground") & (np.max([still.card(name).alpha for name in OBJECTS], axis=0) == 0)
    bare &= (still.card("house").alpha == 0) & (still.card("hills").alpha == 0) & (still.card("ground").alpha == 1)
    assert still.shadow[bare].min() < 0.9
    lit = still.background * still.shadow[..., None]
    assert np.abs(lit - still.photo.rgb)[bare].max() <= 0.5 * ROUNDING + SOLVER


@pytest.mark.parametrize(("width", "height"), [(1, 1), (7, 3), (60, 200)])
def test_any_size_can_be_drawn(width: int, height: int) -> None:
    still = make_cards(width, height)
    assert still.photo.rgb.shape == (height, width, 3)
    assert still.z.shape == still.shadow.shape == (height, width)


def test_what_is_written_reads_back(still: Cards, tmp_path: Path) -> None:
    write_cards(still, tmp_path)
    assert np.array_equal(read_photo(tmp_path / "photo.png").rgb, still.photo.rgb)
    assert np.array_equal(tifffile.imread(tmp_path / "depth.tiff"), still.z)
    for card in still.cards:
        stored = cv2.imread(str(tmp_path / "masks" / f"{card.name}.png"), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(stored, to_levels(card.alpha))


def test_the_committed_still_is_the_one_that_is_drawn_at_that_size() -> None:
    photo = read_photo(STILL_AT / "photo.png")
    depth = tifffile.imread(STILL_AT / "depth.tiff")
    assert photo.rgb.shape == (640, 960, 3) and depth.shape == (640, 960)
    assert sum(file.stat().st_size for file in STILL_AT.rglob("*") if file.is_file()) < 3_000_000
    small = make_cards(96, 64)
    shrunk = cv2.resize(photo.rgb, (96, 64), interpolation=cv2.INTER_AREA)
    assert np.abs(shrunk - small.photo.rgb).mean() < 0.03
