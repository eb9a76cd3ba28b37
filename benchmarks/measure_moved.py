"""Does a moved object look as if it had stood there? Against renders of it there, where that changes the picture."""

from collections.abc import Iterator, Sequence

import numpy as np
from benchmarks.light_cases import Case
from benchmarks.light_scores import Score, differs, picture_of, psnr
from benchmarks.light_truth import LightTruth

from multiplane.edit.ground import foothold_of, ground_of
from multiplane.edit.move import move
from multiplane.scene import Scene


def dragged(truth: LightTruth, foot: tuple[float, float]) -> tuple[float, float]:
    """By how many pixels (right, down) one drags the first object's foot, seen at `foot`, for its true move."""
    camera = truth.as_photo().camera
    height, width = truth.z.shape
    x, y = int(np.clip(foot[0], 0, width - 1)), int(np.clip(foot[1], 0, height - 1))
    column = np.flatnonzero(truth.first_mask.any(axis=0))
    depths = truth.z[truth.first_mask]
    depth = truth.z[y, x] if column[0] <= x <= column[-1] and truth.z[y, x] < 2 * depths.max() else np.median(depths)
    at = camera.unproject(*(np.array([part], np.float32) for part in (foot[0], foot[1], depth)))
    to = camera.project(at + truth.move.astype(np.float32))[0]
    return float(to[0] - foot[0]), float(to[1] - foot[1])


def _index(scene: Scene, layer_id: str) -> int:
    return next(index for index, layer in enumerate(scene.layers) if layer.id == layer_id)


def moved_psnrs(case: Case) -> tuple[float, float, float] | None:
    """PSNR where the truth changes: moved with its shadow; the cut-out alone, scaled by perspective; it alone, flat."""
    if case.first is None:
        return None
    truth, index = case.truth, _index(case.shadowed, case.first)
    foothold = foothold_of(case.shadowed, index, ground_of(case.shadowed, index))
    foot = case.shadowed.camera.project(foothold.at.astype(np.float32))
    dx, dy = dragged(truth, (float(foot[0]), float(foot[1])))
    where = differs(truth.moved, truth.photo)
    plain = _index(case.plain, case.first)
    pictures = (
        move(case.shadowed, index, dx, dy),
        move(case.plain, plain, dx, dy),
        move(case.plain, plain, dx, dy, physics=False),
    )
    ours, alone, flat = (psnr(picture_of(scene), truth.moved, where) for scene in pictures)
    return ours, alone, flat


def moved_scores(cases: Sequence[Case]) -> Iterator[Score]:
    """The rows of moved objects for one method."""
    found = [trio for case in cases if (trio := moved_psnrs(case)) is not None]
    if not found:
        return
    ours, alone, flat = np.mean(found, axis=0)
    method, count = cases[0].method, len(found)
    yield Score("moved with its shadow: PSNR there", method, float(ours), "dB", count)
    yield Score("  gain over the cut-out, moved flat", method, float(ours - flat), "dB", count, 3.0)
    yield Score("  gain over the cut-out in perspective", method, float(ours - alone), "dB", count, 3.0)
