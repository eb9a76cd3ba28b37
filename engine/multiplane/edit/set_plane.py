"""Puts a layer into the foreground, the midground or the background group; its place in the order stays."""

from dataclasses import replace

from multiplane.edit.crop import with_layer
from multiplane.scene import Plane, Scene


def set_plane(scene: Scene, index: int, plane: Plane) -> Scene:
    """`scene` with layer `index` in `plane`. Raises SceneError for a plane that is none."""
    return with_layer(scene, index, replace(scene.layers[index], plane=plane))
