"""Shapes that carry a layer's textures: the flat card, and the relief's mesh shared out among the texture's tiles."""

from dataclasses import dataclass, replace

import numpy as np
import pygltflib as gltf
from numpy.typing import NDArray

from multiplane.arrays import Floats, Levels
from multiplane.formats.gltf.document import Draft
from multiplane.formats.gltf.relief import Relief
from multiplane.formats.gltf.surface import Surface, normals_on_cells
from multiplane.formats.gltf.textures import Tile, Window
from multiplane.formats.plane_depths import DEPTH_GAP
from multiplane.pixels.levels import to_levels
from multiplane.scene import Camera, Layer

NORMAL_SIDE = 1024
"""Longest side of a normal texture: depth holds no more."""


@dataclass(frozen=True)
class Patch:
    """A piece of a layer with a texture of its own, which shows `window` of the layer; its arrays are in the draft."""

    window: Window
    attributes: gltf.Attributes
    indices: int
    triangles: int
    is_card: bool


def unit_card(draft: Draft) -> Patch:
    """The rectangle that all layers with a single texture share; its window is each layer's own."""
    return _card(draft, (1, 1), Tile((0, 0, 1, 1), (0, 0, 1, 1)))


def card_patches(draft: Draft, layer: Layer, tiles: list[Tile], whole: Patch) -> list[Patch]:
    """A rectangle for each tile, in a unit square that the node stretches; `whole` where there is only one."""
    if len(tiles) == 1:
        return [replace(whole, window=tiles[0].window)]
    return [_card(draft, (layer.width, layer.height), tile) for tile in tiles]


def relief_patches(
    draft: Draft,
    camera: Camera,
    layer: Layer,
    tiles: list[Tile],
    relief: Relief,
    surface: Surface,
    origin: list[float],
    beyond: float,
) -> tuple[list[Patch], float]:
    """The relief's triangles by the tile that holds their centre; positions are relative to the node's `origin`.

    Viewers draw transparent shapes in the order of their bounding boxes' middles. Those of all patches come to lie
    beyond depth `beyond`, where need be by a vertex farther back that no triangle uses; also gives the farthest middle.
    """
    x, y = relief.points.T
    depth = 1.0 / relief.q.astype(np.float64)
    (cx, cy), size = camera.centre, depth / camera.focal
    positions = np.stack([(x - cx) * size, (cy - y) * size, -depth], axis=-1) - origin
    normals = surface.at(x, y, normals_on_cells(surface, camera))
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    # Row 0 is on top and glTF's y points up: the order of corners that faced away now faces the viewer, or the reverse.
    triangles = _facing(relief.triangles, relief.points)
    local = relief.points - layer.corner
    patches, farthest = [], beyond
    for tile, mine in _shares(tiles, local, triangles):
        used, renumbered = np.unique(mine, return_inverse=True)
        window = _window(tile, local[used], layer)
        middle = (depth[used].min() + depth[used].max()) / 2
        if middle < beyond * (1 + DEPTH_GAP):
            middle = beyond * (1 + DEPTH_GAP)
            back = np.array([*positions[used].mean(axis=0)[:2], depth[used].min() - 2 * middle - origin[2]])
            places = np.concatenate([positions[used], back[None]])
            used = np.append(used, used[-1])
        else:
            places = positions[used]
        farthest = max(farthest, float(middle))
        left, top, right, bottom = window
        uv = (local[used] - (left, top)) / (right - left, bottom - top)
        patches.append(_patch(draft, window, places, normals[used], uv, renumbered.reshape(-1, 3)))
    return patches, farthest


def normal_pixels(surface: Surface, camera: Camera, layer: Layer, window: Window) -> Levels:
    """A normal texture (h, w, 3) for `window` of the layer on its card: tangents run right, bitangents up."""
    left, top, right, bottom = window
    share = min(1.0, NORMAL_SIDE / max(right - left, bottom - top))
    columns, rows = (max(1, round(side * share)) for side in (right - left, bottom - top))
    x = layer.corner[0] + left + (np.arange(columns) + 0.5) * (right - left) / columns
    y = layer.corner[1] + top + (np.arange(rows) + 0.5) * (bottom - top) / rows
    normals = surface.at(*np.meshgrid(x, y), normals_on_cells(surface, camera))
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    return to_levels(np.asarray((normals + 1) / 2, np.float32))


def _card(draft: Draft, size: tuple[int, int], tile: Tile) -> Patch:
    """Row 0 of a texture is its top, where v is 0."""
    left, top, right, bottom = tile.window
    x0, y0, x1, y1 = tile.core
    corners = np.array([[x0, y1], [x1, y1], [x1, y0], [x0, y0]], np.float64)
    uv = (corners - (left, top)) / (right - left, bottom - top)
    flat = corners / size - 0.5
    positions = np.stack([flat[:, 0], -flat[:, 1], np.zeros(4)], axis=-1)
    normals = np.tile(np.array([0, 0, 1], np.float32), (4, 1))
    triangles = np.array([[0, 1, 2], [0, 2, 3]])
    return _patch(draft, tile.window, positions, normals, uv, triangles, is_card=True)


def _patch(
    draft: Draft,
    window: Window,
    positions: NDArray[np.float64],
    normals: Floats,
    uv: NDArray[np.float64],
    triangles: NDArray[np.int_],
    is_card: bool = False,
) -> Patch:
    attributes = gltf.Attributes(
        POSITION=draft.add_array(positions.astype(np.float32), bounds=True),
        NORMAL=draft.add_array(normals.astype(np.float32)),
        TEXCOORD_0=draft.add_array(uv.astype(np.float32)),
    )
    return Patch(window, attributes, draft.add_indices(triangles, len(positions)), len(triangles), is_card)


def _facing(triangles: NDArray[np.int32], points: NDArray[np.float64]) -> NDArray[np.int32]:
    """The triangles with their corners counter-clockwise as the camera sees them, y up."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    turn = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    return np.where((turn > 0)[:, None], triangles[:, ::-1], triangles)


def _shares(
    tiles: list[Tile], local: NDArray[np.float64], triangles: NDArray[np.int32]
) -> list[tuple[Tile, NDArray[np.int32]]]:
    """Each tile with the triangles whose centre lies in it; tiles without any are left out."""
    if len(tiles) == 1:
        return [(tiles[0], triangles)]
    centres = local[triangles].mean(axis=1)
    shares = []
    for tile in tiles:
        left, top, right, bottom = tile.core
        inside = (centres >= (left, top)).all(axis=1) & (centres < (right, bottom)).all(axis=1)
        if inside.any():
            shares.append((tile, triangles[inside]))
    return shares


def _window(tile: Tile, points: NDArray[np.float64], layer: Layer) -> Window:
    """The tile's window, widened to hold the triangles that reach beyond it."""
    low, high = np.floor(points.min(axis=0)).astype(int), np.ceil(points.max(axis=0)).astype(int)
    left, top, right, bottom = tile.window
    return (
        max(0, min(left, int(low[0]))),
        max(0, min(top, int(low[1]))),
        min(layer.width, max(right, int(high[0]))),
        min(layer.height, max(bottom, int(high[1]))),
    )
