"""Makes a layer larger or smaller where it stands, and its shadow with it."""

from multiplane.edit.ground import foothold_of, ground_of
from multiplane.edit.move import check_movable, settled, stepped
from multiplane.edit.shadows_follow import Step, followed
from multiplane.errors import SceneError
from multiplane.scene import Scene

LEAST, MOST = 0.02, 50.0


def scale(scene: Scene, index: int, factor: float) -> Scene:
    """`scene` with layer `index` `factor` times as large about its foot, where it stands; its shadows grow with it.

    Raises SceneError for the backdrop, for shadows, for a factor that is none, and where nothing would be left in view.
    """
    check_movable(scene, index)
    if not LEAST <= factor <= MOST:
        raise SceneError(f"a layer can be made {LEAST:g} to {MOST:g} times as large, not {factor:g} times")
    ground = ground_of(scene, index)
    foothold = foothold_of(scene, index, ground)
    step = Step(foothold, foothold.at, factor)
    moved = stepped(scene, scene.layers[index], step)
    shadows = followed(scene, index, moved, step, ground)
    return settled(scene, index, moved, shadows, None if ground is None else ground.index)
