"""Cuts one layer into several that together look as it did: soft edges in front, colour and depth filled in behind.

Alphabet, per pixel, in integer levels up to N: T what the layer and all below it composite to, B what is below, F and
a the layer's own colour and alpha, m the matte of the part in front, G the filled colour behind that part.

    alpha in front   f = m a
    alpha behind     b = 1 - (1 - a) / (1 - f), so that both together cover as much as the layer did: (1-f)(1-b) = 1-a
                     where f is 1, b is free: there the hidden part goes on as far as it plausibly does
    C = over((G, b), B);  the colour in front is solved from over((H, f), C) = T, exactly (pixels/over.py)

What is left, (G, b) with the goal C, is cut again for the next part: by induction the last composite is T.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Ints, Levels, Mask
from multiplane.edit.crop import Box, Pixels, box_of, common, composite, cut_out, sheet, within
from multiplane.edit.unique import next_id, next_name
from multiplane.errors import SceneError
from multiplane.inpaint import InpaintBackend
from multiplane.matte import MatteBackend
from multiplane.pixels.bleed import bleed
from multiplane.pixels.levels import to_levels
from multiplane.pixels.nearest import from_nearest
from multiplane.pixels.over import over, unblend
from multiplane.scene import Layer, Scene
from multiplane.unstack import Cut, Remaining

REACH = 0.035
"""How far a part goes on into the empty surroundings of its layer while its edge is found, as a share of the diagonal:
so the matte divides the parts, and leaves alone the outline that the layer has already."""

SLACK = 4
"""Pixels filled beyond what is seen of them, for soft edges to mix with."""


@dataclass(frozen=True)
class Parts:
    """A layer's pixels, divided: `masks` (h, w), near to far, which do not overlap and cover all that is visible.

    The part `kept` keeps the layer's id and name. `apart` says that no part goes on behind another: then there is
    nothing to fill in, and every pixel goes to one part as it is. Else parts go on behind nearer ones as their outlines
    suggest, but behind the first no farther than the first of `reach`, a share of the canvas's diagonal, and so on.
    """

    masks: tuple[Mask, ...]
    kept: int
    apart: bool = False
    reach: tuple[float, ...] = ()
    name: str | None = None
    label: str | None = None
    """What the parts that are new are called (else after the layer, numbered), and their label (else the layer's)."""


def split(scene: Scene, index: int, parts: Parts, matte: MatteBackend, inpaint: InpaintBackend, seed: int = 0) -> Scene:
    """`scene` with layer `index` cut into `parts`, which stand in its place; the composite does not change.

    Raises SceneError where fewer than two parts have something to show.
    """
    layer = scene.layers[index]
    if len(parts.masks) < 2 or not all((mask & layer.visible).any() for mask in parts.masks):
        raise SceneError(f"{layer.id!r} has only one part of that kind; split it another way, by a point or a box")
    if (parts.apart and index > 0) or layer.blend != "normal":
        near_to_far = _divided(layer, parts.masks, scene.bit_depth)
    else:
        near_to_far = _Uncut.of(scene, index, parts, seed).cut(matte, inpaint)
    named = _named(scene, layer, parts)
    made = [cut_out(like, pixels, box_of(layer)) for like, pixels in zip(named, near_to_far, strict=True)]
    return replace(scene, layers=(*scene.layers[:index], *reversed(made), *scene.layers[index + 1 :]))


def _named(scene: Scene, layer: Layer, parts: Parts) -> list[Layer]:
    """`layer` once for every part, near to far, under the id, name and label of that part."""
    ids, names = ({getattr(each, field) for each in scene.layers} for field in ("id", "name"))
    named = []
    for number in range(len(parts.masks)):
        if number == parts.kept:
            named.append(layer)
            continue
        first = parts.name if parts.name not in names else None
        fresh = next_id(layer.id, ids), first or next_name(parts.name or layer.name, names)
        ids.add(fresh[0])
        names.add(fresh[1])
        named.append(replace(layer, id=fresh[0], name=fresh[1], label=parts.label or layer.label))
    return named


def _divided(layer: Layer, masks: Sequence[Mask], bit_depth: int) -> list[Pixels]:
    """Every pixel to one part, as it is: exact whatever is below, and however it blends."""
    levels = to_levels(layer.rgba, bit_depth)
    alphas = (_as(levels, np.where(mask, levels[..., 3], 0)) for mask in masks)
    return [Pixels(sheet(levels[..., :3], alpha), layer.z, layer.filled) for alpha in alphas]


@dataclass
class _Uncut:
    """What is left of a layer while parts come off it. `box` is the layer's; arrays but for those of `rest` lie on it.

    `rest` is the layer as a picture of its own on the whole canvas, where its empty surroundings are one sheet more,
    the farthest. `goal` (h, w, 3): what is left, composited on `below` (h, w, 3). `alpha` (h, w) of what is left.
    `reach`, in pixels: how far the rest goes on behind each part in front.
    """

    rest: Remaining
    box: Box
    count: int
    reach: list[float]
    opaque: bool
    goal: Levels
    below: Levels
    alpha: Levels

    @staticmethod
    def of(scene: Scene, index: int, parts: Parts, seed: int) -> _Uncut:
        layer, count, size = scene.layers[index], len(parts.masks), (scene.camera.height, scene.camera.width)
        box, levels, diagonal = box_of(layer), to_levels(layer.rgba, scene.bit_depth), float(np.hypot(*size))
        picture = np.zeros((*size, 3), levels.dtype)
        picture[box] = bleed(levels)[..., :3]
        z, owner, filled = np.ones(size, np.float32), np.full(size, count, np.int32), np.zeros(size, np.bool_)
        z[box], _ = from_nearest(layer.z, layer.visible)
        owner[box] = _owners(parts.masks, layer.visible, REACH * diagonal)
        filled[box] = layer.filled
        surface = [*[False] * (count - 1), True, True]
        below = composite(scene.layers[:index], box, scene.bit_depth)
        goal = over(levels, below)
        reach = [share * diagonal for share in parts.reach or (np.inf,) * (count - 1)]
        rest = Remaining(picture, z, owner, filled, surface, seed)
        return _Uncut(rest, box, count, reach, index == 0, goal, below, levels[..., 3].copy())

    def cut(self, matte: MatteBackend, inpaint: InpaintBackend) -> list[Pixels]:
        """Every part, near to far. Raises SceneError where the matte leaves nothing of one."""

        near_to_far = []
        for number in range(self.count - 1):
            colour, before = self.rest.picture[self.box].copy(), self.rest.owner[self.box].copy()
            cut = self.rest.take_nearest(number, matte, partial(self._fill, inpaint, self._reach(number)))
            if cut is None:
                raise SceneError(f"part {number + 1} is too thin to be a layer of its own; choose a larger one")
            far = (before == number) & (_away((before > number) & (before < self.count)) > self._reach(number))
            self.rest.owner[self.box][far] = self.count
            near_to_far.append(self._front(cut, colour))
        last = sheet(self.rest.picture[self.box], self.alpha)
        return [*near_to_far, Pixels(last, self.rest.z[self.box], self.rest.invented[self.box])]

    def _reach(self, number: int) -> float:
        """How far, in pixels, the rest goes on behind part `number`; the backdrop goes on everywhere."""
        return np.inf if self.opaque else self.reach[number]

    def _fill(self, inpaint: InpaintBackend, reach: float, rgb: Floats, hole: Mask, surface: Ints, seed: int) -> Floats:
        """What `inpaint` makes of the hole, but for the layer's empty surroundings and what is out of reach."""
        empty = (surface == self.count) | (surface < 0)
        empty |= hole & (_away(~hole & ~empty) > reach + SLACK)
        return inpaint(rgb, hole & ~empty, np.where(empty, np.int32(-1), surface), seed)

    def _front(self, cut: Cut, colour: Levels) -> Pixels:
        """The part that was taken off a picture of `colour` (h, w, 3), solved; what is left is brought up to date."""
        top = int(np.iinfo(self.alpha.dtype).max)
        taken = self._on_box(cut, colour)
        behind = np.asarray(self.rest.owner[self.box] != self.count)
        # Where nothing of the layer goes on behind this part, there is nothing that its edge could mix with.
        matte = np.where(behind, taken.rgba[..., 3], np.where(taken.rgba[..., 3] > 0, top, 0)).astype(np.int64)
        alpha = _as(self.alpha, (matte * self.alpha + top // 2) // top)
        wanted = _as(self.alpha, np.where(behind[..., None], taken.rgba[..., :3], colour))
        self.alpha = self._left(alpha, behind)
        below = over(sheet(self.rest.picture[self.box], self.alpha), self.below)
        solved = unblend(self.goal, below, alpha, wanted)
        self.goal = below
        return taken._replace(rgba=solved)

    def _left(self, front: Levels, behind: Mask) -> Levels:
        """The alpha of what is left behind a part of alpha `front`, which goes on in `behind` (all (h, w))."""
        top = int(np.iinfo(front.dtype).max)
        if self.opaque:
            return self.alpha
        clear, mine = top - self.alpha.astype(np.int64), np.maximum(top - front.astype(np.int64), 1)
        share = top - (2 * clear * top + mine) // (2 * mine)
        hidden = np.rint(top * _softened(behind))
        left = np.where(front == top, hidden, np.where(front == 0, self.alpha, np.clip(share, 0, top)))
        return _as(front, left)

    def _on_box(self, cut: Cut, colour: Levels) -> Pixels:
        """A cut's pixels on the layer's box; clear, with `colour` (h, w, 3) under it, where it does not reach."""
        clear = sheet(colour, np.zeros_like(self.alpha))
        taken = Pixels(clear, self.rest.z[self.box].copy(), np.zeros(self.alpha.shape, np.bool_))
        (x, y), (height, width) = cut.corner, cut.z.shape
        lies = slice(y, y + height), slice(x, x + width)
        if shared := common(lies, self.box):
            place, mine = within(shared, self.box), within(shared, lies)
            taken.rgba[place], taken.z[place], taken.filled[place] = cut.rgba[mine], cut.z[mine], cut.filled[mine]
        return taken


def _owners(masks: Sequence[Mask], visible: Mask, reach: float) -> Ints:
    """Who owns each pixel (h, w): a part, near to far, and `reach` pixels around those in front; else the emptiness."""
    count = len(masks)
    owner = np.full(visible.shape, count, np.int32)
    for number, mask in enumerate(masks):
        owner[mask & visible] = number
    nearest, distance = from_nearest(owner, visible)
    around = (nearest < count - 1) & (distance <= reach)
    return np.where(visible | around, nearest, np.int32(count)).astype(np.int32)


def _as(levels: Levels, values: NDArray[Any]) -> Levels:
    """`values`, which are levels already, in the type of `levels`."""
    return values.astype(np.uint16) if levels.dtype == np.uint16 else values.astype(np.uint8)


def _away(mask: Mask) -> Floats:
    """How far every pixel (h, w) is from `mask`; infinitely, where it is empty."""
    if not mask.any():
        return np.full(mask.shape, np.inf, np.float32)
    return np.asarray(cv2.distanceTransform((~mask).view(np.uint8), cv2.DIST_L2, 5), np.float32)


def _softened(mask: Mask) -> Floats:
    """`mask` (h, w) with an edge that is soft on the inside."""
    blurred = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1.0, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(np.clip(2.0 * blurred - 1.0, 0.0, 1.0))
