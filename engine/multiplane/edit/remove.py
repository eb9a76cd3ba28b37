"""Takes a thing out of the scene together with the shadows that it throws."""

from multiplane.edit.drop import drop
from multiplane.scene import Scene


def remove(scene: Scene, index: int) -> Scene:
    """`scene` without layer `index` and without its shadows. Raises SceneError as `drop` does."""
    gone = scene.layers[index]
    edited = drop(scene, index)
    for shadow in (layer.id for layer in scene.layers if layer.caster == gone.id and layer.blend == "multiply"):
        edited = drop(edited, next(k for k, layer in enumerate(edited.layers) if layer.id == shadow))
    return edited
