"""Foreground, midground, background: cuts the order of layers where depth jumps most."""

from itertools import combinations

import numpy as np

from multiplane.scene import Plane


def assign_planes(disparities: list[float]) -> list[Plane]:
    """The plane of each layer, from 1/depth in order from far to near.

    One layer is background; two are background and foreground; more are cut into three runs that keep the order and
    have the least scatter of disparity inside (natural breaks, Jenks 1967), where layers that lie out of order count as
    lying at their predecessor's depth.
    """
    count = len(disparities)
    if count == 1:
        return ["background"]
    if count == 2:
        return ["background", "foreground"]
    values = np.maximum.accumulate(np.asarray(disparities, np.float64))

    def scatter(cuts: tuple[int, int]) -> float:
        runs = np.split(values, cuts)
        return float(sum(((run - run.mean()) ** 2).sum() for run in runs))

    first, second = min(combinations(range(1, count), 2), key=scatter)
    planes: list[Plane] = ["background"] * first
    planes += ["midground"] * (second - first)
    planes += ["foreground"] * (count - second)
    return planes
