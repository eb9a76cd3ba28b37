"""Where one thing ends and another begins, drawn by people: `python training/contours.py --labels DIR ...`.

Labels of photos (label.py) get one map more, `contours` (H, W): SURE times the probability of a contour, UNKNOWN where
nobody said. The Berkeley Segmentation Data Set (Arbelaez et al., PAMI 2011) has several people's outlines of a photo,
of whom some share marks a place; outlines of single things, as COCO has them, tell of the things' borders and insides.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat

from photos import UNKNOWN, outlined_photos, read_rgb, rings_of, save

SURE = 200
"""A certain contour."""
REACH = 3
"""Pixels, across, of a drawn contour."""
NEAR = 15
"""Pixels around a thing's outline where what lies outside it is not known to be one thing."""


def main() -> int:
    """Add the maps to the labels that are there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=Path, required=True, help="folder of label.py; files are changed in place")
    parser.add_argument("--berkeley", type=Path, help="folder of the Berkeley set's .mat files, named as the photos")
    parser.add_argument("--instances", metavar="JSON:PHOTOS", action="append", default=[], help="as COCO's")
    options = parser.parse_args()
    drawn = list(berkeley(options.berkeley)) if options.berkeley else []
    for pair in options.instances:
        drawn += outlined(*map(Path, pair.split(":")))
    by_name = {path.stem: path for path in options.labels.rglob("*.npz")}
    for name, contours in drawn:
        if name in by_name:
            with np.load(by_name[name]) as stored:
                labels = dict(stored)
            save(by_name[name], **{**labels, "contours": contours})
    print(f"{sum(name in by_name for name, _ in drawn)} of {len(drawn)} drawn photos have labels")
    return 0


def berkeley(folder: Path) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Names and contours of the photos that people segmented: how many of them see one there."""
    window = np.ones((REACH, REACH), np.uint8)
    for path in sorted(folder.rglob("*.mat")):
        people = loadmat(path)["groundTruth"].ravel()
        marks = [cv2.dilate(person["Boundaries"][0, 0].astype(np.uint8), window) for person in people]
        yield path.stem, np.rint(np.mean(marks, axis=0) * SURE).astype(np.uint8)


def outlined(annotations: Path, photos: Path) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Names and contours of photos with polygons around their things: sure on their borders, none inside them."""
    for path, entries in outlined_photos(annotations, photos):
        shape = read_rgb(path).shape[:2]
        things, crowd = np.zeros(shape, np.int32), np.zeros(shape, np.uint8)
        for number, entry in enumerate(sorted(entries, key=lambda entry: -float(entry["area"])), start=1):
            if entry.get("iscrowd"):
                left, top, width, height = map(int, entry["bbox"])
                crowd[top : top + height, left : left + width] = 1
            else:
                cv2.fillPoly(things, rings_of(entry["segmentation"]), number)
        contours = between(things)
        near = cv2.dilate(contours, np.ones((NEAR, NEAR), np.uint8)) > 0
        unknown = (things == 0) & (contours == 0) | near & (contours == 0) | (crowd > 0)
        yield path.stem, np.where(unknown, UNKNOWN, contours).astype(np.uint8)


def between(things: NDArray[np.integer]) -> NDArray[np.uint8]:
    """SURE on both sides of where numbers (H, W) change, 0 elsewhere."""
    marks = np.zeros(things.shape, np.uint8)
    for axis in (0, 1):
        turned, drawn = np.moveaxis(things, axis, 0), np.moveaxis(marks, axis, 0)
        differs = turned[1:] != turned[:-1]
        drawn[1:][differs] = SURE
        drawn[:-1][differs] = SURE
    return marks


if __name__ == "__main__":
    sys.exit(main())
