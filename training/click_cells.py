"""Turns pictures into the cells that the click networks learn from, once: a file for each picture."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from click_data import Example, from_instances, from_photos, from_scenes

ONE_SCENE_IN = 16


def main() -> int:
    """`python training/click_cells.py --out CELLS [--instances JSON:PHOTOS ...] [--photos PHOTOS:SALIENCY] ...`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--instances", action="append", default=[], metavar="JSON:PHOTOS", help="as COCO's")
    parser.add_argument("--photos", action="append", default=[], metavar="PHOTOS:SALIENCY")
    parser.add_argument("--scenes", action="append", default=[], type=Path, metavar="SHARDS")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for number, example in enumerate(_examples(options)):
        save(example, options.out / f"{example.source}-{number:05d}.npz")
    return 0


def _examples(options: argparse.Namespace) -> Iterator[Example]:
    for pair in options.instances:
        yield from from_instances(*map(Path, pair.split(":")))
    for pair in options.photos:
        yield from from_photos(*map(Path, pair.split(":")))
    for folder in options.scenes:
        yield from from_scenes(folder, ONE_SCENE_IN)


def save(example: Example, path: Path) -> None:
    """Write one example, in half precision."""
    maps = {name: getattr(example, name).astype(np.float16) for name in MAPS}
    np.savez(path, source=example.source, held_out=example.held_out, **maps)


def load(folder: Path) -> list[Example]:
    """Every example in `folder`, in the order of the names."""
    return [_read(path) for path in sorted(folder.glob("*.npz"))]


def _read(path: Path) -> Example:
    with np.load(path) as stored:
        maps = {name: stored[name].astype(np.float32) for name in MAPS}
        return Example(**maps, source=str(stored["source"]), held_out=bool(stored["held_out"]))


MAPS = ("rgb", "disparity", "classes", "subject", "edges", "things")


if __name__ == "__main__":
    sys.exit(main())
