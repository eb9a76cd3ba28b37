"""A thing's shadow cast anew: its outline thrown along the key light on a surface, softer the higher it comes from."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np

from multiplane.arrays import Floats
from multiplane.edit.ground import Vector, plane_under
from multiplane.light.shadow_cast import closed, thickened
from multiplane.light.shadow_plane import thrown
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.scene import Camera, Layer, Scene

WORKING_SIDE = 512
"""Longer side of the picture on which shadows are thrown."""
POINTS = 20_000
"""About so many points stand for a thing."""
SLABS = 4
"""Heights that are thrown apart, each with a softness of its own."""
SOFTNESS = 0.03
"""Radius of the penumbra, as a share of the distance light runs from the thing to the surface."""
SURE = 0.6
"""Quantile of a shadow's opacity that stands for its depth."""
DEFAULT_TOWARDS = (-0.35, -0.85, -0.4)
"""Where the light comes from in a scene whose key light nobody knows: above, behind the viewer's left shoulder."""


def throw(scene: Scene, caster: Layer, like: Layer, receiver: int) -> Layer | None:
    """A shadow of `caster` on layer `receiver`, in the colour and depth of the shadow `like`; None if out of view.

    It lies on the whole canvas, and wants to be cut to its receiver.
    """
    camera = scene.camera
    plane, _ = plane_under(scene, scene.layers[receiver])
    if plane is None:
        return None
    scale = min(1.0, WORKING_SIDE / max(camera.width, camera.height))
    small = camera.resized(max(1, round(camera.width * scale)), max(1, round(camera.height * scale)))
    towards = np.asarray(scene.key_light.towards if scene.key_light is not None else DEFAULT_TOWARDS, np.float64)
    strength = _strength(_points(caster, camera), plane, towards, small)
    solid = like.rgba[..., 3] > 0
    depth = float(np.quantile(like.rgba[..., 3][solid], SURE)) if solid.any() else 1.0
    colour = np.median(like.rgba[..., :3][solid], axis=0) if solid.any() else np.full(3, 0.5, np.float32)
    alpha = cv2.resize(strength * np.float32(depth), (camera.width, camera.height), interpolation=cv2.INTER_LINEAR)
    rgba = np.dstack([np.broadcast_to(colour, (*alpha.shape, 3)), alpha]).astype(np.float32)
    levels = to_levels(rgba, scene.bit_depth)
    if not (levels[..., 3] > 0).any():
        return None
    nowhere = np.ones(alpha.shape, np.float32)
    return replace(like, corner=(0, 0), rgba=from_levels(levels), z=nowhere, filled=nowhere > 0)


def _points(caster: Layer, camera: Camera) -> Floats:
    """The caster as points (n, 3) in camera space, front and back."""
    step = max(1, round((np.count_nonzero(caster.visible) / POINTS) ** 0.5))
    ys, xs = np.nonzero(caster.rgba[::step, ::step, 3] >= 0.5)
    z = caster.z[::step, ::step][ys, xs]
    x, y = caster.corner
    front = camera.unproject((x + xs * step + 0.5).astype(np.float32), (y + ys * step + 0.5).astype(np.float32), z)
    return thickened(front) if len(front) else front


def _strength(points: Floats, plane: Vector, towards: Vector, camera: Camera) -> Floats:
    """How much (h, w) of the key light the points keep off the plane, as `camera` sees it."""
    strength = np.zeros((camera.height, camera.width), np.float32)
    fallen = thrown(points, plane, towards)
    there = np.isfinite(fallen).all(axis=1)
    if not there.any():
        return strength
    ran = np.linalg.norm(fallen[there] - points[there], axis=1)
    u, v = camera.project(fallen[there]).T
    blur = SOFTNESS * ran * camera.focal / fallen[there, 2]
    seen = (u >= 0) & (v >= 0) & (u < camera.width) & (v < camera.height)
    edges = np.quantile(blur, np.linspace(0, 1, SLABS + 1))
    for low, high in pairwise(edges):
        slab = seen & (blur >= low) & (blur <= high)
        mask = np.zeros(strength.shape, np.uint8)
        mask[v[slab].astype(np.intp), u[slab].astype(np.intp)] = 1
        soft = cv2.GaussianBlur(closed(mask).astype(np.float32), (0, 0), max(0.5, float(low + high) / 2))
        strength = np.maximum(strength, soft)
    return strength
