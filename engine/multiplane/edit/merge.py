"""Makes one layer of several: the composite stays as it is, and every pixel keeps the depth of what it shows."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from multiplane.arrays import Floats, Mask
from multiplane.edit.crop import Box, Pixels, box_of, common, composite, cut_out, union, within
from multiplane.errors import SceneError
from multiplane.pixels.levels import to_levels
from multiplane.pixels.nearest import from_nearest
from multiplane.pixels.over import unblend
from multiplane.scene import Layer, Scene


def merge(scene: Scene, indices: Sequence[int]) -> Scene:
    """`scene` with the layers `indices` as one, which has the id, name, label and plane of the first named.

    It stands where the nearest of them stood, or as near below as what lies between them allows. Raises SceneError
    for fewer than two, and where a layer between overlaps those on both sides of it, so that one sheet could not show
    what all of them show.
    """
    if len(set(indices)) < 2:
        raise SceneError("a merge needs at least two different layers; name another one")
    parts = sorted(set(indices))
    place = _place(scene, parts)
    below = [layer for k, layer in enumerate(scene.layers[:place]) if k not in parts]
    above = [layer for k, layer in enumerate(scene.layers) if k >= place and k not in parts]
    kept = scene.layers[indices[0]]
    gone = {scene.layers[k].id for k in parts}
    one = _union([scene.layers[k] for k in parts], below, kept, scene.bit_depth)
    layers = (replace(x, caster=kept.id) if x.caster in gone else x for x in (*below, one, *above))
    return replace(scene, layers=tuple(layers))


def _place(scene: Scene, parts: list[int]) -> int:
    """The index, in the present order, before which all `parts` can stand side by side; the nearest one there is."""
    if parts[0] == 0:
        _refuse_crossing(scene, parts, 1)
        return 1
    for place in range(parts[-1] + 1, parts[0], -1):
        if _crossing(scene, parts, place) is None:
            return place
    _refuse_crossing(scene, parts, parts[-1] + 1)
    raise AssertionError("unreachable: the first place was tried above")


def _refuse_crossing(scene: Scene, parts: list[int], place: int) -> None:
    crossing = _crossing(scene, parts, place)
    if crossing is not None:
        moved, between = (scene.layers[k].id for k in crossing)
        names = " and ".join(repr(scene.layers[k].id) for k in (parts[0], parts[-1]))
        raise SceneError(
            f"cannot merge {names}: {between!r} is in between and overlaps {moved!r}; merge it too, or reorder it first"
        )


def _crossing(scene: Scene, parts: list[int], place: int) -> tuple[int, int] | None:
    """A part and a layer that is none, which overlap and would change sides if all parts stood at `place`."""
    for part in parts:
        crossed = range(part + 1, place) if part < place else range(place, part)
        for other in crossed:
            if other not in parts and _overlap(scene.layers[part], scene.layers[other]):
                return part, other
    return None


def _overlap(one: Layer, other: Layer) -> bool:
    box = common(box_of(one), box_of(other))
    if box is None:
        return False
    return bool((one.visible[within(box, box_of(one))] & other.visible[within(box, box_of(other))]).any())


def _union(parts: list[Layer], below: list[Layer], kept: Layer, bit_depth: int) -> Layer:
    """`parts`, far to near, as one layer like `kept`, which over `below` composites to what they do, exactly."""
    box = union([box_of(layer) for layer in parts])
    behind = composite(below, box, bit_depth)
    goal = composite((*below, *parts), box, bit_depth)
    alpha, colour, z, filled = _blended(parts, box)
    rgba = unblend(goal, behind, to_levels(alpha, bit_depth), to_levels(colour, bit_depth))
    like = replace(kept, caster=None, blend="normal")
    return cut_out(like, Pixels(rgba, z, filled), box)


def _blended(parts: list[Layer], box: Box) -> tuple[Floats, Floats, Floats, Mask]:
    """Alpha (h, w) and straight colour (h, w, 3) of all `parts` together; depth and origin of whoever shows most."""
    shape = box[0].stop - box[0].start, box[1].stop - box[1].start
    clear = np.ones(shape, np.float32)
    colour, most = np.zeros((*shape, 3), np.float32), np.zeros(shape, np.float32)
    z, filled = np.ones(shape, np.float32), np.zeros(shape, np.bool_)
    for layer in reversed(parts):
        place = within(box_of(layer), box)
        share = clear[place] * layer.rgba[..., 3]
        colour[place] += share[..., None] * layer.rgba[..., :3]
        leads = share > most[place]
        for out, values in ((z, layer.z), (filled, layer.filled), (most, share)):
            np.copyto(out[place], values, where=leads)
        clear[place] -= share
    alpha = np.subtract(1.0, np.clip(clear, 0.0, 1.0), dtype=np.float32)
    colour /= np.maximum(alpha, np.float32(1e-6))[..., None]
    if (known := most > 0).any():
        z, _ = from_nearest(z, np.asarray(known))
    return alpha, np.clip(colour, 0.0, 1.0), z, filled
