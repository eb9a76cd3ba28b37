"""Do layers hold outlined objects whole? Ours at several budgets, before merging, with points, and plain baselines."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from benchmarks.baselines import (
    band_components,
    deepest_point,
    grabcut_box,
    grabcut_point,
    jenks_bands,
    quantile_bands,
)
from benchmarks.data import as_photo
from benchmarks.layer_failures import Fallen, Stages, fates_of, rows_of, save_sheet, worst_of
from benchmarks.layer_scores import (
    ObjectScore,
    Row,
    contributions,
    layer_alphas,
    merged_objects,
    occlusion_counts,
    score_object,
    soft_iou,
)
from benchmarks.objects import Outlined, TrueObject, amodal_pictures, coco_pictures, panoptic_pictures

from multiplane.arrays import Floats, Ints, Mask
from multiplane.decompose import Backends, decompose
from multiplane.layering.order import SURFACES
from multiplane.pixels.boxes import bounds
from multiplane.scene import DepthMap, Photo, Segment
from multiplane.segment.prompt import Prompt
from multiplane.segment.prompted import PromptedBackend

QUICK_EVERY = 8
"""Of so many COCO photos, a quick run takes one."""
GOOD = 0.5


@dataclass
class Tally:
    """Scores of one method over pictures; `layers` counts layers a picture, `hidden` IoU with hidden parts."""

    scores: list[ObjectScore] = field(default_factory=list)
    merged: int = 0
    layers: list[int] = field(default_factory=list)
    hidden: list[float] = field(default_factory=list)
    occlusions: list[tuple[int, int, int]] = field(default_factory=list)

    def add(self, picture: Outlined, shares: list[Floats]) -> list[ObjectScore]:
        """Book a picture's layers, as shares of the composite."""
        scores = [score_object(thing.visible, shares) for thing in picture.objects]
        self.scores += scores
        self.merged += merged_objects(scores)
        self.layers.append(len(shares))
        return scores

    def rows(self, section: str, method: str) -> Iterator[Row]:
        """The means, as rows of the report."""
        count = len(self.scores)
        ious = np.array([score.iou for score in self.scores])
        yield Row(section, method, "soft IoU", float(ious.mean()), count)
        yield Row(section, method, "over 0.5", float((ious > GOOD).mean()), count)
        if self.layers:
            yield Row(section, method, "held 90%", float(np.mean([score.held >= 0.9 for score in self.scores])), count)
            yield Row(section, method, "whole", float(np.mean([score.whole for score in self.scores])), count)
            yield Row(section, method, "merged", self.merged / count, count)
            yield Row(section, method, "layers", float(np.mean(self.layers)), len(self.layers))
        if self.hidden:
            yield Row(section, method, "amodal IoU", float(np.mean(self.hidden)), len(self.hidden))
        if self.occlusions:
            right, apart, pairs = np.sum(self.occlusions, axis=0)
            yield Row(section, method, "in front", right / max(apart, 1), int(apart))
            yield Row(section, method, "apart", apart / max(pairs, 1), int(pairs))


@dataclass(frozen=True)
class Pipeline:
    """The backends that are measured, and at most how many layers, one budget after another."""

    backends: Backends
    select: PromptedBackend
    budgets: tuple[int, ...]


def pictures(folder: Path, quick: bool) -> Iterator[Outlined]:
    """All pictures with outlined objects under eval/; a few of them for a quick run."""
    if (folder / "instances").is_dir():
        yield from islice(coco_pictures(folder / "instances"), 0, None, QUICK_EVERY if quick else 1)
    if (folder / "panoptic").is_dir() and not quick:
        yield from panoptic_pictures(folder / "panoptic")
    if (folder / "amodal").is_dir():
        yield from islice(amodal_pictures(folder / "amodal"), 1 if quick else None)


def measure_objects(
    found: Iterable[Outlined], pipeline: Pipeline, look: Path | None, report: Callable[[str], None]
) -> list[Row]:
    """Rows for every method, and for what became of each object at the first budget; sheets of the worst in `look`."""
    tallies: dict[tuple[str, str], Tally] = defaultdict(Tally)
    fates: dict[str, list[Fallen]] = defaultdict(list)
    for picture in found:
        report(f"objects: {picture.dataset} {picture.name}")
        photo = as_photo(picture.rgb)
        depth = pipeline.backends.depth(photo)
        segments = pipeline.backends.segment(photo, depth)
        maps, ious = [], []
        for budget in pipeline.budgets:
            alphas = alphas_of(photo, depth, segments, pipeline.backends, budget)
            shares = contributions(alphas)
            tally = tallies[picture.dataset, f"ours, {budget} layers"]
            scores = tally.add(picture, shares)
            add_hidden(tally, picture.objects, scores, alphas)
            maps.append(np.argmax(np.stack(shares), axis=0).astype(np.int32))
            ious.append([score.iou for score in scores])
        stages = Stages(depth.z, label_map(segments), tuple(segment.label for segment in segments), maps[0], maps[-1])
        fallen = fates_of(picture, ious[0], stages, SURFACES)
        fates[picture.dataset] += [
            (fate, picture, thing.visible, stages) for fate, thing in zip(fallen, picture.objects, strict=True)
        ]
        for method, masks in hard_layers(depth.z, segments, pipeline.budgets):
            tallies[picture.dataset, method].add(picture, [mask.astype(np.float32) for mask in masks])
        for thing in picture.objects:
            for method, mask in told(picture.rgb, depth.z, thing.visible, pipeline.select):
                tallies[picture.dataset, method].scores.append(
                    score_object(thing.visible, [np.asarray(mask, np.float32)])
                )
    for dataset, entries in fates.items():
        if look:
            save_sheet(look / f"worst_{dataset}.png", worst_of(entries))
    rows = [row for key, tally in tallies.items() for row in tally.rows(f"objects, {key[0]}", key[1])]
    return [*rows, *rows_of([entry[0] for entries in fates.values() for entry in entries])]


def label_map(segments: tuple[Segment, ...]) -> Ints:
    """The index (H, W) of every pixel's segment."""
    labels = np.zeros(segments[0].mask.shape, np.int32)
    for index, segment in enumerate(segments):
        labels[segment.mask] = index
    return labels


def alphas_of(
    photo: Photo, depth: DepthMap, segments: tuple[Segment, ...], backends: Backends, budget: int
) -> list[Floats]:
    """The alphas of our layers, from a depth and segments that are already there."""
    ready = Backends(lambda _: depth, lambda *_: segments, backends.matte, backends.inpaint)
    return layer_alphas(decompose(photo, ready, layers=budget))


def add_hidden(tally: Tally, objects: tuple[TrueObject, ...], scores: list[ObjectScore], alphas: list[Floats]) -> None:
    """Book the best layers' whole alphas against all that the objects cover, and who hides whom, if known."""
    known = [(thing.visible, thing.whole) for thing in objects if thing.whole is not None]
    if not known:
        return
    for thing, score in zip(objects, scores, strict=True):
        if thing.whole is not None:
            tally.hidden.append(soft_iou(alphas[score.best], thing.whole))
    right, apart, pairs = occlusion_counts(known, contributions(alphas))
    tally.occlusions.append((int(right), int(apart), int(pairs)))


def hard_layers(z: Floats, segments: tuple[Segment, ...], budgets: tuple[int, ...]) -> Iterator[tuple[str, list[Mask]]]:
    """Layers with hard edges: our segments before any is merged, and what plain methods make of the same depth."""
    yield "our segments, unmerged", [segment.mask for segment in segments]
    for budget in budgets:
        yield f"depth bands, {budget}", quantile_bands(z, budget)
        yield f"natural breaks, {budget}", jenks_bands(z, budget)
    yield f"connected parts of {budgets[0]} bands", band_components(jenks_bands(z, budgets[0]))


def told(rgb: Floats, z: Floats, wanted: Mask, select: PromptedBackend) -> Iterator[tuple[str, Mask]]:
    """Masks from methods that are told where the object is: one point deep inside it, or its box."""
    x, y = deepest_point(wanted)
    top, bottom, left, right = bounds(wanted)
    yield "ours, one point", select(rgb, z, Prompt(points=((float(x), float(y), True),)))
    yield "ours, box", select(rgb, z, Prompt(box=(float(left), float(top), float(right), float(bottom))))
    yield "GrabCut, one point", grabcut_point(rgb, (x, y))
    yield "GrabCut, box", grabcut_box(rgb, (left, top, right, bottom))
