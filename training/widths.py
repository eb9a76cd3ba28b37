"""How much of itself each layer may keep: `python training/widths.py --depth DIR --photos DIR --budget NUMBERS`.

Prints encoder.WIDTHS. Of every layer one part (queries and keys, values, neurons) is cut to several widths while all
else stays whole, and what that does to the tokens that the decoder reads is measured on other photos. Then width is
given where a number more helps most, until the budget is spent: layers differ a hundredfold in what they can spare.
"""

import argparse
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import AutoModelForDepthEstimation

from multiplane.depth.depth_anything import PATCH as THEIR_PATCH
from multiplane.perception.encoder import CHANNELS, HEADS, TAPS, Layer, Widths
from photos import find_photos, read_rgb
from prune import THEIR_HEAD, batch_of, cut_heads, cut_neurons, gather, normalised, refit

PARTS = Widths._fields
TRIED = {"query": (8, 16, 24, 32, 40, 48), "value": (8, 16, 24, 32, 40, 48), "hidden": (96, 160, 256, 400, 640)}
THEIRS = {"query": THEIR_HEAD, "value": THEIR_HEAD, "hidden": 4 * CHANNELS}
STEP = {"query": 4, "value": 4, "hidden": 16}
LEAST = {"query": 12, "value": 12, "hidden": 96}
NUMBERS = {"query": 2 * HEADS * (CHANNELS + 1), "value": HEADS * (2 * CHANNELS + 1), "hidden": 2 * CHANNELS + 1}
"""How many parameters one more costs."""
JUMPS = (1, 2, 4, 8, 13)
"""Steps looked ahead: where the first few bring little, more may bring much."""
NOTHING = 1e-4
"""The loss at the teacher's own width."""
Losses = list[dict[str, dict[int, float]]]


def main() -> int:
    """Measure, choose, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--depth", type=Path, required=True, help="a Depth Anything V2 Small checkpoint")
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--budget", type=float, required=True, help="parameters of all layers together")
    parser.add_argument("--count", type=int, nargs=2, default=(24, 12), help="photos to cut by and to measure on")
    options = parser.parse_args()
    teacher = AutoModelForDepthEstimation.from_pretrained(options.depth, local_files_only=True).float().eval().backbone
    entries = [entry for entry in find_photos(options.photos) if not entry.held_out]
    chosen = np.random.default_rng(0).permutation(len(entries))[: sum(options.count)]
    pictures = [normalised(batch_of(read_rgb(options.photos / entries[i].path), THEIR_PATCH)) for i in chosen]
    with torch.inference_mode():
        tokens = [teacher.embeddings(picture) for picture in pictures]
        losses = measured(teacher, tokens[: options.count[0]], tokens[options.count[0] :])
    for widths in chosen_widths(losses, options.budget):
        print(f"    Widths{tuple(widths)},")
    return 0


def measured(teacher: Any, learn: list[Tensor], test: list[Tensor]) -> Losses:
    """For every layer and part, the loss at every width tried."""
    truths = [taps_of(teacher, tokens, 0) for tokens in test]
    losses: Losses = []
    for number, their in enumerate(teacher.encoder.layer):
        losses.append({part: {} for part in PARTS})
        for part, width, cut in one_part_less(their, learn, test):
            errors = [
                apart(taps_of(teacher, tokens, number + 1), truth) for tokens, truth in zip(cut, truths, strict=True)
            ]
            losses[-1][part][width] = float(np.mean(errors))
        print(f"# layer {number + 1}: {losses[-1]}", flush=True)
        learn, test = ([after(their, tokens) for tokens in some] for some in (learn, test))
    return losses


def one_part_less(their: Any, learn: list[Tensor], test: list[Tensor]) -> Iterator[tuple[str, int, list[Tensor]]]:
    """Part, width, and what the layer makes of the `test` tokens when that part is cut, on `learn`, to that width."""
    normed = [their.norm1(tokens) for tokens in learn]
    gathered = [gather(their, tokens) for tokens in normed]
    wanted = [their.layer_scale1(their.attention.o_proj(joined)) for joined in gathered]
    for part in ("query", "value"):
        for width in TRIED[part]:
            widths = Widths(**{**THEIRS, part: width})
            layer = Layer(widths)
            cut_heads(layer, their, widths, normed, gathered)
            refit(layer.join, [layer.mixed(tokens) for tokens in learn], wanted)
            mixed = [tokens + layer.join(layer.mixed(tokens)) for tokens in test]
            yield part, width, [tokens + fed(their, tokens) for tokens in mixed]
    ours = [tokens + step for tokens, step in zip(learn, wanted, strict=True)]
    theirs = [tokens + fed(their, tokens) for tokens in ours]
    whole = [tokens + attended(their, tokens) for tokens in test]
    for width in TRIED["hidden"]:
        layer = Layer(Widths(**{**LEAST, "hidden": width}))
        cut_neurons(layer, their, width, ours, theirs, rounds=3)
        yield "hidden", width, [tokens + layer.contract(layer.neurons(tokens)) for tokens in whole]


def attended(their: Any, tokens: Tensor) -> Tensor:
    """What the first half of a teacher's layer adds."""
    added: Tensor = their.layer_scale1(their.attention.o_proj(gather(their, their.norm1(tokens))))
    return added


def fed(their: Any, tokens: Tensor) -> Tensor:
    """What the second half adds."""
    added: Tensor = their.layer_scale2(their.mlp(their.norm2(tokens)))
    return added


def after(their: Any, tokens: Tensor) -> Tensor:
    """Tokens after a layer of the teacher."""
    tokens = tokens + attended(their, tokens)
    return tokens + fed(their, tokens)


def taps_of(teacher: Any, tokens: Tensor, layers: int) -> list[Tensor]:
    """What the decoder would read of tokens that `layers` of the teacher's layers have seen, from there on."""
    taps = []
    for number in range(layers, len(teacher.encoder.layer) + 1):
        if number > layers:
            tokens = after(teacher.encoder.layer[number - 1], tokens)
        if number in TAPS:
            taps.append(teacher.layernorm(tokens[:, 1:]))
    return taps


def apart(taps: list[Tensor], truths: list[Tensor]) -> float:
    """Mean square of the difference over the variance, summed over the taps there are, over the number of all."""
    pairs = zip(taps, truths[len(truths) - len(taps) :], strict=True)
    return sum(float((tap - truth).square().mean() / truth.var()) for tap, truth in pairs) / len(TAPS)


def chosen_widths(losses: Losses, budget: float) -> list[Widths]:
    """Widths of every layer that cost little, as many as the budget allows."""
    widths = [dict(LEAST) for _ in losses]
    spent = sum(costs(one) for one in widths)
    while True:
        found = [
            (gain(losses[number][part], part, one[part], jump), number, part, jump * STEP[part])
            for number, one in enumerate(widths)
            for part in PARTS
            for jump in JUMPS
            if one[part] + jump * STEP[part] <= THEIRS[part]
        ]
        _, number, part, more = max(found)
        spent += more * NUMBERS[part]
        if spent > budget:
            return [Widths(**one) for one in widths]
        widths[number][part] += more


def costs(widths: dict[str, int]) -> int:
    """Parameters of a layer."""
    return sum(width * NUMBERS[part] for part, width in widths.items())


def gain(losses: dict[int, float], part: str, width: int, jump: int) -> float:
    """How much less is lost for every parameter, `jump` steps on."""
    more = jump * STEP[part]
    return (at(losses, part, width) - at(losses, part, width + more)) / (more * NUMBERS[part])


def at(losses: dict[int, float], part: str, width: int) -> float:
    """The loss at any width, between those tried along a straight line of its logarithm; never rising."""
    known = sorted({**losses, THEIRS[part]: NOTHING}.items())
    values = np.minimum.accumulate([max(loss, NOTHING) for _, loss in known])
    return math.exp(float(np.interp(width, [place for place, _ in known], np.log(values))))


if __name__ == "__main__":
    sys.exit(main())
