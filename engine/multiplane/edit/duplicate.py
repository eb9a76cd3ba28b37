"""Makes another layer like one that is there, with shadows like its own, and moves it aside."""

from dataclasses import replace

from multiplane.edit.move import check_movable, move
from multiplane.edit.rename import check_name
from multiplane.edit.unique import next_id, next_name
from multiplane.scene import Layer, Scene


def duplicate(
    scene: Scene,
    index: int,
    dx: float = 0.0,
    dy: float = 0.0,
    dz: float = 0.0,
    physics: bool = True,
    name: str | None = None,
) -> tuple[Scene, str]:
    """`scene` with a copy of layer `index` and of its shadows, moved as `edit/move.py` moves, and the copy's id.

    Raises SceneError as `move` does, and for a `name` that is taken.
    """
    check_movable(scene, index)
    layer = scene.layers[index]
    if name is not None:
        check_name(scene, name)
    ids, names = ({getattr(each, field) for each in scene.layers} for field in ("id", "name"))
    copy = replace(layer, id=next_id(layer.id, ids), name=name or next_name(layer.name, names))
    ids.add(copy.id)
    names.add(copy.name)
    layers: list[Layer] = []
    for each in scene.layers:
        layers.append(each)
        if each.id == layer.id:
            layers.append(copy)
        elif each.caster == layer.id and each.blend == "multiply":
            shadow = replace(each, id=next_id(each.id, ids), name=next_name(each.name, names), caster=copy.id)
            ids.add(shadow.id)
            names.add(shadow.name)
            layers.append(shadow)
    doubled = replace(scene, layers=tuple(layers))
    at = next(k for k, each in enumerate(doubled.layers) if each.id == copy.id)
    return move(doubled, at, dx, dy, dz, physics), copy.id
