"""Are shadows found, healed, taken along and not made up? Against rendered scenes whose shadows are known."""

from collections.abc import Iterator, Sequence

import numpy as np
from benchmarks.light_cases import Case, Tool
from benchmarks.light_scores import (
    Score,
    darkness,
    differs,
    iou,
    picture_of,
    psnr,
    shadow_mask,
    without,
)
from benchmarks.light_truth import ShadowFree

from multiplane.arrays import Floats, Mask

LEAST_SHADOW = 250
"""Pixels of a caster's true shadow from which it counts by itself."""
PLAINLY = 0.92
"""What ambient occlusion leaves of the light under a layer that is no false one."""


def shadow_ious(case: Case) -> tuple[float, list[float]]:
    """IoU of all found with all true shadows on surfaces; and the one of every caster whose layer is known."""
    truth, surfaces = case.truth, case.truth.surfaces
    found = shadow_mask(darkness(case.shadowed)) & surfaces
    single = []
    if case.first is not None:
        mine = truth.shadows[0] & surfaces
        if mine.sum() >= LEAST_SHADOW:
            single.append(iou(shadow_mask(darkness(case.shadowed, case.first)) & surfaces, mine))
    return iou(found, np.asarray(truth.shadows.any(axis=0) & surfaces)), single


def healed_psnr(case: Case) -> tuple[float, float, float] | None:
    """PSNR where the truth changes, of the first object removed: with its shadow; alone; and alone, but with the true
    surface wherever the object did not stand, which is what perfect healing around the same fill would come to."""
    if case.first is None:
        return None
    truth = case.truth
    where = differs(truth.removed, truth.photo)
    with_it, alone = without(case.shadowed, {case.first, *case.own_shadows}), without(case.plain, {case.first})
    perfect = np.where(truth.first_mask[..., None], alone, truth.removed)
    ours, bare, best = (psnr(picture, truth.removed, where) for picture in (with_it, alone, perfect))
    return ours, bare, best


def is_false(dark_mask: Mask, ratio: Floats) -> bool:
    """Whether what a shadow layer takes is nowhere near what objects keep off: on average it leaves the light on."""
    return bool(dark_mask.any()) and float(np.mean(ratio[dark_mask])) > PLAINLY


def false_layers(tool: Tool, view: ShadowFree) -> int:
    """How many shadow layers are made up in a scene that has no cast shadow."""
    from multiplane.light.shadows import with_shadows

    scene = with_shadows(tool.apart(view), tool.fill)
    layers = [layer for layer in scene.layers if layer.caster is not None]
    masks = [shadow_mask(darkness(scene, layer.caster)) & view.surfaces for layer in layers]
    return sum(is_false(np.asarray(mask), view.ratio) for mask in masks)


def shadow_scores(cases: Sequence[Case]) -> Iterator[Score]:
    """The rows of shadows and healing for one method."""
    method = cases[0].method
    pairs = [shadow_ious(case) for case in cases]
    unions, singles = [pair[0] for pair in pairs], [one for pair in pairs for one in pair[1]]
    yield Score("shadow mask IoU, all of a scene", method, float(np.mean(unions)), "", len(unions), 0.70)
    yield Score("  median", method, float(np.median(unions)), "", len(unions))
    if singles:
        yield Score("shadow mask IoU, the first object's", method, float(np.mean(singles)), "", len(singles), 0.70)
    healed = [pair for case in cases if (pair := healed_psnr(case)) is not None]
    if healed:
        ours, alone, best = np.mean(healed, axis=0)
        yield Score("object and shadow removed: PSNR there", method, float(ours), "dB", len(healed))
        yield Score("  object alone removed: PSNR there", method, float(alone), "dB", len(healed))
        yield Score("  healed-surface gain", method, float(ours - alone), "dB", len(healed), 4.0)
        yield Score("  gain of perfect healing, same fill", method, float(best - alone), "dB", len(healed))
    kept = [bool((picture_of(case.shadowed) == case.truth.photo).all()) for case in cases]
    yield Score("layers with shadows give the photo", method, float(np.mean(kept)), "of 1", len(kept), 1.0)
    yield Score("first object is a layer of its own", method, len(healed) / len(cases), "of 1", len(cases))


def false_scores(tool: Tool, views: Sequence[ShadowFree]) -> Iterator[Score]:
    """Made-up shadow layers, over all shadow-free scenes."""
    counts = [false_layers(tool, view) for view in views]
    yield Score("false shadow layers, shadow-free scenes", tool.method, sum(counts), "layers", len(counts), 0.0, "less")
