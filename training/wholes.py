"""Teach the networks that judge whether a group of regions is a whole thing (`segment/wholeness.py`).

Pictures are merged to the end by the judges of pairs as they are; of every group that is made on the way, the networks
learn the IoU that is to be expected with whatever thing one of its pixels is of. About 2 s a picture on one core, then
some minutes; training/README.md has the command. Maps of what is salient do not serve: they make one of several people.
"""

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from torch import nn

from affinity import ONE_IN, REST, Example, Picture, example_of, outlined_pictures, scene_pictures
from multiplane.segment.affinity import Weights, affinity
from multiplane.segment.group_tree import grown
from multiplane.segment.region_graph import Groups, Values
from multiplane.segment.wholeness import best_cut, whole_by

LEAST, LARGE = 0.01, 0.02
"""Share of the picture from which a thing is learned from, and from which it is one that is measured."""
HIDDEN, DROPPED = (96, 32), 0.4
NETWORKS, EPOCHS, BATCH, RATE, DECAY = 3, 10, 2048, 3e-3, 0.1


@dataclass(frozen=True)
class Taught:
    """A picture's tree of K groups: `features` (K, F), `size`, `parent` and `weakest` (K,); the `iou` (K, T) of each
    with each thing, and how `large` (T,) a share of the picture each thing is, 0 for what is none. `quality` (K,) is
    to be learned, as much as `weight` (K,) says."""

    features: NDArray[np.float32]
    size: Values
    parent: Groups
    weakest: Values
    iou: Values
    large: Values
    quality: NDArray[np.float32]
    weight: NDArray[np.float32]
    kind: str


def main() -> int:
    """Make the trees, teach the networks, report on what was held out, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    outlined = {"metavar": "JSON:PHOTOS", "action": "append", "default": []}
    parser.add_argument("--instances", **outlined, help="photos with outlines, as COCO's: one in ten is held out")  # type: ignore[arg-type]
    parser.add_argument("--more", **outlined, help="photos of which only some things are outlined: to learn from")  # type: ignore[arg-type]
    parser.add_argument("--scenes", type=Path, required=True, help="folder of rendered shards to learn from")
    parser.add_argument("--held-scenes", type=Path, required=True, help="folder of rendered shards to measure on")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=130, help="scenes to learn from")
    parser.add_argument("--held-count", type=int, default=24, help="scenes to measure on")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    with ProcessPoolExecutor(options.workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        known, held = pictures(options)
        known_trees, held_trees = list(pool.map(tree_of, known)), list(pool.map(tree_of, held))
    print(f"{len(known)} pictures, {len(held)} held out", flush=True)
    weights = teach(known_trees)
    print(report(held_trees, weights), flush=True)
    save_file({name: value.astype(np.float16) for name, value in weights.items()}, options.out)
    return 0


def pictures(options: argparse.Namespace) -> tuple[list[Picture], list[Picture]]:
    """Pictures to learn from, and pictures to measure on."""
    rng = np.random.default_rng(options.seed)
    outlined, more = (list(outlined_pictures(pairs)) for pairs in (options.instances, options.more))
    held = outlined[::ONE_IN] + scene_pictures(options.held_scenes, options.held_count, rng)
    known = [picture for index, picture in enumerate(outlined) if index % ONE_IN] + more
    known += scene_pictures(options.scenes, options.count, rng)
    return known, held


def tree_of(picture: Picture) -> Taught:
    """A picture's tree, and what is to be learned from it."""
    return taught_by(example_of(picture))


def taught_by(example: Example) -> Taught:
    """What is to be learned of each group: the mean IoU with the things that its pixels are of, and how much it counts.

    Each thing counts the same, however large it is, and however many groups have a part of it. Of what nobody outlined,
    nothing is learned.
    """
    tree = grown(example.graph, affinity)
    inside, total = tree.sums(example.truth), example.truth.sum(axis=0)
    iou = inside / np.maximum(inside.sum(axis=1, keepdims=True) + total - inside, 1.0)
    large = total / example.graph.area
    if example.partly:
        large[REST] = 0.0
    inside[:, large < LEAST] = 0.0
    quality = ((inside * iou).sum(axis=1) / np.maximum(inside.sum(axis=1), 1.0)).astype(np.float32)
    share = inside / tree.size[:, None]
    weight = (share / np.maximum(share.sum(axis=0), 1e-6)).sum(axis=1).astype(np.float32)
    kind = "photos" if example.partly else "scenes"
    return Taught(tree.features, tree.size, tree.parent, tree.weakest, iou, large, quality, weight, kind)


def teach(known: list[Taught]) -> Weights:
    """Weights of the networks, one after the other along their first axis, by weighted cross entropy."""
    features = np.concatenate([one.features for one in known])
    quality, weight = (np.concatenate([getattr(one, name) for one in known]) for name in ("quality", "weight"))
    mean, deviation = features.mean(axis=0), features.std(axis=0) + np.float32(1e-3)
    counts = weight > 1e-4 * weight.mean()
    x = torch.from_numpy(np.clip((features[counts] - mean) / deviation, -5.0, 5.0).astype(np.float32))
    y, w = torch.from_numpy(quality[counts]), torch.from_numpy(weight[counts] / weight[counts].mean())
    networks = [_fitted(x, y, w) for _ in range(NETWORKS)]
    weights: Weights = {"mean": np.stack([mean] * NETWORKS), "deviation": np.stack([deviation] * NETWORKS)}
    for number in (1, 2, 3):
        layers = [network[number - 1] for network in networks]
        weights[f"weight{number}"] = np.stack([layer.weight.detach().numpy() for layer in layers])
        weights[f"bias{number}"] = np.stack([layer.bias.detach().numpy() for layer in layers])
    return weights


def _fitted(x: torch.Tensor, y: torch.Tensor, w: torch.Tensor) -> list[nn.Linear]:
    """The three layers of one network."""
    one, two, three = nn.Linear(x.shape[1], HIDDEN[0]), nn.Linear(*HIDDEN), nn.Linear(HIDDEN[1], 1)
    net = nn.Sequential(one, nn.ReLU(), nn.Dropout(DROPPED), two, nn.ReLU(), three)
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, EPOCHS * (len(x) // BATCH) + 1)
    for _ in range(EPOCHS):
        order = torch.randperm(len(x))
        for start in range(0, len(x) - BATCH + 1, BATCH):
            some = order[start : start + BATCH]
            loss = nn.functional.binary_cross_entropy_with_logits(net(x[some])[:, 0], y[some], w[some])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    return [one, two, three]


def report(held: list[Taught], weights: Weights) -> str:
    """Mean IoU of each thing of LARGE or more with the best group: of all there are, and of those that are chosen."""
    scores: dict[str, list[float]] = {}
    for one in held:
        things = one.large >= LARGE
        chosen = best_cut(one.size, one.parent, whole_by(one.features, one.weakest, weights))
        for name, groups in (("any", np.arange(len(one.iou))), ("chosen", chosen)):
            scores.setdefault(f"{one.kind} {name}", []).extend(one.iou[groups][:, things].max(axis=0).tolist())
    return ", ".join(f"{name} {np.mean(values):.3f} ({len(values)})" for name, values in sorted(scores.items()))


if __name__ == "__main__":
    sys.exit(main())
