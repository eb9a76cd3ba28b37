"""Trains the decoder of the subject alone, everything else standing still: `python training/subject.py --data ...`.

What stands still is computed once a photo and kept, so that the decoder can see each photo many times.
"""

import argparse
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from averaging import follow
from losses import subject_loss
from multiplane.perception.network import FINE, PerceptionNet
from multiplane.perception.packing import read_packed
from multiplane.perception.perceive import prepared
from multiplane.perception.subject import TAPS, SubjectDecoder
from photos import Entry, find_photos, read_rgb

RATE, DECAY, BATCH = 2e-3, 0.02, 16
WARMUP = 100
"""Steps over which the learning rate rises."""


@dataclass(frozen=True)
class Seen:
    """What the decoder reads of one photo, in half precision, and its subject (h, w) in [0, 1]."""

    tokens: list[Tensor]
    at8: Tensor
    at4: Tensor
    subject: Tensor


def main() -> int:
    """Keep what the standing parts say of every photo, then train until the minutes are over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", action="append", required=True, help="PHOTOS:MAPS folders; may be repeated")
    parser.add_argument("--start", type=Path, required=True, help="weights of the network")
    parser.add_argument("--kept", type=Path, required=True, help="folder for what the standing parts say")
    parser.add_argument("--run", type=Path, required=True, help="folder for what was learned")
    parser.add_argument("--most", type=int, default=100_000, help="photos of each folder, at most")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    net = PerceptionNet().eval()
    net.load_state_dict(read_packed(options.start), strict=False)
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    pairs = [tuple(map(Path, pair.split(":"))) for pair in options.data]
    for photos, maps in pairs:
        keep(net, photos, maps, options.kept / photos.name / photos.parent.name, options.most)
    if options.minutes > 0:
        train(net.subject, load(options.kept, False), load(options.kept, True), options)
    return 0


def keep(net: PerceptionNet, photos: Path, maps: Path, out: Path, most: int) -> None:
    """What the standing parts of `net` say of each photo that has a map; photos that have theirs are skipped."""
    entries = [entry for entry in find_photos(photos) if (maps / f"{entry.key}.png").exists()]
    entries.sort(key=lambda entry: entry.sha256)
    for number, entry in enumerate(entries[:most]):
        path = out / ("held" if entry.held_out else "taught") / f"{entry.sha256}.pt"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            torch.save(look(net, photos, maps, entry).__dict__, part)
            part.replace(path)
        if number % 100 == 0:
            print(f"{out}: {number + 1} of {min(len(entries), most)}", flush=True)


def look(net: PerceptionNet, photos: Path, maps: Path, entry: Entry) -> Seen:
    """One photo, whole, as the network sees it in use."""
    rgb = np.asarray(read_rgb(photos / entry.path) / np.float32(255), np.float32)
    read: dict[str, Tensor] = {}
    with torch.inference_mode():
        hook = net.subject.register_forward_pre_hook(
            lambda _, inputs: read.update(tokens=inputs[0], at8=inputs[1], at4=inputs[2])
        )
        net(torch.from_numpy(prepared(rgb)).contiguous(memory_format=torch.channels_last))
        hook.remove()
    height, width = read["at4"].shape[-2:]
    told = np.asarray(cv2.imread(str(maps / f"{entry.key}.png"), cv2.IMREAD_GRAYSCALE), np.float32) / 255
    subject = cv2.resize(told, (4 // FINE * width, 4 // FINE * height), interpolation=cv2.INTER_AREA)
    tokens = [read["tokens"][tap][0].half().clone() for tap in TAPS]
    return Seen(tokens, read["at8"][0].half().clone(), read["at4"][0].half().clone(), torch.from_numpy(subject).half())


def load(kept: Path, held: bool) -> list[Seen]:
    """Every photo that is kept, the held-out ones or all others."""
    folder = "held" if held else "taught"
    return [Seen(**torch.load(path, weights_only=True)) for path in sorted(kept.rglob(f"{folder}/*.pt"))]


def train(decoder: SubjectDecoder, taught: list[Seen], held: list[Seen], options: argparse.Namespace) -> None:
    """Steps until the minutes are over, the rate falling to nothing; then the scores, and the checkpoint."""
    rng = np.random.default_rng(options.seed)
    groups: dict[torch.Size, list[Seen]] = defaultdict(list)
    for seen in taught:
        groups[seen.at4.shape].append(seen)
    shapes = list(groups)
    odds = np.array([len(groups[shape]) for shape in shapes]) / len(taught)
    optimizer = torch.optim.AdamW(decoder.parameters(), lr=RATE, weight_decay=DECAY, betas=(0.9, 0.98))
    average = {name: value.clone() for name, value in decoder.state_dict().items()}
    start, step, mean = time.monotonic(), 0, 1.0
    print(f"{len(taught)} photos, {len(held)} held out, {len(shapes)} shapes", flush=True)
    while (spent := (time.monotonic() - start) / 60) < options.minutes:
        decoder.train()
        group = groups[shapes[rng.choice(len(shapes), p=odds)]]
        batch = [group[index] for index in rng.integers(len(group), size=BATCH)]
        rate = RATE * min(1.0, (step + 1) / WARMUP, 1.25 * (1 - spent / options.minutes))
        for parameters in optimizer.param_groups:
            parameters["lr"] = rate
        loss = subject_loss(says(decoder, batch), torch.stack([seen.subject for seen in batch]).float())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(decoder.parameters(), 1.0)
        optimizer.step()
        step, mean = step + 1, 0.99 * mean + 0.01 * loss.item()
        follow(average, decoder.state_dict(), step)
        if step % 200 == 0:
            print(f"step {step} ({spent:.1f} min) loss {mean:.3f}", flush=True)
    decoder.load_state_dict(average)
    options.run.mkdir(parents=True, exist_ok=True)
    torch.save({"average": {f"subject.{name}": value for name, value in average.items()}}, options.run / "last.pt")
    print(f"{step} steps; held out: mean IoU {score(decoder.eval(), held):.3f}")


def says(decoder: SubjectDecoder, batch: list[Seen]) -> Tensor:
    """Logits (N, h, w) of a batch of one shape."""
    tokens = [torch.empty(0)] * (max(TAPS) + 1)
    for place, tap in enumerate(TAPS):
        tokens[tap] = torch.stack([seen.tokens[place] for seen in batch]).float()
    at8, at4 = (torch.stack([getattr(seen, name) for seen in batch]).float() for name in ("at8", "at4"))
    return functional.pixel_shuffle(decoder(tokens, at8, at4), FINE)[:, 0]


def score(decoder: SubjectDecoder, held: list[Seen]) -> float:
    """Mean IoU of the subject at one half, over photos that have one."""
    scores = []
    with torch.inference_mode():
        for seen in held:
            told, ours = seen.subject >= 0.5, says(decoder, [seen])[0] > 0
            if told.any():
                scores.append(float((told & ours).sum() / (told | ours).sum()))
    return float(np.mean(scores or [np.nan]))


if __name__ == "__main__":
    sys.exit(main())
