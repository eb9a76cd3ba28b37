"""The right view of a stereo pair made from the left photo alone, against the true right view.

Depth is the built-in estimate whose disparity is aligned to the truth in scale and shift (`estimated`), or the truth
itself (`true`), which shows the fill alone. The photo goes through the whole pipeline (segments, mattes, fill, render);
the true view is brought to the renderer's frame, which is shifted and zoomed. Disoccluded pixels are those of the right
view that the true disparity carries no left pixel to. Beside it the same layers filled in other ways, and `stretch`:
one sheet bent by the same depth, whose rubber spans the gaps, as height-field tools do.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from benchmarks.fill_bands import grown, read
from benchmarks.fill_methods import Fill
from benchmarks.fill_scores import psnr, ssim

from multiplane.arrays import Floats, Ints, Mask
from multiplane.decompose import Backends, decompose
from multiplane.depth import load_depth
from multiplane.matte import load_matte
from multiplane.pixels.levels import to_levels
from multiplane.pixels.nearest import from_nearest
from multiplane.render.path import Eye
from multiplane.render.prepare import Prepared, prepare
from multiplane.render.view import border_zoom, render_prepared
from multiplane.scene import Camera, DepthMap, Photo
from multiplane.segment import load_segment

LONGEST = 640
"""Longer side at which pairs are compared."""
STORED = np.float32(0.5)
"""Pixels of the stored pictures per unit of eval/stereo's disparity, which is that of pictures twice as large: with it
the left picture lands on the right one (31 dB), without it nowhere near (12 dB)."""
COMPARED = ("patches", "smooth", "telea far", "ns far")


def print_stereo(root: Path, fills: dict[str, Fill], quick: bool, look: Path | None) -> None:
    """PSNR and SSIM of all pixels and PSNR of disoccluded ones, by depth and method."""
    rows: dict[tuple[str, str], list[tuple[float, ...]]] = {}
    for name, left, right, disparity in pairs(root):
        for source in ("true",) if quick else ("true", "estimated"):
            d = complete(disparity) if source == "true" else aligned(left, disparity)
            strip = [left, right]
            for method, (seen, truth, valid, hidden) in views(left, right, disparity, d, fills):
                rows.setdefault((source, method), []).append(
                    (psnr(seen, truth, valid), ssim(seen, truth, valid), psnr(seen, truth, hidden))
                )
                strip.append(seen)
            if look:
                look.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(look / f"stereo_{name}_{source}.png"), to_levels(np.hstack(strip))[..., ::-1])
        if quick:
            break
    print(f"\n{'stereo depth':<14}{'fill':<12}{'PSNR all':>11}{'SSIM all':>11}{'PSNR new':>11}{'n':>5}")
    for (source, method), scores in rows.items():
        means = "".join(f"{value:11.3f}" for value in np.mean(scores, axis=0))
        print(f"{source:<14}{method:<12}{means}{len(scores):5d}", flush=True)


def pairs(root: Path) -> Iterator[tuple[str, Floats, Floats, Floats]]:
    """Name, left, right and the left picture's disparity in pixels (0: unknown): eval/stereo, and scikit-image's."""
    from skimage import data

    left, right, disparity = data.stereo_motorcycle()
    finite = np.where(np.isfinite(disparity), disparity, 0).astype(np.float32)
    yield "motorcycle", *shrunk(left / np.float32(255), right / np.float32(255), finite)
    for path in sorted((root / "eval" / "stereo").glob("*.npz")):
        left, right = (read(path.with_name(f"{path.stem}_{side}.png")) for side in ("left", "right"))
        yield path.stem, *shrunk(left, right, np.load(path)["disparity"] * STORED)


def shrunk(left: Floats, right: Floats, disparity: Floats) -> tuple[Floats, Floats, Floats]:
    """A pair at LONGEST pixels."""
    scale = min(1.0, LONGEST / max(disparity.shape))
    size = (round(disparity.shape[1] * scale), round(disparity.shape[0] * scale))
    pictures = [
        np.clip(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), 0, 1).astype(np.float32)
        for picture in (left, right)
    ]
    small = cv2.resize(disparity, size, interpolation=cv2.INTER_NEAREST) * np.float32(size[0] / disparity.shape[1])
    return pictures[0], pictures[1], np.asarray(small, np.float32)


def complete(disparity: Floats) -> Floats:
    """The disparity with its unknown pixels taken from the nearest known one."""
    return np.maximum(from_nearest(disparity, disparity > 0)[0], np.float32(0.5))


def aligned(left: Floats, disparity: Floats) -> Floats:
    """The built-in disparity, scaled and shifted to the truth by least squares."""
    height, width = disparity.shape
    q = 1.0 / load_depth("builtin")(Photo(left, Camera.from_focal_35mm(width, height))).z
    known = disparity > 0
    scale, shift = np.polyfit(q[known].astype(np.float64), disparity[known].astype(np.float64), 1)
    return np.asarray(np.maximum(scale * q + shift, 0.5), np.float32)


def views(
    left: Floats, right: Floats, disparity: Floats, d: Floats, fills: dict[str, Fill]
) -> Iterator[tuple[str, tuple[Floats, Floats, Mask, Mask]]]:
    """Method, and: the view made, the truth in its frame, pixels that count, and those of them that are new."""
    height, width = d.shape
    camera = Camera.from_focal_35mm(width, height)
    photo = Photo(left, camera, name="left")
    depth = DepthMap(np.asarray(camera.focal / d, np.float32), metric=False)
    segments = load_segment("builtin")(photo, depth)
    new, reached = new_pixels(disparity)
    frame = None
    for method in [name for name in COMPARED if name in fills]:
        backends = Backends(lambda _: depth, lambda *_: segments, load_matte("closed-form"), on_stage(fills[method]))
        prepared = prepare(decompose(photo, backends), width, height)
        eye = Eye(1.0, 0.0, 0.0)
        if frame is None:
            frame = framed(prepared, eye, right, new, reached)
        yield method, (render_prepared(prepared, eye), *frame)
    if frame is not None:
        stretched = [brought(rubber_sheet(left, d), prepared, eye, cv2.INTER_CUBIC)]
        yield "stretch", (np.clip(stretched[0], 0, 1), *frame)


def on_stage(fill: Fill) -> Callable[[Floats, Mask, Ints, int], Floats]:
    """A method of the benchmark as a backend of the inpaint stage."""
    return lambda rgb, hole, surface, _: fill(rgb, hole, surface)


def new_pixels(disparity: Floats) -> tuple[Mask, Mask]:
    """Pixels (H, W) of the right view where no left pixel lands, but for cracks, and those that the left frame reaches.

    None is new where the truth is unknown.
    """
    height, width = disparity.shape
    known = disparity > 0
    rows, columns = np.nonzero(known)
    landed = np.zeros((height, width), np.bool_)
    for nudge in (-0.5, 0.0, 0.5):
        at = np.rint(columns - disparity[known] + nudge).astype(np.int64)
        inside = (at >= 0) & (at < width)
        landed[rows[inside], at[inside]] = True
    empty = cv2.morphologyEx((~landed).view(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
    # What lies beyond the left photo's own frame is nobody's to know.
    reached = np.maximum.accumulate(landed[:, ::-1], axis=1)[:, ::-1] & np.maximum.accumulate(landed, axis=1)
    rows, columns = np.nonzero(~known)
    doubtful = np.zeros((height, width), np.bool_)
    near = complete(disparity)[~known]
    at = np.clip(np.rint(columns - near).astype(np.int64), 0, width - 1)
    doubtful[rows, at] = True
    return np.asarray(empty & reached & ~grown(doubtful, 1)), reached


def framed(prepared: Prepared, eye: Eye, right: Floats, new: Mask, reached: Mask) -> tuple[Floats, Mask, Mask]:
    """The true view, pixels that count and new ones, in the renderer's frame."""
    truth = np.clip(brought(right, prepared, eye, cv2.INTER_CUBIC), 0, 1)
    inside = brought(reached.astype(np.float32), prepared, eye, cv2.INTER_LINEAR) > 0.99
    hidden = brought(new.astype(np.float32), prepared, eye, cv2.INTER_LINEAR) > 0.5
    return truth, inside, hidden & inside


def brought(picture: Floats, prepared: Prepared, eye: Eye, interpolation: int) -> Floats:
    """A picture of the true right camera as the renderer frames it: x' = s (x + f e q0), see render/view.py."""
    zoom = border_zoom(prepared, eye)
    centring = prepared.focal * eye.x * prepared.depths.focus
    x = (np.arange(prepared.width) + 0.5 - prepared.width / 2) / zoom - centring + prepared.width / 2 - 0.5
    y = (np.arange(prepared.height) + 0.5 - prepared.height / 2) / zoom + prepared.height / 2 - 0.5
    across, down = np.meshgrid(x.astype(np.float32), y.astype(np.float32))
    return np.asarray(cv2.remap(picture, across, down, interpolation, borderMode=cv2.BORDER_CONSTANT), np.float32)


def rubber_sheet(left: Floats, d: Floats) -> Floats:
    """The right view of one sheet through all pixels of `left` (H, W, 3), moved left by `d` (H, W) and z-buffered."""
    height, width = d.shape
    out, seen = np.zeros_like(left), np.zeros((height, width), np.bool_)
    columns = np.arange(width, dtype=np.float32)
    for y in range(height):
        lands = columns - d[y]
        # Four samples a pixel of the widest span, so that no column of the view is missed.
        steps = 4 * (int(np.ceil(np.abs(np.diff(lands)).max())) + 1)
        t = np.linspace(0, 1, steps, endpoint=False, dtype=np.float32)
        column = np.rint((lands[:-1, None] * (1 - t) + lands[1:, None] * t).ravel()).astype(np.int64)
        depth = (d[y, :-1, None] * (1 - t) + d[y, 1:, None] * t).ravel()
        colour = (left[y, :-1, None] * (1 - t[:, None]) + left[y, 1:, None] * t[:, None]).reshape(-1, 3)
        inside = (column >= 0) & (column < width)
        order = np.argsort(depth[inside], kind="stable")
        out[y, column[inside][order]] = colour[inside][order]
        seen[y, column[inside]] = True
    return np.where(seen[..., None], out, 0)
