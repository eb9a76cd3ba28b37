"""What the viewer's page may move: a layer along the ground with its shadow, larger, mirrored, or as a copy."""

from typing import TYPE_CHECKING

from multiplane_cli.view_asked import Asked, Done, layer_in, number_in, text_in

if TYPE_CHECKING:
    from multiplane.scene import Scene


def move(scene: "Scene", asked: Asked) -> Done:
    """By dx and dy pixels and dz of depth; flat on the picture where `physics` is false."""
    from multiplane.edit.move import move as move_layer

    index, (dx, dy, dz), physics = layer_in(scene, asked), _shift(asked), asked.get("physics") is not False
    words = f"move {scene.layers[index].id!r} by {_words(dx, dy, dz)}{'' if physics else ', flat'}"
    return Done(move_layer(scene, index, dx, dy, dz, physics), words)


def scale(scene: "Scene", asked: Asked) -> Done:
    """By `factor`, where it stands."""
    from multiplane.edit.scale import scale as scale_layer

    index, factor = layer_in(scene, asked), number_in(asked, "factor")
    return Done(scale_layer(scene, index, factor), f"scale {scene.layers[index].id!r} by {factor:g}")


def flip(scene: "Scene", asked: Asked) -> Done:
    """Left to right."""
    from multiplane.edit.flip import flip as flip_layer

    index = layer_in(scene, asked)
    return Done(flip_layer(scene, index), f"flip {scene.layers[index].id!r}")


def duplicate(scene: "Scene", asked: Asked) -> Done:
    """A copy, moved as by `move`, called `name` if that is given."""
    from multiplane.edit.duplicate import duplicate as duplicate_layer

    index, (dx, dy, dz), physics = layer_in(scene, asked), _shift(asked), asked.get("physics") is not False
    name = text_in(asked, "name") if asked.get("name") is not None else None
    edited, copy = duplicate_layer(scene, index, dx, dy, dz, physics, name)
    return Done(edited, f"duplicate {scene.layers[index].id!r} as {copy!r}, moved by {_words(dx, dy, dz)}")


def _shift(asked: Asked) -> tuple[float, float, float]:
    dx, dy, dz = (number_in(asked, key, 0.0) for key in ("dx", "dy", "dz"))
    return dx, dy, dz


def _words(dx: float, dy: float, dz: float) -> str:
    return f"{dx:g}, {dy:g}" + (f", {dz:g} in depth" if dz else "")
