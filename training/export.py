"""Writes a run's averaged weights as the half-precision safetensors that the wheel carries."""

import argparse
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

from multiplane.perception.perceive import WEIGHTS

NETWORK = "net."
"""Prefix of what is shipped; the rest serves the training alone."""


def main() -> int:
    """`python training/export.py --run DIR [--out FILE]`: by default in place of the weights of the installation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    average = torch.load(options.run / "last.pt", map_location="cpu", weights_only=True)["average"]
    kept = {
        name.removeprefix(NETWORK): value.half().contiguous() if value.is_floating_point() else value
        for name, value in average.items()
        if name.startswith(NETWORK)
    }
    save_file(kept, options.out)
    print(
        f"{options.out}: {sum(value.numel() for value in kept.values()) / 1e6:.2f} M values, "
        f"{options.out.stat().st_size / 1e6:.1f} MB"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
