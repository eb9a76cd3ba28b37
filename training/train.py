"""Trains what the network says beside depth, in slices: `python training/train.py --data PHOTOS:LABELS --run DIR ...`.

The encoder and the decoder of depth stand still, as they came (taken.py, quantise.py); all else learns to read them.
"""

import argparse
import csv
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from averaging import follow
from dataset import Batches, Labelled, Sample, load_photos, load_scenes
from evaluate import measure, report
from losses import all_losses, total
from multiplane.perception.network import PerceptionNet
from multiplane.perception.packing import read_packed

STANDING = ("encoder", "depth")
"""Parts that do not learn here."""
WARMUP = 150
"""Steps over which the learning rate rises."""
DECAY = 0.05
"""Weight decay."""
CLIP = 1.0
SAVE_EVERY = 120.0
"""Seconds between checkpoints."""
PRINT_EVERY = 50


@dataclass
class State:
    """Everything that a slice hands to the next: `average` is that of the parts that learn."""

    net: PerceptionNet
    average: dict[str, Tensor]
    optimizer: torch.optim.AdamW
    step: int = 0
    seen: int = 0


def main() -> int:
    """One slice of training: from the run's checkpoint (or from nothing) until the minutes or the steps are over."""
    options = parse()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    state = resume(options, device)
    pairs = [tuple(map(Path, pair.split(":"))) for pair in options.data]
    photos = [photo for root, labels in pairs for photo in load_photos(root, labels, held_out=False)]
    scenes = [scene for folder in options.scenes for scene in load_scenes(folder)]
    print(f"step {state.step}; {len(photos)} photos, {len(scenes)} scenes on {device}", flush=True)
    train(state, photos, scenes, options, device)
    held = [photo for root, labels in pairs for photo in load_photos(root, labels, held_out=True)]
    if held:
        state.net.load_state_dict(state.average, strict=False)
        print(report(measure(state.net.eval(), held[: options.measure], max(options.area), device)), flush=True)
    return 0


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", action="append", required=True, help="PHOTOS:LABELS folders; may be repeated")
    parser.add_argument("--scenes", type=Path, action="append", default=[], help="folder of rendered shards")
    parser.add_argument("--run", type=Path, required=True, help="folder of checkpoint and curves")
    parser.add_argument(
        "--start",
        type=Path,
        action="append",
        required=True,
        help="weights of a part or of all; those of the encoder and of depth are never learned here",
    )
    parser.add_argument("--minutes", type=float, default=9.0)
    parser.add_argument("--area", type=int, nargs="+", default=[272 * 368], help="pixels of a training picture")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--share", type=float, default=0.25, help="share of rendered scenes")
    parser.add_argument("--cooldown", type=float, default=0.0, help="minutes over which this slice's rate falls to 0")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--measure", type=int, default=150, help="held-out photos to measure on at the end")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def resume(options: argparse.Namespace, device: torch.device) -> State:
    """The state of the run, or a fresh one, whose network has the weights of --start."""
    path = options.run / "last.pt"
    net = PerceptionNet().to(device)
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    for start in options.start:
        begin_with(net, start)
    for name in STANDING:
        net.get_submodule(name).requires_grad_(False)
    state = State(net, learned(net), torch.optim.AdamW(groups_of(net), lr=1e-3, betas=(0.9, 0.98)))
    if path.exists():
        stored = torch.load(path, map_location=device, weights_only=True)
        net.load_state_dict(stored["learned"], strict=False)
        state.average = stored["average"]
        state.optimizer.load_state_dict(stored["optimizer"])
        state.step, state.seen = stored["step"], stored["seen"]
    return state


def begin_with(net: PerceptionNet, start: Path) -> None:
    """Give `net` the weights in `start`, which may be those of a part of it."""
    unknown = net.load_state_dict(read_packed(start), strict=False).unexpected_keys
    if unknown:
        raise SystemExit(f"{start} is of another network: it has {unknown[0]}")


def learned(net: PerceptionNet) -> dict[str, Tensor]:
    """Copies of the weights, and running means, of the parts that learn."""
    return {name: value.clone() for name, value in net.state_dict().items() if name.split(".")[0] not in STANDING}


def groups_of(net: PerceptionNet) -> list[dict[str, object]]:
    """Parameter groups: weight decay on matrices and filters, none on biases and norms."""
    moving = [parameter for parameter in net.parameters() if parameter.requires_grad]
    return [
        {"params": [parameter for parameter in moving if parameter.ndim > 1], "weight_decay": DECAY},
        {"params": [parameter for parameter in moving if parameter.ndim <= 1], "weight_decay": 0.0},
    ]


def save(state: State, path: Path) -> None:
    """The state, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    torch.save(
        {
            "learned": learned(state.net),
            "average": state.average,
            "optimizer": state.optimizer.state_dict(),
            "step": state.step,
            "seen": state.seen,
        },
        part,
    )
    part.replace(path)


def train(
    state: State, photos: list[Labelled], scenes: list[Labelled], options: argparse.Namespace, device: torch.device
) -> None:
    """Steps until the minutes are over; curves and checkpoint go to the run's folder."""
    batches = Batches(photos, scenes, options.batch, options.area, options.share, options.seed + state.step)
    ahead = 3 if options.workers else None
    loader = torch.utils.data.DataLoader(batches, None, num_workers=options.workers, prefetch_factor=ahead)
    start = saved = time.monotonic()
    means: dict[str, float] = {}
    state.net.train()
    for sample in loader:
        spent = (time.monotonic() - start) / 60
        if spent > options.minutes:
            break
        fall = min(1.0, (options.minutes - spent) / options.cooldown) if options.cooldown else 1.0
        rate = options.rate * max(fall, 0.005) * min(1.0, (state.step + 1) / WARMUP)
        for group in state.optimizer.param_groups:
            group["lr"] = rate
        for name, loss in take_step(state, sample, device).items():
            means[name] = 0.98 * means.get(name, loss) + 0.02 * loss
        if state.step % PRINT_EVERY == 0:
            note(options.run / "curves.csv", {"step": state.step, "seen": state.seen, "rate": rate, **means})
            shown = " ".join(f"{name} {value:.3f}" for name, value in means.items())
            print(f"step {state.step} ({state.seen / 1000:.1f}k, {spent:.1f} min) {shown}", flush=True)
        if time.monotonic() - saved > SAVE_EVERY:
            save(state, options.run / "last.pt")
            saved = time.monotonic()
    save(state, options.run / "last.pt")


def take_step(state: State, sample: Sample, device: torch.device) -> dict[str, float]:
    """One step of the optimizer and of the running average; the losses before it."""
    truth = Sample(*(part.to(device, non_blocking=True) for part in sample))
    with torch.autocast(device.type, torch.bfloat16):
        maps = state.net(truth.rgb.contiguous(memory_format=torch.channels_last))
    losses = all_losses(maps, truth)
    state.optimizer.zero_grad(set_to_none=True)
    total(losses).backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(state.net.parameters(), CLIP)
    state.optimizer.step()
    state.step += 1
    state.seen += len(truth.rgb)
    follow(state.average, state.net.state_dict(), state.step)
    return {name: loss.item() for name, loss in losses.items()}


def note(path: Path, row: dict[str, float]) -> None:
    """One row of the curves."""
    fresh = not path.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", newline="") as file:
        table = csv.DictWriter(file, list(row))
        if fresh:
            table.writeheader()
        table.writerow(row)


if __name__ == "__main__":
    sys.exit(main())
