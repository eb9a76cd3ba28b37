"""A layer as a mesh: triangles over its surface, cut along its outline, fine where the surface bends.

Vertices stand at the corners of the quadtree's squares and along the outline; Delaunay's triangulation joins them.
Outline edges that it lacks are halved until it has them, so no triangle runs across a silhouette, and every pixel that
shows lies in a triangle that stays.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Mask
from multiplane.formats.gltf.outline import Points, grown, outlines, padding, spaced
from multiplane.formats.gltf.quadtree import Errors, corners_of, errors_of, leaf_count
from multiplane.formats.gltf.surface import Surface
from multiplane.scene import Layer

SHIFT = 4
SUBPIXELS = 1 << SHIFT
"""OpenCV draws to such parts of a pixel."""
ROUNDS = 3
"""How often missing edges of the outline are halved: what is left then is shorter than anybody sees."""
CROWDED = 0.3
"""A square's corner nearer to the outline than this part of the square is left out, for the outline's own points."""

COARSE = 0.25
"""An outline that may stray by more than this part of the layer is its frame."""

Triangles = NDArray[np.int32]


@dataclass(frozen=True)
class Relief:
    """`points` (n, 2) in pixels of the canvas, their inverse depth `q` (n,), and `triangles` (m, 3), far to near."""

    points: Points
    q: Floats
    triangles: Triangles


@dataclass(frozen=True)
class Plan:
    """All that a layer's relief is made from, whatever the tolerance."""

    visible: Mask
    surface: Surface
    errors: Errors

    def triangles_about(self, tolerance: float) -> float:
        """How many triangles the surface will take, without its outline."""
        return 2.0 * leaf_count(self.errors, tolerance)


def plan_relief(layer: Layer, surface: Surface, parallax: float) -> Plan:
    """`parallax`: pixels that a unit of inverse depth moves in a tasteful camera move."""
    x, y = layer.corner
    visible, step = layer.visible, surface.step
    (column, row), (rows, columns) = surface.origin, surface.q.shape
    pads = (
        (y - row * step, (row + rows) * step - y - layer.height),
        (
            x - column * step,
            (column + columns) * step - x - layer.width,
        ),
    )
    inside = np.pad(visible, pads).reshape(rows, step, columns, step).any(axis=(1, 3))
    near = cv2.dilate(inside.view(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return Plan(visible, surface, errors_of(surface, near, parallax))


def make_relief(plan: Plan, tolerance: float, outline: float) -> Relief:
    """The mesh whose surface is off by about `tolerance` and whose outline by at most `outline`, both in pixels."""
    left, top, right, bottom = plan.surface.box
    frame = np.array([[0, 0], [right - left, 0], [right - left, bottom - top], [0, bottom - top]], np.float64)
    if not plan.visible.any():
        return _lifted(plan, frame, np.array([[0, 1, 2], [0, 2, 3]]))
    corners, sizes = corners_of(plan.errors, tolerance)
    uncut = plan.visible.all() or outline > COARSE * max(plan.visible.shape)
    shape = grown(plan.visible | uncut, outline)
    polygons = [] if uncut else outlines(shape, outline)
    step, origin = plan.surface.step, plan.surface.origin
    to_cell = (left - origin[0] * step, top - origin[1] * step, step)
    # The frame's corners hold everything: no pixel lies outside of all triangles.
    loops = [spaced(polygon, sizes, to_cell) for polygon in polygons if len(polygon) > 2]
    inner = _inner(plan, corners, sizes, shape, padding(outline))
    points, triangles = _triangulated(inner, loops, frame, plan.visible, shape, padding(outline))
    return _lifted(plan, points, triangles)


def _inner(plan: Plan, corners: NDArray[np.intp], sizes: Floats, shape: Mask, pad: int) -> Points:
    """The squares' corners inside the outline, those on the layer's own edge included, in pixels of the crop."""
    left, top, right, bottom = plan.surface.box
    x, y = plan.surface.node_lines()
    points = np.stack([x[corners[:, 0]] - left, y[corners[:, 1]] - top], axis=-1)
    on_edge = ((points <= 0) | (points >= (right - left, bottom - top))).any(axis=1)
    columns, rows = np.floor(points + pad - 0.5).astype(np.intp).T
    size = sizes[np.minimum(corners[:, 1], sizes.shape[0] - 1), np.minimum(corners[:, 0], sizes.shape[1] - 1)]
    distance = cv2.distanceTransform(shape.view(np.uint8), cv2.DIST_L2, 3)[rows, columns]
    wanted = np.where(on_edge, 0.0, np.maximum(1.0, CROWDED * size * plan.surface.step))
    return np.asarray(points[distance > wanted])


def _triangulated(
    inner: Points, loops: list[Points], frame: Points, visible: Mask, shape: Mask, pad: int
) -> tuple[Points, Triangles]:
    from scipy.spatial import Delaunay

    for attempt in range(ROUNDS + 1):
        points = np.unique(np.concatenate([inner, frame, *loops]), axis=0)
        mesh = Delaunay(points)
        if attempt == ROUNDS:
            break
        loops, whole = _halved_where_missing(loops, points, mesh.simplices)
        if whole:
            break
    corners = points[mesh.simplices]
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    column, row = np.floor(corners.mean(axis=1) + pad).astype(np.intp).T
    # A corner of the frame that is no part of the outline holds nothing that shows.
    own = {tuple(point) for part in (inner, *loops) for point in part.tolist()}
    spare = np.array([tuple(point) not in own for point in points.tolist()])
    keep = shape[row, column] & ~spare[mesh.simplices].any(axis=1)
    for index in np.flatnonzero(~keep):
        keep[index] = _shows(corners[index], visible)
    keep &= np.abs(area) > 1e-6
    return points, np.asarray(mesh.simplices[keep], np.int32)


def _halved_where_missing(loops: list[Points], points: Points, triangles: Triangles) -> tuple[list[Points], bool]:
    """The loops with a point in the middle of each edge that no triangle has, and whether none was missing."""
    count = len(points)
    pairs = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    known = np.unique(pairs[:, 0].astype(np.int64) * count + pairs[:, 1])
    order = {tuple(point): index for index, point in enumerate(points.tolist())}
    out, whole = [], True
    for loop in loops:
        index = np.array([order[tuple(point)] for point in loop.tolist()])
        after = np.roll(index, -1)
        edge = np.minimum(index, after).astype(np.int64) * count + np.maximum(index, after)
        missing = (index != after) & ~np.isin(edge, known)
        middles = (loop + np.roll(loop, -1, axis=0)) / 2
        at = np.flatnonzero(missing) + 1
        out.append(np.insert(loop, at, middles[missing], axis=0))
        whole &= not missing.any()
    return out, whole


def _shows(corners: Points, visible: Mask) -> bool:
    """Whether any pixel that shows has its centre in a triangle (3, 2)."""
    low = np.maximum(np.floor(corners.min(axis=0)), 0).astype(int)
    high = np.ceil(corners.max(axis=0)).astype(int)
    part = visible[low[1] : high[1] + 1, low[0] : high[0] + 1]
    if not part.any():
        return False
    drawn = np.zeros(part.shape, np.uint8)
    cv2.fillConvexPoly(drawn, np.rint((corners - low - 0.5) * SUBPIXELS).astype(np.int32), 1, shift=SHIFT)
    # OpenCV draws every pixel that the triangle touches; of those, the centre decides.
    rows, columns = np.nonzero(part & (drawn > 0))
    centres = np.stack([columns, rows], axis=-1) + low + 0.5
    sides = np.roll(corners, -1, axis=0) - corners
    away = centres[:, None] - corners
    turns = sides[:, 0] * away[..., 1] - sides[:, 1] * away[..., 0]
    return bool(((turns >= 0).all(axis=1) | (turns <= 0).all(axis=1)).any())


def _lifted(plan: Plan, points: Points, triangles: Triangles | NDArray[np.int64]) -> Relief:
    """The points on the surface; only those in use; far triangles first, as viewers draw transparent ones in order."""
    used, renumbered = np.unique(triangles, return_inverse=True)
    placed = points[used] + plan.surface.box[:2]
    q = plan.surface.at(placed[:, 0], placed[:, 1])
    triangles = renumbered.reshape(-1, 3).astype(np.int32)
    return Relief(placed, q, triangles[np.argsort(q[triangles].sum(axis=1), kind="stable")])
