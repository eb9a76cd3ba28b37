"""Finds out which layer of the scene each layer of an edited file is: by number, by name, by place and pixels."""

import unicodedata
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from multiplane.formats.edited import EditedLayer
from multiplane.formats.layer_rows import identity_numbers
from multiplane.pixels.levels import from_levels
from multiplane.scene import Layer

Key = Callable[[str], str]

ALIKE = 0.5
"""Likeness from which two layers are the same by their looks alone."""
SAME_COLOUR = 0.1
"""Difference of colour, of 1, at which likeness has fallen to 1/e."""
LONGEST_NAME = 255
"""Letters that Photoshop and GIMP keep of a name."""
MOST_SAMPLES = 40_000


def match_layers(layers: Sequence[Layer], rows: Sequence[EditedLayer]) -> list[int | None]:
    """For each of `rows` the index of the layer that it is, or None; no layer is given twice.

    Numbers come first: Photoshop keeps them. GIMP and Krita drop them and keep names. Where several rows claim one
    layer (a copy in the editor), the one that looks most like it has it, and the others are new.
    """
    found: list[int | None] = [None] * len(rows)
    numbers = identity_numbers(layer.id for layer in layers)
    by_number = {number: index for index, number in enumerate(numbers.values())}
    _claim(found, layers, rows, lambda row: [by_number[row.identity]] if row.identity in by_number else [])
    for key in (str, comparable):
        _claim(found, layers, rows, lambda row, key=key: _called(layers, key, row.name))  # type: ignore[misc]
    _claim_by_looks(found, layers, rows)
    return found


def comparable(name: str) -> str:
    """A name without what editors change in it unasked: normal form, blanks at its ends, marks they cannot write."""
    plain = unicodedata.normalize("NFC", name)
    shown = "".join("?" if unicodedata.category(mark)[0] == "C" else mark for mark in plain)
    return " ".join(shown.replace("\ufffd", "?")[:LONGEST_NAME].split())


def _called(layers: Sequence[Layer], key: Key, name: str) -> list[int]:
    return [index for index, layer in enumerate(layers) if key(layer.name) == key(name)]


def _claim(
    found: list[int | None],
    layers: Sequence[Layer],
    rows: Sequence[EditedLayer],
    candidates: Callable[[EditedLayer], list[int]],
) -> None:
    """Give every free row one of its free `candidates`; where more than one fits, the likest pair goes first."""
    taken = {index for index in found if index is not None}
    pairs = [
        (row, index)
        for row in range(len(rows))
        if found[row] is None
        for index in candidates(rows[row])
        if index not in taken
    ]
    contested = len({row for row, _ in pairs}) < len(pairs) or len({index for _, index in pairs}) < len(pairs)
    if contested:
        pairs.sort(key=lambda pair: -likeness(layers[pair[1]], rows[pair[0]]))
    _take(found, pairs)


def _claim_by_looks(found: list[int | None], layers: Sequence[Layer], rows: Sequence[EditedLayer]) -> None:
    taken = {index for index in found if index is not None}
    scored = [
        (likeness(layers[index], rows[row]), row, index)
        for row in range(len(rows))
        if found[row] is None and rows[row].rgba.size
        for index in range(len(layers))
        if index not in taken
    ]
    scored.sort(key=lambda score: -score[0])
    _take(found, [(row, index) for score, row, index in scored if score >= ALIKE])


def _take(found: list[int | None], pairs: list[tuple[int, int]]) -> None:
    taken = {index for index in found if index is not None}
    for row, index in pairs:
        if found[row] is None and index not in taken:
            found[row] = index
            taken.add(index)


def likeness(layer: Layer, row: EditedLayer) -> float:
    """How much of both shows the same colour in the same place, in [0, 1], or with one corner laid on the other's.

    It is the soft intersection over union of the alphas, where a pixel counts the less the more its colours differ.
    """
    if row.rgba.size == 0:
        return 0.0
    x, y = layer.corner
    own = row.corner[0] - x, row.corner[1] - y
    declared = row.declared[0] - x, row.declared[1] - y
    return max(_overlap(layer, row, shift) for shift in {own, (0, 0), (own[0] - declared[0], own[1] - declared[1])})


def _overlap(layer: Layer, row: EditedLayer, shift: tuple[int, int]) -> float:
    """Likeness where the row's first pixel lies `shift` (x, y) from the layer's."""
    mine, theirs = layer.rgba, row.rgba
    left, top = max(0, shift[0]), max(0, shift[1])
    right, bottom = min(layer.width, shift[0] + theirs.shape[1]), min(layer.height, shift[1] + theirs.shape[0])
    if right <= left or bottom <= top:
        return 0.0
    step = max(1, round(float(np.sqrt(max(layer.height * layer.width, theirs[..., 0].size) / MOST_SAMPLES))))
    one = mine[top:bottom:step, left:right:step]
    other = from_levels(theirs[top - shift[1] : bottom - shift[1] : step, left - shift[0] : right - shift[0] : step])
    apart = np.abs(one[..., :3] - other[..., :3]).mean(axis=-1)
    both = (np.minimum(one[..., 3], other[..., 3]) * np.exp(-apart / SAME_COLOUR)).sum(dtype=np.float64)
    either = _opaque(mine, step) + _opaque(from_levels(theirs[::step, ::step]), 1)
    either -= float(np.minimum(one[..., 3], other[..., 3]).sum(dtype=np.float64))
    return float(both) / either if either > 0 else 0.0


def _opaque(rgba: NDArray[np.float32], step: int) -> float:
    return float(rgba[::step, ::step, 3].sum(dtype=np.float64))
