"""Labels photos with the teachers, once: `python training/label.py --photos DIR --out DIR --depth CHECKPOINT --scene DIR`."""

import argparse
import os
import sys
from pathlib import Path

import cv2
import numpy as np
from classes import SceneTeacher
from multiplane.arrays import Floats
from numpy.typing import NDArray
from photos import Entry, find_photos
from student import FEATURES
from teacher import DepthTeacher

BASIS_PHOTOS = 48
LABEL_SIDE = 256
"""Long side of the class and saliency maps."""


def main() -> int:
    """Write one NPZ a photo under --out; photos that have theirs are skipped, so it can be stopped and resumed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--saliency", type=Path, help="salient-object maps under the photos' names")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--depth", type=Path, required=True, help="a Depth Anything checkpoint in the hub's layout")
    parser.add_argument("--scene", type=Path, required=True, help="folder of the two DeepLab networks")
    parser.add_argument("--basis", type=Path, help="where the principal components lie; default: in --out")
    parser.add_argument("--side", type=int, default=280, help="short side that the depth teacher sees")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    depth, scene = DepthTeacher(options.depth, options.side), SceneTeacher(options.scene, options.threads)
    entries = find_photos(options.photos)
    basis = options.basis or options.out / "basis.npz"
    if not basis.exists():
        save(basis, **principal_components(depth, options.photos, entries))
    with np.load(basis) as stored:
        mean, components = stored["mean"], stored["components"]
    for number, entry in enumerate(entries):
        target = options.out / f"{entry.key}.npz"
        if target.exists():
            continue
        rgb = read(options.photos / entry.path)
        disparity, features = depth(rgb)
        saliency = read_saliency(options.saliency, entry)
        size = label_size(rgb)
        shown = {} if saliency is None else {"saliency": cv2.resize(saliency, size, interpolation=cv2.INTER_AREA)}
        save(
            target,
            disparity=disparity.astype(np.float16),
            features=((features - mean) @ components).astype(np.float16),
            classes=scene(rgb, saliency, Path(entry.path).name, size),
            **shown,
        )
        if number % 50 == 0:
            print(f"{number + 1} of {len(entries)}", flush=True)
    return 0


def read(path: Path) -> NDArray[np.uint8]:
    """RGB (H, W, 3) of a photo."""
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise SystemExit(f"{path} is no readable picture")
    return np.ascontiguousarray(bgr[..., ::-1])


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


def principal_components(depth: DepthTeacher, root: Path, entries: list[Entry]) -> dict[str, Floats]:
    """Mean (C,) and components (C, FEATURES), scaled to unit variance, of the features of some photos."""
    chosen = np.random.default_rng(0).choice(len(entries), min(BASIS_PHOTOS, len(entries)), replace=False)
    rows = np.concatenate([depth(read(root / entries[i].path))[1].reshape(-1, 384) for i in chosen])
    mean = rows.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(rows - mean, rowvar=False))
    kept = np.argsort(values)[::-1][:FEATURES]
    components = vectors[:, kept] / np.sqrt(values[kept[:1]])
    return {"mean": mean.astype(np.float32), "components": components.astype(np.float32)}


def save(path: Path, **arrays: NDArray[np.generic]) -> None:
    """An NPZ that is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.npz")
    np.savez(part, **arrays)
    part.replace(path)


if __name__ == "__main__":
    sys.exit(main())
