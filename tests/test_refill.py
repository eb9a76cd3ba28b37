"""What sheets hide, filled once all of it is known: whole, from what was seen, and exact as ever."""

import cv2
import numpy as np
import pytest

from multiplane.arrays import Floats, Ints, Levels, Mask
from multiplane.inpaint import load_inpaint
from multiplane.pixels.levels import to_levels
from multiplane.pixels.over import over
from multiplane.refill import refill
from multiplane.unstack import Cut, Remaining

SIDE = 120


def discs() -> tuple[Mask, Mask]:
    """A cup and the saucer that it stands on: no point of the table beneath the cup touches any that is seen."""
    y, x = np.mgrid[:SIDE, :SIDE]
    cup = np.hypot(y - 55, x - 60) < 18
    return cup, (np.hypot(y - 65, x - 60) < 40) & ~cup


def table() -> Floats:
    """Stripes that run on beneath everything."""
    x = np.arange(SIDE)
    stripes = 0.4 + 0.2 * np.sign(np.sin(2 * np.pi * x / 12))
    return np.repeat(np.repeat(stripes[None, :, None], SIDE, 0), 3, 2).astype(np.float32)


def photo() -> Floats:
    cup, saucer = discs()
    rgb = table()
    rgb[cup], rgb[saucer] = (0.9, 0.1, 0.1), (0.1, 0.2, 0.8)
    return rgb


def soft(rgb: Floats, mask: Mask) -> Floats:
    """A matte with a rim that is a few pixels soft."""
    return np.asarray(np.clip(cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1.2), 0, 1))


def cuts_of(rgb: Floats, bit_depth: int = 8) -> tuple[Levels, list[Cut]]:
    cup, saucer = discs()
    near = np.select([cup, saucer], [np.float32(1), np.float32(2)], np.float32(3)).astype(np.float32)
    remaining = Remaining.of(
        rgb, bit_depth, [cup, saucer, ~(cup | saucer)], near, [False, False, True], 0, rims_only=True
    )
    picture = remaining.picture.copy()
    cuts = [cut for index in range(2) if (cut := remaining.take_nearest(index, soft, load_inpaint("patches")))]
    return picture, [*cuts, remaining.take_last()]


def composited(cuts: list[Cut]) -> Levels:
    canvas = cuts[-1].rgba[..., :3].copy()
    for cut in reversed(cuts[:-1]):
        (x, y), (height, width) = cut.corner, cut.z.shape
        view = canvas[y : y + height, x : x + width]
        view[:] = over(cut.rgba, view)
    return canvas


@pytest.mark.parametrize("bit_depth", [8, 16])
def test_the_composite_is_the_photo(bit_depth: int) -> None:
    picture, cuts = cuts_of(photo(), bit_depth)
    filled = refill(picture, cuts, [False, False, True], load_inpaint("patches"), 0)
    assert np.array_equal(composited(filled), picture)
    assert picture.dtype == (np.uint8 if bit_depth == 8 else np.uint16)


def test_what_two_things_hide_is_one_hole_with_seen_sources() -> None:
    picture, cuts = cuts_of(photo())
    asked: list[tuple[Mask, Ints]] = []

    def fill(rgb: Floats, hole: Mask, surface: Ints, seed: int) -> Floats:
        asked.append((hole, surface))
        return rgb

    refill(picture, cuts, [False, False, True], fill, 0)
    hole, surface = asked[-1]
    cup, saucer = discs()
    assert hole[cup | saucer].all()
    assert not ((surface >= 0) & ~hole & (cup | saucer)).any()


def test_a_pattern_runs_on_beneath_both() -> None:
    picture, cuts = cuts_of(photo())
    stripes = to_levels(table()).astype(np.int64)
    cup, saucer = discs()

    def off(found: list[Cut]) -> float:
        return float(np.abs(found[-1].rgba[..., :3].astype(np.int64) - stripes)[cup | saucer].mean())

    filled = refill(picture, cuts, [False, False, True], load_inpaint("patches"), 0)
    assert off(filled) < 5.0
    assert off(filled) < 0.25 * off(cuts)


def test_far_behind_a_surface_nothing_is_worked_out_with_care() -> None:
    """No camera looks far behind a floor; what a thing hides is filled to its end, as things are moved."""
    picture, cuts = cuts_of(photo())
    holes: list[int] = []

    def fill(rgb: Floats, hole: Mask, surface: Ints, seed: int) -> Floats:
        holes.append(int(np.count_nonzero(hole)))
        return rgb

    for endless in ([False, False, True], [True, True, True]):
        refill(picture, cuts, endless, fill, 0)
    assert holes[-1] < 0.9 * holes[1]


def test_where_little_is_known_the_careful_fill_fades_into_the_smooth_one() -> None:
    """Beneath a thing that hides nearly all, no seam runs where care ends."""
    side = 400
    alpha = np.zeros((side, side), np.uint8)
    alpha[:, : side - 30] = 255
    grey = np.full((side, side, 3), 100, np.uint8)
    near = Cut(np.dstack([grey, alpha]), np.ones((side, side), np.float32), np.zeros((side, side), np.bool_), (0, 0))
    far = Cut(np.dstack([grey, np.full((side, side), 255, np.uint8)]), near.z * np.float32(2), alpha > 0, (0, 0))

    def white(rgb: Floats, hole: Mask, surface: Ints, seed: int) -> Floats:
        return np.where(hole[..., None], np.float32(1), rgb)

    background = refill(grey, [near, far], [False, True], white, 0)[-1].rgba[..., :3].astype(np.int64)
    row = background[side // 2, : side - 40, 0]
    assert row.min() == 100
    assert row.max() > 240
    assert np.abs(np.diff(row)).max() < 20
