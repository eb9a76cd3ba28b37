"""Layer names a designer can read and a link can rely on: unique, stable, in stacking order."""

from dataclasses import dataclass

from multiplane.layering.order import SURFACES


@dataclass(frozen=True)
class Naming:
    """`id` never changes, `name` is what a layer list shows."""

    id: str
    name: str


def name_layers(labels: list[str]) -> list[Naming]:
    """Names for layers with these labels, far to near: "010 sky", "020 ground", "030 person 1".

    The number leaves room for layers to be put between. Objects are counted from the nearest; surfaces only where
    there is more than one of a kind.
    """
    named: list[Naming] = []
    for position, label in enumerate(labels):
        nth = labels[position:].count(label)
        counted = label not in SURFACES or labels.count(label) > 1
        word = f"{label} {nth}" if counted else label
        named.append(Naming(id=word.replace(" ", "-"), name=f"{10 * (position + 1):03d} {word}"))
    return named
