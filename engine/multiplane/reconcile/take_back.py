"""Takes a layer back from an edited file: what is unchanged stays as it was to the bit, what is new gets its depth."""

from dataclasses import dataclass, replace

import numpy as np

from multiplane.arrays import Floats, Ints, Levels, Mask
from multiplane.formats.edited import EditedLayer
from multiplane.inpaint.surface import continue_depth
from multiplane.pixels.boxes import bounds
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.reconcile.shift import Offset, moved_by
from multiplane.scene import BitDepth, Layer

DEPTH_ROOM = 1.5
"""New pixels lie at most so many times nearer or farther than the layer's own."""
NEARLY_NOTHING = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True)
class Taken:
    """The layer as it is now, or None where nothing is left to see; what happened to its pixels.

    `repainted` counts visible pixels of a new colour, or where there were none; `masked` those that only changed their
    alpha; `moved` is the offset (x, y).
    """

    layer: Layer | None
    repainted: int = 0
    masked: int = 0
    moved: Offset = (0, 0)


def take_back(layer: Layer, row: EditedLayer, bit_depth: BitDepth, canvas: tuple[int, int], slack: int = 0) -> Taken:
    """`layer` with the pixels that `row` gives it, on a `canvas` (width, height) of a scene of `bit_depth`.

    Where colour and alpha are what they were when they were exported, everything stays as it was; where a colour is
    new, it is no longer `filled`; where the pixels moved, depth moves along; beyond the old pixels depth is continued.
    `slack` is what a conversion of colours may have cost, in levels.
    """
    tolerance = max(slack, _tolerance(row.rgba, bit_depth))
    if not (row.rgba.size and (row.rgba[..., 3] > 0).any()):
        # What the file's bit depth could not hold of it is not gone.
        return Taken(None if to_levels(layer.rgba[..., 3], _bits(row.rgba)).any() else layer)
    if _is_untouched(layer, row, tolerance):
        return Taken(layer)
    offset = moved_by(layer, row, tolerance)
    sheet = _Sheet.of(layer, row, offset, canvas)
    was, now = sheet.levels(row.rgba.dtype == np.uint16), sheet.new
    same_colour = _same(was[..., :3], now[..., :3], tolerance).all(axis=-1)
    same_alpha = _same(was[..., 3], now[..., 3], tolerance)
    seen, was_seen = now[..., 3] > 0, was[..., 3] > 0
    repainted = np.asarray(seen & ~(same_colour & was_seen))
    masked = np.asarray(~same_alpha & ~repainted)
    if not repainted.any() and not masked.any() and offset == (0, 0):
        return Taken(layer)
    fresh = from_levels(now) if _bits(now) == bit_depth else from_levels(to_levels(from_levels(now), bit_depth))
    rgba = sheet.rgba
    np.copyto(rgba, fresh, where=repainted[..., None])
    np.copyto(rgba[..., 3], fresh[..., 3], where=masked)
    taken = _cropped(layer, sheet, repainted, np.asarray(seen), offset)
    return Taken(taken, int(repainted.sum()), int(masked.sum()), offset)


def _bits(levels: Levels) -> int:
    return 8 if levels.dtype == np.uint8 else 16


def _tolerance(levels: Levels, bit_depth: BitDepth) -> int:
    """What an editor that changed nothing may have changed, in levels of the file.

    Photoshop's 16 bits are 15 and one level: a trip through it moves a level by one. From 16 to 8 bits programs round
    or dither; from 8 to 16 and back everything within half a level is the same.
    """
    if _bits(levels) == 16:
        return 2 if bit_depth == 16 else 128
    return 0 if bit_depth == 8 else 1


def _same(was: Levels, now: Levels, tolerance: int) -> Mask:
    if tolerance == 0:
        return np.asarray(was == now)
    return np.asarray(np.abs(was.astype(np.int32) - now) <= tolerance)


def _is_untouched(layer: Layer, row: EditedLayer, tolerance: int) -> bool:
    """Whether the row is in its place and shows what the layer does: the usual case, told without copies."""
    if row.corner != layer.corner or row.rgba.shape[:2] != (layer.height, layer.width):
        return False
    was = to_levels(layer.rgba, _bits(row.rgba))
    same = _same(was, row.rgba, tolerance)
    unseen = (was[..., 3] == 0) & (row.rgba[..., 3] == 0)
    return bool((same.all(axis=-1) | unseen).all())


@dataclass
class _Sheet:
    """The layer, moved, and the row's pixels `new`, on one window of the canvas that holds both. Owns its arrays."""

    corner: Offset
    rgba: Floats
    z: Floats
    filled: Mask
    known: Mask
    new: Levels

    @staticmethod
    def of(layer: Layer, row: EditedLayer, offset: Offset, canvas: tuple[int, int]) -> "_Sheet":
        left, top = layer.corner[0] + offset[0], layer.corner[1] + offset[1]
        cut_left, cut_top = max(0, left), max(0, top)
        cut_right, cut_bottom = min(canvas[0], left + layer.width), min(canvas[1], top + layer.height)
        (x, y), (rows, columns) = row.corner, row.rgba.shape[:2]
        overlaps = cut_right > cut_left and cut_bottom > cut_top
        edges = [(x, y, x + columns, y + rows)]
        edges += [(cut_left, cut_top, cut_right, cut_bottom)] if overlaps else []
        x0, y0 = min(edge[0] for edge in edges), min(edge[1] for edge in edges)
        shape = max(edge[3] for edge in edges) - y0, max(edge[2] for edge in edges) - x0
        new = np.zeros((*shape, 4), row.rgba.dtype)
        new[y - y0 : y - y0 + rows, x - x0 : x - x0 + columns] = row.rgba
        sheet = _Sheet(
            (x0, y0), np.zeros((*shape, 4), np.float32), np.full(shape, layer.depth, np.float32),
            np.zeros(shape, np.bool_), np.zeros(shape, np.bool_), new,
        )  # fmt: skip
        if overlaps:
            here = slice(cut_top - y0, cut_bottom - y0), slice(cut_left - x0, cut_right - x0)
            there = slice(cut_top - top, cut_bottom - top), slice(cut_left - left, cut_right - left)
            sheet.rgba[here], sheet.z[here] = layer.rgba[there], layer.z[there]
            sheet.filled[here], sheet.known[here] = layer.filled[there], True
        return sheet

    def levels(self, deep: bool) -> Levels:
        """The layer's own pixels as the file would hold them."""
        return to_levels(self.rgba, 16 if deep else 8)


def _cropped(layer: Layer, sheet: _Sheet, repainted: Mask, seen: Mask, offset: Offset) -> Layer:
    """The layer on its old rectangle, where that still holds all that is seen, else on the smallest that does."""
    top, bottom, left, right = bounds(seen)
    old_rows, old_columns = np.flatnonzero(sheet.known.any(axis=1)), np.flatnonzero(sheet.known.any(axis=0))
    whole = len(old_rows) == layer.height and len(old_columns) == layer.width
    if offset == (0, 0) and whole and sheet.known[top:bottom, left:right].all():
        top, bottom = int(old_rows[0]), int(old_rows[-1]) + 1
        left, right = int(old_columns[0]), int(old_columns[-1]) + 1
    box = slice(top, bottom), slice(left, right)
    return replace(
        layer,
        corner=(sheet.corner[0] + left, sheet.corner[1] + top),
        rgba=np.ascontiguousarray(sheet.rgba[box]),
        z=_depth(sheet.z[box], sheet.known[box], seen[box]),
        filled=np.asarray(sheet.filled[box] & ~repainted[box]),
    )


def _depth(z: Floats, known: Mask, seen: Mask) -> Floats:
    """The layer's own depth (h, w) where it is known, and its continuation elsewhere."""
    if known.all() or not known.any() or not (seen & ~known).any():
        return np.ascontiguousarray(z)
    one_surface: Ints = np.zeros(z.shape, np.int32)
    on = continue_depth(np.ascontiguousarray(z), ~known, one_surface, np.full(z.shape, NEARLY_NOTHING, np.float32))
    near, far = float(z[known].min()) / DEPTH_ROOM, float(z[known].max()) * DEPTH_ROOM
    return np.where(known, z, np.clip(on, near, far)).astype(np.float32)
