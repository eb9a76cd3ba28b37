"""Moves a layer: along the ground, with its size, its shadow and its place in the order, or flat on the picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from multiplane.edit.backdrop import can_be_backdrop
from multiplane.edit.ground import foothold_of, ground_of
from multiplane.edit.order_by_depth import by_depth
from multiplane.edit.shadows_follow import Step, followed
from multiplane.edit.warp import warped
from multiplane.errors import SceneError
from multiplane.scene import Layer, Scene


def move(scene: Scene, index: int, dx: float = 0.0, dy: float = 0.0, dz: float = 0.0, physics: bool = True) -> Scene:
    """`scene` with layer `index` moved by `dx` pixels to the right and `dy` down, and then `dz` farther away.

    With physics its foot is dragged along the ground (without any, along a level through its foot): farther up is
    farther away and smaller, `dz` is in the scene's unit of depth; its shadows follow on what receives them, and its
    place in the order is that of its new depth. Without, it is a flat move of the layer and its shadows, and `dz` only
    changes depth and order. What was behind appears. Raises SceneError for the backdrop and for shadows, for a place
    above the horizon, and where nothing would be left in view.
    """
    check_movable(scene, index)
    layer = scene.layers[index]
    if not (dx or dy or dz):
        return scene
    if not physics:
        return _flat(scene, index, dx, dy, dz)
    ground = ground_of(scene, index)
    foothold = foothold_of(scene, index, ground)
    to = foothold.moved(dx, dy, dz)
    step = Step(foothold, to, 1.0)
    moved = stepped(scene, layer, step)
    shadows = followed(scene, index, moved, step, ground)
    return settled(scene, index, moved, shadows, None if ground is None else ground.index)


def check_movable(scene: Scene, index: int) -> None:
    """Raise SceneError where layer `index` is the backdrop, or a shadow, which moves with what throws it."""
    layer = scene.layers[index]
    if layer.caster is not None and layer.blend == "multiply":
        raise SceneError(f"{layer.id!r} is a shadow; move {layer.caster!r}, which throws it")
    if index == 0 and (len(scene.layers) == 1 or not can_be_backdrop(scene.layers[1], scene.camera)):
        raise SceneError(f"{layer.id!r} is the backdrop, which everything stands on; move another layer")


def stepped(scene: Scene, layer: Layer, step: Step) -> Layer:
    """`layer`, which stands upright, where the step takes it: moved on the picture, grown, at its new depth."""
    foothold = step.foothold
    moved = warped(scene, layer, foothold.upright(step.to, step.grow))
    z = foothold.at[2] + step.grow * (moved.z - foothold.at[2]) + (step.to[2] - foothold.at[2])
    least = 0.05 * float(step.to[2])
    return replace(moved, z=np.maximum(z, least).astype(np.float32))


def settled(scene: Scene, index: int, moved: Layer, shadows: dict[int, Layer | None], ground: int | None) -> Scene:
    """`scene` with `moved` in the place of layer `index` that its depth gives it.

    `shadows` by index: what becomes of each, None where it goes.
    """
    kept: list[Layer] = []
    start = 0
    for k, layer in enumerate(scene.layers):
        if k == index:
            start = len(kept)
            continue
        new = shadows.get(k, layer)
        if new is not None:
            kept.append(new)
    others = tuple(kept)
    place = by_depth(others, moved, start, None if ground is None else scene.layers[ground].id)
    return replace(scene, layers=(*others[:place], moved, *others[place:]))


def _flat(scene: Scene, index: int, dx: float, dy: float, dz: float) -> Scene:
    layer = scene.layers[index]
    matrix = np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1.0]])
    moved = warped(scene, layer, matrix)
    if dz:
        if layer.depth + dz <= 0:
            raise SceneError(f"{layer.id!r} is {layer.depth:.4g} away; dz must be more than {-layer.depth:.4g}")
        moved = replace(moved, z=np.maximum(moved.z + np.float32(dz), np.float32(1e-3 * layer.depth)))
    layers: list[Layer] = []
    for k, each in enumerate(scene.layers):
        if k == index:
            layers.append(moved)
        elif each.caster == layer.id and each.blend == "multiply":
            try:
                layers.append(warped(scene, each, matrix))
            except SceneError:
                continue  # the shadow alone has left the picture
        else:
            layers.append(each)
    flat = replace(scene, layers=tuple(layers))
    if not dz:
        return flat
    at = next(k for k, each in enumerate(flat.layers) if each.id == layer.id)
    ground = ground_of(scene, index)
    return settled(flat, at, moved, {}, None if ground is None or ground.index >= len(flat.layers) else ground.index)
