"""Finds the key light: of all directions, the one whose light and cast shadows tell most about the picture.

For a direction l, light on a cell is a (1 + r m), with m the soft cosine there times the share of l that arrives, and
r the key over the ambient light. In each group of cells of one layer and one hue, log light is log albedo, the group's
mean, + log(1 + r m) + texture, whose variance is the group's own. So, with n cells and e what is left in a group,

    log likelihood of (l, r) = - sum over groups of n/2 log(sum of e^2 + n s^2) + log prior(l)

Shadows and shading count alike, and a busy texture counts little. (Lalonde, Efros and Narasimhan 2012 combine cues of
one photo by likelihoods too; theirs are learned.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Ints, Mask
from multiplane.light.irradiance import FROM_ABOVE, soft_cosine
from multiplane.light.lights import of_luminance_1
from multiplane.light.setting import ANY_GAP, NOTHING, Setting, set_up
from multiplane.light.sheets import SKY, SOLID, SURFACES
from multiplane.light.trace import march
from multiplane.scene import LUMINANCE, KeyLight, Scene

SIDE = 160
"""Cells along the longer side: light is large beside pixels."""
RATIOS = (0.35, 0.7, 1.4, 2.8, 5.6)
"""Key over ambient light that is tried."""
HUE = 0.6
"""Width of a group in log chromaticity: wide enough for a shadow to stay in its surface's group."""
FAINT = 0.05
"""Deviation of log light that no group goes below."""
OUTLIER = 0.8
"""Log light beyond which a cell's error counts no more."""
CELLS = 8000
"""Most cells that are looked at."""
SPREAD = 96.0
"""Cells that tell as much as one, since texture is no independent noise."""
USUAL = (3.1, 2.45, 1.9)
"""Key over ambient light, red, green and blue, under a clear sky ..."""
VARIES = 0.6
"""... its standard deviation, as a logarithm ..."""
RATIO_TRUST = 0.4
"""... and what the picture says of it, against that: shadows that are missed a little all make it less."""
FEWEST = 12
"""Cells of a group that tell anything."""
BIAS = 0.008
LIKELY_HEIGHT, HEIGHT_SPREAD = 45.0, 30.0
"""Elevation of light in degrees that is likely, and how much it varies."""
FROM_BEHIND_VIEWER = 0.5
"""Log odds of light from behind the viewer against light from ahead: that is how people take pictures."""


@dataclass(frozen=True)
class Front:
    """What the picture shows, cell by cell: linear `light` (h, w, 3), `normals`, inverse depth `q`, `thickness`, the
    `owner` among the layers, and where the cell is `useful`: solid, not sky, neither black nor burnt out."""

    light: Floats
    normals: Floats
    q: Floats
    thickness: Floats
    owner: Ints
    solid: Mask
    useful: Mask
    surface: Mask
    focal: float
    up: Floats


def key_light_of(scene: Scene) -> KeyLight:
    """The key light that shaped `scene`, with how far it can be trusted."""
    return estimate(front_of(set_up(scene, SIDE)))


def front_of(setting: Setting) -> Front:
    """The picture as its sheets show it."""
    shape = setting.grid.rows, setting.grid.columns
    light, normals = np.zeros((*shape, 3), np.float32), np.zeros((*shape, 3), np.float32)
    q, thickness = np.full(shape, NOTHING, np.float32), np.ones(shape, np.float32)
    owner, solid, surface = np.zeros(shape, np.int32), np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
    for index, sheet in enumerate(setting.sheets):
        shows = np.asarray(sheet.alpha >= SOLID)
        for target, source in (
            (light, sheet.light),
            (normals, setting.normals[index]),
            (q, sheet.q),
            (thickness, sheet.thickness),
        ):
            target[sheet.box][shows] = source[shows]
        owner[sheet.box][shows] = index
        solid[sheet.box][shows] = sheet.layer.label != SKY
        surface[sheet.box][shows] = sheet.layer.label in SURFACES
    grey = light @ np.array(LUMINANCE, np.float32)
    useful = np.asarray(solid & (grey > 0.003) & (light.max(axis=-1) < 0.95))
    return Front(light, normals, q, thickness, owner, solid, useful, surface, setting.grid.focal, setting.up)


def estimate(front: Front) -> KeyLight:
    """The key light of what is seen; from behind the viewer and above, without confidence, where all is dark."""
    cells, group = _groups(front)
    if len(cells) < FEWEST:
        return KeyLight((0.0, -0.7071068, -0.7071068), ambient=1.0, confidence=0.0)
    directions = _directions()
    amounts = np.stack([_amount(front, towards)[cells] for towards in directions])
    light = np.log(front.light.reshape(-1, 3)[cells] + 1e-4).astype(np.float64)
    grey = np.log(front.light.reshape(-1, 3)[cells] @ np.array(LUMINANCE) + 1e-4)
    likelihood = np.stack([_likelihood(grey, amounts, ratio, group) for ratio in RATIOS])
    likelihood += _prior(directions, front.up)
    towards, confidence = _peak(directions, likelihood.max(axis=0))
    return _described(front, towards, confidence, light, cells, group)


def _groups(front: Front) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which cells are looked at, and the number of the group of each."""
    cells = np.flatnonzero(front.useful)
    cells = cells[:: max(1, len(cells) // CELLS)]
    colour = np.log(front.light.reshape(-1, 3)[cells] + 0.01)
    owner = front.owner.reshape(-1)[cells]
    hue = np.stack([colour[:, 0] - colour[:, 1], colour[:, 2] - colour[:, 1]], axis=-1)
    for index in np.unique(owner):
        hue[owner == index] -= np.median(hue[owner == index], axis=0)
    bins = np.clip(np.rint(hue / HUE).astype(np.int64), -8, 8)
    keys = (owner.astype(np.int64) * 17 + bins[:, 0] + 8) * 17 + bins[:, 1] + 8
    _, group, count = np.unique(keys, return_inverse=True, return_counts=True)
    enough = count[group] >= FEWEST
    _, group = np.unique(group[enough], return_inverse=True)
    return cells[enough], group.astype(np.intp)


def _directions() -> NDArray[np.float64]:
    """Unit vectors (n, 3) about 12 degrees apart, from a little below the horizon to the zenith."""
    out = []
    for number, height in enumerate((-6, 6, 18, 30, 42, 54, 66, 78)):
        count = max(4, round(30 * np.cos(np.radians(height))))
        turn = 2 * np.pi * (np.arange(count) + 0.5 * (number % 2)) / count
        flat, rise = np.cos(np.radians(height)), np.sin(np.radians(height))
        out.append(np.stack([flat * np.sin(turn), np.full(count, -rise), -flat * np.cos(turn)], axis=-1))
    return np.concatenate(out)


def _amount(front: Front, towards: NDArray[np.float64]) -> NDArray[np.float32]:
    """How much of a light from `towards` each cell gets, (h w)."""
    amount = soft_cosine(front.normals @ towards.astype(np.float32), 0.0)
    arrives = np.ones(amount.shape, np.float32)
    wanted = np.asarray(front.useful & (amount > 0.02))
    opacity = front.solid.astype(np.float32)
    rays = np.tile(towards, (4, 1, 1))
    highest = float(front.q.max())
    corner = np.array([0, 0])
    march(
        front.q,
        wanted,
        corner,
        rays,
        False,
        front.q,
        opacity,
        front.thickness,
        highest,
        BIAS,
        ANY_GAP,
        front.focal,
        arrives,
    )
    return np.asarray((amount * arrives).reshape(-1), np.float32)


def _likelihood(
    grey: NDArray[np.float64], amounts: NDArray[np.float32], ratio: float, group: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Log likelihood (directions) of the light's `amounts` (directions, cells) at one ratio of key to ambient."""
    count = np.bincount(group)
    out = np.empty(len(amounts))
    for number, amount in enumerate(amounts):
        left = grey - np.log1p(ratio * amount.astype(np.float64))
        left -= (np.bincount(group, left) / count)[group]
        squared = np.bincount(group, np.minimum(left * left, OUTLIER**2))
        out[number] = -0.5 * float((count / SPREAD * np.log(squared / count + FAINT**2)).sum())
    return out


def _prior(directions: NDArray[np.float64], up: Floats) -> NDArray[np.float64]:
    height = np.degrees(np.arcsin(np.clip(directions @ up.astype(np.float64), -1, 1)))
    return -0.5 * ((height - LIKELY_HEIGHT) / HEIGHT_SPREAD) ** 2 - FROM_BEHIND_VIEWER * directions[:, 2]


def _peak(directions: NDArray[np.float64], likelihood: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """The mean direction around the best one, and the share of all probability that lies there."""
    probability = np.exp(likelihood - likelihood.max())
    probability /= probability.sum()
    near = directions @ directions[int(likelihood.argmax())] > np.cos(np.radians(25.0))
    mean = (directions[near] * probability[near, None]).sum(axis=0)
    return mean / np.linalg.norm(mean), float(probability[near].sum())


def _described(
    front: Front,
    towards: NDArray[np.float64],
    confidence: float,
    light: NDArray[np.float64],
    cells: NDArray[np.intp],
    group: NDArray[np.intp],
) -> KeyLight:
    """The key light from `towards`: how much is ambient, and its colour, from each channel's best ratio."""
    amount = _amount(front, towards)[cells][None]
    tried = np.geomspace(0.1, 12.0, 40)
    best = []
    for channel in range(3):
        fits = np.array([float(_likelihood(light[:, channel], amount, ratio, group)[0]) for ratio in tried])
        fits = RATIO_TRUST * fits - 0.5 * (np.log(tried / USUAL[channel]) / VARIES) ** 2
        odds = np.exp(fits - fits.max())
        best.append(float(np.exp((odds * np.log(tried)).sum() / odds.sum())))
    ratios = np.array(best)
    # The ratio is that to ambient light on an average normal; KeyLight wants it on the one that faces the key.
    facing = 1 - FROM_ABOVE + FROM_ABOVE * float(towards @ front.up.astype(np.float64))
    ratio = float(np.dot(LUMINANCE, ratios)) / max(facing, 0.3)
    x, y, z = (float(part) for part in towards)
    return KeyLight((x, y, z), of_luminance_1(np.clip(ratios / ratios.mean(), 0.4, 2.5)), 1 / (1 + ratio), confidence)
