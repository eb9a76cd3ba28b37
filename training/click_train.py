"""Fits the two networks that answer points and boxes: `first` cell by cell, `second` with the whole picture in view."""

import argparse
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from click_cells import load
from click_data import Example, deepest, random_box, random_points, tight_box
from multiplane.arrays import Floats
from multiplane.segment.click import SURELY, WEIGHTS, shifted
from multiplane.segment.click_features import around, features
from multiplane.segment.click_network import KINDS, ClickNet
from multiplane.segment.prompt import Prompt

SHARES = {"instances": 0.5, "photos": 0.17, "scenes": 0.33}
"""How often each source is drawn from."""
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


@dataclass(frozen=True)
class Task:
    """One prompt for one thing: what is known of its cells (N, K), and how much of each the thing covers (h, w)."""

    known: Floats
    prompt: Prompt
    example: Example
    thing: Floats

    @property
    def kind(self) -> str:
        """Which first network judges it."""
        return KINDS[0] if self.prompt.box is None else KINDS[1]


def draw(examples: dict[str, list[Example]], rng: np.random.Generator) -> Task:
    """A random prompt for a random thing of a random picture, mirrored, cut and relit at random."""
    present = [source for source in SHARES if examples.get(source)]
    odds = np.array([SHARES[source] for source in present])
    pool = examples[present[int(rng.choice(len(present), p=odds / odds.sum()))]]
    example = pool[rng.integers(len(pool))]
    number = int(rng.integers(len(example.things)))
    example = disturbed(replace(example, things=example.things[number][None]), rng)
    thing = example.things[0]
    return task_of(example, thing, random_box(thing, rng) if rng.random() < BOXED else random_points(thing, rng))


def task_of(example: Example, thing: Floats, prompt: Prompt) -> Task:
    """What is known for a prompt."""
    return Task(features(example.grid(), prompt), prompt, example, thing)


def disturbed(example: Example, rng: np.random.Generator) -> Example:
    """A random window of an example with one thing, which stays in it, mirrored or not, in another light."""
    height, width = example.subject.shape
    window: tuple[slice, slice] = (slice(None), slice(None))
    if rng.random() < 0.5:
        zoom = rng.uniform(LEAST_ZOOM, 1.0)
        rows, columns = max(8, int(height * zoom) // 8 * 8), max(8, int(width * zoom) // 8 * 8)
        top, left = rng.integers(0, max(height - rows, 0) + 1), rng.integers(0, max(width - columns, 0) + 1)
        cut = (slice(top, top + rows), slice(left, left + columns))
        if 0.012 <= (example.things[0][cut] > 0.5).mean() < 0.9:
            window = cut
    turn = -1 if rng.random() < 0.5 else 1

    def taken(plane: Floats, leading: int) -> Floats:
        inside = plane[(slice(None),) * leading + window]
        return np.ascontiguousarray(np.flip(inside, leading + 1) if turn < 0 else inside)

    rgb = taken(example.rgb, 0)
    if rng.random() < 0.5:
        rgb = np.clip(rgb ** np.float32(rng.uniform(0.7, 1.4)) * np.float32(rng.uniform(0.8, 1.2)), 0.0, 1.0)
    return replace(
        example,
        rgb=rgb,
        disparity=taken(example.disparity, 0),
        classes=taken(example.classes, 1),
        subject=taken(example.subject, 0),
        edges=taken(example.edges, 0),
        things=taken(example.things, 1),
    )


def fit_first(net: ClickNet, examples: dict[str, list[Example]], rng: np.random.Generator) -> None:
    """Fit the networks that judge cells by themselves, as many cells of the thing as of its size's square root."""
    rows: dict[str, list[tuple[Floats, NDArray[np.bool_], Floats]]] = {kind: [] for kind in KINDS}
    while min(map(len, rows.values())) < PROMPTS:
        task = draw(examples, rng)
        if len(rows[task.kind]) < PROMPTS:
            rows[task.kind].append(_some_cells(task, rng))
    for kind in KINDS:
        known, inside, weight = (np.concatenate(parts) for parts in zip(*rows[kind], strict=True))
        judge = net.judge(kind)
        judge.mean.copy_(torch.from_numpy(known.mean(axis=0)))
        judge.deviation.copy_(torch.from_numpy(known.std(axis=0) + 1e-3))
        optimizer = torch.optim.AdamW(judge.parameters(), RATE, weight_decay=1e-3)
        steps = EPOCHS * (len(known) // BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps + 1)
        for step in range(steps):
            chosen = rng.integers(0, len(known), BATCH)
            truth = torch.from_numpy(inside[chosen].astype(np.float32))
            logits = judge(torch.from_numpy(known[chosen]))
            loss = functional.binary_cross_entropy_with_logits(logits, truth, torch.from_numpy(weight[chosen]))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            if step % 500 == 0:
                print(f"first, {kind}: step {step} of {steps}, loss {loss.item():.4f}", flush=True)


def _some_cells(task: Task, rng: np.random.Generator) -> tuple[Floats, NDArray[np.bool_], Floats]:
    inside = task.thing.ravel() > 0.5
    chosen, weights = [], []
    for cells, most in ((np.flatnonzero(inside), CELLS_INSIDE), (np.flatnonzero(~inside), CELLS_OUTSIDE)):
        count = min(len(cells), most)
        chosen.append(rng.choice(cells, count, replace=False))
        weights.append(np.full(count, len(cells) / count / np.sqrt(inside.sum() * inside.size), np.float32))
    index = np.concatenate(chosen)
    weight = np.concatenate(weights)
    return task.known[index], inside[index], weight * np.float32(len(weight) / 2)


def both(net: ClickNet, task: Task) -> tuple[Tensor, Tensor]:
    """The first and the second logits (1, h, w) of a task."""
    cells, first = _seen(net, task)
    return first, net.second(cells, first)


def _seen(net: ClickNet, task: Task) -> tuple[Tensor, Tensor]:
    shape = task.thing.shape
    with torch.no_grad():
        first = net.judge(task.kind)(torch.from_numpy(task.known)).clamp(-SURELY, SURELY).reshape(1, *shape)
    after = around(task.example.grid(), first.sigmoid()[0].numpy())
    stacked = np.concatenate([task.known, after], axis=1).T.reshape(1, -1, *shape)
    return torch.from_numpy(np.ascontiguousarray(stacked)), first


def fit_second(net: ClickNet, examples: dict[str, list[Example]], rng: np.random.Generator, minutes: float) -> None:
    """Fit the network that sees the whole picture, for so many minutes; its averaged weights are what is left."""
    if not net.second.mean.any():
        seen = torch.cat([_seen(net, draw(examples, rng))[0][0].flatten(1)[:, ::7] for _ in range(60)], dim=1)
        net.second.mean.copy_(seen.mean(dim=1))
        net.second.deviation.copy_(seen.std(dim=1) + 1e-2)
    optimizer = torch.optim.AdamW(net.second.parameters(), VIEW_RATE, weight_decay=1e-3)
    average = {name: value.clone() for name, value in net.second.state_dict().items()}
    start, step, total = time.monotonic(), 0, 0.0
    while (share := (time.monotonic() - start) / 60 / minutes) < 1:
        for group in optimizer.param_groups:
            cooling = 1.0 if share < 0.6 else max(0.02, (1 - share) / 0.4)
            group["lr"] = VIEW_RATE * min(1.0, (step + 1) / WARM_UP) * cooling
        optimizer.zero_grad()
        for _ in range(AT_ONCE):
            task = draw(examples, rng)
            loss = loss_of(both(net, task)[1], torch.from_numpy(task.thing)[None]) / AT_ONCE
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
    for example in held_out[:: max(1, len(held_out) // most)]:
        for thing in example.things[:2]:
            for prompt in (Prompt(((*deepest(thing), True),)), Prompt((), tight_box(thing))):
                task = task_of(example, thing, prompt)
                with torch.inference_mode():
                    shares = [logits.sigmoid()[0].numpy() for logits in both(net, task)]
                masks = [shifted(share) > 0.5 for share in shares]
                ious = [(mask & (thing > 0.5)).sum() / (mask | (thing > 0.5)).sum() for mask in masks]
                scores.setdefault(f"{example.source}, {task.kind}", []).append((float(ious[0]), float(ious[1])))
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
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    examples = load(options.cells)
    training: dict[str, list[Example]] = {}
    for example in examples:
        if not example.held_out:
            training.setdefault(example.source, []).append(example)
    net = ClickNet()
    if options.start is not None:
        net.load_state_dict({name: value.float() for name, value in load_file(options.start).items()})
    else:
        fit_first(net, training, rng)
    if options.minutes > 0:
        fit_second(net, training, rng, options.minutes)
        kept = {name: value.contiguous() for name, value in net.state_dict().items()}
        exact = ("mean", "deviation")
        save_file({name: value if name.endswith(exact) else value.half() for name, value in kept.items()}, options.out)
    measure(net.eval(), [example for example in examples if example.held_out], 200)
    return 0


if __name__ == "__main__":
    sys.exit(main())
