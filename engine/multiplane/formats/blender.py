"""Writes a script for Blender that sets up the .glb beside it: the photo's camera and frame, focus, colours, planes."""

import json
import re
from importlib import resources

from multiplane.formats.description import description_comment
from multiplane.formats.plain_text import plain_text
from multiplane.formats.plane_depths import plane_depths
from multiplane.scene import Scene
from multiplane.version import __version__

FOCUS = 0.35
"""Where between far and near, in 1/D, the camera focuses."""
BLUR = 0.012
"""Largest circle of confusion with depth of field on, as a share of the width."""
SENSOR = 36.0
"""Millimetres; the script's own."""
FACTS = re.compile(r'PHOTO = "photo".*?# end of what multiplane filled in\n', re.DOTALL)


def encode_blender(scene: Scene) -> bytes:
    """The .py of `scene`, in ASCII: blender --python FILE, or Text > Open, Run Script; it imports the .glb beside it.

    It makes a scene of its own with the photo's resolution and lens, through which a render is the photo. Depth of
    field is set up and off; `-- --depth-of-field` on Blender's command line, or the switch on top, turns it on.
    """
    depths, camera = plane_depths(scene), scene.camera
    far, near = 1 / depths[0], 1 / depths[-1]
    focus = far + FOCUS * (near - far)
    # A point at depth D is blurred over f A |1/D - 1/D_focus| pixels, with A the aperture's width.
    widest = max(near - focus, focus - far, 0.1 * near)
    aperture = BLUR * camera.width / (camera.focal * widest)
    facts = {
        "PHOTO": json.dumps(plain_text(scene.origin.photo)),
        "WIDTH, HEIGHT": f"{camera.width}, {camera.height}",
        "FOCAL": f"{camera.focal!r}  # pixels",
        "FOCUS_DEPTH": f"{1 / focus!r}",
        "FSTOP": f"{SENSOR * camera.focal / camera.width / 1000 / aperture!r}",
        "LAYERS": str(len(scene.layers)),
    }
    said = (
        f'"""Sets up a layered photo in Blender. Made by multiplane {__version__}.\n\n'
        "Keep it beside the .glb of the same name, then: blender --python THIS_FILE, or in Blender's text editor\n"
        "Text > Open and Run Script. For depth of field: blender --python THIS_FILE -- --depth-of-field\n"
        f'"""\n\n{description_comment(scene, "#")}\n'
    )
    template = resources.files("multiplane.formats").joinpath("blender_scene.txt").read_text("ascii")
    filled = "".join(f"{name} = {value}\n" for name, value in facts.items())
    return (said + FACTS.sub(lambda _: filled, template, count=1)).encode("ascii")
