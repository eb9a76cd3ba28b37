"""How well one point, or one box, chooses a COCO object of 2 % or more: mean IoU, beside plain ways to do it.

Run from the project's root: python benchmarks/prompted.py [SELECT ...], where SELECT is a name or folder that
`load_prompted` takes (default: builtin). The point is the pixel farthest from the object's outline, the box its own.
Reads eval/instances from MULTIPLANE_DATA or ../shared/data.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.baselines import deepest_point, grabcut_box, grabcut_point
from benchmarks.data import as_photo, data_folder
from benchmarks.layer_scores import soft_iou
from benchmarks.objects import Outlined, coco_pictures

from multiplane.arrays import Mask
from multiplane.depth import load_depth
from multiplane.scene import DepthMap
from multiplane.segment import load_segment
from multiplane.segment.prompt import Prompt
from multiplane.segment.prompted import PromptedBackend, load_prompted


def whole_box(wanted: Mask) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a mask (H, W)."""
    left, top, width, height = cv2.boundingRect(wanted.view(np.uint8))
    return left, top, left + width, top + height


def ways_to_choose(
    picture: Outlined, depth: DepthMap, segments: list[Mask], wanted: Mask, backends: dict[str, PromptedBackend]
) -> dict[str, Callable[[], Mask]]:
    """What answers the deepest point and the box of one object, by name."""
    rgb, point, box = picture.rgb, deepest_point(wanted), whole_box(wanted)
    ways: dict[str, Callable[[], Mask]] = {
        "point, builtin segment there": partial(_segment_at, segments, point),
        "point, GrabCut": partial(grabcut_point, rgb, point),
        "box, all of it": partial(_filled, box, wanted.shape),
        "box, GrabCut": partial(grabcut_box, rgb, box),
    }
    pointed = Prompt(((point[0] + 0.5, point[1] + 0.5, True),))
    boxed = Prompt((), (float(box[0]), float(box[1]), float(box[2]), float(box[3])))
    for name, select in backends.items():
        ways[f"point, {name}"] = partial(select, rgb, depth.z, pointed)
        ways[f"box, {name}"] = partial(select, rgb, depth.z, boxed)
    return ways


def measure(backends: dict[str, PromptedBackend], folder: Path) -> None:
    """Print the mean IoU, the share over 0.5 and the seconds a prompt, for each way to choose."""
    depth_of, segment_of = load_depth("builtin"), load_segment("builtin")
    scores: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for picture in coco_pictures(folder):
        photo = as_photo(picture.rgb)
        depth = depth_of(photo)
        segments = [segment.mask for segment in segment_of(photo, depth)]
        for thing in picture.objects:
            for name, answer in ways_to_choose(picture, depth, segments, thing.visible, backends).items():
                start = time.process_time()
                mask = answer()
                scores[name].append((soft_iou(mask, thing.visible), time.process_time() - start))
    for name, pairs in sorted(scores.items()):
        ious, seconds = np.array(pairs).T
        print(
            f"{name}: {len(ious)} objects, mean IoU {ious.mean():.3f}, median {np.median(ious):.3f},"
            f" over 0.5: {np.mean(ious > 0.5):.0%}, {np.median(seconds):.2f} s of one core a prompt"
        )


def _segment_at(segments: list[Mask], point: tuple[int, int]) -> Mask:
    return next(mask for mask in segments if mask[point[1], point[0]])


def _filled(box: tuple[int, int, int, int], shape: tuple[int, ...]) -> Mask:
    mask = np.zeros(shape, np.bool_)
    mask[box[1] : box[3], box[0] : box[2]] = True
    return mask


if __name__ == "__main__":
    instances = data_folder() / "eval" / "instances"
    if not (instances / "instances.json").exists():
        sys.exit(f"skipped: no instances.json in {instances}; set MULTIPLANE_DATA to the data folder")
    names = sys.argv[1:] or ["builtin"]
    measure({Path(name).name: load_prompted(name) for name in names}, instances)
