"""Relights a picture many times a second: what stays the same is worked out once, and light is followed on fewer cells.

A pixel takes the ratio of the sheet that shows most in it, and of the one that shows next, by how much they show: what
compositing relit layers gives, but for the third sheet in a pixel.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Levels, Mask
from multiplane.light.lights import Light
from multiplane.light.relight import Lit, prepare_light
from multiplane.light.shine import KNEE
from multiplane.pixels.compiled import compiled
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.pixels.linear import encoded, linear
from multiplane.pixels.over import flatten
from multiplane.scene import Layer, Scene

WORKING_SIDE = 256
"""Cells along the longer side that light is followed on."""
FINE = 1 << 12
"""Entries of the table from the root of light to levels."""
MOST_WORKERS = 4

Bytes: TypeAlias = NDArray[np.uint8]
Numbers: TypeAlias = NDArray[np.uint16]


@dataclass(frozen=True)
class Preview:
    """A scene at the size of its `photo` (h, w, 3), ready to be relit; `bare` is the photo without shadow layers.

    `first` and `second` (h, w) number the sheets that show most in a pixel, `weight` (h, w) is the first one's share.
    `seen` says for each sheet which of its cells show at all.
    """

    lit: Lit
    photo: Bytes
    bare: Bytes
    first: Numbers
    second: Numbers
    weight: Bytes
    seen: list[Mask]

    def frame(self, lights: Sequence[Light]) -> Bytes:
        """The picture (h, w, 3), sRGB, under `lights`; under the photo's own it is the photo in every byte."""
        strength = self.lit.shadow_strength(lights)
        if strength == 1.0:
            base = self.photo
        else:
            base = np.asarray(cv2.addWeighted(self.photo, strength, self.bare, 1 - strength, 0), np.uint8)
        grid, ratios = self.lit.setting.grid, self.lit.ratios(lights, self.seen)
        stack = np.ones((len(ratios), grid.rows, grid.columns, 3), np.float32)
        for number, (sheet, ratio) in enumerate(zip(self.lit.setting.sheets, ratios, strict=True)):
            stack[(number, *sheet.box)] = ratio
        out = np.empty_like(base)
        cell = self.lit.scene.camera.width / base.shape[1] / grid.step

        def paint(rows: tuple[int, int]) -> None:
            _paint(base, self.first, self.second, self.weight, stack, cell, LIGHT, BACK, *rows, out)

        workers = min(MOST_WORKERS, os.cpu_count() or 1)
        edges = [len(base) * number // workers for number in range(workers + 1)]
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(paint, pairwise(edges)))
        return out


def prepare_preview(scene: Scene, width: int, height: int, working_side: int = WORKING_SIDE) -> Preview:
    """Make `scene` ready for previews of `width` x `height` pixels, its aspect's. Takes a second or two, once.

    Light is followed on at most `working_side` cells along the longer side.
    """
    lit = prepare_light(scene, working_side)
    size = scene.camera.height, scene.camera.width
    opaque = [layer for layer in scene.layers if layer.blend == "normal"]
    photo = _resized(flatten(scene.layers, *size, scene.bit_depth), width, height)
    bare = (
        photo if len(opaque) == len(scene.layers) else _resized(flatten(opaque, *size, scene.bit_depth), width, height)
    )
    shares = [np.zeros((height, width), np.float32) for _ in range(2)]
    numbers = [np.zeros((height, width), np.uint16) for _ in range(2)]
    left = np.ones((height, width), np.float32)
    for number in reversed(range(len(opaque))):
        _show(opaque[number], number, size, left, shares, numbers)
    weight = shares[0] / np.maximum(shares[0] + shares[1], 1e-6)
    return Preview(lit, photo, bare, numbers[0], numbers[1], to_levels(weight).astype(np.uint8), _seen(lit))


def _show(
    layer: Layer,
    number: int,
    size: tuple[int, int],
    left: Floats,
    shares: list[Floats],
    numbers: list[Numbers],
) -> None:
    """Enter how much layer `number` shows where nearer ones `left` room, among the two that show most."""
    height, width = left.shape
    alpha = np.zeros(size, np.float32)
    (x, y), (h, w) = layer.corner, layer.rgba.shape[:2]
    alpha[y : y + h, x : x + w] = layer.rgba[..., 3]
    small = np.asarray(cv2.resize(alpha, (width, height), interpolation=cv2.INTER_AREA), np.float32)
    share = left * small
    left *= 1 - small
    most = share > shares[0]
    next_most = ~most & (share > shares[1])
    for kept, fresh in ((shares, share), (numbers, np.full(left.shape, number, np.uint16))):
        np.copyto(kept[1], kept[0], where=most)
        np.copyto(kept[0], fresh, where=most, casting="same_kind")
        np.copyto(kept[1], fresh, where=next_most, casting="same_kind")


def _seen(lit: Lit) -> list[Mask]:
    """Which cells of each sheet show, and those around, between which pixels lie."""
    left = np.ones((lit.setting.grid.rows, lit.setting.grid.columns), np.float32)
    out = []
    for sheet in reversed(lit.setting.sheets):
        shows = np.asarray(left[sheet.box] * sheet.alpha > 0.02)
        out.append(np.asarray(cv2.dilate(shows.view(np.uint8), np.ones((3, 3), np.uint8)) > 0))
        left[sheet.box] *= 1 - sheet.alpha
    return out[::-1]


def _resized(levels: Levels, width: int, height: int) -> Bytes:
    eight = levels if levels.dtype == np.uint8 else to_levels(from_levels(levels))
    return np.asarray(cv2.resize(eight, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


LIGHT = linear(np.asarray(np.arange(256) / 255, np.float32))
"""Linear light of each level."""
BACK = np.asarray(np.rint(encoded(np.linspace(0, 1, FINE, dtype=np.float32) ** 2) * 255), np.uint8)
"""The level of light, by its root."""


@compiled(fastmath=True)
def _paint(base, first, second, weight, stack, cell, light, back, top, bottom, out):  # type: ignore[no-untyped-def]
    """Fill rows top to bottom of `out`: `base` lit by the ratios `stack` (sheets, rows, columns, 3) on cells."""
    rows, columns = stack.shape[1], stack.shape[2]
    most = back.shape[0] - 1
    for y in range(top, bottom):
        v = min(max((y + np.float32(0.5)) * cell - np.float32(0.5), 0.0), rows - 1.0)
        i = int(v)
        k, b = min(i + 1, rows - 1), np.float32(v - i)
        for x in range(base.shape[1]):
            u = min(max((x + np.float32(0.5)) * cell - np.float32(0.5), 0.0), columns - 1.0)
            j = int(u)
            m, a = min(j + 1, columns - 1), np.float32(u - j)
            n, o, w = first[y, x], second[y, x], weight[y, x] * np.float32(1 / 255)
            for c in range(3):
                upper = stack[n, i, j, c] + a * (stack[n, i, m, c] - stack[n, i, j, c])
                lower = stack[n, k, j, c] + a * (stack[n, k, m, c] - stack[n, k, j, c])
                r = upper + b * (lower - upper)
                if w < 1.0:
                    upper = stack[o, i, j, c] + a * (stack[o, i, m, c] - stack[o, i, j, c])
                    lower = stack[o, k, j, c] + a * (stack[o, k, m, c] - stack[o, k, j, c])
                    r += (1 - w) * (upper + b * (lower - upper) - r)
                level = base[y, x, c]
                if r == 1.0:
                    out[y, x, c] = level
                    continue
                own = light[level]
                lit, knee = own * r, max(own, np.float32(KNEE))
                if lit > knee:
                    room = max(np.float32(1.0) - knee, np.float32(1e-6))
                    lit = knee + room * (1 - np.exp(-(lit - knee) / room))
                out[y, x, c] = back[int(np.sqrt(min(lit, 1.0)) * most + np.float32(0.5))]
