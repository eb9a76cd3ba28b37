"""Seconds and peak memory of filling a quarter of a large photo, each size in a process of its own."""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.fill_bands import read

from multiplane.inpaint import load_inpaint

PHOTO = Path(__file__).parents[1] / "samples" / "coffee.png"
SIZES = {2: (1200, 1700), 12: (3000, 4000)}


def print_cost(quick: bool) -> None:
    """One row a size; the first process compiles what is not compiled yet, and is not counted."""
    print(f"\n{'cost':<12}{'megapixels':>11}{'seconds':>11}{'CPU s':>11}{'peak MB':>11}{'before MB':>11}")
    measured(*SIZES[2])
    for megapixels, (height, width) in list(SIZES.items())[: 1 if quick else 2]:
        row = measured(height, width)
        figures = "".join(f"{row[name]:11.1f}" for name in ("seconds", "cpu", "peak", "before"))
        print(f"{'patches':<12}{megapixels:>11}{figures}", flush=True)


def measured(height: int, width: int) -> dict[str, float]:
    """What one fill costs."""
    command = [sys.executable, __file__, str(height), str(width)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def fill_once(height: int, width: int) -> dict[str, float]:
    """Enlarge the photo, give it grain, and fill an ellipse of a quarter of it."""
    small = read(PHOTO)
    rgb = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    rgb += np.random.default_rng(0).normal(0, 0.012, rgb.shape).astype(np.float32)
    rgb = np.clip(rgb, 0, 1)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    hole = np.asarray((2 * y / height - 1) ** 2 + (2 * x / width - 1) ** 2 < 1 / np.pi)
    surface = np.zeros(hole.shape, np.int32)
    del y, x, small
    fill = load_inpaint("patches")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start, cpu = time.perf_counter(), time.process_time()
    fill(rgb, hole, surface, 0)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "cpu": cpu, "peak": peak, "before": before}


if __name__ == "__main__":
    print(json.dumps(fill_once(int(sys.argv[1]), int(sys.argv[2]))))
