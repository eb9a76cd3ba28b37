"""Takes the nearest sheet off what remains of a photo: matte, colours of both sides, hidden colour and depth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Ints, Levels, Mask
from multiplane.inpaint import InpaintBackend
from multiplane.inpaint.smear import unsmeared
from multiplane.inpaint.smooth import inpaint_smooth
from multiplane.inpaint.surface import continue_depth
from multiplane.layering.creases import Stances
from multiplane.layering.hidden import owners_behind
from multiplane.layering.peel import own_depth, peel
from multiplane.matte import MatteBackend
from multiplane.matte.foreground import estimate_foreground
from multiplane.matte.holes import open_holes
from multiplane.matte.settle import settle
from multiplane.pixels.boxes import bounds, window
from multiplane.pixels.levels import from_levels, to_levels

FILL_REACH = 0.10
"""How far behind a floor or a wall the careful fill goes, as a share of the picture's diagonal: deeper no camera looks.

Behind an object it goes all the way, since an object may be moved or taken away; but not where there is more to fill
than to fill it from, which would only repeat the little that is seen."""
SMOOTH_SIDE = 512
"""Longer side at which the smooth fill is worked out."""
OBJECT_REACH = 0.035
"""How far a hidden object is continued behind what stands before it, as a share of the diagonal ..."""
OBJECT_GROWTH = 0.3
"""... and at most, as a share of the side of a square as large as what is seen of it."""
RIM = 0.0025
"""Width of the mixed rim in which colour and depth are not purely one side's, as a share of the diagonal."""
SEEN_THROUGH = 6
"""Pixels beyond a sheet's soft rim that are filled with it, so that its mattes' windows see no seam."""
CONTEXT = 0.5
"""Surroundings that matting and filling see on each side, as a share of the sheet's own size ..."""
LEAST_CONTEXT = 0.08
"""... and at least this share of the diagonal."""


@dataclass(frozen=True)
class Cut:
    """A sheet taken off: cropped levels `rgba` (h, w, 4), depth and invented pixels (h, w), at `corner` (x, y)."""

    rgba: Levels
    z: Floats
    filled: Mask
    corner: tuple[int, int]


@dataclass
class Remaining:
    """What is left of a photo while sheets come off it, nearest first. Owns its arrays and changes them.

    picture (H, W, 3) levels; z (H, W); owner (H, W): which sheet, near to far, each pixel shows; invented (H, W);
    bleed: pixels beside a sheet in which compression left its colours; `rims_only` says that what is hidden will be
    filled later, so that care is only taken where something shines through; lie: how the surfaces lie, where known.
    """

    picture: Levels
    z: Floats
    owner: Ints
    invented: Mask
    surface: list[bool]
    seed: int
    bleed: float = 0.0
    rims_only: bool = False
    lie: Stances | None = None

    @staticmethod
    def of(
        rgb: Floats,
        bit_depth: int,
        masks: list[Mask],
        z: Floats,
        surface: list[bool],
        seed: int,
        bleed: float = 0.0,
        rims_only: bool = False,
        lie: Stances | None = None,
    ) -> Remaining:
        """Begin with the whole photo; `masks` near to far, the last takes whatever the others leave."""
        owner = np.full(z.shape, len(masks) - 1, np.int32)
        for index in reversed(range(len(masks) - 1)):
            owner[masks[index]] = index
        goes_on = [*surface[:-1], True]
        invented = np.zeros(z.shape, np.bool_)
        return Remaining(to_levels(rgb, bit_depth), z.copy(), owner, invented, goes_on, seed, bleed, rims_only, lie)

    def take_nearest(self, index: int, matte: MatteBackend, inpaint: InpaintBackend) -> Cut | None:
        """Take off sheet `index`, the nearest one left; None where nearer sheets left nothing of it to see."""
        mask = np.asarray(self.owner == index)
        if not mask.any():
            return None
        box = self._surroundings(mask)
        rgb = from_levels(self.picture[box])
        alpha = matte(rgb, open_holes(rgb, mask[box], self.z[box]))
        shown = np.asarray(to_levels(alpha) > 0)
        if not shown.any():
            return None
        hole = shown | mask[box]
        behind = owners_behind(self.owner[box], hole, self.surface, self._reach(), self.z[box], self.lie)
        # What the mask covered and the matte leaves out is the background itself: the best source to fill from.
        foreground = estimate_foreground(rgb, alpha)
        source = unsmeared(rgb, shown, foreground, math.ceil(self.bleed)) if self.bleed > 0 else rgb
        around = grow(shown, self._pixels(RIM))
        if self.rims_only:
            background = self._fill_rims(source, around, alpha, behind)
        else:
            background = self._fill(index, source, around, behind, inpaint)
        alpha = settle(alpha, rgb, foreground, background)
        shown = np.asarray(to_levels(alpha) > 0)
        peeled = peel(self.picture[box], alpha, foreground, background)
        del background, foreground, rgb, source
        depth = own_depth(self.z[box], alpha, self._pixels(RIM))
        cut = _crop(box, peeled.front, depth, self.invented[box])
        self.picture[box] = peeled.behind
        self.invented[box] |= shown
        # Depth maps blur across the rim, so what is behind gets its depth anew over a wider rim than its colour.
        hidden = grow(hole, 2 * self._pixels(RIM))
        in_front = np.where(hole, depth, np.float32(np.finfo(np.float32).tiny))
        self.z[box] = continue_depth(self.z[box], hidden, behind, in_front)
        self.owner[box] = behind
        return cut

    def take_last(self) -> Cut:
        """The farthest sheet: all that remains, opaque everywhere."""
        top = np.iinfo(self.picture.dtype).max
        opaque = np.full((*self.z.shape, 1), top, self.picture.dtype)
        return Cut(np.concatenate([self.picture, opaque], axis=-1), self.z, self.invented, (0, 0))

    def _reach(self) -> NDArray[np.float64]:
        """How many pixels each sheet goes on behind others if it is an object."""
        seen = np.bincount(self.owner.reshape(-1), minlength=len(self.surface))
        return np.minimum(OBJECT_GROWTH * np.sqrt(seen), self._pixels(OBJECT_REACH))

    def _pixels(self, share: float) -> int:
        return max(1, round(share * float(np.hypot(*self.z.shape))))

    def _surroundings(self, mask: Mask) -> tuple[slice, slice]:
        top, bottom, left, right = bounds(mask)
        least = self._pixels(LEAST_CONTEXT)
        down = max(least, round(CONTEXT * (bottom - top)))
        across = max(least, round(CONTEXT * (right - left)))
        return window((top, bottom, left, right), down, across, mask.shape)

    def _fill_rims(self, rgb: Floats, hole: Mask, alpha: Floats, behind: Ints) -> Floats:
        """Colours behind a sheet of `alpha` (h, w), smooth everywhere: at full size where it is clear or soft."""
        rims = grow(hole & (alpha < alpha.max()), 2 * self._pixels(RIM) + SEEN_THROUGH) & hole
        smooth = smooth_fill(rgb, hole, behind, self.seed)
        backdrop = np.where((hole & ~rims)[..., None], smooth, rgb)
        return inpaint_smooth(backdrop, rims, np.where(hole & ~rims, np.int32(-1), behind), self.seed)

    def _fill(self, index: int, rgb: Floats, hole: Mask, behind: Ints, inpaint: InpaintBackend) -> Floats:
        """Colours behind sheet `index`: the careful fill as deep as anyone may look, a smooth one beyond."""
        enough = np.count_nonzero(hole) <= np.count_nonzero(~hole)
        if enough and not self.surface[index]:
            return inpaint(rgb, hole, behind, self.seed)
        return fill_to_depth(rgb, hole, behind, hole, self._pixels(FILL_REACH), inpaint, self.seed)


def fill_to_depth(
    rgb: Floats, hole: Mask, behind: Ints, unseen: Mask, reach: int, inpaint: InpaintBackend, seed: int
) -> Floats:
    """`rgb` (H, W, 3) with `hole` (H, W) filled by `inpaint`, but smoothly where in `unseen` (H, W) it is deeper than
    `reach` pixels: there nobody may look. From half the reach on, the one fades into the other.
    """
    # Where all is hole, there is no distance to anything: then it is as deep as can be.
    away = np.minimum(cv2.distanceTransform(hole.view(np.uint8), cv2.DIST_L2, 5), np.float32(2 * reach))
    deep = np.asarray(unseen & (away > reach))
    if not deep.any():
        return inpaint(rgb, hole, behind, seed)
    smooth = smooth_fill(rgb, hole, behind, seed)
    backdrop = np.where(deep[..., None], smooth, rgb)
    careful = inpaint(backdrop, hole & ~deep, np.where(deep, np.int32(-1), behind), seed)
    fade = np.where(unseen, np.clip(2.0 * away / reach - 1.0, 0.0, 1.0), np.float32(0))[..., None]
    smooth -= careful
    smooth *= fade
    careful += smooth
    return np.clip(careful, 0.0, 1.0, out=careful)


def smooth_fill(rgb: Floats, hole: Mask, behind: Ints, seed: int) -> Floats:
    """`rgb` (H, W, 3) with `hole` (H, W) filled smoothly, each surface of `behind` (H, W) from itself.

    It is worked out on a small copy: what is far from the rim has no detail to lose.
    """
    height, width = hole.shape
    scale = min(1.0, SMOOTH_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = _resized(rgb, size, cv2.INTER_AREA)
    covered = np.asarray(cv2.resize(hole.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0)
    owners = cv2.resize(behind, size, interpolation=cv2.INTER_NEAREST)
    filled = inpaint_smooth(small, covered, owners, seed)
    return _resized(filled, (width, height), cv2.INTER_LINEAR)


def _resized(rgb: Floats, size: tuple[int, int], interpolation: int) -> Floats:
    """`rgb` at `size`, in range: a mean of colours of 1 may round to a little more than 1."""
    return np.asarray(np.clip(cv2.resize(rgb, size, interpolation=interpolation), 0.0, 1.0), np.float32)


def grow(mask: Mask, pixels: int) -> Mask:
    """`mask` (H, W) and all within `pixels` of it."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    return np.asarray(cv2.dilate(mask.view(np.uint8), kernel) > 0)


def _crop(box: tuple[slice, slice], front: Levels, z: Floats, invented: Mask) -> Cut:
    top, bottom, left, right = bounds(np.asarray(front[..., 3] > 0))
    tight = (slice(top, bottom), slice(left, right))
    corner = (box[1].start + left, box[0].start + top)
    return Cut(front[tight].copy(), z[tight].copy(), invented[tight].copy(), corner)
