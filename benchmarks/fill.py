"""Measures what is filled in behind things, where the truth is known, beside other ways to fill.

    python benchmarks/fill.py [--quick] [--part bands objects stereo stacked jpeg cost] [--method patches ...]
                              [--look FOLDER]

bands    real photos with depth (eval/depth under MULTIPLANE_DATA): what a moved eye would see vanish behind nearer
         things is hidden, on the far side of their edges, and filled from the far side. Truth: the photo.
objects  rendered scenes and painted cards: a whole thing is taken out. Truth: the same scene rendered without it.
stereo   the right view made from the left photo alone, against the true right view (fill_stereo.py says how).
stacked  two things pasted on photos, one upon the other, taken off again (fill_stacked.py says how).
jpeg     things pasted on photos that are then saved as JPEG, taken off again (fill_jpeg.py says how).
cost     seconds and memory for 2 and 12 megapixels of which a quarter is hidden.

PSNR in dB and SSIM over hidden pixels; gradient, the error of the luma's gradient in thousandths; sharpness, the fill's
mean gradient over the truth's; feature, 100 x (1 - cosine) of what Depth Anything V2's encoder sees at the hole, with
--features, where its weights are there; leak, the share of filled pixels off every colour of the surroundings and
nearer to a colour of the thing in front, in percent; seconds. "far" beside a method: what is nearer counts as hidden
too, so that it cannot come in. Nothing is tuned on eval/: `--tune N` takes N photos with built-in depth instead.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.fill_bands import bands
from benchmarks.fill_case import Case
from benchmarks.fill_look import write_look
from benchmarks.fill_methods import Fill, methods
from benchmarks.fill_scores import Features, encoder, gradients, leak, psnr, ssim

from multiplane.arrays import Floats

COLUMNS = ("PSNR", "SSIM", "gradient", "sharpness", "feature", "leak %", "seconds")
PARTS = ("bands", "objects", "stereo", "stacked", "jpeg", "cost")


def main() -> None:
    """Print a table per part."""
    arguments = parse()
    root = Path(os.environ.get("MULTIPLANE_DATA", Path(__file__).parents[2] / "shared" / "data"))
    fills, missing = methods(arguments.method)
    for name, reason in missing.items():
        print(f"without {name}: {reason}")
    features = encoder(root) if arguments.features else None
    for part in arguments.part:
        if part == "stereo":
            from benchmarks.fill_stereo import print_stereo

            print_stereo(root, fills, arguments.quick, arguments.look)
        elif part == "stacked":
            from benchmarks.fill_stacked import print_stacked

            print_stacked(root, arguments.tune or 12, not arguments.tune, arguments.quick, arguments.look)
        elif part == "jpeg":
            from benchmarks.fill_jpeg import print_jpeg

            print_jpeg(root, arguments.tune or 12, not arguments.tune, arguments.quick)
        elif part == "cost":
            from benchmarks.fill_cost import print_cost

            print_cost(arguments.quick)
        else:
            print_part(part, cases(part, root, arguments), fills, features, arguments.look)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", nargs="+", choices=PARTS, default=PARTS, help="what to measure (all)")
    parser.add_argument("--method", nargs="+", help="which methods to compare (all), or files of networks")
    parser.add_argument("--quick", action="store_true", help="a few cases of each part only")
    parser.add_argument("--tune", type=int, default=0, metavar="N", help="N photos and other seeds, not those measured")
    parser.add_argument("--features", action="store_true", help="feature distances too, which take a while")
    parser.add_argument("--look", type=Path, help="write a sheet a case here, to judge fills by eye")
    return parser.parse_args()


def cases(part: str, root: Path, arguments: argparse.Namespace) -> Iterator[Case]:
    """The holes of one part."""
    if part == "bands":
        found = bands(root, arguments.tune, held=not arguments.tune)
    else:
        from benchmarks.fill_objects import objects

        found = objects(root, arguments.tune or 8, held=not arguments.tune)
    return islice(found, 4) if arguments.quick else found


def print_part(
    part: str, found: Iterable[Case], fills: dict[str, Fill], features: Features | None, look: Path | None
) -> None:
    """Fill every case by every method and print means."""
    scores: dict[str, list[tuple[float, ...]]] = {}
    for case in found:
        looks: dict[str, Floats] = {}
        for method, fill in fills.items():
            start = time.perf_counter()
            out = fill(case.seen, case.hole, case.surface)
            seconds = time.perf_counter() - start
            scores.setdefault(method, []).append((*score(out, case, features), seconds))
            looks[method] = out
        scores.setdefault("truth", []).append((*score(case.truth, case, features), 0.0))
        if look:
            write_look(look, part, case, looks)
    print(f"\n{part:<12}" + "".join(f"{column:>11}" for column in COLUMNS) + f"{'n':>5}")
    for method, rows in scores.items():
        means = np.mean(rows, axis=0)
        print(f"{method:<12}" + "".join(f"{value:11.3f}" for value in means) + f"{len(rows):5d}", flush=True)


def score(out: Floats, case: Case, features: Features | None) -> tuple[float, ...]:
    """One row of COLUMNS without the seconds."""
    error, sharpness = gradients(out, case.truth, case.scored)
    feature = features(out, case.truth, case.scored) if features else float("nan")
    quality = (psnr(out, case.truth, case.scored), ssim(out, case.truth, case.scored))
    return (*quality, error, sharpness, feature, 100 * leak(out, case))


if __name__ == "__main__":
    main()
