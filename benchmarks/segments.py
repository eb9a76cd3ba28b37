"""How well the segment backend finds whole objects: best IoU and boundary recall per COCO object of 2 % or more.

Run from the project's root: python benchmarks/segments.py [DEPTH ...], where DEPTH is a name or folder that
`load_depth` takes (default: builtin). Reads eval/instances from MULTIPLANE_DATA or ../shared/data.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from multiplane.arrays import Mask
from multiplane.depth import load_depth
from multiplane.errors import PhotoError
from multiplane.scene import Camera, Photo
from multiplane.segment.builtin import segment_photo

LEAST_AREA = 0.02
TOLERANCE = 0.0075
"""How far a border may lie from the true one, as a share of the diagonal (Martin et al., PAMI 2004)."""


def object_masks(entries: list[dict[str, Any]], height: int, width: int) -> list[Mask]:
    """Masks (height, width) of the annotated single objects that are large enough to be a layer."""
    masks = []
    for entry in entries:
        if entry["iscrowd"] or not isinstance(entry["segmentation"], list):
            continue
        canvas = np.zeros((height, width), np.uint8)
        rings = [np.rint(np.reshape(ring, (-1, 2))).astype(np.int32) for ring in entry["segmentation"]]
        cv2.fillPoly(canvas, rings, 1)
        if canvas.mean() >= LEAST_AREA:
            masks.append(canvas.astype(np.bool_))
    return masks


def best_iou(wanted: Mask, found: list[Mask]) -> float:
    """Intersection over union of `wanted` with the segment that fits it best."""
    return max(float((wanted & mask).sum() / (wanted | mask).sum()) for mask in found)


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
    table = json.loads((folder / "instances.json").read_text())
    scores, recalls, counts, seconds = [], [], [], []
    for image in table["images"]:
        pixels = cv2.imread(str(folder / image["file_name"]))
        if pixels is None:
            raise PhotoError(f"{folder / image['file_name']} cannot be read; is the data folder complete?")
        rgb = np.ascontiguousarray(pixels[..., ::-1]).astype(np.float32) / np.float32(255)
        height, width = rgb.shape[:2]
        entries = [entry for entry in table["annotations"] if entry["image_id"] == image["id"]]
        photo = Photo(rgb, Camera.from_focal_35mm(width, height))
        depth = depth_of(photo)
        start = time.perf_counter()
        found = [segment.mask for segment in segment_photo(photo, depth)]
        seconds.append(time.perf_counter() - start)
        counts.append(len(found))
        wanted_masks = object_masks(entries, height, width)
        scores += [best_iou(wanted, found) for wanted in wanted_masks]
        recalls += [boundary_recall(wanted, found) for wanted in wanted_masks]
    print(
        f"{Path(depth_name).name}: {len(scores)} objects, mean best IoU {np.mean(scores):.3f},"
        f" over 0.5: {np.mean(np.array(scores) > 0.5):.0%}, boundary recall {np.mean(recalls):.3f},"
        f" {np.mean(counts):.1f} segments,"
        f" {np.median(seconds):.2f} s a picture"
    )


if __name__ == "__main__":
    data = Path(os.environ.get("MULTIPLANE_DATA", Path(__file__).parents[2] / "shared" / "data"))
    instances = data / "eval" / "instances"
    if not (instances / "instances.json").exists():
        sys.exit(f"skipped: no instances.json in {instances}; set MULTIPLANE_DATA to the data folder")
    for name in sys.argv[1:] or ["builtin"]:
        measure(name, instances)
