"""Takes a layer out of the scene, so that what was behind it appears."""

from dataclasses import replace

from multiplane.edit.backdrop import can_be_backdrop
from multiplane.errors import SceneError
from multiplane.scene import Scene


def drop(scene: Scene, index: int) -> Scene:
    """`scene` without layer `index`; a shadow that it throws stays, and is nobody's from then on.

    Raises SceneError for the backdrop, unless what stands on it is opaque everywhere too.
    """
    layer = scene.layers[index]
    if index == 0 and (len(scene.layers) == 1 or not can_be_backdrop(scene.layers[1], scene.camera)):
        raise SceneError(
            f"{layer.id!r} is the backdrop, behind which there is nothing; replace its pixels instead, or merge it with"
            " the layer before it"
        )
    kept = (other for other in scene.layers if other is not layer)
    return replace(scene, layers=tuple(replace(x, caster=None) if x.caster == layer.id else x for x in kept))
