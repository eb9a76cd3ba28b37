"""Shares a number of triangles among the layers' reliefs so that they all are about equally exact."""

import logging
import math

from multiplane.errors import FormatError
from multiplane.formats.gltf.relief import Relief, make_relief, plan_relief
from multiplane.formats.gltf.surface import Surface
from multiplane.scene import Scene

log = logging.getLogger(__name__)

FINEST = 0.05
"""Pixels: below this nobody sees an error."""
VISIBLE = 1.0
"""Pixels: above this the photo seen through the camera is bent where somebody may see it."""
OUTLINE = 0.75
"""Pixels by which an outline may be simplified at least."""
TASTEFUL_PARALLAX = 0.025
"""Parallax, as a share of the width, in which bends of the surface are measured: what a pleasant camera move makes."""
LEAST_TRIANGLES = 2


def make_reliefs(scene: Scene, surfaces: list[Surface], triangles: int) -> list[Relief]:
    """A mesh for each layer, together at most `triangles`; fewer where more would show nothing.

    Raises FormatError where that is less than two a layer.
    """
    count = len(scene.layers)
    if triangles < LEAST_TRIANGLES * count:
        raise FormatError(
            f"{triangles} triangles are too few for {count} layers; allow {LEAST_TRIANGLES * count} or more"
        )
    near = max(float(surface.q.max()) for surface in surfaces)
    span = max(near - min(float(surface.q.min()) for surface in surfaces), 0.1 * near)
    parallax = TASTEFUL_PARALLAX * scene.camera.width / span
    plans = [plan_relief(layer, surface, parallax) for layer, surface in zip(scene.layers, surfaces, strict=True)]
    tolerance, outline = FINEST, OUTLINE
    while sum(plan.triangles_about(tolerance) for plan in plans) > 0.8 * triangles and tolerance < scene.camera.width:
        tolerance *= 1.3
    while True:
        reliefs = [make_relief(plan, tolerance, outline) for plan in plans]
        total = sum(len(relief.triangles) for relief in reliefs)
        if total <= triangles:
            break
        excess = min(max(1.05 * total / triangles, 1.2), 4.0)
        tolerance, outline = tolerance * excess, outline * math.sqrt(excess)
        if outline > max(scene.camera.width, scene.camera.height):
            raise FormatError(f"{triangles} triangles are too few for these {count} layers; allow more")
    if tolerance > VISIBLE:
        log.warning("with %d triangles the relief is off by up to %.1f pixels; allow more", triangles, tolerance)
    return reliefs
