"""Seconds and peak memory of every stage for one real photo enlarged to 1, 2, 12 and 24 megapixels.

    python benchmarks/stages.py [--photo samples/coffee.png] [--megapixels 1 2 12 24] [--depth builtin]

Each size runs in a process of its own. The photo is enlarged and given film grain, so that no stage meets a smoother
picture than a camera would give. Times are from one run on a machine that may be busy: compare rows, not absolutes.
"""

import argparse
import json
import multiprocessing
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGE_MB = 4096 / 2**20


class Meter:
    """Adds up seconds and keeps the peak resident memory (MB) by stage; sampled from /proc every 5 ms."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.peak_mb: dict[str, float] = {}
        self._stages = ["start"]
        self._watching = True
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def measured(self, stage: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """`call`, with its time and memory booked under `stage`."""

        def booked(*args: Any, **kwargs: Any) -> Any:
            self._stages.append(stage)
            began = time.perf_counter()
            try:
                return call(*args, **kwargs)
            finally:
                self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - began
                self._stages.pop()

        return booked

    def stop(self) -> None:
        """Stop sampling."""
        self._watching = False
        self._thread.join()

    def _watch(self) -> None:
        statm = Path("/proc/self/statm")
        while self._watching:
            resident = int(statm.read_text().split()[1]) * PAGE_MB
            stage = self._stages[-1]
            self.peak_mb[stage] = max(self.peak_mb.get(stage, 0.0), resident)
            time.sleep(0.005)


def enlarge(photo: Path, megapixels: float, out: Path) -> tuple[int, int]:
    """Write `photo` at `megapixels` with grain as JPEG; return its width and height."""
    import numpy as np
    from PIL import Image

    with Image.open(photo) as opened:
        small = opened.convert("RGB")
    scale = (megapixels * 1e6 / (small.width * small.height)) ** 0.5
    size = (round(small.width * scale), round(small.height * scale))
    pixels = np.asarray(small.resize(size, Image.Resampling.BICUBIC), np.int16)
    grain = np.random.default_rng(0).integers(-4, 5, (size[1], size[0], 1), np.int16)
    Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8)).save(out, quality=95)
    return size


def measure(photo: Path, depth: str) -> None:
    """Run everything once in this process and print the figures as JSON."""
    meter = Meter()
    began = time.perf_counter()
    from multiplane.decompose import Backends, decompose
    from multiplane.depth import load_depth
    from multiplane.formats.archive import encode_archive
    from multiplane.formats.glb import encode_glb
    from multiplane.formats.psd import encode_psd
    from multiplane.inpaint import load_inpaint
    from multiplane.matte import load_matte
    from multiplane.photo.read import read_photo
    from multiplane.segment import load_segment

    picture = meter.measured("read", read_photo)(photo)
    backends = Backends(
        depth=meter.measured("depth", load_depth(depth)),
        segment=meter.measured("segment", load_segment("builtin")),
        matte=meter.measured("matte", load_matte("closed-form")),
        inpaint=meter.measured("inpaint", load_inpaint("patches")),
    )
    scene = meter.measured("decompose", decompose)(picture, backends)
    inner = ("depth", "segment", "matte", "inpaint")
    meter.seconds["peel and rest"] = meter.seconds.pop("decompose") - sum(meter.seconds[name] for name in inner)
    meter.peak_mb["peel and rest"] = meter.peak_mb.pop("decompose", 0.0)
    for kind, encode in (("psd", encode_psd), ("glb", encode_glb), ("archive", encode_archive)):
        meter.measured(kind, encode)(scene)
    total = time.perf_counter() - began
    meter.stop()
    meter.seconds["total"] = total
    print(json.dumps({"seconds": meter.seconds, "peak_mb": meter.peak_mb, "layers": len(scene.layers)}))


def main() -> None:
    """Print a table a size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photo", type=Path, default=ROOT / "samples" / "coffee.png")
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1, 2, 12, 24])
    parser.add_argument("--depth", default="builtin")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        measure(options.child, options.depth)
        return
    print(f"{options.photo.name} on {multiprocessing.cpu_count()} processors, depth {options.depth}")
    with tempfile.TemporaryDirectory() as folder:
        for megapixels in options.megapixels:
            enlarged = Path(folder, "photo.jpg")
            width, height = enlarge(options.photo, megapixels, enlarged)
            command = [sys.executable, __file__, "--child", str(enlarged), "--depth", options.depth]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                sys.exit(done.stderr)
            figures = json.loads(done.stdout.splitlines()[-1])
            print(f"\n{width} x {height} ({megapixels:g} MP), {figures['layers']} layers")
            print(f"  {'stage':<16s}{'seconds':>10s}{'peak MB':>10s}")
            for stage, seconds in figures["seconds"].items():
                peak = max(figures["peak_mb"].values()) if stage == "total" else figures["peak_mb"].get(stage, 0.0)
                print(f"  {stage:<16s}{seconds:10.2f}{peak:10.0f}")


if __name__ == "__main__":
    main()
