"""Writes the weights of the wheel: the packed encoder and decoder of depth, and a run's average of the rest."""

import argparse
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from multiplane.perception.perceive import WEIGHTS


def main() -> int:
    """`python training/export.py --packed FILE --run DIR [--out FILE]`: by default in place of the shipped weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packed", type=Path, required=True, help="what quantise.py wrote")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    average = torch.load(options.run / "last.pt", map_location="cpu", weights_only=True)["average"]
    kept = {name: value.half().contiguous() if value.is_floating_point() else value for name, value in average.items()}
    save_file(load_file(options.packed) | kept, options.out)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
