"""Writes rendered scenes in shards of 64: python -m scenes.write --count N --seed S --size HxW --out FOLDER."""

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from .render import RenderedScene, render_scene
from .textures import Textures

SHARD = 64
DATA = Path(os.environ.get("MULTIPLANE_DATA", Path(__file__).parents[3] / "shared" / "data"))


def write_shard(path: Path, seeds: Sequence[int], height: int, width: int, textures: Textures) -> None:
    """One .npz of the scenes of `seeds`.

    rgb uint8 (n, H, W, 3); disparity float16 (n, H, W), each scene's greatest 1, and `scale` float32 (n), which
    gives 1/metres back; labels uint8; instance uint16; subject: bits of (n, H, W) along the last axis; seed int64.
    """
    cv2.setNumThreads(1)
    scenes: list[RenderedScene] = [render_scene(seed, height, width, textures) for seed in seeds]
    scales = np.array([max(float(scene.disparity.max()), 1e-6) for scene in scenes], np.float32)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez_compressed(
            file,
            rgb=np.stack([scene.rgb for scene in scenes]),
            disparity=np.stack(
                [(scene.disparity / scale).astype(np.float16) for scene, scale in zip(scenes, scales, strict=True)]
            ),
            scale=scales,
            labels=np.stack([scene.labels for scene in scenes]),
            instance=np.stack([scene.instance for scene in scenes]),
            subject=np.packbits(np.stack([scene.subject for scene in scenes]), axis=-1),
            seed=np.array(seeds, np.int64),
        )
    partial.rename(path)  # a shard is there whole or not at all


def write_scenes(
    count: int, seed: int, height: int, width: int, out: Path, textures: Textures, jobs: int = 1
) -> list[Path]:
    """Write `count` scenes of seeds from `seed` on; shards that exist are kept. Returns the new ones."""
    out.mkdir(parents=True, exist_ok=True)
    todo = []
    for first in range(seed, seed + count, SHARD):
        seeds = range(first, min(first + SHARD, seed + count))
        path = out / f"scenes_{first:09d}_{len(seeds):03d}.npz"
        if not path.exists():
            todo.append((path, seeds))
    if jobs == 1:
        for path, seeds in todo:
            write_shard(path, seeds, height, width, textures)
    else:
        with ProcessPoolExecutor(jobs) as pool:
            made = [pool.submit(write_shard, path, seeds, height, width, textures) for path, seeds in todo]
            for future in made:
                future.result()
    return [path for path, _ in todo]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, required=True, help="how many scenes")
    parser.add_argument("--seed", type=int, default=0, help="the first scene's seed")
    parser.add_argument("--size", default="256x320", help="height x width in pixels")
    parser.add_argument("--out", type=Path, required=True, help="the folder for the shards")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--photos", type=Path, default=DATA / "photos", help="photographs for textures and cut-outs")
    parser.add_argument("--saliency", type=Path, default=DATA / "saliency", help="their salient-object maps")
    given = parser.parse_args()
    height, width = (int(side) for side in given.size.split("x"))
    textures = Textures.of(given.photos, given.saliency)
    made = write_scenes(given.count, given.seed, height, width, given.out, textures, given.jobs)
    print(f"{len(made)} shards written to {given.out}")


if __name__ == "__main__":
    main()
