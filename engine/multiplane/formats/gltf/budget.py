"""Shares a number of triangles among the layers' reliefs so that they all are about equally exact."""

import logging
import math
from dataclasses import dataclass

from multiplane.errors import FormatError
from multiplane.formats.gltf.relief import Plan, Relief, make_relief, plan_relief
from multiplane.formats.gltf.surface import Stack, Surface
from multiplane.scene import Scene

log = logging.getLogger(__name__)

FINEST = 0.05
"""Pixels: below this nobody sees an error."""
VISIBLE = 1.0
"""Pixels: above this the photo seen through the camera is bent where somebody may see it."""
SEPARATION = 0.25
"""Pixels of parallax between surfaces that cover each other at least."""
OUTLINE = 0.75
"""Pixels by which an outline may be simplified at least."""
TASTEFUL_PARALLAX = 0.025
"""Parallax, as a share of the width, in which bends of the surface are measured: what a pleasant camera move makes."""
LEAST_TRIANGLES = 2


@dataclass(frozen=True)
class Reliefs:
    """A mesh for each layer, and the surface that it follows."""

    meshes: list[Relief]
    surfaces: list[Surface]


def make_reliefs(scene: Scene, stack: Stack, triangles: int) -> Reliefs:
    """A mesh for each layer, together at most `triangles`; fewer where more would show nothing.

    Meshes stray from their surfaces by the tolerance, so surfaces are kept apart by what makes as much parallax: nobody
    sees it, and meshes hardly ever pierce each other. Raises FormatError where `triangles` are too few.
    """
    count = len(scene.layers)
    if triangles < LEAST_TRIANGLES * count:
        raise FormatError(
            f"{triangles} triangles are too few for {count} layers; allow {LEAST_TRIANGLES * count} or more"
        )
    parallax = TASTEFUL_PARALLAX * scene.camera.width / stack.span
    tolerance, outline = _tolerance(_plans(scene, stack.ordered(0.0), parallax), triangles, scene.camera.width), OUTLINE
    while True:
        surfaces = stack.ordered(max(SEPARATION, tolerance) / parallax)
        meshes = [make_relief(plan, tolerance, outline) for plan in _plans(scene, surfaces, parallax)]
        total = sum(len(mesh.triangles) for mesh in meshes)
        if total <= triangles:
            break
        excess = min(max(1.05 * total / triangles, 1.2), 4.0)
        tolerance, outline = tolerance * excess, outline * math.sqrt(excess)
        if outline > max(scene.camera.width, scene.camera.height):
            raise FormatError(f"{triangles} triangles are too few for these {count} layers; allow more")
    if tolerance > VISIBLE:
        log.warning("with %d triangles the relief is off by up to %.1f pixels; allow more", triangles, tolerance)
    return Reliefs(meshes, surfaces)


def _plans(scene: Scene, surfaces: list[Surface], parallax: float) -> list[Plan]:
    return [plan_relief(layer, surface, parallax) for layer, surface in zip(scene.layers, surfaces, strict=True)]


def _tolerance(plans: list[Plan], triangles: int, width: int) -> float:
    """The finest tolerance at which the surfaces alone leave a fifth of the triangles for outlines."""
    tolerance = FINEST
    while sum(plan.triangles_about(tolerance) for plan in plans) > 0.8 * triangles and tolerance < width:
        tolerance *= 1.3
    return tolerance
