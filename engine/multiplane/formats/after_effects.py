"""Writes a script for After Effects that puts the layers of the .psd beside it in depth, the front view unchanged.

Alphabet: f focal length in pixels, D a layer's depth, D0 the reference depth, which stays at 100 %, r = D/D0. With
the camera f before the reference plane, a layer stands at z = f (r - 1), its scale is 100 r % and its middle lies r
times as far from the axis: seen from the camera, nothing has moved.
"""

import json
import logging
import re
from importlib import resources

from multiplane.errors import FormatError
from multiplane.formats.description import description_comment
from multiplane.formats.plain_text import plain_text
from multiplane.formats.plane_depths import DEPTH_GAP, plane_depths
from multiplane.scene import Scene
from multiplane.version import __version__

log = logging.getLogger(__name__)

SMALLEST_COMP, LARGEST_COMP = 4, 30_000
FARTHEST = 20.0
"""Largest D/D0: beyond it a layer would be so large and far that After Effects gets slow and its handles useless."""
FOCUS = 0.35
"""Where between far and near, in 1/D, the camera keeps looking."""
PARALLAX, RISE, DOLLY = 0.025, 0.4, 1.0
"""The starter move: parallax of near against far as a share of the width, and rise and dolly in sideways amplitudes."""
SECONDS, FPS = 6, 30
EMPTY = re.compile(r"var SCENE = \{\};[^\n]*")


def encode_after_effects(scene: Scene) -> bytes:
    """The .jsx of `scene`, in ASCII: File > Scripts > Run Script File; it imports the .psd of its own name beside it.

    It makes a composition of 3D layers with a camera on a null, whose sliders set the depth and the starter move, which
    begins and ends at the photo. The mapping stands in a comment on top. Layers beyond FARTHEST times the nearest depth
    are brought there, which is logged. Raises FormatError where After Effects has no composition of the photo's size.
    """
    width, height = scene.camera.width, scene.camera.height
    if not min(width, height) >= SMALLEST_COMP or max(width, height) > LARGEST_COMP:
        raise FormatError(
            f"After Effects has compositions of {SMALLEST_COMP} to {LARGEST_COMP} pixels a side,"
            f" not {width} x {height}; scale the photo"
        )
    if scene.alpha is not None:
        log.warning("the photo's own transparency is a mask of the .psd's outermost group: the script leaves it out")
    ratios = depth_ratios(scene)
    template = resources.files("multiplane.formats").joinpath("after_effects.jsx").read_text("ascii")
    data = json.dumps(_document(scene, ratios), indent=4).replace("\n", "\n    ")
    script = EMPTY.sub(lambda _: f"var SCENE = {data};", template, count=1)
    return (_mapping(scene, ratios) + description_comment(scene, "//") + script).encode("ascii")


def depth_ratios(scene: Scene) -> list[float]:
    """D/D0 of each layer, far to near and strictly decreasing; the nearest layer's depth is the reference, 1."""
    depths = plane_depths(scene)
    ratios = [depth / depths[-1] for depth in depths]
    beyond = sum(1 for ratio in ratios if ratio > FARTHEST)
    if beyond:
        log.warning(
            "%s over %g times as far as the nearest and brought there; the front view stays the same",
            "a layer is" if beyond == 1 else f"{beyond} layers are",
            FARTHEST,
        )
    # What is brought nearer keeps its order: After Effects draws 3D layers by their distance.
    return [
        FARTHEST * (1 + DEPTH_GAP) ** (beyond - 1 - index) if index < beyond else ratio
        for index, ratio in enumerate(ratios)
    ]


def _document(scene: Scene, ratios: list[float]) -> dict[str, object]:
    far, near = 1 / ratios[0], 1 / ratios[-1]
    sway = PARALLAX / max(near - far, 0.1 * near)
    return {
        "photo": plain_text(scene.origin.photo),
        "width": scene.camera.width,
        "height": scene.camera.height,
        "focal": scene.camera.focal,
        "bits": scene.bit_depth,
        "focus": 1 / (far + FOCUS * (near - far)),
        "sway": sway,
        "rise": RISE * sway,
        "dolly": DOLLY * sway,
        "seconds": SECONDS,
        "fps": FPS,
        "layers": [
            {"name": plain_text(layer.name), "id": plain_text(layer.id), "plane": layer.plane, "ratio": ratio}
            for layer, ratio in zip(scene.layers, ratios, strict=True)
        ],
    }


def _mapping(scene: Scene, ratios: list[float]) -> str:
    """What was done to the depths, for whoever opens the script."""
    unit = "m" if scene.origin.metric else "relative"
    lines = [
        f"Made by multiplane {__version__}. Run it in After Effects: File > Scripts > Run Script File.",
        "It imports the .psd of its own name that lies beside it.",
        "",
        f"zoom = focal * comp width / {scene.camera.width}, camera at (0, 0, -zoom) of the null, r = D / D0:",
        "z = zoom (r - 1), scale = 100 r %, x' = cx + (x - cx) r, y' = cy + (y - cy) r",
        f"D0 = {plane_depths(scene)[-1]:.6g} ({unit}); r is at most {FARTHEST:g}, and strictly in the layers' order",
        *(
            f"r = {ratio:.6g}  D = {layer.depth:.6g}  {json.dumps(plain_text(layer.name))}"
            for layer, ratio in zip(scene.layers, ratios, strict=True)
        ),
    ]
    return "".join(f"// {line}".rstrip() + "\n" for line in lines)
