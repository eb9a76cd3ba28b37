"""Fits the two networks that answer points and boxes: `first` cell by cell, `second` with the whole picture in view."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from click_cells import load
from click_data import LEAST, MOST, Example, deepest, random_box, random_points, tight_box
from multiplane.arrays import Floats
from multiplane.segment.click import WEIGHTS, for_second, shifted
from multiplane.segment.click_features import Grid, features
from multiplane.segment.click_network import KINDS, ClickNet, kind_of
from multiplane.segment.meaning import Meaning
from multiplane.segment.prompt import Prompt

SHARES = {"instances": 0.65, "photos": 0.1, "scenes": 0.25}
"""How often each source is drawn from: where a picture's only thing is its subject, there is less to learn."""
Things = dict[str, list[tuple[Example, int]]]
"""Of each source, every thing of every picture: the picture, and which of its things."""
BOXED = 0.35
"""Share of prompts that are boxes."""
CELLS_INSIDE, CELLS_OUTSIDE = 150, 250
"""Cells of a picture that the first network sees."""
PROMPTS, EPOCHS, BATCH, RATE = 1700, 30, 4096, 4e-3
"""Of the first network's fit."""
AT_ONCE, VIEW_RATE, WARM_UP, AVERAGED = 6, 1.5e-3, 40, 0.995
"""Of the second's: prompts a step, learning rate, steps until it is reached, and the decay of the averaged weights."""
LEAST_ZOOM = 0.55
"""Share of a picture's sides that a random window shows, at least."""
COARSE = 4
"""Cells across a token."""
AHEAD = 4
"""Tasks that a worker draws ahead."""


@dataclass(frozen=True)
class Task:
    """One prompt for one thing: the cells, what is known of them (N, K), and how much the thing covers (h, w)."""

    grid: Grid
    known: Floats
    prompt: Prompt
    thing: Floats


def draw(things: Things, rng: np.random.Generator) -> Task:
    """A random prompt for a random thing in its picture, mirrored, cut and relit at random."""
    present = [source for source in SHARES if things.get(source)]
    odds = np.array([SHARES[source] for source in present])
    pool = things[present[int(rng.choice(len(present), p=odds / odds.sum()))]]
    example, number = pool[rng.integers(len(pool))]
    example = disturbed(replace(example, things=example.things[number][None]), rng)
    thing = example.things[0]
    return task_of(example, thing, random_box(thing, rng) if rng.random() < BOXED else random_points(thing, rng))


def task_of(example: Example, thing: Floats, prompt: Prompt) -> Task:
    """What is known for a prompt."""
    grid = example.grid()
    return Task(grid, features(grid, prompt), prompt, thing)


def disturbed(example: Example, rng: np.random.Generator) -> Example:
    """A random window of an example with one thing, which stays in it, mirrored or not, in another light."""
    height, width = example.rgb.shape[:2]
    top, left, rows, columns = 0, 0, height, width
    if rng.random() < 0.5:
        zoom = rng.uniform(LEAST_ZOOM, 1.0)
        size = [max(8, int(side * zoom) // 8 * 8) for side in (height, width)]
        corner = [
            int(rng.integers(0, max(side - part, 0) // COARSE + 1)) * COARSE
            for side, part in zip((height, width), size, strict=True)
        ]
        cut = example.things[0][corner[0] : corner[0] + size[0], corner[1] : corner[1] + size[1]]
        if LEAST <= (cut > 0.5).mean() < MOST:
            (top, left), (rows, columns) = corner, size
    mirrored = rng.random() < 0.5

    def taken(plane: Floats, step: int = 1) -> Floats:
        """The window of a plane (..., h, w), or of one whose places are `step` cells wide."""
        inside = plane[..., top // step : (top + rows) // step, left // step : (left + columns) // step]
        return np.ascontiguousarray(inside[..., ::-1] if mirrored else inside, np.float32)

    rgb = np.ascontiguousarray(taken(np.moveaxis(example.rgb, -1, 0)).transpose(1, 2, 0))
    if rng.random() < 0.5:
        rgb = np.clip(rgb ** np.float32(rng.uniform(0.7, 1.4)) * np.float32(rng.uniform(0.8, 1.2)), 0.0, 1.0)
    maps = {name: taken(plane, COARSE if name == "tokens" else 1) for name, plane in vars(example.meaning).items()}
    return replace(
        example, rgb=rgb, disparity=taken(example.disparity), meaning=Meaning(**maps), things=taken(example.things)
    )


def whole(example: Example) -> Example:
    """An example as it is, in single precision."""
    maps = {name: plane.astype(np.float32) for name, plane in example.maps().items()}
    return Example.of(maps, example.source, example.held_out)


class Drawn(IterableDataset[Any]):
    """What `made` makes of random tasks, without end; each worker draws its own."""

    def __init__(self, things: Things, seed: int, made: Callable[[Task, np.random.Generator], Any]) -> None:
        self.things, self.seed, self.made = things, seed, made

    def __iter__(self) -> Iterator[Any]:
        """What is made of each."""
        worker = get_worker_info()
        rng = np.random.default_rng((self.seed, worker.id if worker else 0))
        while True:
            yield self.made(draw(self.things, rng), rng)

    def by(self, workers: int) -> Iterator[Any]:
        """The same, drawn by so many processes."""
        ahead = AHEAD if workers else None
        return iter(DataLoader(self, None, num_workers=workers, prefetch_factor=ahead))


def fit_first(net: ClickNet, things: Things, rng: np.random.Generator, workers: int) -> None:
    """Fit the networks that judge cells by themselves, as many cells of the thing as of its size's square root."""
    rows: dict[str, list[tuple[Tensor, Tensor, Tensor]]] = {kind: [] for kind in KINDS}
    for kind, *some in Drawn(things, int(rng.integers(1 << 30)), _some_cells).by(workers):
        if len(rows[kind]) < PROMPTS:
            rows[kind].append(tuple(some))
        if min(map(len, rows.values())) == PROMPTS:
            break
    for kind in KINDS:
        known, inside, weight = (torch.cat(parts) for parts in zip(*rows[kind], strict=True))
        judge = net.judge(kind)
        judge.mean.copy_(known.mean(dim=0))
        judge.deviation.copy_(known.std(dim=0) + 1e-3)
        optimizer = torch.optim.AdamW(judge.parameters(), RATE, weight_decay=1e-3)
        steps = EPOCHS * (len(known) // BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps + 1)
        for step in range(steps):
            chosen = torch.from_numpy(rng.integers(0, len(known), BATCH))
            loss = functional.binary_cross_entropy_with_logits(judge(known[chosen]), inside[chosen], weight[chosen])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            if step % 500 == 0:
                print(f"first, {kind}: step {step} of {steps}, loss {loss.item():.4f}", flush=True)


def _some_cells(task: Task, rng: np.random.Generator) -> tuple[str, Floats, Floats, Floats]:
    """The task's kind, some of its cells, whether each is inside, and its weight."""
    inside = task.thing.ravel() > 0.5
    chosen, weights = [], []
    for cells, most in ((np.flatnonzero(inside), CELLS_INSIDE), (np.flatnonzero(~inside), CELLS_OUTSIDE)):
        count = min(len(cells), most)
        chosen.append(rng.choice(cells, count, replace=False))
        weights.append(np.full(count, len(cells) / count / np.sqrt(inside.sum() * inside.size), np.float32))
    index = np.concatenate(chosen)
    weight = np.concatenate(weights)
    return (
        kind_of(task.prompt),
        task.known[index],
        inside[index].astype(np.float32),
        weight * np.float32(len(weight) / 2),
    )


def fit_second(net: ClickNet, things: Things, rng: np.random.Generator, minutes: float, workers: int) -> None:
    """Fit the network that sees the whole picture, for so many minutes; its averaged weights are what is left."""

    def made(task: Task, _: np.random.Generator) -> tuple[Any, ...]:
        return (*for_second(net, task.grid, task.known, task.prompt), task.thing[None])

    tasks = Drawn(things, int(rng.integers(1 << 30)), made).by(workers)
    if not net.second.mean.any():
        seen = torch.cat([next(tasks)[0][0].flatten(1)[:, ::7] for _ in range(100)], dim=1)
        net.second.mean.copy_(seen.mean(dim=1))
        net.second.deviation.copy_(seen.std(dim=1) + 1e-2)
    optimizer = torch.optim.AdamW(net.second.parameters(), VIEW_RATE, weight_decay=1e-2)
    average = {name: value.clone() for name, value in net.second.state_dict().items()}
    start, step, total = time.monotonic(), 0, 0.0
    while (share := (time.monotonic() - start) / 60 / minutes) < 1:
        for group in optimizer.param_groups:
            cooling = 1.0 if share < 0.6 else max(0.02, (1 - share) / 0.4)
            group["lr"] = VIEW_RATE * min(1.0, (step + 1) / WARM_UP) * cooling
        optimizer.zero_grad()
        for _ in range(AT_ONCE):
            cells, tokens, first, thing = next(tasks)
            loss = loss_of(net.second(cells, tokens, first), thing) / AT_ONCE
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(net.second.parameters(), 1.0)
        optimizer.step()
        step += 1
        decay = min(AVERAGED, step / (step + 20))
        for name, value in net.second.state_dict().items():
            average[name].mul_(decay).add_(value, alpha=1 - decay)
        if step % 100 == 0:
            print(f"second: step {step}, {share:.0%}, loss {total / 100:.4f}", flush=True)
            total = 0.0
    net.second.load_state_dict(average)


def loss_of(logits: Tensor, thing: Tensor) -> Tensor:
    """Cross entropy, small things counting more, and one less the soft intersection over union."""
    weight = torch.rsqrt((thing > 0.5).float().mean() + 0.01)
    share = logits.sigmoid()
    overlap = (torch.minimum(share, thing).sum() + 1) / (torch.maximum(share, thing).sum() + 1)
    return functional.binary_cross_entropy_with_logits(logits, thing) * weight + 1 - overlap


def measure(net: ClickNet, held_out: list[Example], most: int) -> None:
    """Print the mean IoU, in cells, for one point in the middle of a thing and for its tight box, of both networks."""
    scores: dict[str, list[tuple[float, float]]] = {}
    for example in map(whole, held_out[:: max(1, len(held_out) // most)]):
        for thing in example.things[:2]:
            for prompt in (Prompt(((*deepest(thing), True),)), Prompt((), tight_box(thing))):
                task = task_of(example, thing, prompt)
                cells, tokens, first = for_second(net, task.grid, task.known, prompt)
                with torch.inference_mode():
                    second = net.second(cells, tokens, first)
                shares = [logits.sigmoid()[0].numpy() for logits in (first, second)]
                masks = [shifted(share) > 0.5 for share in shares]
                ious = [(mask & (thing > 0.5)).sum() / (mask | (thing > 0.5)).sum() for mask in masks]
                scores.setdefault(f"{example.source}, {kind_of(prompt)}", []).append((float(ious[0]), float(ious[1])))
    for name, pairs in sorted(scores.items()):
        first, second = np.mean(pairs, axis=0)
        print(f"{name}: {len(pairs)} prompts, IoU {first:.3f} by the first, {second:.3f} by both", flush=True)


def main() -> int:
    """`python training/click_train.py --cells CELLS --minutes N [--start FILE] [--out FILE]`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=Path, required=True, help="what click_cells.py wrote")
    parser.add_argument("--minutes", type=float, required=True, help="for the second network; 0 only measures")
    parser.add_argument("--start", type=Path, help="weights to go on from, instead of fitting the first network anew")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--workers", type=int, default=1, help="processes that draw tasks")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    examples = load(options.cells)
    training: Things = {}
    for example in examples:
        if not example.held_out:
            numbers = range(len(example.things))
            training.setdefault(example.source, []).extend((example, number) for number in numbers)
    net = ClickNet()
    if options.start is not None:
        net.load_state_dict({name: value.float() for name, value in load_file(options.start).items()})
    else:
        fit_first(net, training, rng, options.workers)
    if options.minutes > 0:
        fit_second(net, training, rng, options.minutes, options.workers)
        kept = {name: value.contiguous() for name, value in net.state_dict().items()}
        exact = ("mean", "deviation")
        save_file({name: value if name.endswith(exact) else value.half() for name, value in kept.items()}, options.out)
    measure(net.eval(), [example for example in examples if example.held_out], 200)
    return 0


if __name__ == "__main__":
    sys.exit(main())
