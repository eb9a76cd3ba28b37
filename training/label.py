"""Labels photos with the teachers, once: `python training/label.py --photos DIR --out DIR --scene DIR`."""

import argparse
import os
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from classes import SceneTeacher
from photos import Entry, find_photos, read_rgb, save

LABEL_SIDE = 256
"""Long side of the class and saliency maps."""


def main() -> int:
    """Write one NPZ a photo under --out; photos that have theirs are skipped, so it can be stopped and resumed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--saliency", type=Path, help="salient-object maps under the photos' names")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--scene", type=Path, required=True, help="folder of the two DeepLab networks")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    label_photos(options.photos, options.saliency, options.out, options.scene, options.threads)
    return 0


def label_photos(
    photos: Path, saliency: Path | None, out: Path, scene_folder: Path, threads: int = 2, held_out_only: bool = False
) -> None:
    """Label every photo below `photos` that has no labels below `out` yet, or only those that are held out."""
    wanted = [
        entry
        for entry in find_photos(photos)
        if (entry.held_out or not held_out_only) and not (out / f"{entry.key}.npz").exists()
    ]
    if not wanted:
        return
    scene = SceneTeacher(scene_folder, threads)
    for number, entry in enumerate(wanted):
        rgb = read_rgb(photos / entry.path)
        subject = read_saliency(saliency, entry)
        size = label_size(rgb)
        shown = {} if subject is None else {"saliency": cv2.resize(subject, size, interpolation=cv2.INTER_AREA)}
        save(out / f"{entry.key}.npz", classes=scene(rgb, subject, Path(entry.path).name, size), **shown)
        if number % 50 == 0:
            print(f"{number + 1} of {len(wanted)}", flush=True)


def read_saliency(folder: Path | None, entry: Entry) -> NDArray[np.uint8] | None:
    """The photo's salient-object map, None where there is none."""
    path = folder / f"{entry.key}.png" if folder else None
    if path is None or not path.exists():
        return None
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8)


def label_size(rgb: NDArray[np.uint8]) -> tuple[int, int]:
    """(w, h) of the class map."""
    height, width = rgb.shape[:2]
    scale = LABEL_SIDE / max(height, width)
    return max(1, round(width * scale)), max(1, round(height * scale))


if __name__ == "__main__":
    sys.exit(main())
