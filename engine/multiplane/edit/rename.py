"""Gives a layer another name; its id stays."""

from dataclasses import replace

from multiplane.edit.crop import with_layer
from multiplane.errors import SceneError
from multiplane.scene import Scene


def rename(scene: Scene, index: int, name: str) -> Scene:
    """`scene` with layer `index` called `name`. Raises SceneError where another layer has that name, or it is blank."""
    check_name(scene, name, besides=index)
    return with_layer(scene, index, replace(scene.layers[index], name=name))


def check_name(scene: Scene, name: str, besides: int | None = None) -> None:
    """Raise SceneError where `name` is blank, or taken by a layer other than `besides`."""
    if not name.strip():
        raise SceneError("a layer's name cannot be blank; give it a word")
    for other, layer in enumerate(scene.layers):
        if other != besides and layer.name == name:
            raise SceneError(f"layer {layer.id!r} is called {name!r} already; choose another name, or rename that one")
