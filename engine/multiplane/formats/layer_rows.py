"""What every layered format shares: a group for each plane, and the number by which a layer is known again."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import get_args

from multiplane.scene import Layer, Plane

FIRST_NUMBER = 1_000_000
NUMBERS = 15_000_000
"""Seven or eight digits: no program that numbers its layers anew from 1 arrives at one by accident, and those that go
on from the highest stay far below the 32 bits of the field."""


def plane_groups(layers: Sequence[Layer]) -> Iterator[tuple[str, list[tuple[int, Layer]]]]:
    """The name of each group and its (index, layer) pairs, far to near.

    Neighbours of one plane share a group. Where the order splits a plane, its later groups are numbered: order comes
    before grouping.
    """
    times: dict[str, int] = {}
    for plane, members in groupby(enumerate(layers), key=lambda member: member[1].plane):
        times[plane] = times.get(plane, 0) + 1
        yield plane if times[plane] == 1 else f"{plane} {times[plane]}", list(members)


def plane_of_groups(groups: Iterable[str]) -> Plane | None:
    """The plane after which the innermost of `groups` (outermost first) that names one is called."""
    planes: dict[str, Plane] = {plane: plane for plane in get_args(Plane)}
    for group in reversed(list(groups)):
        words = group.lower().split()
        if words and words[0] in planes:
            return planes[words[0]]
    return None


def identity_numbers(ids: Iterable[str]) -> dict[str, int]:
    """A number for each layer id, the same in every run and whatever other layers there are (but for collisions).

    It is what a format whose records hold integers writes, and what an edited file's layers are known by.
    """
    numbers: dict[str, int] = {}
    taken: set[int] = set()
    for each in ids:
        offset = zlib.crc32(each.encode("utf-8", "surrogatepass")) % NUMBERS
        while FIRST_NUMBER + offset in taken:
            offset = (offset + 1) % NUMBERS
        numbers[each] = FIRST_NUMBER + offset
        taken.add(numbers[each])
    return numbers
