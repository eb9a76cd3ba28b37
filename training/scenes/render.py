"""Renders the random scene of a seed: colours with exact disparity, classes, things and subject."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .closeup import portrait, still_life
from .film import defocused, developed
from .indoor import indoor
from .layout import Layout
from .light import ABOVE_SIDE, SHADOW_SIDE, shadow_map
from .outdoor import outdoor
from .raster import bounds_on, cast
from .shade import second_nearest, shade
from .stage import SKY, THING
from .subject import subject_of
from .textures import Textures

FINER = 2
"""Samples a pixel, along each side."""
TRIES = 4


@dataclass(frozen=True)
class RenderedScene:
    """One scene; classes are stage.SKY .. stage.OBJECT, 255 where unknown; thing 0 is the sky."""

    rgb: NDArray[np.uint8]
    disparity: NDArray[np.float32]
    labels: NDArray[np.uint8]
    instance: NDArray[np.uint16]
    subject: NDArray[np.bool_]


def render_scene(seed: int, height: int, width: int, textures: Textures) -> RenderedScene:
    """The scene of `seed`: disparity is 1/z in 1/metres (0: sky), z along the camera's axis; no view is degenerate."""
    for attempt in range(TRIES):
        rng = np.random.default_rng([seed, attempt])
        scene = render_layout(random_layout(rng, textures), height, width, rng)
        if attempt == TRIES - 1 or worth_seeing(scene):
            break
    return scene


def random_layout(rng: np.random.Generator, textures: Textures) -> Layout:
    """A layout of one of the four families."""
    make = [outdoor, indoor, still_life, portrait][int(rng.choice(4, p=[0.4, 0.28, 0.14, 0.18]))]
    return make(rng, textures)


def worth_seeing(scene: RenderedScene) -> bool:
    """Whether more than one thing and more than one tone fill the view, and nothing sits on the lens."""
    shares = np.bincount(scene.instance.ravel()) / scene.instance.size
    tone = scene.rgb.mean(2)
    steps = np.quantile(scene.disparity, [0.02, 0.5, 0.98])
    lens = float((scene.disparity > 6 * max(float(steps[1]), 0.05)).mean())
    return bool(
        shares.max() < 0.85 and tone.std() > 12 and steps[2] > 1.25 * steps[0] and not lens > 0.45 and steps[2] < 8
    )


def render_layout(layout: Layout, height: int, width: int, rng: np.random.Generator) -> RenderedScene:
    """Cast two by two samples a pixel, shade them, keep the second nearest sample's depth and thing."""
    packed = layout.stage.pack()
    reals, wholes, axes = packed
    atlas = layout.stage.atlas()
    rays = layout.camera.rays(height * FINER, width * FINER)
    spread = float(np.linalg.norm(rays.step_x))
    depth = np.full((rays.height, rays.width), np.inf, np.float32)
    nearest = np.full(depth.shape, -1, np.int32)
    cast(reals, wholes, atlas, bounds_on(rays, reals, wholes, axes), rays.packed(), spread, False, depth, nearest)
    light = layout.light
    sun = shadow_map(-light.sun, light, SHADOW_SIDE, packed, atlas)
    above = shadow_map(np.array([0.0, -1.0, 0.0]), light, ABOVE_SIDE, packed, atlas)
    linear = np.empty((height, width, 3), np.float32)
    frames, sizes = np.stack([sun.frame, above.frame]), 2 * light.reach / np.array([SHADOW_SIDE, ABOVE_SIDE])
    shade(
        reals,
        wholes,
        atlas,
        rays.packed(),
        spread,
        depth,
        nearest,
        light.packed(),
        light.clouds,
        sun.depth,
        above.depth,
        frames,
        sizes,
        FINER,
        linear,
    )
    disparity, owner = np.empty((height, width), np.float32), np.empty((height, width), np.int32)
    second_nearest(depth, nearest, disparity, owner)
    things = np.append(wholes[:, THING], SKY)[owner].astype(np.uint16)
    labels = np.array(layout.stage.labels, np.uint8)[things]
    subject = subject_of(things, disparity, np.array(layout.stage.worth))
    if rng.random() < 0.34:
        linear = defocused(rng, linear, disparity)
    return RenderedScene(developed(rng, linear), disparity, labels, things, subject)
