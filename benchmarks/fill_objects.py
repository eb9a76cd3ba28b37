"""Whole things taken out of rendered scenes and painted cards, whose clean plates are known."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "samples"))

from benchmarks.fill_bands import grown
from benchmarks.fill_case import Case
from cards import OBJECTS, make_cards  # type: ignore[import-not-found]
from training.scenes.layout import Layout
from training.scenes.light import ABOVE_SIDE, SHADOW_SIDE, shadow_map
from training.scenes.raster import bounds_on, cast
from training.scenes.render import FINER, random_layout
from training.scenes.shade import second_nearest, shade
from training.scenes.stage import CASTS, SKY, THING, Stage
from training.scenes.textures import Textures

from multiplane.arrays import Floats, Ints
from multiplane.pixels.levels import from_levels, to_levels

HEIGHT, WIDTH = 384, 512
MEASURED, TUNED = 5_000_000, 6_000_000
"""First seeds of the scenes that are measured, and of those that may be tuned on."""
SMALLEST, LARGEST = 0.02, 0.15
"""Share of the picture that a thing must cover to be taken out."""
RIM = 2
"""Pixels by which the hole is larger than the thing."""


def objects(root: Path, most: int, held: bool) -> Iterator[Case]:
    """Things of painted cards (measured only), then one thing from each of `most` rendered scenes."""
    if held:
        yield from card_cases()
    if not (root / "photos").exists():
        print(f"rendered scenes are left out: their textures are photos, and {root / 'photos'} is not there")
        return
    textures = Textures.of(root / "photos", root / "saliency", most=200)
    seed, found = MEASURED if held else TUNED, 0
    while found < most:
        case = scene_case(seed, textures)
        seed += 1
        if case is not None:
            found += 1
            yield case


def card_cases() -> Iterator[Case]:
    """Each of the four objects of the painted still."""
    cards = make_cards(WIDTH, HEIGHT)
    for name in OBJECTS:
        hole = grown(cards.card(name).alpha > 0, RIM)
        index = cards.cards.index(cards.card(name))
        surface = np.where(cards.front > index, -1, 0).astype(np.int32)
        shadowless = replace(cards, cards=tuple(replace(card, shadow=None) for card in cards.cards))
        truth, photo = (from_levels(to_levels(picture)) for picture in (shadowless.without(name), shadowless.without()))
        nearer = grown(surface < 0, 1)
        surface[nearer] = -1
        yield Case(f"cards_{name}", "objects", truth, hole, surface, hole & ~nearer, cards.mask(name), photo)


def scene_case(seed: int, textures: Textures) -> Case | None:
    """A thing of fitting size out of the random scene of `seed`, or None; it throws no shadow in either picture."""
    layout = random_layout(np.random.default_rng([seed, 0]), textures)
    _, things, disparity = render(layout, None, colours=False)
    shares = np.bincount(things.ravel()) / things.size
    heights = [np.median(disparity[things == k]) if share > 0 else 0.0 for k, share in enumerate(shares)]
    fitting = [k for k in range(1, len(shares)) if SMALLEST <= shares[k] <= LARGEST and layout.stage.labels[k] >= 6]
    if not fitting:
        return None
    thing = max(fitting, key=lambda k: heights[k])
    hole = grown(things == thing, RIM)
    if hole[0].any() or hole[:, 0].any() or hole[:, -1].any():
        return None
    still = shadowless(layout, thing)
    photo, _, _ = render(still, None)
    plate, behind, plate_disparity = render(still, thing)
    gain = 0.45 / max(float(photo.mean()), 1e-4)
    photo, plate = (from_levels(to_levels(np.sqrt(np.clip(gain * a, 0, 1)))) for a in (photo, plate))
    plate = np.where(hole[..., None], plate, photo)
    nearest = float(np.quantile(plate_disparity[hole], 0.95)) * 1.05 + 1e-6
    nearer = grown((plate_disparity > nearest) & (behind == things), 1)
    surface = np.where(nearer, -1, 0).astype(np.int32)
    return Case(f"scene_{seed}", "objects", plate, hole, surface, hole & ~nearer, things == thing, photo)


def shadowless(layout: Layout, thing: int) -> Layout:
    """The layout in which `thing` throws no shadow."""
    wholes = [
        tuple(0 if column == CASTS and row[THING] == thing else value for column, value in enumerate(row))
        for row in layout.stage.wholes
    ]
    return replace(layout, stage=replace(layout.stage, wholes=wholes))


def kept_on(stage: Stage, kept: list[int]) -> Stage:
    """The stage with the primitives `kept` only."""
    return replace(
        stage,
        reals=[stage.reals[index] for index in kept],
        axes=[stage.axes[index] for index in kept],
        wholes=[stage.wholes[index] for index in kept],
    )


def render(layout: Layout, without: int | None, colours: bool = True) -> tuple[Floats, Ints, Floats]:
    """Linear colours (H, W, 3), things and disparity (H, W) of a layout, `without` one thing; no film."""
    stage, light = layout.stage, layout.light
    kept = [index for index, row in enumerate(stage.wholes) if row[THING] != without]
    packed, atlas = kept_on(stage, kept).pack(), stage.atlas()
    reals, wholes, axes = packed
    rays = layout.camera.rays(HEIGHT * FINER, WIDTH * FINER)
    spread = float(np.linalg.norm(rays.step_x))
    depth = np.full((rays.height, rays.width), np.inf, np.float32)
    nearest = np.full(depth.shape, -1, np.int32)
    cast(reals, wholes, atlas, bounds_on(rays, reals, wholes, axes), rays.packed(), spread, False, depth, nearest)
    linear = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    disparity, owner = np.empty((HEIGHT, WIDTH), np.float32), np.empty((HEIGHT, WIDTH), np.int32)
    second_nearest(depth, nearest, disparity, owner)
    if colours:
        sun = shadow_map(-light.sun, light, SHADOW_SIDE, packed, atlas)
        above = shadow_map(np.array([0.0, -1.0, 0.0]), light, ABOVE_SIDE, packed, atlas)
        frames, sizes = np.stack([sun.frame, above.frame]), 2 * light.reach / np.array([SHADOW_SIDE, ABOVE_SIDE])
        shade(
            reals, wholes, atlas, rays.packed(), spread, depth, nearest, light.packed(), light.clouds,
            sun.depth, above.depth, frames, sizes, FINER, linear,
        )  # fmt: skip
    return linear, np.append(wholes[:, THING], SKY)[owner].astype(np.int32), disparity
