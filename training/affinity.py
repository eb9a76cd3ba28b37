"""Teaches what one thing is: `python training/affinity.py --photos DIR --saliency DIR --scenes DIR --out FILE`.

Pairs of regions are taken from every stage of the merging, of photos with salient-object maps or with outlined things,
where a pair that has one side in a thing is known, and of rendered scenes, where every pair is. A first round of
merging is judged by borders alone, the next by what the first has taught; or, with --judge, one round by a judge that
there is. Two networks are taught, which begin at different places and whose judgements are averaged.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice, repeat
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from torch import nn

from multiplane.depth.upsampling import upsample_disparity
from multiplane.perception.network import CLASSES
from multiplane.perception.perceive import look_closely
from multiplane.pixels.disparity import depth_from_disparity
from multiplane.segment.affinity import Weights, division, judge, pair_features
from multiplane.segment.builtin import SPACING, working_copies
from multiplane.segment.meaning import resized_meaning
from multiplane.segment.merging import Judge, stages
from multiplane.segment.region_graph import SIZE, RegionGraph, Values, measure_regions
from multiplane.segment.regions import superpixels
from photos import find_photos, outlined_photos, read_rgb, rings_of

INSIDE, OUTSIDE = 200, 40
"""Salience, of 255, from which a pixel is the object's, and up to which it is not."""
OBJECT, REST = 1, 0
SURFACES = [CLASSES.index(name) for name in ("sky", "ground", "water", "wall", "mountain")]
"""Classes of a rendered scene that are one thing each, however many pieces they are in."""
EXACT_DEPTH = 0.5
"""Share of the rendered scenes that come with their true depth, as a photo may with its owner's depth map."""
ONE_IN = 10
"""One photo with outlined things in so many is held out."""
HIDDEN = (64, 32)
RATE, DECAY, BATCH, EPOCHS = 4e-3, 1e-3, 4096, 8
EVERY, LATE = 8, 80
"""Of how many stages one is learned from, and from how few groups on all are."""
MOST_EARLY, MOST_LATE = 100, 60
"""Pairs taken from one stage."""


@dataclass(frozen=True)
class Example:
    """A picture's `graph`, and `truth` (N, K): how much of each region is of each thing; `partly` known where only
    what is in thing OBJECT is one thing."""

    graph: RegionGraph
    truth: Values
    partly: bool


@dataclass(frozen=True)
class Picture:
    """`rgb` (H, W, 3) with its `things` (H, W), -1 where not known, and its true disparity or None."""

    rgb: NDArray[np.uint8]
    things: NDArray[np.int64]
    disparity: NDArray[np.float32] | None
    partly: bool


def main() -> int:
    """Make the examples, teach two rounds, report on what was held out, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--saliency", type=Path, required=True)
    parser.add_argument(
        "--instances", metavar="JSON:PHOTOS", action="append", default=[], help="photos with outlines, as COCO's"
    )
    parser.add_argument("--judge", type=Path, help="weights that judge the merging from the first")
    parser.add_argument("--scenes", type=Path, required=True, help="folder of rendered shards to learn from")
    parser.add_argument("--held-scenes", type=Path, required=True, help="folder of rendered shards to measure on")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, nargs=2, default=(300, 250), help="photos and scenes to learn from")
    parser.add_argument("--held-count", type=int, nargs=2, default=(40, 30), help="photos and scenes to measure on")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    with ProcessPoolExecutor(options.workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        weights = taught_in_two(options, pool)
    save_file({name: value.astype(np.float16) for name, value in weights.items()}, options.out)
    return 0


def taught_in_two(options: argparse.Namespace, pool: ProcessPoolExecutor) -> Weights:
    """Both networks, one after the other along the first axis of their weights."""
    rng = np.random.default_rng(options.seed)
    photos = partial(photo_pictures, options.photos, options.saliency)
    held = list(pool.map(example_of, islice(photos(True, rng), options.held_count[0])))
    held += pool.map(example_of, scene_pictures(options.held_scenes, options.held_count[1], rng))
    known = list(pool.map(example_of, islice(photos(False, rng), options.count[0])))
    known += pool.map(example_of, scene_pictures(options.scenes, options.count[1], rng))
    outlined = list(outlined_pictures(options.instances))
    held += pool.map(example_of, outlined[::ONE_IN])
    known += pool.map(example_of, [picture for index, picture in enumerate(outlined) if index % ONE_IN])
    print(f"{len(known)} pictures, {len(held)} held out", flush=True)
    before = judge_with(load_file(options.judge)) if options.judge else None
    if before is not None:
        print(f"before: {report(held, before, pool)}", flush=True)
    rows = seen_while_merging(known, before, options.seed, pool)
    both = teach(*rows), teach(*rows)
    weights = {name: np.concatenate([one[name] for one in both]) for name in both[0]}
    print(f"taught: {report(held, judge_with(weights), pool)}", flush=True)
    return weights


def seen_while_merging(
    known: list[Example], judge_by: Judge | None, seed: int, pool: ProcessPoolExecutor
) -> list[NDArray[np.float32]]:
    """Features, targets and weights of pairs from the merging of all pictures, by `judge_by`; where there is none, of
    half of them by borders first, and then by what that has taught.
    """
    rows: list[tuple[NDArray[np.float32], ...]] = []
    if judge_by is None:
        rows += pool.map(pairs_of, known[::2], repeat(by_border), [(seed, 0, k) for k in range(len(known[::2]))])
        judge_by = judge_with(teach(*joined(rows)))
    rows += pool.map(pairs_of, known, repeat(judge_by), [(seed, 1, k) for k in range(len(known))], chunksize=4)
    return joined(rows)


def joined(rows: list[tuple[NDArray[np.float32], ...]]) -> list[NDArray[np.float32]]:
    """The same columns of several pictures, one after the other."""
    return [np.concatenate(column) for column in zip(*rows, strict=True)]


def by_border(graph: RegionGraph) -> Values:
    """A first judgement: the steps of disparity and colour between two regions, as a probability."""
    features = pair_features(graph)
    return np.asarray(np.exp(-(5.0 * features[:, 1] + 0.25 * features[:, 6])), np.float64)


def judge_with(weights: Weights) -> Judge:
    """The judgement that `weights` give, as it is used."""
    return partial(_judged, weights)


def _judged(weights: Weights, graph: RegionGraph) -> Values:
    return judge(pair_features(graph), weights) * (1.0 - division(graph))


def photo_pictures(root: Path, saliency: Path, held_out: bool, rng: np.random.Generator) -> Iterator[Picture]:
    """Photos with one clear subject: what is salient, what is not, what is not known."""
    entries = [entry for entry in find_photos(root) if entry.held_out == held_out]
    for index in rng.permutation(len(entries)):
        entry = entries[index]
        stored = cv2.imread(str(saliency / f"{entry.key}.png"), cv2.IMREAD_GRAYSCALE)
        if stored is None:
            continue
        rgb = read_rgb(root / entry.path)
        salient = cv2.resize(stored, (rgb.shape[1], rgb.shape[0]), interpolation=cv2.INTER_LINEAR)
        things = np.where(salient > INSIDE, OBJECT, np.where(salient < OUTSIDE, REST, -1))
        if 0.02 < (things == OBJECT).mean() < 0.65:
            yield Picture(rgb, things, None, partly=True)


def outlined_pictures(pairs: list[str]) -> Iterator[Picture]:
    """The pictures of each JSON:PHOTOS."""
    for pair in pairs:
        table, root = pair.split(":")
        yield from instance_pictures(Path(table), Path(root))


def instance_pictures(annotations: Path, photos: Path) -> Iterator[Picture]:
    """Photos with polygons around their things, in COCO's format; what is in a crowd's box is not known."""
    for path, entries in sorted(outlined_photos(annotations, photos), key=lambda one: one[0].name):
        if all(entry.get("iscrowd") for entry in entries):
            continue
        rgb = read_rgb(path)
        things = np.full(rgb.shape[:2], REST, np.int32)
        for number, entry in enumerate(sorted(entries, key=lambda entry: -float(entry["area"])), start=OBJECT):
            if entry.get("iscrowd"):
                left, top, width, height = map(int, entry["bbox"])
                things[top : top + height, left : left + width] = -1
            else:
                cv2.fillPoly(things, rings_of(entry["segmentation"]), number)
        yield Picture(rgb, things.astype(np.int64), None, partly=True)


def scene_pictures(folder: Path, count: int, rng: np.random.Generator) -> list[Picture]:
    """Rendered scenes, some with their true depth."""
    shards = sorted(folder.glob("*.npz"))
    found: list[Picture] = []
    for shard in rng.permutation(len(shards)):
        with np.load(shards[shard]) as stored:
            rgb, instance, classes = stored["rgb"], stored["instance"], stored["labels"]
            disparity, scale = stored["disparity"], stored["scale"]
        for index in rng.permutation(len(rgb))[: -(-count // len(shards))]:
            kinds = classes[index].astype(np.int64)
            numbers = np.where(np.isin(kinds, SURFACES), (1 << 20) + kinds, instance[index].astype(np.int64))
            things = np.unique(numbers, return_inverse=True)[1].reshape(numbers.shape)
            exact = rng.random() < EXACT_DEPTH
            known = np.maximum(disparity[index].astype(np.float32) * scale[index], 1e-4) if exact else None
            found.append(Picture(np.ascontiguousarray(rgb[index]), things, known, partly=False))
    return found[:count]


def example_of(picture: Picture) -> Example:
    """A picture as a graph of superpixels."""
    values = picture.rgb.astype(np.float32) / np.float32(255)
    seen = look_closely(values)
    known = picture.disparity
    z = depth_from_disparity(upsample_disparity(seen.disparity, values)) if known is None else 1.0 / known
    guide, near = working_copies(values, np.asarray(z, np.float32))
    lab = cv2.cvtColor(guide, cv2.COLOR_RGB2Lab)
    labels = superpixels(lab, near, SPACING)
    graph = measure_regions(labels, lab, near, resized_meaning(seen, near.shape))
    small = cv2.resize(picture.things.astype(np.int32), near.shape[::-1], interpolation=cv2.INTER_NEAREST)
    count = int(small.max()) + 1
    cells = (labels.astype(np.int64) * count + small)[small >= 0]
    truth = np.bincount(cells, minlength=graph.count * count).reshape(graph.count, count)
    return Example(graph, truth.astype(np.float64), picture.partly)


def pairs_of(example: Example, judge_by: Judge, seed: tuple[int, ...]) -> tuple[NDArray[np.float32], ...]:
    """Features (P, F), target (P,) and weight (P,) of pairs from the stages of a picture's merging."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[NDArray[np.float32], ...]] = []
    for number, (stage, _) in enumerate(stages(example.graph, judge_by)):
        late = stage.graph.count <= LATE
        if not len(stage.graph.pairs) or not (late or number % EVERY == 0):
            continue
        target, weight = target_of(example, stage.graph, stage.group)
        known = np.flatnonzero(weight > 0.05)
        known = rng.permutation(known)[: MOST_LATE if late else MOST_EARLY]
        rows.append((pair_features(stage.graph)[known], target[known], weight[known]))
    return tuple(np.concatenate(column) for column in zip(*rows, strict=True))


def target_of(
    example: Example, graph: RegionGraph, group: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """How likely a pixel of either region of each pair is of one thing, and how much that pair counts."""
    truth = np.zeros((graph.count, example.truth.shape[1]))
    np.add.at(truth, group, example.truth)
    known = truth.sum(axis=1)
    share = truth / np.maximum(known, 1.0)[:, None]
    size = graph.sums[:, SIZE]
    first, second = graph.pairs.T
    pure = np.minimum(share[first].max(axis=1), share[second].max(axis=1))
    weight = (known / size)[first] * (known / size)[second] * np.clip((pure - 0.6) / 0.3, 0.0, 1.0)
    if example.partly:
        weight *= 1.0 - share[first, REST] * share[second, REST]
    weight *= 0.2 + 5.0 * np.sqrt(np.minimum(size[first], size[second]) / size.sum())
    return (share[first] * share[second]).sum(axis=1).astype(np.float32), weight.astype(np.float32)


def teach(features: NDArray[np.float32], target: NDArray[np.float32], weight: NDArray[np.float32]) -> Weights:
    """Weights of one network that `judge` runs, by weighted cross entropy."""
    mean, deviation = features.mean(axis=0), features.std(axis=0) + np.float32(1e-3)
    x = torch.from_numpy(np.clip((features - mean) / deviation, -5.0, 5.0).astype(np.float32))
    y, w = torch.from_numpy(target), torch.from_numpy(weight)
    one, two, three = nn.Linear(x.shape[1], HIDDEN[0]), nn.Linear(*HIDDEN), nn.Linear(HIDDEN[1], 1)
    net = nn.Sequential(one, nn.ReLU(), two, nn.ReLU(), three)
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, EPOCHS * (len(x) // BATCH) + 1)
    for _ in range(EPOCHS):
        order = torch.randperm(len(x))
        for start in range(0, len(x) - BATCH + 1, BATCH):
            some = order[start : start + BATCH]
            loss = nn.functional.binary_cross_entropy_with_logits(net(x[some])[:, 0], y[some], w[some], reduction="sum")
            optimizer.zero_grad()
            (loss / w[some].sum()).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    weights: Weights = {"mean": mean, "deviation": deviation}
    for number, layer in enumerate((one, two, three), start=1):
        weights[f"weight{number}"] = layer.weight.detach().numpy()
        weights[f"bias{number}"] = layer.bias.detach().numpy()
    return {name: value[None] for name, value in weights.items()}


def report(held: list[Example], judge_by: Judge, pool: ProcessPoolExecutor) -> str:
    """Mean IoU of each thing of 2 % or more with the best group: of any stage, and where merging stops at a cut."""
    scores: dict[str, list[float]] = {}
    for example, found in zip(held, pool.map(merging_scores, held, repeat(judge_by)), strict=True):
        kind = "photos" if example.partly else "scenes"
        for name, value in found:
            scores.setdefault(f"{kind} {name}", []).append(value)
    return ", ".join(f"{name} {np.mean(values):.3f}" for name, values in sorted(scores.items()))


def merging_scores(example: Example, judge_by: Judge) -> list[tuple[str, float]]:
    """Named IoUs of each large thing."""
    cuts = (0.5, 0.7, 0.85)
    total = example.truth.sum(axis=0)
    large = total > 0.02 * example.graph.sums[:, SIZE].sum()
    if example.partly:
        large[REST] = False
    best, at_cut = np.zeros(len(total)), dict.fromkeys(cuts, total)
    done = set[float]()
    for stage, surest in stages(example.graph, judge_by):
        truth = np.zeros((stage.graph.count, len(total)))
        np.add.at(truth, stage.group, example.truth)
        iou = (truth / np.maximum(truth.sum(axis=1, keepdims=True) + total - truth, 1.0)).max(axis=0)
        best = np.maximum(best, iou)
        for cut in cuts:
            if surest < cut and cut not in done:
                done.add(cut)
                at_cut[cut] = iou
    return [("best", float(v)) for v in best[large]] + [
        (f"at {cut}", float(v)) for cut in cuts for v in at_cut[cut][large]
    ]


if __name__ == "__main__":
    sys.exit(main())
