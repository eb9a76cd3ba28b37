"""Measures light on rendered scenes: shadows, healing, moved objects, relighting, normals, albedo, the key light.

    python benchmarks/light_scenes.py scenes --set report --count 20         renders them, once (needs Mitsuba)
    python benchmarks/light_scenes.py scenes --set free_report --count 20
    python benchmarks/light.py scenes                                        every table
    python benchmarks/light.py scenes --set tune --only shadows relight --first 4

Twice: 'exact', the true depth and segments told, which measures light alone, and with the built-in ones. A bar
is printed beside the number that must reach it, and 'missed' where it does not.

shadows   IoU of shadow masks on ground and walls; PSNR of what the first object and its shadow hid, where they did;
          shadow layers on scenes without a shadow (half lit by the sky alone, half with stains and no shadow).
moved     the first object moved along the ground, against a render of it there, where that changes the picture.
relight   under two other keys each, PSNR of the whole picture; normals; albedo up to one scale a channel.
preview   frames a second of a relight preview at 1920 x 1080.
"""

import argparse
import csv
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.light_cases import METHODS, Case, Tool, folder_of
from benchmarks.light_scores import Score, lines_of
from benchmarks.light_truth import shadow_free, truths
from benchmarks.measure_moved import moved_scores
from benchmarks.measure_relight import key_scores, preview_scores, relight_scores
from benchmarks.measure_shadows import false_scores, shadow_scores

SECTIONS = ("shadows", "moved", "relight", "key", "preview")


def main() -> int:
    """Measure what is asked for and print the table."""
    options = arguments()
    began = time.perf_counter()
    scores: list[Score] = []
    for method in options.methods:
        for score in measured(options, Tool(method, options.keep)):
            scores.append(score)
            print(f"{time.perf_counter() - began:6.0f} s  {lines_of([score])[1]}", file=sys.stderr, flush=True)
    print("\n".join(lines_of(scores)))
    if options.csv:
        with options.csv.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("what", "method", "value", "unit", "cases", "bar", "missed"))
            writer.writerows((s.what.strip(), s.method, s.value, s.unit, s.cases, s.bar, s.missed) for s in scores)
    return 0


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", type=Path, help="where light_scenes.py rendered to")
    parser.add_argument("--set", choices=("tune", "report"), default="report", help="scenes to measure on")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS, help="sections to measure")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS, help="what the tool is told")
    parser.add_argument("--first", type=int, help="only so many scenes")
    parser.add_argument("--keep", type=Path, help="keep layers here, to measure again sooner what is done with them")
    parser.add_argument("--csv", type=Path, help="write all numbers here")
    return parser.parse_args()


def measured(options: argparse.Namespace, tool: Tool) -> Iterator[Score]:
    """The rows of one method, section after section."""
    cases: list[Case] = []
    for truth in list(truths(folder_of(options.scenes, options.set)))[: options.first]:
        print(f"        {tool.method}: scene {truth.name}", file=sys.stderr, flush=True)
        cases.append(tool.case(truth))
    if "shadows" in options.only:
        yield from shadow_scores(cases)
        views = list(shadow_free(folder_of(options.scenes, f"free_{options.set}")))[: options.first]
        yield from false_scores(tool, views)
    if "moved" in options.only:
        yield from moved_scores(cases)
    if "relight" in options.only:
        yield from relight_scores(cases)
    if "key" in options.only:
        yield from key_scores(cases)
    if "preview" in options.only:
        yield from preview_scores(cases)


if __name__ == "__main__":
    sys.exit(main())
