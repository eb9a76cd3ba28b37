"""Which pixel sees what, and what keeps the key light from it: rays against the meshes of a layout."""

from __future__ import annotations

from typing import Any

import numpy as np
from benchmarks.light_layout import FAR, HEIGHT, WIDTH, Layout, Thing
from benchmarks.light_shapes import Points

from multiplane.arrays import Floats, Mask

STEP_OFF = 2e-3
"""Metres by which a ray to the light starts off its surface."""
LEAST_SEEN = 0.9
"""Share of the first object that nothing hides: what was never seen cannot be moved into sight."""


def caster_of(things: list[Thing]) -> tuple[Any, list[int]]:
    """An open3d scene of triangles, and for each of its geometries the index of its thing."""
    import open3d as o3d

    scene, owners, tensor = o3d.t.geometry.RaycastingScene(), [], o3d.core.Tensor.from_numpy
    for index, thing in enumerate(things):
        for mesh in thing.meshes:
            points, faces = mesh.points.astype(np.float32), mesh.faces.astype(np.uint32)
            scene.add_triangles(tensor(points), tensor(faces))
            owners.append(index)
    return scene, owners


def seen(layout: Layout, things: list[Thing]) -> tuple[Any, Floats, Points, Points]:
    """Ids (H, W) with 0 for the sky, depth (H, W), world points and facing normals (H, W, 3) at pixels' centres."""
    scene, owners = caster_of(things)
    rays = layout.rays()
    eye = np.array([0.0, -layout.eye, 0.0])
    hits = scene.cast_rays(np.concatenate([np.broadcast_to(eye, rays.shape), rays], axis=-1).astype(np.float32))
    distance = hits["t_hit"].numpy()
    known = np.isfinite(distance)
    geometry = np.where(known, hits["geometry_ids"].numpy(), 0).astype(np.int64)
    ids = np.where(known, np.array(owners)[geometry] + 1, 0).astype(np.uint8)
    z = np.where(known, distance, FAR).astype(np.float32)
    normals = hits["primitive_normals"].numpy().astype(np.float64)
    normals *= -np.sign(np.sum(normals * rays, axis=-1, keepdims=True))
    return ids, z, eye + rays * z[..., None], normals


def dark(things: list[Thing], points: Points, normals: Points, towards: Points) -> Mask:
    """Where (H, W) one of the things stands between the point and the light."""
    if not things:
        return np.zeros(points.shape[:2], bool)
    scene, _ = caster_of(things)
    start = points + STEP_OFF * normals
    rays = np.concatenate([start, np.broadcast_to(towards, start.shape)], axis=-1).astype(np.float32)
    return np.asarray(np.isfinite(scene.cast_rays(rays)["t_hit"].numpy()))


def shadows(layout: Layout, things: list[Thing], towards: Points) -> Mask:
    """For each object (K, H, W): where it alone keeps the key from something else that faces it."""
    ids, _, points, normals = seen(layout, things)
    facing = (ids > 0) & (normals @ towards > 0.02)
    masks = []
    for index in range(layout.surfaces, len(things)):
        others = [thing for other, thing in enumerate(things) if other != index]
        alone = dark([things[index]], points, normals, towards) & ~dark(others, points, normals, towards)
        masks.append(alone & facing & (ids != index + 1))
    return np.array(masks)


def choose(layout: Layout, seed: int) -> bool:
    """Chooses the first object, the order of casters and the move; False where nothing in the layout throws a shadow
    that can be seen well."""
    rng = np.random.default_rng([seed, 13])
    things = layout.things
    ids, _, _, _ = seen(layout, things)
    masks = shadows(layout, things, layout.keys[0].towards)
    surface = (ids > 0) & (ids <= layout.surfaces)
    edge = np.ones((HEIGHT, WIDTH), bool)
    edge[3:-3, 3:-3] = False
    numbers = range(layout.surfaces + 1, len(things) + 1)
    area = {number: int((ids == number).sum()) for number in numbers}
    thrown = {number: int((masks[k] & surface).sum()) for k, number in enumerate(numbers)}
    whole = [
        number
        for number in numbers
        if area[number] > 900 and thrown[number] > 700 and not ((ids == number) & edge).any()
        if area[number] > LEAST_SEEN * (seen(layout, [things[number - 1]])[0] == 1).sum()
    ]
    rng.shuffle(whole)
    for number in whole:
        move = _move(layout, number, rng, area[number])
        if move is not None:
            rest = sorted((other for other in numbers if other != number and area[other] > 60), key=lambda n: -area[n])
            layout.casters, layout.move = [number, *rest], move
            return True
    return False


def _move(layout: Layout, number: int, rng: np.random.Generator, area: int) -> tuple[float, float] | None:
    """A shift along the ground after which the thing and its shadow are still in sight and free of the others."""
    index = number - 1
    thing, others = layout.things[index], layout.things[layout.surfaces :]
    for _ in range(25):
        dx, dz = rng.choice([-1, 1]) * rng.uniform(0.6, 1.8), rng.uniform(-0.8, 1.8)
        moved = thing.moved(float(dx), float(dz))
        if any(
            np.hypot(moved.foot[0] - other.foot[0], moved.foot[1] - other.foot[1]) < moved.reach + other.reach + 0.2
            for other in others
            if other is not thing
        ):
            continue
        things = [*layout.things[:index], moved, *layout.things[index + 1 :]]
        ids, _, _, _ = seen(layout, things)
        mask = ids == number
        margin = mask.copy()
        margin[3:-3, 3:-3] = False
        if mask.sum() > 0.5 * area and not margin.any():
            return float(dx), float(dz)
    return None
