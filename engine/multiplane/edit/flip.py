"""Mirrors a layer left to right where it stands; its shadow is cast anew, since the light stays where it is."""

import numpy as np

from multiplane.edit.ground import foothold_of, ground_of
from multiplane.edit.move import check_movable, settled
from multiplane.edit.shadows_follow import Step, followed
from multiplane.edit.warp import warped
from multiplane.scene import Scene


def flip(scene: Scene, index: int) -> Scene:
    """`scene` with layer `index` mirrored left to right about its own middle.

    Raises SceneError for the backdrop and for shadows.
    """
    check_movable(scene, index)
    layer = scene.layers[index]
    middle = 2.0 * layer.corner[0] + layer.width
    mirrored = warped(scene, layer, np.array([[-1.0, 0, middle], [0, 1, 0], [0, 0, 1]]))
    ground = ground_of(scene, index)
    foothold = foothold_of(scene, index, ground)
    step = Step(foothold, foothold.at, 1.0, flipped=True)
    shadows = followed(scene, index, mirrored, step, ground)
    return settled(scene, index, mirrored, shadows, None if ground is None else ground.index)
