"""Finds the layer that somebody means: by id, by name, or by a part of either that fits only one."""

from multiplane.errors import SceneError
from multiplane.scene import Layer, Scene


def find_layer(scene: Scene, words: str) -> int:
    """The index of the layer that `words` names: its id, its name, or a part of them that no other layer has.

    Upper and lower case are alike unless both spellings are there. Raises SceneError, with the choices, for none or
    several.
    """
    small = words.casefold()
    tests = (
        lambda layer: layer.id == words,
        lambda layer: layer.name == words,
        lambda layer: small in (layer.id.casefold(), layer.name.casefold()),
        lambda layer: bool(small.strip()) and (small in layer.id.casefold() or small in layer.name.casefold()),
    )
    for test in tests:
        found = [index for index, layer in enumerate(scene.layers) if test(layer)]
        if len(found) == 1:
            return found[0]
        if found:
            which = listed([scene.layers[index] for index in found])
            raise SceneError(f"{words!r} fits more than one layer; say which: {which}")
    raise SceneError(f"no layer is called {words!r}; choose one of: {listed(scene.layers)}")


def listed(layers: tuple[Layer, ...] | list[Layer]) -> str:
    """The layers' ids, near to far, in one line."""
    return ", ".join(layer.id for layer in reversed(layers))
