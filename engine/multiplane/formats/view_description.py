"""Describes a scene for a viewer in a browser: camera, depths, moves, layers, and where their pictures are."""

from collections.abc import Callable
from typing import Any

import numpy as np

from multiplane.errors import FormatError
from multiplane.formats.manifest import describe_light
from multiplane.formats.view_pictures import (
    LOSSLESS,
    Packing,
    ViewPicture,
    disparity_picture,
    filled_picture,
    mask_picture,
    photo_picture,
    texture_picture,
    thumbnail_picture,
)
from multiplane.render.budget import amplitude_of, safe_parallax
from multiplane.render.clip import default_amplitude
from multiplane.render.path import MOVE_SECONDS, MOVES
from multiplane.render.prepare import GRID, RESIDUE, Pane, Prepared, prepare
from multiplane.scene import Layer, Scene

VERSION = 1
WORKING_SIDE = 960
"""Longer side of the view whose bends are sent: one node for every GRID of its pixels."""
WIDEST = 0.25
"""The safe parallax of a scene that could move for ever, as a share of the width."""
LARGEST_CANVAS = 1 << 15
"""Pixels a side; beyond, a browser's numbers for places in a texture are too coarse."""


def describe_view(scene: Scene, url_of: Callable[[ViewPicture], str], packing: Packing = LOSSLESS) -> dict[str, Any]:
    """The description of `scene` as JSON values, its layers far to near.

    `url_of` is called once for every picture, in an order of its own, and says where a browser finds it: it may
    encode it at once, or keep it for later. What an editor adds (`editable`, `canUndo`, `canRedo`, `formats`) stands
    here as for a page that cannot edit. Inverse depths are 1/z in the scene's unit, lengths are in pixels of the photo,
    parallaxes are how far near and far move against each other as a share of the width. Raises FormatError for a
    canvas of more than 32768 pixels a side.
    """
    camera = scene.camera
    if max(camera.width, camera.height) > LARGEST_CANVAS:
        raise FormatError(
            f"a browser cannot show a scene of {camera.width} x {camera.height} pixels;"
            f" scale it to {LARGEST_CANVAS} or fewer a side"
        )
    prepared = _prepared(scene)
    mask = None if scene.alpha is None else url_of(mask_picture(scene.alpha, packing.longest))
    return {
        "version": VERSION,
        "name": scene.origin.photo,
        "width": camera.width,
        "height": camera.height,
        "focal": camera.focal,
        "bitDepth": scene.bit_depth,
        "metric": scene.origin.metric,
        "keyLight": None if scene.key_light is None else describe_light(scene.key_light),
        "safeParallax": min(safe_parallax(scene), WIDEST),
        "clipParallax": default_amplitude(scene) / amplitude_of(scene, 1.0),
        "range": {"far": prepared.depths.far, "near": prepared.depths.near, "focus": prepared.depths.focus},
        "eyeUnit": amplitude_of(scene, 1.0),
        "border": {
            "x": prepared.border_x,
            "y": prepared.border_y,
            "least": prepared.q_least,
            "most": prepared.q_most,
            "residue": RESIDUE,
        },
        "moves": [
            {"name": name, "seconds": MOVE_SECONDS, "aside": aside, "up": up, "forward": forward}
            for name, (aside, up, forward) in MOVES.items()
        ],
        "photo": url_of(photo_picture(scene, packing)),
        "mask": mask,
        "editable": False,
        "canUndo": False,
        "canRedo": False,
        "formats": [],
        "layers": [
            _describe(layer, pane, camera.width / prepared.width, url_of, packing)
            for layer, pane in zip(scene.layers, prepared.panes, strict=True)
        ],
    }


def _prepared(scene: Scene) -> Prepared:
    scale = min(1.0, WORKING_SIDE / max(scene.camera.width, scene.camera.height))
    width, height = (max(1, round(side * scale)) for side in (scene.camera.width, scene.camera.height))
    return prepare(scene, width, height)


def _describe(
    layer: Layer, pane: Pane, scale: float, url_of: Callable[[ViewPicture], str], packing: Packing
) -> dict[str, Any]:
    rows, columns = pane.q.shape
    x, y = pane.corner
    return {
        "id": layer.id,
        "name": layer.name,
        "label": layer.label,
        "plane": layer.plane,
        "corner": list(layer.corner),
        "width": layer.width,
        "height": layer.height,
        "depth": layer.depth,
        "near": 1.0 / float(pane.q.max()),
        "far": 1.0 / float(pane.q.min()),
        "blend": layer.blend,
        "caster": layer.caster,
        "filledShare": min(1.0, layer.filled_share),
        "texture": url_of(texture_picture(layer, packing)),
        "disparity": url_of(disparity_picture(layer, np.ascontiguousarray(pane.q))),
        "disparityBox": [x * scale, y * scale, columns * GRID * scale, rows * GRID * scale],
        "filled": url_of(filled_picture(layer, packing.longest)),
        "thumbnail": url_of(thumbnail_picture(layer)),
    }
