"""Measures the built-in network beside its teachers on photos held out: `python benchmarks/perception.py`.

Classes (IoU against the scene teachers' labels), subject (IoU against the saliency maps), and what the network costs:
load, forward pass, memory, size. Reads photos, saliency and models from MULTIPLANE_DATA or ../shared/data; needs the
package ai-edge-litert. The photos are those that `training/photos.py` holds out by their checksum.
"""

import argparse
import resource
import sys
import time
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "training"))

from benchmarks.data import data_folder

from dataset import load_photos
from evaluate import measure, report
from label import label_photos
from multiplane.arrays import Floats
from multiplane.perception.perceive import AREA, CLOSELY, WEIGHTS, load_network, perceive

RUNS = 10


def main() -> int:
    """Print the costs, then the scores."""
    parser = argparse.ArgumentParser(description="Measures the built-in network on held-out photos.")
    parser.add_argument("--labels", type=Path, default=Path("held-out-labels"), help="where labels lie or are put")
    options = parser.parse_args()
    labels: Path = options.labels
    print_costs()
    data = data_folder()
    if not (data / "photos").is_dir():
        print(f"skipped: no photos in {data}; set MULTIPLANE_DATA to the data folder")
        return 0
    label_photos(data / "photos", data / "saliency", labels, data / "models" / "scene-labels", held_out_only=True)
    held = load_photos(data / "photos", labels, held_out=True)
    print(f"{len(held)} held-out photos")
    for area in (AREA, CLOSELY):
        print(f"at {area} pixels, {report(measure(load_network(), held, area, torch.device('cpu')))}")
    return 0


def print_costs() -> None:
    """Load, forward pass and peak memory of this process, on two threads."""
    torch.set_num_threads(2)
    start = time.perf_counter()
    load_network()
    loaded = time.perf_counter() - start
    rgb = np.random.default_rng(0).random((768, 1024, 3), np.float32)
    times = {area: seconds_of(rgb, area) for area in (AREA, CLOSELY)}
    values = sum(parameter.numel() for parameter in load_network().parameters())
    print(
        f"{values / 1e6:.2f} M parameters, {WEIGHTS.stat().st_size / 1e6:.1f} MB; load {1000 * loaded:.0f} ms, "
        f"forward pass on 2 threads {1000 * times[AREA]:.0f} ms, closely {1000 * times[CLOSELY]:.0f} ms, "
        f"peak memory of the process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"
    )


def seconds_of(rgb: Floats, area: int) -> float:
    """Median of what a forward pass takes at `area` pixels, after a first one."""
    perceive(rgb, area)
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        perceive(rgb, area)
        times.append(time.perf_counter() - start)
    return float(np.median(times))


if __name__ == "__main__":
    sys.exit(main())
