"""Trains the network in slices: `python training/train.py --data PHOTOS:LABELS --scenes DIR --run DIR --minutes 9`."""

import argparse
import csv
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from dataset import Batches, Labelled, Sample, load_photos, load_scenes
from evaluate import measure, report
from losses import all_losses, total
from student import Student

WARMUP = 150
"""Steps over which the learning rate rises."""
AVERAGE = 0.998
"""Decay of the running average of the weights; that average is what is measured and shipped."""
FROZEN = 100
"""Steps before what was taken from the teacher moves: it knows much, and parts that know nothing would spoil it."""
TAKEN = {"net.encoder.": 1.0, "net.depth.": 1.5}
"""Prefixes of what was taken from the teacher, and their learning rates in shares of the run's, for numbers whose root
mean square is 1: each tensor moves in proportion to its own. The scales of the teacher's layers lie in its weights, so
those of some maps are a hundredth of others', and a step that suits these would wipe out those.
"""
LEAST = 1e-3
"""The root mean square that a tensor counts as having at least."""
DECAY = 0.05
"""Weight decay."""
CLIP = 1.0
SAVE_EVERY = 120.0
"""Seconds between checkpoints."""
PRINT_EVERY = 50


@dataclass
class State:
    """Everything that a slice hands to the next."""

    student: Student
    average: Student
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
        print(report(measure(state.average.net.eval(), held[: options.measure], max(options.area), device)), flush=True)
    return 0


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", action="append", required=True, help="PHOTOS:LABELS folders; may be repeated")
    parser.add_argument("--scenes", type=Path, action="append", default=[], help="folder of rendered shards")
    parser.add_argument("--run", type=Path, required=True, help="folder of checkpoint and curves")
    parser.add_argument("--basis", type=Path, required=True, help="the labels' principal components")
    parser.add_argument(
        "--start",
        type=Path,
        action="append",
        default=[],
        help="weights, of a part or of all, that a new run begins with",
    )
    parser.add_argument("--minutes", type=float, default=9.0)
    parser.add_argument("--area", type=int, nargs="+", default=[192 * 256], help="pixels of a training picture")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--share", type=float, default=0.25, help="share of rendered scenes")
    parser.add_argument("--cooldown", type=float, default=0.0, help="minutes over which this slice's rate falls to 0")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--measure", type=int, default=150, help="held-out photos to measure on at the end")
    parser.add_argument("--only", nargs="+", default=[], metavar="PART", help="parts of the network that move, alone")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def resume(options: argparse.Namespace, device: torch.device) -> State:
    """The state of the run, or a fresh one, whose network has the weights of --start."""
    path = options.run / "last.pt"
    student, average = Student(options.basis).to(device), Student(options.basis).to(device)
    for copy in (student, average):
        copy.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    stored = torch.load(path, map_location=device, weights_only=True) if path.exists() else None
    if stored is None:
        for start in options.start:
            begin_with(student.net, start)
        average.load_state_dict(student.state_dict())
    state = State(student, average, torch.optim.AdamW(groups_of(student), lr=1e-3, betas=(0.9, 0.98)))
    if stored is not None:
        student.load_state_dict(stored["student"])
        average.load_state_dict(stored["average"])
        state.optimizer.load_state_dict(stored["optimizer"])
        state.step, state.seen = stored["step"], stored["seen"]
    return state


def begin_with(net: nn.Module, start: Path) -> None:
    """Give `net` the weights in `start`, which may be those of a part of it."""
    stored = {name: value.float() for name, value in load_file(start).items()}
    unknown = net.load_state_dict(stored, strict=False).unexpected_keys
    if unknown:
        raise SystemExit(f"{start} is of another network: it has {unknown[0]}")


def groups_of(student: Student) -> list[dict[str, object]]:
    """Parameter groups: weight decay on matrices and filters, none on biases and norms; what was taken from the
    teacher has rates of its own, and starts later. (A resumed run's rates come with its optimizer.)"""
    groups: list[dict[str, object]] = []
    fresh: list[nn.Parameter] = []
    for name, tensor in student.named_parameters():
        share = next((value for prefix, value in TAKEN.items() if name.startswith(prefix)), None)
        if share is None or not tensor.any():  # what is nothing yet is new
            fresh.append(tensor)
        else:
            size = max(LEAST, float(tensor.detach().square().mean().sqrt()))
            decay = DECAY if tensor.ndim > 1 else 0.0
            groups.append({"params": [tensor], "weight_decay": decay, "share": share * size, "frozen": FROZEN})
    for some, decay in (([p for p in fresh if p.ndim > 1], DECAY), ([p for p in fresh if p.ndim <= 1], 0.0)):
        groups.append({"params": some, "weight_decay": decay, "share": 1.0, "frozen": 0})
    return groups


def save(state: State, path: Path) -> None:
    """The state, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    torch.save(
        {
            "student": state.student.state_dict(),
            "average": state.average.state_dict(),
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
    loader = torch.utils.data.DataLoader(batches, batch_size=None, num_workers=options.workers, prefetch_factor=3)
    start = saved = time.monotonic()
    means: dict[str, float] = {}
    for sample in loader:
        spent = (time.monotonic() - start) / 60
        if spent > options.minutes:
            break
        fall = min(1.0, (options.minutes - spent) / options.cooldown) if options.cooldown else 1.0
        for taken in (state.student.net.encoder, state.student.net.depth):
            taken.requires_grad_(state.step >= FROZEN)
        rate = options.rate * max(fall, 0.005)
        for group in state.optimizer.param_groups:
            since = state.step + 1 - group["frozen"]
            group["lr"] = rate * group["share"] * min(1.0, max(0.0, since / WARMUP))
        state.student.train()
        hold(state.student.net, options.only)
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


def hold(net: nn.Module, only: list[str]) -> None:
    """Keep every part of `net` but those in `only` as it is, its running means too; where none is named, none."""
    for name, part in net.named_children():
        if only and name not in only:
            part.requires_grad_(False).eval()


def take_step(state: State, sample: Sample, device: torch.device) -> dict[str, float]:
    """One step of the optimizer and of the running average; the losses before it."""
    truth = Sample(*(part.to(device, non_blocking=True) for part in sample))
    with torch.autocast(device.type, torch.bfloat16):
        maps, features = state.student(truth.rgb.contiguous(memory_format=torch.channels_last))
    losses = all_losses(maps, features, truth)
    state.optimizer.zero_grad(set_to_none=True)
    total(losses).backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(state.student.parameters(), CLIP)
    state.optimizer.step()
    state.step += 1
    state.seen += len(truth.rgb)
    keep = min(AVERAGE, (1 + state.step) / (10 + state.step))
    with torch.no_grad():
        for ours, theirs in zip(state.average.state_dict().values(), state.student.state_dict().values(), strict=True):
            if ours.is_floating_point():
                ours.lerp_(theirs, 1 - keep)
            else:
                ours.copy_(theirs)
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
