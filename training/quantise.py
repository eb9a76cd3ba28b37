"""Makes the network small enough for the wheel: `python training/quantise.py --weights FILE --photos DIR --out FILE`.

Every matrix and filter becomes whole multiples of a step of its own, entropy coded (perception/packing.py). Rounding
goes column by column, and what it does to a layer's answers the columns that follow make up for (GPTQ: Frantar et al.,
ICLR 2023, after Hassibi and Stork, NIPS 1992), weighed by what photos show. The steps are such that one more byte would
do the same good everywhere (reverse water-filling; Cover and Thomas, "Elements of Information Theory", 10.3.3): what a
layer's error does to tokens and depth is measured, and grows as the square of its step.
"""

import argparse
import math
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from disparity import normalised
from multiplane.perception.encoder import PATCH
from multiplane.perception.network import PerceptionNet
from multiplane.perception.packing import pack
from photos import find_photos, read_rgb

TOKENS = 391
"""Tokens of a photo, about: those of perceive.AREA."""
PLACES = 1500
"""Places of a photo that a filter's answers are weighed at, at most."""
RIDGE = 0.01
"""Added to the mean squares of what a layer sees, in shares of their mean."""
TRIAL = 5.0
"""Steps in a root mean square, where a layer's share in the error is measured."""
FINEST = 32.0
"""Steps in a root mean square, at most: with more, many weights are farther from 0 than a byte can say."""
PLAIN = 20_000
"""Tensors of fewer values stay in half precision."""
PLAIN_STEPS = 16.0
"""Steps in a root mean square of a large tensor that no layer multiplies by."""
TRIES = 8
"""Rounds of coming near the size asked for."""

Layers = nn.Linear | nn.Conv2d | nn.ConvTranspose2d
Answers = tuple[list[Tensor], Tensor]
Judge = tuple[Tensor, Answers]
"""A picture, and what the network said of it before."""


def main() -> int:
    """Write the packed weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True, help="of the encoder and the decoder of depth")
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--megabytes", type=float, default=14.9, help="what the result may be")
    parser.add_argument("--count", type=int, default=32, help="photos to weigh with")
    parser.add_argument("--judges", type=int, default=12, help="photos to measure the error on")
    options = parser.parse_args()
    entries = [entry for entry in find_photos(options.photos) if not entry.held_out]
    chosen = np.random.default_rng(0).permutation(len(entries))[: options.count + options.judges]
    pictures = [batch_of(read_rgb(options.photos / entries[index].path)) for index in chosen]
    stored = load_file(options.weights)
    net = PerceptionNet().eval()
    net.load_state_dict(stored, strict=False)
    with torch.inference_mode():
        packed = quantised(net, stored, pictures, options.count, options.megabytes * 1e6)
    save_file(packed, options.out)
    return 0


def batch_of(rgb: NDArray[np.uint8]) -> Tensor:
    """A photo as (1, 3, h, w) in [0, 1], about TOKENS patches."""
    scale = math.sqrt(TOKENS / (rgb.shape[0] * rgb.shape[1]))
    size = tuple(max(1, round(side * scale)) * PATCH for side in (rgb.shape[1], rgb.shape[0]))
    shown = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return torch.from_numpy(np.ascontiguousarray(shown.transpose(2, 0, 1)[None]))


def quantised(
    net: PerceptionNet, stored: dict[str, Tensor], pictures: list[Tensor], count: int, size: float
) -> dict[str, Tensor]:
    """The entries of a file of about `size` bytes; `count` of the pictures weigh, the others judge. Changes `net`."""
    layers = {name: layer for name, layer in layers_of(net) if f"{name}.weight" in stored}
    squares = mean_squares(net, layers, pictures[:count])
    judges = [(picture, answers(net, picture)) for picture in pictures[count:]]
    trials = {name: deviation(layer.weight) / TRIAL for name, layer in layers.items()}
    error = errors_of(net, layers, squares, trials, judges)
    rest = pack_rest({key: value for key, value in stored.items() if key.removesuffix(".weight") not in layers})
    wholes = {name: layer.weight.clone() for name, layer in layers.items()}
    budget = size - sum(value.nbytes for value in rest.values())
    while budget > 0:
        steps = steps_within(wholes, trials, error, budget)
        packed = dict(rest)
        for name, layer in layers.items():
            layer.weight.copy_(wholes[name])
            codes = rounded(layer, squares[name], steps[name])
            put(layer, codes * steps[name])
            packed |= pack(f"{name}.weight", shaped(layer, codes), steps[name])
        total = sum(value.nbytes for value in packed.values())
        print(f"{total / 1e6:.2f} MB; error {mean_distance(net, judges):.5f}", flush=True)
        if total <= size:
            return packed
        budget -= 1.2 * (total - size)  # a Huffman code is a little longer than the entropy
    raise SystemExit(f"{size / 1e6:.2f} MB are too few; ask for more --megabytes")


def errors_of(
    net: PerceptionNet,
    layers: dict[str, Layers],
    squares: dict[str, Tensor],
    trials: dict[str, float],
    judges: list[Judge],
) -> dict[str, float]:
    """How far the answers are off when one layer alone is rounded to its step in `trials`, layer by layer."""
    error = {}
    for name, layer in layers.items():
        whole = layer.weight.clone()
        put(layer, rounded(layer, squares[name], trials[name]) * trials[name])
        error[name] = max(1e-12, mean_distance(net, judges))
        layer.weight.copy_(whole)
        print(f"{name}: error {error[name]:.2e} at {TRIAL} steps", flush=True)
    return error


def steps_within(
    wholes: dict[str, Tensor], trials: dict[str, float], error: dict[str, float], budget: float
) -> dict[str, float]:
    """The step of every layer, so that all together take about `budget` bytes."""
    scale, count = 1e-4, sum(whole.numel() for whole in wholes.values())
    for _ in range(TRIES):
        steps = {
            name: trials[name] * max(scale * math.sqrt(whole.numel() / error[name]), TRIAL / FINEST)
            for name, whole in wholes.items()
        }
        bits = sum(entropy(whole / steps[name]) * whole.numel() for name, whole in wholes.items())
        scale *= 2 ** ((bits - 8 * budget) / count)
    return steps


def layers_of(net: nn.Module) -> Iterator[tuple[str, Layers]]:
    """Everything in `net` that multiplies by a matrix."""
    for name, layer in net.named_modules():
        if isinstance(layer, Layers):
            yield name, layer


def mean_squares(net: PerceptionNet, layers: dict[str, Layers], pictures: list[Tensor]) -> dict[str, Tensor]:
    """For every layer, the mean products (K, K) of what its columns are multiplied by."""
    found: dict[str, Tensor] = {}

    def watch(name: str, layer: Layers) -> None:
        columns = matrix(layer).shape[1]
        found[name] = torch.zeros(columns, columns)

        def look(_: nn.Module, seen: tuple[Tensor], __: Tensor) -> None:
            rows = rows_of(layer, seen[0])
            rows = rows[:: max(1, len(rows) // PLACES)]
            found[name].addmm_(rows.T, rows, alpha=1 / (len(rows) * len(pictures)))

        hooks.append(layer.register_forward_hook(look))

    hooks: list[torch.utils.hooks.RemovableHandle] = []
    for name, layer in layers.items():
        watch(name, layer)
    for picture in pictures:
        net(picture)
    for hook in hooks:
        hook.remove()
    return found


def rows_of(layer: Layers, seen: Tensor) -> Tensor:
    """What a layer multiplies its matrix by (N, K), one row a place."""
    if isinstance(layer, nn.Linear):
        return seen.flatten(0, -2)
    if isinstance(layer, nn.ConvTranspose2d):  # its stride is its size: every place is on its own
        return seen.transpose(0, 1).flatten(1).T
    return functional.unfold(seen, layer.kernel_size, 1, layer.padding, layer.stride)[0].T  # type: ignore[arg-type]


def matrix(layer: Layers) -> Tensor:
    """The weights (M, K) as rows that are multiplied by `rows_of`."""
    if isinstance(layer, nn.ConvTranspose2d):
        return layer.weight.flatten(1).T
    return layer.weight.flatten(1)


def shaped(layer: Layers, values: Tensor) -> Tensor:
    """`matrix` undone, for other values (M, K)."""
    return (values.T if isinstance(layer, nn.ConvTranspose2d) else values).reshape(layer.weight.shape)


def put(layer: Layers, values: Tensor) -> None:
    """Give a layer the weights (M, K)."""
    layer.weight.copy_(shaped(layer, values))


def rounded(layer: Layers, square: Tensor, step: float) -> Tensor:
    """Whole numbers (M, K) of steps: the error of each column is made up for by those that are still to come."""
    weights = matrix(layer).double() / step
    order = square.diagonal().argsort(descending=True)
    weights, square = weights[:, order].clone(), square[order][:, order].double()
    ridge = RIDGE * square.diagonal().mean() * torch.eye(len(square), dtype=square.dtype)
    inverse = torch.linalg.inv(square + ridge)
    upper = torch.linalg.cholesky((inverse + inverse.T) / 2, upper=True).float()
    weights = weights.float()
    codes = torch.empty_like(weights)
    for column in range(len(square)):
        codes[:, column] = weights[:, column].round()
        lost = (weights[:, column] - codes[:, column]) / upper[column, column]
        weights[:, column:] -= lost[:, None] * upper[column, column:]
    return codes[:, order.argsort()]


def answers(net: PerceptionNet, picture: Tensor) -> Answers:
    """Tokens and disparity of a picture."""
    tokens = net.encoder(picture)
    return tokens, net.depth(tokens).disparity.relu()


def mean_distance(net: PerceptionNet, judges: list[Judge]) -> float:
    """How far the answers to some pictures are from those wanted."""
    return sum(distance(net, *judge) for judge in judges) / len(judges)


def distance(net: PerceptionNet, picture: Tensor, wanted: Answers) -> float:
    """How far the answers are from those wanted: one less the cosine of the tokens, and the mean squared difference
    of disparities brought to one level and scale.
    """
    tokens, disparity = answers(net, picture)
    apart = [1 - functional.cosine_similarity(a, b, dim=1).mean() for a, b in zip(tokens, wanted[0], strict=True)]
    known = torch.ones_like(disparity, dtype=torch.bool)
    off = (normalised(disparity, known) - normalised(wanted[1], known)).square().mean()
    return float(torch.stack(apart).mean() + off)


def deviation(weight: Tensor) -> float:
    """Root mean square."""
    return float(weight.square().mean().sqrt())


def entropy(weight: Tensor) -> float:
    """Bits a weight, once rounded to whole numbers."""
    counts = torch.unique(weight.round(), return_counts=True)[1].double()
    share = counts / counts.sum()
    return float(-(share * share.log2()).sum())


def pack_rest(stored: dict[str, Tensor]) -> dict[str, Tensor]:
    """What no layer multiplies by: the large tensors packed, the small ones in half precision."""
    found = {}
    for name, value in stored.items():
        if value.numel() < PLAIN or not value.any():
            found[name] = value.half()
        else:
            step = deviation(value) / PLAIN_STEPS
            found |= pack(name, (value / step).round(), step)
    return found


if __name__ == "__main__":
    sys.exit(main())
