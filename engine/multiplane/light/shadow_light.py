"""The direction of the light that explains best what is dark around all things of a scene."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from multiplane.arrays import Floats, Ints, Mask
from multiplane.light.shadow_cast import Body, shadow_mask
from multiplane.light.shadow_darkness import Around
from multiplane.light.shadow_plane import Vector

RISES = (8, 14, 21, 29, 38, 48, 58, 68, 78)
"""Heights of the light above the ground that are tried, in degrees."""
TURNS = 48
"""Directions around that are tried at each height."""
FIRST_FINER, FINER = (6.0, 5), ((3.5, 5), (1.8, 5))
"""Steps in degrees, and how many along each axis, of the search around the best ones."""
PEAKS = 6
"""How many directions are searched around first: shadows of thin things fit from a narrow range of directions only, and
between those that are tried they hide."""
LEAST_CHANNEL = 0.15
"""Least darkening of a channel, as a share of the mean of all: a shadow takes some of every colour."""
EVEN = 1e-4
"""Variance of darkening that is in every channel for itself, noise of the picture."""
FEWEST = 12
"""Working pixels of a shadow below which it says nothing."""


@dataclass(frozen=True)
class Standing:
    """A thing with what is around it: its `planes` by index of the surface, and what is dark on `near`'s box."""

    caster: int
    body: Body
    planes: dict[int, Vector]
    near: Around
    evidence: Evidence


def shadow_of(thing: Standing, owner: Ints, towards: Vector, focal: float) -> Mask:
    """Where (h, w) of the picture the thing's shadow would be seen under light from `towards`."""
    seen = np.zeros(thing.body.mask.shape, np.bool_)
    for index, plane in thing.planes.items():
        seen |= shadow_mask(thing.body, plane, towards, focal) & (owner == index)
    return seen


def best_light(things: Sequence[Standing], owner: Ints, up: Vector, focal: float) -> tuple[Vector, float]:
    """The direction (3,) to the light, and how well its shadows agree with what is dark: a mean correlation."""
    east = np.cross(up, [0.0, 0.0, 1.0])
    east /= np.linalg.norm(east)
    north = np.cross(east, up)

    def direction(rise: float, turn: float) -> Vector:
        level = np.cos(np.radians(turn)) * north + np.sin(np.radians(turn)) * east
        return np.asarray(np.cos(np.radians(rise)) * level + np.sin(np.radians(rise)) * up)

    def score(at: tuple[float, float]) -> float:
        return agreement(things, owner, direction(*at), focal)

    tried = sorted(((float(rise), 360.0 * k / TURNS) for rise in RISES for k in range(TURNS)), key=score, reverse=True)
    best = max((near for peak in tried[:PEAKS] for near in _near(peak, *FIRST_FINER)), key=score)
    for step, count in FINER:
        best = max(_near(best, step, count), key=score)
    return direction(*best), score(best)


def _near(at: tuple[float, float], step: float, count: int) -> Iterator[tuple[float, float]]:
    offsets = (np.arange(count) - count // 2) * step
    for up in offsets:
        for across in offsets:
            yield float(np.clip(at[0] + up, 5.0, 85.0)), at[1] + float(across / max(0.3, np.cos(np.radians(at[0]))))


def agreement(things: Sequence[Standing], owner: Ints, towards: Vector, focal: float) -> float:
    """Mean, over the things, of how the union of all shadows correlates with what is dark around each."""
    shadows = [shadow_of(thing, owner, towards, focal) for thing in things]
    union = np.any(shadows, axis=0)
    total = 0.0
    for thing, shadow in zip(things, shadows, strict=True):
        if np.count_nonzero(shadow) >= FEWEST:
            total += thing.evidence.correlation(union[thing.near.box])
    return total / len(things)


@dataclass(frozen=True)
class Evidence:
    """What is dark (h, w, 3) over what is `known` (h, w), its mean there, and the inverse of its covariance."""

    dark: Floats
    known: Mask
    middle: Vector
    inverse: Vector

    @staticmethod
    def of(dark: Floats, known: Mask) -> Evidence:
        """Sum up `dark` where it is `known`, once for all the shadows that are held against it."""
        values = dark[known]
        if len(values) < 2:
            return Evidence(dark, known, np.zeros(3), np.eye(3))
        inverse = np.asarray(np.linalg.inv(np.cov(values, rowvar=False) + EVEN * np.eye(3)), np.float64)
        return Evidence(dark, known, values.mean(axis=0, dtype=np.float64), inverse)

    def correlation(self, mask: Mask) -> float:
        """The multiple correlation of a mask (h, w) with what is dark, over what is known; 0 for no shadow.

        Of all mixtures of the channels it is that of the best one: where grey patterns are strong, the shadow's tint
        tells. A mask that is not darker in every channel is no shadow.
        """
        inside = self.dark[mask & self.known]
        count = int(np.count_nonzero(self.known))
        if not 0 < len(inside) < count:
            return 0.0
        share = len(inside) / count
        step = (inside.mean(axis=0, dtype=np.float64) - self.middle) / (1.0 - share)
        if float(step.min()) < LEAST_CHANNEL * float(step.mean()) or float(step.mean()) <= 0.0:
            return 0.0
        return float(np.sqrt(share * (1.0 - share) * (step @ self.inverse @ step)))
