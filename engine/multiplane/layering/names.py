"""Layer names a designer can read and a link can rely on: unique, stable, in stacking order."""

import re
from dataclasses import dataclass

from multiplane.layering.order import SURFACES

NUMBER = r"[\s_-]*\d+$"
"""A number that a segment's name ends in: layers are numbered anew."""


@dataclass(frozen=True)
class Naming:
    """`id` never changes, `name` is what a layer list shows."""

    id: str
    name: str


def name_layers(segments: list[tuple[str, str]]) -> list[Naming]:
    """Names for layers made of segments with these (name, label), far to near: "010 sky", "020 vase", "030 person 1".

    The number leaves room for layers to be put between. A name that only repeats its label is counted from the nearest;
    a surface's, or one that somebody gave, only where there is more than one.
    """
    words = [re.sub(NUMBER, "", name.strip()) or label for name, label in segments]
    named: list[Naming] = []
    for position, (word, (_, label)) in enumerate(zip(words, segments, strict=True)):
        general = word == label and label not in SURFACES
        numbered = f"{word} {words[position:].count(word)}" if general or words.count(word) > 1 else word
        named.append(Naming(id=re.sub(r"\s+", "-", numbered), name=f"{10 * (position + 1):03d} {numbered}"))
    return named
