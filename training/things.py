"""What outlined things are, as labels: `python training/things.py --labels DIR --instances JSON:PHOTOS`.

Where people outlined every person, animal, vehicle and piece of furniture of a photo, as in COCO (Lin et al., ECCV
2014), their word goes before the scene teachers' (classes.py): inside the outlines, and where a teacher sees a thing of
these classes that nobody outlined, nothing is known.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.perception.network import CLASSES
from photos import UNKNOWN, outlined_photos, read_rgb, read_table, rings_of, save

Labels = NDArray[np.uint8]

THINGS = ("person", "animal", "vehicle", "object")
"""The classes of which people outlined everything; a group of categories that is none of these is of objects."""


def main() -> int:
    """Correct the labels that are there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=Path, required=True, help="folder of label.py; files are changed in place")
    parser.add_argument("--instances", metavar="JSON:PHOTOS", action="append", required=True, help="as COCO's")
    options = parser.parse_args()
    by_name = {path.stem: path for path in options.labels.rglob("*.npz")}
    count = 0
    for pair in options.instances:
        table, photos = map(Path, pair.split(":"))
        meant = class_of_categories(read_table(table))
        for path, entries in outlined_photos(table, photos):
            if path.stem in by_name:
                with np.load(by_name[path.stem]) as stored:
                    labels = dict(stored)
                labels["classes"] = corrected(labels["classes"], entries, meant, read_rgb(path).shape[:2])
                save(by_name[path.stem], **labels)
                count += 1
    print(f"{count} photos corrected")
    return 0


def class_of_categories(table: dict[str, Any]) -> dict[int, int]:
    """Our class of every category of a table in COCO's format."""
    names = {entry["id"]: entry["supercategory"] for entry in table["categories"]}
    return {number: CLASSES.index(name if name in THINGS else "object") for number, name in names.items()}


def corrected(classes: Labels, entries: list[dict[str, Any]], meant: dict[int, int], shape: tuple[int, ...]) -> Labels:
    """`classes` (h, w) of a photo of `shape` (H, W), its outlined things put in, small ones over large ones."""
    scale = np.array(classes.shape[::-1]) / shape[::-1]
    told = np.where(np.isin(classes, [CLASSES.index(name) for name in THINGS]), UNKNOWN, classes)
    drawn = np.ascontiguousarray(told, np.uint8)
    for entry in sorted(entries, key=lambda entry: -float(entry["area"])):
        if entry.get("iscrowd"):  # somewhere within
            left, top, width, height = np.reshape(np.reshape(entry["bbox"], (2, 2)) * scale, -1).astype(int)
            drawn[top : top + height + 1, left : left + width + 1] = UNKNOWN
        else:
            cv2.fillPoly(drawn, rings_of(entry["segmentation"], scale), meant[entry["category_id"]])
    return drawn


if __name__ == "__main__":
    sys.exit(main())
