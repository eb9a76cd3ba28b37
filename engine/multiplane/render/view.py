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

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats
from multiplane.errors import SceneError
from multiplane.render.path import Eye
from multiplane.render.prepare import GRID, RESIDUE, Pane, Prepared, prepare
from multiplane.scene import Scene

ITERATIONS = 5
"""Rounds of (2); each leaves at most STEEPEST of the error, and far less where depth is smooth."""

BAND = 64
"""Rows blended at once."""

Places = NDArray[np.float64]


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
    # With a fourth channel, which nobody reads, OpenCV blends whole pixels.
    canvas = np.zeros((prepared.height, prepared.width, 4), np.float32)
    zoom = border_zoom(prepared, eye)
    for index, pane in enumerate(prepared.panes):
        # Should an eye reach past the margin, the backdrop's edge goes on; the others just end.
        beyond = cv2.BORDER_REPLICATE if index == 0 else cv2.BORDER_CONSTANT
        _draw(canvas, pane, prepared, eye, zoom, beyond)
    rgb = np.asarray(cv2.cvtColor(canvas, cv2.COLOR_RGBA2RGB), np.float32)
    return np.clip(rgb, 0.0, 1.0, out=rgb)


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
    """Blend the pane over `canvas` (H, W, 4), in bands that fit a processor's cache."""
    x0, y0, x1, y1 = _box(pane, prepared, eye, zoom, whole=beyond == cv2.BORDER_REPLICATE)
    if x0 >= x1 or y0 >= y1:
        return
    look = _Look(prepared, eye, zoom)
    q = _inverse_depth(pane, look, (x0, y0, x1, y1))
    across = np.arange(x0, x1, dtype=np.float64) + 0.5
    for top in range(y0, y1, BAND):
        bottom = min(top + BAND, y1)
        down = np.arange(top, bottom, dtype=np.float64) + 0.5
        map_x, map_y = look.source(across, down, q[top - y0 : bottom - y0], pane.corner)
        seen = cv2.remap(pane.colour, map_x, map_y, cv2.INTER_CUBIC, borderMode=beyond)
        window = canvas[top:bottom, x0:x1]
        through = cv2.merge([1.0 - seen[..., 3]] * 4)
        if pane.multiply:
            window[:] = cv2.multiply(window, cv2.add(through, seen))
        else:
            window[:] = cv2.add(cv2.multiply(window, through), seen)


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


def _inverse_depth(pane: Pane, look: "_Look", box: tuple[int, int, int, int]) -> Floats:
    """q of what each pixel of the box (x0, y0, x1, y1) shows of the pane: (2) on the grid, then interpolated."""
    x0, y0, x1, y1 = box
    wide, high = -(-(x1 - x0) // GRID), -(-(y1 - y0) // GRID)
    across, down = (start + GRID * (np.arange(n, dtype=np.float64) + 0.5) for start, n in ((x0, wide), (y0, high)))
    q = np.full((high, wide), look.prepared.depths.focus, np.float32)
    for _ in range(ITERATIONS):
        map_x, map_y = look.source(across, down, q, pane.corner)
        # From the first pixel's centre at 0 to the first node's.
        node_x, node_y = ((at - (GRID - 1) / 2) / GRID for at in (map_x, map_y))
        q = np.asarray(cv2.remap(pane.q, node_x, node_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
    q = cv2.resize(q, (wide * GRID, high * GRID), interpolation=cv2.INTER_LINEAR)
    return np.asarray(q[: y1 - y0, : x1 - x0], np.float32)


@dataclass(frozen=True)
class _Look:
    """One view: the prepared scene, the eye, the zoom."""

    prepared: Prepared
    eye: Eye
    zoom: float

    def source(self, across: Places, down: Places, q: Floats, corner: tuple[int, int]) -> tuple[Floats, Floats]:
        """One round of (2) for output columns `across` (w,) and rows `down` (h,), given q (h, w).

        Returns positions in the pane at `corner` as OpenCV counts them, the first pixel's centre at 0.
        """
        base_x, slope_x = self._line(across, self.prepared.width, self.eye.x)
        base_y, slope_y = self._line(down, self.prepared.height, self.eye.y)
        map_x = q * slope_x
        map_x += base_x - np.float32(corner[0] + 0.5)
        map_y = q * slope_y[:, None]
        map_y += base_y[:, None] - np.float32(corner[1] + 0.5)
        return map_x, map_y

    def _line(self, at: Places, size: int, shift: float) -> tuple[Floats, Floats]:
        """(2) along one axis as x = base + slope q, in pixels of the canvas."""
        focus = self.prepared.depths.focus
        aimed = (at - size / 2) / self.zoom - self.prepared.focal * shift * focus / (1 - self.eye.z * focus)
        slope = self.prepared.focal * shift - self.eye.z * aimed
        return (aimed + size / 2).astype(np.float32), slope.astype(np.float32)
