"""A contact sheet of a scene: the photo, its depth, every layer on a checkerboard, and what lies behind them all."""

import math
import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from multiplane.formats.description import WORD, description_text
from multiplane.formats.manifest import depth_range
from multiplane.formats.png import encode_png, with_text
from multiplane.formats.sheet_pictures import (
    Picture,
    Size,
    composite_picture,
    depth_picture,
    layer_picture,
    ramp,
)
from multiplane.pixels.zbuffer import nearest_depth
from multiplane.scene import Layer, Scene

Colour: TypeAlias = tuple[int, int, int]
Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont

WIDTH, MARGIN, GUTTER = 2400, 96, 48
HEADER, CAPTION = 176, 128
ROUNDING = 14
WIDEST, TALLEST = 4.0, 2.0
"""A cell is at most this many times as wide as high, or as high as wide; a longer picture is fitted into it."""

GROUND: Colour = (22, 23, 26)
BRIGHT: Colour = (240, 240, 242)
QUIET: Colour = (152, 155, 163)
PLANE_COLOURS: dict[str, Colour] = {
    "foreground": (255, 138, 101),
    "midground": (240, 196, 92),
    "background": (108, 164, 236),
}
DOT, SHORTENED = "\N{MIDDLE DOT}", "..."
LEAST_SHRINK = 0.8
LEGEND_GAP, SHORTEST_RAMP, LONGEST_RAMP = 18, 60, 220
HEADLINE_SIZE, TITLE_SIZE, FACTS_SIZE = 64, 30, 25


@dataclass(frozen=True)
class Cell:
    """A picture of the grid: how to make it at a size, its caption, the dot before its facts, its width in columns."""

    make: Callable[[Size], Picture]
    title: str
    facts: str
    dot: Colour | None = None
    span: int = 1


def encode_contact_sheet(scene: Scene) -> bytes:
    """A PNG, WIDTH pixels wide, that shows what `scene` is made of, from near to far, and says it in a text chunk."""
    columns, span = _grid(scene)
    heads, cells = _head_cells(scene, span), [_layer_cell(scene, layer) for layer in reversed(scene.layers)]
    cells += _backdrop_cells(scene)
    rows = _in_rows([*heads, *cells], columns)
    heights = [_size(scene, columns, row[0].span)[1] + CAPTION for row in rows]
    sheet = Image.new("RGB", (WIDTH, MARGIN + HEADER + sum(heights) + MARGIN // 2), GROUND)
    _draw_header(sheet, scene)
    top = MARGIN + HEADER
    for row, height in zip(rows, heights, strict=True):
        left = MARGIN
        for cell in row:
            size = _size(scene, columns, cell.span)
            _draw_cell(sheet, cell, (left, top), size, scene)
            left += size[0] + GUTTER
        top += height
    return with_text(encode_png(np.asarray(sheet)), WORD, description_text(scene))


def _grid(scene: Scene) -> tuple[int, int]:
    """Columns, and how many of them photo and depth take each: pictures of about the same area at every aspect."""
    aspect = scene.camera.width / scene.camera.height
    if aspect > 2.2:
        return 2, 1
    return (4, 2) if aspect > 0.85 else (5, 1)


def _in_rows(cells: list[Cell], columns: int) -> list[list[Cell]]:
    rows: list[list[Cell]] = [[]]
    for cell in cells:
        if sum(each.span for each in rows[-1]) + cell.span > columns:
            rows.append([])
        rows[-1].append(cell)
    return rows


def _size(scene: Scene, columns: int, span: int) -> Size:
    """Width and height of a cell's picture box."""
    column = (WIDTH - 2 * MARGIN - (columns - 1) * GUTTER) // columns
    width = span * column + (span - 1) * GUTTER
    aspect = min(max(scene.camera.width / scene.camera.height, 1 / TALLEST), WIDEST)
    return width, round(width / aspect)


def _head_cells(scene: Scene, span: int) -> list[Cell]:
    depth = nearest_depth(scene.layers, scene.camera.height, scene.camera.width)
    near, far = _depth_text(scene, float(depth.min())), _depth_text(scene, float(depth.max()))
    return [
        Cell(partial(composite_picture, scene.layers, scene), "photo", "the layers, composited", span=span),
        Cell(partial(depth_picture, scene), "depth", f"{near}\t{far}", span=span),
    ]


def _layer_cell(scene: Scene, layer: Layer) -> Cell:
    near, far = (_depth_text(scene, z) for z in depth_range(layer))
    facts = [layer.plane, near if near == far else f"{near} to {far}"]
    if layer.filled_share >= 0.005:
        facts.append(f"{layer.filled_share:.0%} filled")
    if layer.blend != "normal":
        facts.append(layer.blend)
    picture = partial(layer_picture, layer, scene)
    return Cell(picture, layer.name, f" {DOT} ".join(facts), PLANE_COLOURS[layer.plane])


def _backdrop_cells(scene: Scene) -> list[Cell]:
    """The background plane as one picture; where it is a single layer, that layer's own cell shows it already."""
    backdrop = [layer for layer in scene.layers if layer.plane == "background"]
    if len(backdrop) < 2 or backdrop[0] is not scene.layers[0]:
        return []
    picture = partial(composite_picture, backdrop, scene)
    return [Cell(picture, "background, filled", "what is left without the rest", PLANE_COLOURS["background"])]


def _depth_text(scene: Scene, z: float) -> str:
    number = f"{z:.3g}" if z < 1000 else f"{z:.0f}"
    return f"{number} m" if scene.origin.metric else number


def _draw_header(sheet: Image.Image, scene: Scene) -> None:
    camera, count = scene.camera, len(scene.layers)
    lens = f"{camera.focal_35mm:.0f} mm" + (" (assumed)" if scene.origin.focal_source == "default" else "")
    facts = [
        f"{camera.width} x {camera.height}",
        f"{scene.bit_depth} bit",
        f"{count} layer{'s' if count > 1 else ''}",
        lens,
        f"depth {scene.origin.depth}",
    ]
    draw, width = ImageDraw.Draw(sheet), WIDTH - 2 * MARGIN
    name = PurePath(scene.origin.photo).stem or "scene"
    _write(draw, (MARGIN - 3, MARGIN), name, HEADLINE_SIZE, BRIGHT, width)
    _write(draw, (MARGIN, MARGIN + 88), f"   {DOT}   ".join(facts), TITLE_SIZE, QUIET, width)


def _draw_cell(sheet: Image.Image, cell: Cell, corner: tuple[int, int], box: Size, scene: Scene) -> None:
    camera = scene.camera
    scale = min(box[0] / camera.width, box[1] / camera.height)
    size = max(1, round(camera.width * scale)), max(1, round(camera.height * scale))
    picture = Image.fromarray(cell.make(size))
    sheet.paste(picture, corner, _rounded(size))
    draw, left, baseline = ImageDraw.Draw(sheet), corner[0], corner[1] + box[1]
    _write(draw, (left, baseline + 18), cell.title, TITLE_SIZE, BRIGHT, box[0])
    if "\t" in cell.facts:
        _draw_legend(sheet, (left, baseline + 58), box[0], *cell.facts.split("\t"))
        return
    if cell.dot is not None:
        draw.circle((left + 8, baseline + 73), 8, fill=cell.dot)
        left += 28
    _write(draw, (left, baseline + 58), cell.facts, FACTS_SIZE, QUIET, box[0] - (left - corner[0]))


def _draw_legend(sheet: Image.Image, corner: tuple[int, int], width: int, near: str, far: str) -> None:
    """near [colours] far, with their depths; in a narrow cell the colours take what the words leave."""
    draw, (left, top) = ImageDraw.Draw(sheet), corner
    room = (width - 2 * LEGEND_GAP - SHORTEST_RAMP) // 2
    near_end = _write(draw, corner, f"near {near}", FACTS_SIZE, QUIET, room)
    word, font = _fitted(f"far {far}", FACTS_SIZE, room)
    bar = min(LONGEST_RAMP, width - near_end - 2 * LEGEND_GAP - math.ceil(font.getlength(word))), 14
    left += near_end + LEGEND_GAP
    sheet.paste(Image.fromarray(ramp(bar)), (left, top + 8), _rounded(bar, bar[1] // 2))
    draw.text((left + bar[0] + LEGEND_GAP, top), word, QUIET, font)


def _write(draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, size: int, colour: Colour, width: int) -> int:
    """Write one line of `width` pixels at most and return its length."""
    line, font = _fitted(text, size, width)
    draw.text(at, line, colour, font)
    return math.ceil(font.getlength(line))


def _fitted(text: str, size: int, width: int) -> tuple[str, Font]:
    """A line of `width` pixels at most and its font, a little smaller, or else shortened too, to fit."""
    line = _drawable(text[:WIDTH])  # no more letters than pixels can fit
    fonts = [ImageFont.load_default(each) for each in range(size, round(LEAST_SHRINK * size) - 1, -1)]
    for font in fonts:
        if font.getlength(line) <= width:
            return line, font
    lengths = range(len(line))
    fits = bisect_right(lengths, width, key=lambda count: math.ceil(fonts[-1].getlength(line[:count] + SHORTENED)))
    return line[: max(0, fits - 1)] + SHORTENED, fonts[-1]


def _drawable(text: str) -> str:
    """`text` in the letters of Pillow's own font, which knows ASCII and the middle dot: accents go, the rest is "?"."""
    plain = (mark for mark in unicodedata.normalize("NFKD", text) if not unicodedata.combining(mark))
    known = (mark if mark == DOT or mark.isascii() else "?" for mark in plain)
    return "".join(mark if mark.isprintable() else " " for mark in known)


def _rounded(size: Size, radius: int = ROUNDING) -> Image.Image:
    """A mask with round corners, drawn large and scaled down, because Pillow draws shapes without soft edges."""
    large = Image.new("L", (size[0] * 4, size[1] * 4), 0)
    ImageDraw.Draw(large).rounded_rectangle((0, 0, large.width - 1, large.height - 1), 4 * radius, fill=255)
    return large.resize(size, Image.Resampling.BOX)
