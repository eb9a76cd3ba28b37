"""What changed in the order of layers, and where the new order says other than their depths."""

from collections.abc import Sequence

import numpy as np

from multiplane.scene import Layer, Scene

CLEARLY = 1.02
"""How many times the depth of the one must be the other's for them to contradict their order."""


def reordered(places: Sequence[int | None]) -> list[int]:
    """The positions of the fewest layers that must have been moved; `places` are the old ones, None where new.

    All others form a longest run that rises (Schensted 1961).
    """
    known = [(position, place) for position, place in enumerate(places) if place is not None]
    best: list[list[int]] = []
    for index, (_, place) in enumerate(known):
        before = [best[other] for other in range(index) if known[other][1] < place]
        best.append([*_longest(before), index])
    stays = set(_longest(best))
    return [position for index, (position, _) in enumerate(known) if index not in stays]


def _longest(runs: list[list[int]]) -> list[int]:
    return sorted(runs, key=len)[-1] if runs else []


def contradictions(before: Scene, layers: Sequence[Layer]) -> list[str]:
    """A sentence for every pair that overlaps, changed sides, and now has the farther one in front."""
    was = {layer.id: index for index, layer in enumerate(before.layers)}
    notes = []
    for index, front in enumerate(layers):
        for back in layers[:index]:
            swapped = front.id in was and back.id in was and was[front.id] < was[back.id]
            if swapped and front.depth > back.depth * CLEARLY and _overlap(front, back):
                notes.append(
                    f"{front.name!r} is drawn before {back.name!r} now but keeps its greater depth"
                    f" ({front.depth:.3g} to {back.depth:.3g}): 3D views show it behind"
                )
    return notes


def _overlap(one: Layer, other: Layer) -> bool:
    (x, y), (left, top) = one.corner, other.corner
    x0, y0 = max(x, left), max(y, top)
    x1, y1 = min(x + one.width, left + other.width), min(y + one.height, top + other.height)
    if x1 <= x0 or y1 <= y0:
        return False
    mine = one.visible[y0 - y : y1 - y, x0 - x : x1 - x]
    return bool(np.any(mine & other.visible[y0 - top : y1 - top, x0 - left : x1 - left]))
