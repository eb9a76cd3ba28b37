"""How well the segment backend finds whole objects: best IoU and boundary recall per COCO object of 2 % or more.

Run from the project's root: python benchmarks/segments.py [DEPTH ...], where DEPTH is a name or folder that
`load_depth` takes (default: builtin). Reads eval/instances from MULTIPLANE_DATA or ../shared/data.
"""

import sys
import time
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.data import as_photo, data_folder
from benchmarks.layer_scores import soft_iou
from benchmarks.objects import coco_pictures

from multiplane.arrays import Mask
from multiplane.depth import load_depth
from multiplane.segment.builtin import segment_photo

TOLERANCE = 0.0075
"""How far a border may lie from the true one, as a share of the diagonal (Martin et al., PAMI 2004)."""


def boundary_recall(wanted: Mask, found: list[Mask]) -> float:
    """Share of the outline of `wanted` that has a border between segments near by."""
    window = np.ones((3, 3), np.uint8)
    borders = np.zeros(wanted.shape, np.uint8)
    for mask in found:
        borders |= cv2.morphologyEx(mask.view(np.uint8), cv2.MORPH_GRADIENT, window)
    reach = max(1, round(TOLERANCE * float(np.hypot(*wanted.shape))))
    near = cv2.dilate(borders, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1)))
    outline = cv2.morphologyEx(wanted.view(np.uint8), cv2.MORPH_GRADIENT, window) > 0
    return float(near[outline].mean())


def measure(depth_name: str, folder: Path) -> None:
    """Print the score, the number of segments a picture, and the time a picture with one depth backend."""
    depth_of = load_depth(depth_name)
    scores, recalls, counts, seconds = [], [], [], []
    for picture in coco_pictures(folder):
        photo = as_photo(picture.rgb)
        depth = depth_of(photo)
        start = time.perf_counter()
        found = [segment.mask for segment in segment_photo(photo, depth)]
        seconds.append(time.perf_counter() - start)
        counts.append(len(found))
        scores += [max(soft_iou(thing.visible, mask) for mask in found) for thing in picture.objects]
        recalls += [boundary_recall(thing.visible, found) for thing in picture.objects]
    print(
        f"{Path(depth_name).name}: {len(scores)} objects, mean best IoU {np.mean(scores):.3f},"
        f" over 0.5: {np.mean(np.array(scores) > 0.5):.0%}, boundary recall {np.mean(recalls):.3f},"
        f" {np.mean(counts):.1f} segments,"
        f" {np.median(seconds):.2f} s a picture"
    )


if __name__ == "__main__":
    instances = data_folder() / "eval" / "instances"
    if not (instances / "instances.json").exists():
        sys.exit(f"skipped: no instances.json in {instances}; set MULTIPLANE_DATA to the data folder")
    for name in sys.argv[1:] or ["builtin"]:
        measure(name, instances)
