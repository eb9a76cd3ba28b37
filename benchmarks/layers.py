"""Measures layers: objects whole, order, alpha and rims, rendered designs, time; beside plain baselines.

    python benchmarks/layers.py                      everything, at 6 and 16 layers
    python benchmarks/layers.py --quick              a few pictures of each kind
    python benchmarks/layers.py --layers 10 --csv layers.csv --look worst
    python benchmarks/layers.py --only objects --depth FOLDER

Reads eval/ from MULTIPLANE_DATA or ../shared/data; what is not there is left out and said so.

objects   soft IoU of each outlined object of 2 % or more with its best layer (what the layer contributes to the
          composite); "whole": one layer holds 90 % of the object's pixels, and the object is at least half of that
          layer; "held 90%" the first alone; "merged": share of objects that lie mostly in a layer with another one.
          amodal: the best layer's whole alpha against all that the object covers, hidden parts too; "in front": of
          pairs where one hides the other and that lie on two layers ("apart"), how many are in the right order.
order     pairs of touching layers whose true disparities differ by 5 % of the range: is the nearer one above? By the
          medians of all that is seen of them, and by what is beside their common border.
alpha     errors inside the unknown band; see measure_alpha.py and matte.py. "MSE ratio" is to pymatting's closed form.
          rim: colour error on green and magenta screens, in levels of 255, where the true colours are known.
designs   drawn by code; see edit_distance.py for the measure and rendered.py for the drawings.
time      seconds that segments, order and merging add at 2 megapixels.
"""

import argparse
import csv
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.data import as_photo, data_folder, read_rgb
from benchmarks.edit_distance import MOST_MERGES, score_stacks
from benchmarks.layer_scores import Row
from benchmarks.measure_alpha import measure_alpha
from benchmarks.measure_objects import Pipeline, measure_objects, pictures
from benchmarks.measure_order import measure_order
from benchmarks.rendered import designs
from benchmarks.stages import ROOT, enlarge

from multiplane.arrays import Floats
from multiplane.decompose import Backends, decompose
from multiplane.depth import load_depth
from multiplane.inpaint import load_inpaint
from multiplane.matte import load_matte
from multiplane.scene import Layer, Scene
from multiplane.segment import load_segment
from multiplane.segment.prompted import load_prompted

SECTIONS = ("objects", "order", "alpha", "designs", "time")
DESIGNS, QUICK_DESIGNS = 30, 3
ROUNDS = 3


def main() -> int:
    """Measure what is asked for, print the tables, write the CSV."""
    options = arguments()
    folder = data_folder() / "eval"
    backends = Backends(
        load_depth(options.depth), load_segment(options.segment), load_matte(options.matte), load_inpaint(options.fill)
    )
    budgets = tuple(options.layers)
    rows: list[Row] = []
    began = time.perf_counter()

    def report(step: str) -> None:
        print(f"{time.perf_counter() - began:6.0f} s  {step}", file=sys.stderr, flush=True)

    if not folder.is_dir():
        print(f"left out: objects, order on sensors, alpha: no {folder}; set MULTIPLANE_DATA to the data folder")
    if "objects" in options.only:
        pipeline = Pipeline(backends, load_prompted("builtin"), budgets)
        rows += measure_objects(pictures(folder, options.quick), pipeline, options.look, report)
    if "order" in options.only:
        rows += measure_order(folder, backends, budgets, options.quick, report)
    if "alpha" in options.only and find_spec("pymatting") is None:
        print("left out: alpha; install pymatting, whose closed form is the bar")
    elif "alpha" in options.only and (folder / "matting").is_dir():
        rows += measure_alpha(folder / "matting", backends, options.quick, report)
    if "designs" in options.only:
        rows += measure_designs(backends, budgets, QUICK_DESIGNS if options.quick else DESIGNS, report)
    if "time" in options.only:
        rows += measure_time(backends, budgets[0], report)
    print_tables(rows)
    if options.csv:
        write_csv(options.csv, rows)
    return 0


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, nargs="+", default=[6, 16], help="budgets, one after another")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS, help="sections to measure")
    parser.add_argument("--depth", default="builtin", help="a depth backend or a checkpoint folder")
    parser.add_argument("--segment", default="builtin", help="a segment backend or a checkpoint folder")
    parser.add_argument("--matte", default="closed-form", help="a matte backend")
    parser.add_argument("--fill", default="smooth", help="a fill: smooth (alphas hardly depend on it) or patches")
    parser.add_argument("--quick", action="store_true", help="a few pictures of each kind")
    parser.add_argument("--csv", type=Path, help="write all numbers here")
    parser.add_argument("--look", type=Path, help="write contact sheets of the worst objects into this folder")
    return parser.parse_args()


def measure_designs(
    backends: Backends, budgets: tuple[int, ...], count: int, report: Callable[[str], None]
) -> list[Row]:
    """Colour error and alpha IoU of our layers against those drawn, after up to MOST_MERGES merges."""
    found: dict[str, list[list[tuple[float, float]]]] = {}
    drawings = designs(count)
    for design in drawings:
        report(f"designs: {design.name}")
        photo, truth = as_photo(design.rgb), list(design.layers)
        depth = backends.depth(photo)
        segments = backends.segment(photo, depth)
        ready = Backends(lambda _, d=depth: d, lambda *_, s=segments: s, backends.matte, backends.inpaint)  # type: ignore[misc]
        stacks = {f"ours, {n} layers": canvases(decompose(photo, ready, layers=n)) for n in budgets}
        stacks["the picture as one layer"] = [np.dstack([design.rgb, np.ones(design.rgb.shape[:2], np.float32)])]
        for method, stack in stacks.items():
            scores = [(score.rgb_l1, score.alpha_iou) for score in score_stacks(stack, truth)]
            for group in (method, f"{method}: {design.name.split()[1]}"):
                found.setdefault(group, []).append(scores)
    rows = []
    for method, curves in found.items():
        means = np.mean(curves, axis=0)
        for merges in (0, 1, 2, MOST_MERGES) if ":" not in method else (0,):
            rows.append(Row("designs", method, f"RGB L1, {merges}", float(means[merges, 0]), len(curves)))
            rows.append(Row("designs", method, f"alpha, {merges}", float(means[merges, 1]), len(curves)))
    return rows


def canvases(scene: Scene) -> list[Floats]:
    """Each layer (H, W, 4) on the whole canvas, far to near."""
    return [on_canvas(layer, scene.camera.height, scene.camera.width) for layer in scene.layers]


def on_canvas(layer: Layer, height: int, width: int) -> Floats:
    """One layer on a clear canvas."""
    canvas = np.zeros((height, width, 4), np.float32)
    x, y = layer.corner
    canvas[y : y + layer.height, x : x + layer.width] = layer.rgba
    return canvas


def measure_time(backends: Backends, budget: int, report: Callable[[str], None]) -> list[Row]:
    """Median seconds from the depth to the first cut, at 2 megapixels; then depth, mattes and fills follow."""
    report("time: 2 megapixels")
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary, "photo.jpg")
        enlarge(ROOT / "samples" / "coffee.png", 2.0, path)
        photo = as_photo(read_rgb(path))
    backends.depth(photo)
    began = time.perf_counter()
    depth = backends.depth(photo)
    rows = [Row("time", "depth, to compare with", "seconds", time.perf_counter() - began, 1)]
    seconds = []
    for _ in range(ROUNDS + 1):
        steps: list[float] = []
        decompose(
            photo,
            Backends(
                lambda _: depth,
                backends.segment,
                matte=lambda _, mask: mask.astype(np.float32),
                inpaint=lambda rgb, *_: rgb,
            ),
            layers=budget,
            report=lambda _, s=steps: s.append(time.perf_counter()),  # type: ignore[misc]
        )
        steps.append(time.perf_counter())  # a scene of one layer reports no cut
        seconds.append(steps[2] - steps[1])
    added = float(np.median(seconds[1:]))
    return [*rows, Row("time", f"segments, order, merging to {budget}", "seconds", added, ROUNDS)]


def print_tables(rows: list[Row]) -> None:
    """A table a section: methods down, metrics across."""
    for section in dict.fromkeys(row.section for row in rows):
        mine = [row for row in rows if row.section == section]
        metrics = list(dict.fromkeys(row.metric for row in mine))
        wide = max(len(row.method) for row in mine) + 2
        print(f"\n{section:<{wide}}" + "".join(f"{metric:>14}" for metric in metrics) + f"{'n':>7}")
        for method in dict.fromkeys(row.method for row in mine):
            cells = {row.metric: row for row in mine if row.method == method}
            values = "".join(f"{cells[m].value:14.3f}" if m in cells else " " * 14 for m in metrics)
            print(f"{method:<{wide}}{values}{next(iter(cells.values())).cases:7d}")


def write_csv(path: Path, rows: list[Row]) -> None:
    """One number a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(Row._fields)
        writer.writerows(rows)


if __name__ == "__main__":
    sys.exit(main())
