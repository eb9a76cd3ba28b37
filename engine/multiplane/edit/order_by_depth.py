"""Where in the order a layer belongs by its depth: before what it is nearer than, where they overlap."""

from math import log

from multiplane.edit.crop import box_of, common, within
from multiplane.light.shadow_view import receives
from multiplane.scene import Layer

FEWEST = 8
"""Pixels of overlap below which two layers have nothing to do with each other."""


def by_depth(others: tuple[Layer, ...], layer: Layer, start: int, ground: str | None) -> int:
    """The index in `others`, far to near, before which `layer` belongs; `start` where nothing speaks against it.

    Depths are compared where both are solid. The layer is before its `ground` (an id) and what lies on that, and never
    behind the first.
    """
    nearer = [_lead(layer, other, ground) for other in others]
    least = 1 + next((k for k, other in enumerate(others) if other.id == ground), 0)
    while least < len(others) and others[least].blend == "multiply":
        least += 1
    places = range(least, len(others) + 1)

    def agreement(place: int) -> float:
        return float(sum(nearer[:place]) - sum(nearer[place:]))

    return max(places, key=lambda place: (agreement(place), -abs(place - start)), default=len(others))


def _lead(layer: Layer, other: Layer, ground: str | None) -> float:
    """In log depth, times the pixels of their overlap, by how much `layer` is nearer than `other`."""
    shared = common(box_of(layer), box_of(other))
    if shared is None or other.blend != "normal" or other.id == ground:
        return 0.0
    mine, theirs = within(shared, box_of(layer)), within(shared, box_of(other))
    both = (layer.rgba[mine][..., 3] >= 0.5) & (other.rgba[theirs][..., 3] >= 0.5)
    count = int(both.sum())
    if count < FEWEST:
        return 0.0
    # A surface has its own depth at every place; a thing is where it stands.
    there = float(other.z[theirs][both].mean()) if receives(other) else other.depth
    return count * (log(there) - log(layer.depth))
