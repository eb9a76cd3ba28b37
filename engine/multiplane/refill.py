"""What each sheet hides, filled once all of it is known, and the photo peeled anew against that.

While sheets come off one by one, what lies behind the first is seen through its outline only: a table's part behind a
cup that stands on a saucer touches nothing that anyone has seen of the table until the saucer is off, too. So sheets
come off with a fill that is right at their soft rims, where colours of both sides are told apart, and plain beyond.
Then each sheet's hidden part is filled whole, from what is seen of it, and the sheets' colours are solved again,
nearest first, against what is now behind them: the composite is the photo, exactly, as before.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from multiplane.arrays import Levels, Mask
from multiplane.inpaint import InpaintBackend
from multiplane.layering.peel import peel
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.pixels.over import over
from multiplane.unstack import FILL_REACH, RIM, Cut, fill_to_depth, grow

SCARCE = 0.25
"""Pixels to fill from, as a share of those to fill, below which only what a camera may see is filled with care: more
would only repeat the little that is seen."""

Box = tuple[slice, slice]


def refill(
    picture: Levels,
    near_to_far: list[Cut],
    endless: list[bool],
    inpaint: InpaintBackend,
    seed: int,
    bleed: float = 0.0,
    report: Callable[[int], None] = lambda _: None,
) -> list[Cut]:
    """The sheets of `picture` (H, W, 3), a cut each, filled whole behind one another; the last is opaque everywhere.

    `endless[k]` says that sheet k is a surface: behind one, no camera looks far. `report` is told the number of each
    sheet that is filled.
    """
    diagonal = float(np.hypot(*picture.shape[:2]))
    rim, reach = max(1, round(RIM * diagonal)), max(1, round(FILL_REACH * diagonal))
    by_thing = np.zeros(picture.shape[:2], np.bool_)
    whole = []
    for number, cut in enumerate(near_to_far):
        before = by_thing[_box_of(cut)]
        if number and cut.filled.any():
            report(number)
            whole.append(_filled(cut, before, rim + int(np.ceil(bleed)), reach, inpaint, seed))
        else:
            whole.append(cut)
        if not endless[number]:
            before |= cut.rgba[..., 3] > 0
    return _peeled(picture, whole)


def _filled(cut: Cut, by_thing: Mask, rim: int, reach: int, inpaint: InpaintBackend, seed: int) -> Cut:
    """`cut` with what is hidden of it, and a rim of it that may be mixed, filled from the rest."""
    own = np.asarray(cut.rgba[..., 3] > 0)
    hole = grow(cut.filled & own, rim) & own
    pure = np.asarray(cut.rgba[..., 3] == np.iinfo(cut.rgba.dtype).max)
    if not (pure & ~hole).any():
        return cut
    surface = np.where(hole | pure, np.int32(0), np.int32(-1))
    rgb = from_levels(cut.rgba[..., :3])
    unseen = _never_seen(hole, by_thing, int(np.count_nonzero(pure & ~hole)))
    filled = fill_to_depth(rgb, hole, surface, unseen, reach, inpaint, seed)
    rgba = cut.rgba.copy()
    rgba[hole, :3] = to_levels(filled[hole], np.iinfo(rgba.dtype).bits)
    return replace(cut, rgba=rgba)


def _never_seen(hole: Mask, by_thing: Mask, known: int) -> Mask:
    """What of `hole` (H, W) no camera sees far from its rim: behind a surface, or, where little is known, anything."""
    scarce = known < SCARCE * np.count_nonzero(hole)
    return np.asarray(hole & (scarce | ~by_thing))


def _peeled(picture: Levels, near_to_far: list[Cut]) -> list[Cut]:
    """The cuts with colours and alphas that composite to `picture` again, each as near to its own as can be."""
    behind = near_to_far[-1].rgba[..., :3].copy()
    hidden: list[Levels] = []
    for cut in reversed(near_to_far[:-1]):
        view = behind[_box_of(cut)]
        hidden.append(view.copy())
        view[:] = over(cut.rgba, view)
    left, fronts = picture.copy(), []
    for cut in near_to_far[:-1]:
        view, back = left[_box_of(cut)], hidden.pop()
        alpha, colour = from_levels(cut.rgba[..., 3]), from_levels(cut.rgba[..., :3])
        peeled = peel(view, alpha, colour, from_levels(back))
        fronts.append(replace(cut, rgba=peeled.front))
        view[:] = peeled.behind
    last = near_to_far[-1]
    opaque = np.full((*left.shape[:2], 1), np.iinfo(left.dtype).max, left.dtype)
    return [*fronts, replace(last, rgba=np.concatenate([left, opaque], axis=-1))]


def _box_of(cut: Cut) -> Box:
    (x, y), (height, width) = cut.corner, cut.z.shape
    return slice(y, y + height), slice(x, x + width)
