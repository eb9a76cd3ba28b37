"""Moves a layer to another place in the order, nearer or farther."""

from dataclasses import replace

from multiplane.edit.backdrop import can_be_backdrop
from multiplane.errors import SceneError
from multiplane.scene import Scene


def reorder(scene: Scene, index: int, place: int) -> Scene:
    """`scene` with layer `index` at `place`, counted from 0, the farthest. What else there is keeps its order.

    Raises SceneError for a place that is none, and where the farthest layer would not be opaque everywhere.
    """
    count = len(scene.layers)
    if not 0 <= place < count:
        raise SceneError(
            f"there is no place {place} among {count} layers; choose one from 0, the farthest, to {count - 1}"
        )
    order = [layer for other, layer in enumerate(scene.layers) if other != index]
    order.insert(place, scene.layers[index])
    if not can_be_backdrop(order[0], scene.camera):
        raise SceneError(
            f"{scene.layers[0].id!r} is the backdrop, and {order[0].id!r}, which is not opaque everywhere, cannot take"
            " its place; move it to 1 or nearer"
        )
    return replace(scene, layers=tuple(order))


def place_beside(scene: Scene, index: int, other: int, above: bool) -> int:
    """The place for layer `index` right above (nearer than) or below layer `other`, as `reorder` counts it."""
    if other == index:
        raise SceneError(f"layer {scene.layers[index].id!r} cannot stand above or below itself; name another layer")
    without = other - (index < other)
    return without + 1 if above else without
