"""What a file says about its whole scene in JSON, where the format itself has no words for it, and its reading back."""

import json
from typing import Any

from multiplane.formats.manifest import describe_layer
from multiplane.formats.plain_text import plain_text
from multiplane.scene import Scene
from multiplane.version import __version__

FORMAT = "multiplane layers"
WORD = "multiplane"
"""Under which a file that has names for its metadata keeps the description."""


def describe_scene(scene: Scene) -> dict[str, Any]:
    """Camera, units and layers, far to near; `focal` is in pixels, `corner` and `size` in pixels of the photo."""
    camera = scene.camera
    return {
        "format": FORMAT,
        "generator": f"multiplane {__version__}",
        "camera": {"width": camera.width, "height": camera.height, "focal": camera.focal},
        "bit_depth": scene.bit_depth,
        "depth_unit": "metres" if scene.origin.metric else "relative",
        "order": "far to near",
        "layers": [{**describe_layer(layer), "depth": layer.depth} for layer in scene.layers],
    }


def description_comment(scene: Scene, mark: str) -> str:
    """`description_text` as a comment, a line that begins with `mark`."""
    return f"{mark} {WORD} {description_text(scene)}\n"


def description_text(scene: Scene) -> str:
    """`describe_scene` as one line of ASCII JSON."""
    return plain_text(json.dumps(describe_scene(scene), separators=(",", ":")))
