"""Writes the weights of the wheel: the packed encoder and decoder of depth, and a run's average of the rest."""

import argparse
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from multiplane.perception.packing import ENTRIES, pack
from multiplane.perception.perceive import WEIGHTS


def main() -> int:
    """`python training/export.py --packed FILE --run DIR [--out FILE]`: by default in place of the shipped weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packed", type=Path, required=True, help="what quantise.py wrote")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--steps", type=float, help="pack the filters: steps to each one's standard deviation")
    options = parser.parse_args()
    average = torch.load(options.run / "last.pt", map_location="cpu", weights_only=True)["average"]
    kept: dict[str, Tensor] = {}
    for name, value in average.items():
        kept |= stored(name, value, options.steps)
    left = {name: value for name, value in load_file(options.packed).items() if of_tensor(name) not in average}
    save_file(left | kept, options.out)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.2f} MB")
    return 0


def stored(name: str, value: Tensor, steps: float | None) -> dict[str, Tensor]:
    """The entries of a tensor: in half precision, or, where it is a filter and `steps` is given, packed."""
    if not value.is_floating_point():
        return {name: value}
    if steps is None or value.ndim < 2:
        return {name: value.half().contiguous()}
    step = float(value.std()) / steps
    return pack(name, (value / step).round(), step)


def of_tensor(entry: str) -> str:
    """The tensor that an entry of a file belongs to."""
    ending = next((ending for ending in ENTRIES if entry.endswith(ending)), "")
    return entry.removesuffix(ending)


if __name__ == "__main__":
    sys.exit(main())
