"""Renders a scene from a moved eye: every layer is bent by its own depth, then blended far to near.

Alphabet: (x, y) a pixel of the photo and (x', y') where it appears, both from the picture's centre; f focal length,
q = 1/z inverse depth, q0 that of the focus plane, (ex, ey, ez) the eye, s zoom. A point X = x / (f q) is seen from the
moved eye, re-centred so that the focus plane stays in place under sideways moves (a sheared frustum, the way motion
designers orbit around a subject), at:

    x' = s ((x - f ex q) / (1 - ez q) + f ex q0 / (1 - ez q0))                                                  (1)

We need the inverse, x for a given x', and q is known at x only, so (1) is solved by fixed-point iteration:

    x <- (x'/s - f ex q0 / (1 - ez q0)) (1 - ez q(x)) + f ex q(x)                                               (2)

With the eye at rest (2) is x = x' without rounding.
"""

import cv2
import numpy as np

from multiplane.arrays import Floats
from multiplane.errors import SceneError
from multiplane.render.path import Eye
from multiplane.render.prepare import GRID, RESIDUE, Pane, Prepared, prepare
from multiplane.scene import Scene

ITERATIONS = 5
"""Rounds of (2); each leaves at most STEEPEST of the error, and far less where depth is smooth."""


def render_view(scene: Scene, eye: Eye, width: int, height: int) -> Floats:
    """The scene seen from `eye`, (height, width, 3) in [0, 1]; at rest and at the photo's size it is the photo.

    The frame is always full. The photo's own transparency is not applied. For many views, `prepare` once and call
    `render_prepared`. Raises SceneError where the eye would stand behind something it should see.
    """
    return render_prepared(prepare(scene, width, height), eye)


def render_prepared(prepared: Prepared, eye: Eye) -> Floats:
    """The prepared scene seen from `eye`, (height, width, 3) in [0, 1]."""
    nearest = max(float(pane.q.max()) for pane in prepared.panes)
    if eye.z * nearest >= 0.5:
        raise SceneError(f"the eye moves {eye.z:g} forward, but may only half way to the nearest, at {1 / nearest:g}")
    canvas = np.zeros((prepared.height, prepared.width, 3), np.float32)
    zoom = border_zoom(prepared, eye)
    for index, pane in enumerate(prepared.panes):
        # Should an eye reach past the margin, the backdrop's edge goes on; the others just end.
        beyond = cv2.BORDER_REPLICATE if index == 0 else cv2.BORDER_CONSTANT
        _draw(canvas, pane, prepared, eye, zoom, beyond)
    return np.clip(canvas, 0.0, 1.0, out=canvas)


def border_zoom(prepared: Prepared, eye: Eye) -> float:
    """The zoom s >= 1 that keeps what lies beyond the photo's border out of the frame, but for RESIDUE of half a frame.

    With m how far contents move at the border and h what moving in gains there, both in half frames, and e = RESIDUE,
    s - 1 = m^2 / (m + e + h): it is smooth where the eye passes through rest, and leaves out less than e.
    """
    across = 2.0 * prepared.focal * abs(eye.x) * prepared.border_x / prepared.width
    down = 2.0 * prepared.focal * abs(eye.y) * prepared.border_y / prepared.height
    moved = float(np.hypot(across, down)) + max(0.0, -eye.z) * prepared.q_most
    gained = max(0.0, eye.z) * prepared.q_least
    return 1.0 + moved**2 / (moved + RESIDUE + gained)


def _draw(canvas: Floats, pane: Pane, prepared: Prepared, eye: Eye, zoom: float, beyond: int) -> None:
    x0, y0, x1, y1 = _box(pane, prepared, eye, zoom, whole=beyond == cv2.BORDER_REPLICATE)
    if x0 >= x1 or y0 >= y1:
        return
    map_x, map_y = _source(pane, prepared, eye, zoom, (x0, y0, x1, y1))
    seen = cv2.remap(pane.colour, map_x, map_y, cv2.INTER_CUBIC, borderMode=beyond)
    window = canvas[y0:y1, x0:x1]
    through = 1.0 - seen[..., 3:]
    window *= through + seen[..., :3] if pane.multiply else through
    if not pane.multiply:
        window += seen[..., :3]


def _box(pane: Pane, prepared: Prepared, eye: Eye, zoom: float, whole: bool) -> tuple[int, int, int, int]:
    """Pixels (x0, y0, x1, y1) of the frame that the pane can reach, by (1) at its corners and extreme depths."""
    if whole:
        return 0, 0, prepared.width, prepared.height
    box = []
    extremes = (float(pane.q.min()), float(pane.q.max()))
    for axis, size, shift in ((0, prepared.width, eye.x), (1, prepared.height, eye.y)):
        start = pane.corner[axis] - size / 2
        ends = (start, start + pane.colour.shape[1 - axis])
        centring = prepared.focal * shift * prepared.depths.focus / (1 - eye.z * prepared.depths.focus)
        at = [
            zoom * ((x - prepared.focal * shift * q) / (1 - eye.z * q) + centring) + size / 2
            for x in ends
            for q in extremes
        ]
        box.append((max(0, int(np.floor(min(at))) - 2), min(size, int(np.ceil(max(at))) + 2)))
    return box[0][0], box[1][0], box[0][1], box[1][1]


def _source(
    pane: Pane, prepared: Prepared, eye: Eye, zoom: float, box: tuple[int, int, int, int]
) -> tuple[Floats, Floats]:
    """Where in `pane.colour` each pixel of the box comes from: OpenCV's coordinates, first pixel's centre at 0."""
    x0, y0, x1, y1 = box
    wide, high = -(-(x1 - x0) // GRID), -(-(y1 - y0) // GRID)
    coarse = [_Axis(prepared, eye, zoom, axis, start + GRID * (np.arange(n) + 0.5)) for axis, start, n in
              ((0, x0, wide), (1, y0, high))]  # fmt: skip
    q = np.full((high, wide), prepared.depths.focus, np.float32)
    for _ in range(ITERATIONS):
        node_x = (coarse[0].source(q) - pane.corner[0]) / GRID - 0.5
        node_y = (coarse[1].source(q) - pane.corner[1]) / GRID - 0.5
        q = cv2.remap(pane.q, node_x, node_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    q = cv2.resize(q, (wide * GRID, high * GRID), interpolation=cv2.INTER_LINEAR)[: y1 - y0, : x1 - x0]
    fine = [_Axis(prepared, eye, zoom, axis, np.arange(start, end) + 0.5) for axis, start, end in
            ((0, x0, x1), (1, y0, y1))]  # fmt: skip
    offset = [np.float32(pane.corner[axis] + 0.5) for axis in (0, 1)]
    return fine[0].source(q) - offset[0], fine[1].source(q) - offset[1]


class _Axis:
    """Equation (2) along one axis for output positions `at`: x = base + slope q(x), in pixels of the canvas."""

    def __init__(self, prepared: Prepared, eye: Eye, zoom: float, axis: int, at: Floats) -> None:
        size, shift = ((prepared.width, eye.x), (prepared.height, eye.y))[axis]
        focus = prepared.depths.focus
        aimed = (at - size / 2) / zoom - prepared.focal * shift * focus / (1 - eye.z * focus)
        shape = (1, -1) if axis == 0 else (-1, 1)
        self.base = (aimed + size / 2).astype(np.float32).reshape(shape)
        self.slope = (prepared.focal * shift - eye.z * aimed).astype(np.float32).reshape(shape)

    def source(self, q: Floats) -> Floats:
        """Canvas positions (h, w) for inverse depths q (h, w)."""
        out = q * self.slope
        out += self.base
        return out
