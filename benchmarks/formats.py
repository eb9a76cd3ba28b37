"""Seconds, peak memory and size of every format, beside the PNGs of the same layers zipped.

    python benchmarks/formats.py [SCENE.multiplane ...] [--only psd glb ...]

Without a scene it makes one: a photo of 8.3 megapixels (3840 x 2160 has as many) with grain, in six cropped layers
with soft rims, which cover two and a half times the canvas. Each format is encoded in a process of its own, with
default options but for those in its name. Seconds are the encoder's alone; memory is the whole process's while it
encodes, the scene in it included (Linux only). Times are from one run on a machine that may be busy: compare rows, not
absolutes.
"""

import argparse
import io
import json
import multiprocessing
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from multiplane.scene import Scene

MEGAPIXELS = 8.3
DISCS = ((0.35, 0.3, 0.45), (0.7, 0.75, 0.5), (0.5, 0.5, 0.42), (0.4, 0.85, 0.3), (0.75, 0.25, 0.4))
"""Rows, columns and radii, far to near, as shares of the height, of the width and of the height."""
RIM = 6
"""Pixels over which a disc's alpha rises."""


def main() -> None:
    """Print a table for each scene."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", type=Path, nargs="*", metavar="SCENE.multiplane")
    parser.add_argument("--only", nargs="+", choices=list(encoders()), default=list(encoders()))
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure(options.scenes[0], options.child)))
        return
    print(f"{multiprocessing.cpu_count()} processors")
    with tempfile.TemporaryDirectory() as folder:
        for scene in options.scenes or [_made(Path(folder))]:
            table(scene, options.only)


def table(path: Path, names: list[str]) -> None:
    """Print a row for each of the formats called `names`, of the scene at `path`."""
    from multiplane.formats.archive import load_scene

    scene = load_scene(path)
    pngs = zipped_pngs(scene)
    covered = sum(layer.width * layer.height for layer in scene.layers) / 1e6
    print(
        f"\n{path.stem}: {scene.camera.width} x {scene.camera.height}, {len(scene.layers)} layers of {covered:.1f} MP"
    )
    print(f"  PNG layers, zipped: {pngs / 1e6:.1f} MB")
    print(f"  {'format':<18s}{'seconds':>9s}{'peak MB':>9s}{'MB':>9s}{'times PNG':>11s}")
    del scene
    for name in names:
        command = [sys.executable, __file__, str(path), "--child", name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"  {name:<18s}  {done.stderr.strip().splitlines()[-1]}")
            continue
        facts = json.loads(done.stdout.splitlines()[-1])
        print(
            f"  {name:<18s}{facts['seconds']:9.2f}{facts['peak_mb']:9.0f}{facts['bytes'] / 1e6:9.1f}"
            f"{facts['bytes'] / pngs:11.2f}"
        )


def zipped_pngs(scene: "Scene") -> int:
    """Bytes of a zip of the scene's layers, trimmed, as PNG, their colours bled under alpha 0 as everywhere."""
    from multiplane.formats.png import encode_png
    from multiplane.pixels.bleed import bleed
    from multiplane.pixels.levels import to_levels

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for index, layer in enumerate(scene.layers):
            archive.writestr(f"{index}.png", encode_png(bleed(to_levels(layer.rgba, scene.bit_depth))))
    return len(buffer.getvalue())


def encoders() -> dict[str, Callable[["Scene"], int]]:
    """How to get the size in bytes of each format."""
    return {
        "psd": partial(_of_psd),
        "psd rle": partial(_of_psd, packing="rle"),
        "exr": partial(_of_exr, single_part=False),
        "exr deep": _of_deep_exr,
        "exr single part": partial(_of_exr, single_part=True),
        "glb": partial(_of_glb, geometry="planes"),
        "glb relief": partial(_of_glb, geometry="relief"),
        **{suffix: partial(_of_suffix, suffix) for suffix in ("ora", "usdz", "pptx", "ply", "html", "multiplane")},
        "folder with maps": _of_folder,
        "folder of layers": partial(_of_folder, maps=False),
    }


def measure(path: Path, name: str) -> dict[str, float]:
    """Seconds, peak memory in MB and bytes of one format, in this process."""
    from multiplane.formats.archive import load_scene

    scene, encode = load_scene(path), encoders()[name]
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak, which loading the scene has set
    began = time.perf_counter()
    size = encode(scene)
    seconds = time.perf_counter() - began
    peak = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[0]
    return {"seconds": seconds, "peak_mb": int(peak) / 1024, "bytes": size}


def _of_psd(scene: "Scene", **options: Any) -> int:
    from multiplane.formats.psd import encode_psd

    return len(encode_psd(scene, **options))


def _of_exr(scene: "Scene", **options: Any) -> int:
    from multiplane.formats.exr import encode_exr

    return len(encode_exr(scene, **options))


def _of_deep_exr(scene: "Scene") -> int:
    from multiplane.formats.exr_deep import encode_deep_exr

    return len(encode_deep_exr(scene))


def _of_glb(scene: "Scene", **options: Any) -> int:
    from multiplane.formats.glb import encode_glb

    return len(encode_glb(scene, **options))


def _of_suffix(suffix: str, scene: "Scene") -> int:
    from multiplane.formats.save import load_encoder

    return len(load_encoder(Path(f"a.{suffix}"))(scene))


def _of_folder(scene: "Scene", maps: bool = True) -> int:
    from multiplane.formats.sequence import ALL_MAPS, write_sequence

    with tempfile.TemporaryDirectory() as folder:
        write_sequence(scene, Path(folder, "layers"), maps=ALL_MAPS if maps else ())
        return sum(each.stat().st_size for each in Path(folder, "layers").iterdir())


def _made(folder: Path) -> Path:
    """An archive of the scene that is measured where none is named."""
    from benchmarks.stages import enlarge
    from PIL import Image

    from multiplane.formats.archive import encode_archive

    enlarge(ROOT / "samples" / "coffee.png", MEGAPIXELS, folder / "photo.jpg")
    path = folder / "six layers.multiplane"
    with Image.open(folder / "photo.jpg") as photo:
        path.write_bytes(encode_archive(six_layers(photo)))
    return path


def six_layers(photo: Any) -> "Scene":
    """`photo` (a Pillow picture) peeled into discs over what a blur leaves of it; together they are the photo."""
    import cv2
    import numpy as np

    from multiplane.pixels.levels import from_levels, to_levels
    from multiplane.pixels.over import unblend
    from multiplane.scene import Camera, Layer, Plane, Scene

    rgb = np.asarray(photo)
    height, width = rgb.shape[:2]
    soft = cv2.resize(cv2.resize(rgb, (60, 40), interpolation=cv2.INTER_AREA), (width, height))
    grain = np.random.default_rng(1).integers(-4, 5, rgb.shape, np.int16)
    fill = np.clip(soft + grain, 0, 255).astype(np.uint8)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    plane = (rows / height + np.sin(columns / 500) / 10).astype(np.float32)
    behind, layers = rgb, []
    for index, (down, across, radius) in reversed(list(enumerate(DISCS, start=1))):
        distance = np.hypot(rows - down * height, columns - across * width)
        alpha = np.clip((radius * height - distance) / RIM + 0.5, 0, 1).astype(np.float32)
        target, behind = behind, np.where(alpha[..., None] > 0, fill, behind)
        ys, xs = np.nonzero(alpha)
        box = slice(ys.min(), ys.max() + 1), slice(xs.min(), xs.max() + 1)
        front = unblend(target[box], behind[box], to_levels(alpha[box], 8), target[box])
        corner, z = (int(xs.min()), int(ys.min())), 12 - 2 * index + plane[box]
        kind: Plane = "foreground" if index > 3 else "midground"
        filled = np.zeros(z.shape, bool)
        layers.append(Layer(f"disc-{index}", f"disc {index}", "object", kind, corner, from_levels(front), z, filled))
    opaque = from_levels(np.dstack([behind, np.full((height, width), 255, np.uint8)]))
    filled = np.any(behind != rgb, -1)
    layers.append(Layer("backdrop", "backdrop", "sky", "background", (0, 0), opaque, 20 + plane, filled))
    return Scene(Camera.from_focal_35mm(width, height), tuple(reversed(layers)))


if __name__ == "__main__":
    main()
