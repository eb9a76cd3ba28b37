"""Turns pictures into the cells that the click networks learn from, once: a file for each picture."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import photos
from click_data import Example, Outlined, example_of, from_instances, from_numbered, from_photos, from_scenes


def main() -> int:
    """`python training/click_cells.py --out CELLS [--instances JSON:PHOTOS ...] [--photos PHOTOS:SALIENCY] ...`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--instances", action="append", default=[], metavar="JSON:PHOTOS", help="as COCO's")
    parser.add_argument("--numbered", action="append", default=[], metavar="PHOTOS:THINGS", help="as Pascal VOC's")
    parser.add_argument("--photos", action="append", default=[], metavar="PHOTOS:SALIENCY")
    parser.add_argument("--scenes", action="append", default=[], type=Path, metavar="SHARDS")
    parser.add_argument("--one-scene-in", type=int, default=16, help="how many of the scenes")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    for number, outlined in enumerate(_pictures(options)):
        seen_twice = outlined.source == "instances" and len(outlined.masks) > 1 and not outlined.held_out
        for part, shown in enumerate([outlined, outlined.part(rng)] if seen_twice else [outlined]):
            example = example_of(shown)
            if example is not None:
                save(example, options.out / f"{example.source}-{number:05d}-{part}.npz")
    return 0


def _pictures(options: argparse.Namespace) -> Iterator[Outlined]:
    for pair in options.instances:
        yield from from_instances(*map(Path, pair.split(":")))
    for pair in options.numbered:
        yield from from_numbered(*map(Path, pair.split(":")))
    for pair in options.photos:
        yield from from_photos(*map(Path, pair.split(":")))
    for folder in options.scenes:
        yield from from_scenes(folder, options.one_scene_in)


def save(example: Example, path: Path) -> None:
    """Write one example, in half precision, whole or not at all."""
    halves = {name: plane.astype(np.float16) for name, plane in example.maps().items()}
    photos.save(path, source=np.asarray(example.source), held_out=np.asarray(example.held_out), **halves)


def load(folder: Path) -> list[Example]:
    """Every example below `folder`, in the order of the names; its maps in half precision."""
    return [_read(path) for path in sorted(folder.rglob("*.npz"))]


def _read(path: Path) -> Example:
    with np.load(path) as stored:
        maps = {name: stored[name] for name in stored if name not in ("source", "held_out")}
        return Example.of(maps, str(stored["source"]), bool(stored["held_out"]))


if __name__ == "__main__":
    sys.exit(main())
