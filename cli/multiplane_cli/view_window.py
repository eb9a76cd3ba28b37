"""A window of Open3D on a model with a camera: run as a program of its own, since a graphics driver may bring it down.

It is told where the model is, and what to call it: python -m multiplane_cli.view_window MODEL.glb TITLE
"""

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pygltflib

SIDE = 1280
"""Longer side of the window."""
SHADER = "defaultUnlit"
"""Shows textures as they are, cut out where they are transparent. The shader that blends crashes some drivers."""
FRUSTUM_REACH = 0.45
"""How deep the drawn frustum is, in depths of the nearest surface."""
BESIDE, AIM = (1.1, 0.75, 1.2), (0.0, 0.0, -2.0)
"""Where one first looks from, right, up and back, and whereto, in depths of the nearest surface."""
FRUSTUM_COLOUR, GROUND = (0.2, 0.75, 0.7), (0.086, 0.09, 0.1, 1.0)


def show(path: Path, title: str) -> None:
    """Show the glTF model at `path`, a geometry for each of its meshes, until the window is closed."""
    # By name, for it is large, and has types of its own that are wrong.
    open3d: Any = importlib.import_module("open3d")
    camera = pygltflib.GLTF2().load(str(path)).cameras[0].perspective
    model = open3d.io.read_triangle_model(str(path))
    near = min(-float(part.mesh.get_max_bound()[2]) for part in model.meshes)
    aim, beside = (near * np.array(place) for place in (AIM, BESIDE))
    fov, rest, up = float(np.degrees(camera.yfov)), np.zeros(3), np.array([0.0, 1.0, 0.0])

    def look_through(window: Any) -> None:
        window.setup_camera(fov, aim, rest, up)

    def look_from_beside(window: Any) -> None:
        window.setup_camera(fov, aim, beside, up)

    width, height = _window_size(camera.aspectRatio)
    frustum = _frustum(open3d, camera.yfov, camera.aspectRatio, FRUSTUM_REACH * near)
    open3d.visualization.draw(
        [*_layers(open3d, model), {"name": "camera", "geometry": frustum}],
        title=title,
        width=width,
        height=height,
        actions=[("Through the camera", look_through), ("From beside", look_from_beside)],
        eye=beside,
        lookat=aim,
        up=up,
        field_of_view=fov,
        bg_color=GROUND,
        show_skybox=False,
        show_ui=True,
    )


def _layers(open3d: Any, model: Any) -> list[dict[str, Any]]:
    """A geometry for each mesh, near to far, as people list layers."""
    layers = []
    for part in reversed(model.meshes):
        material = model.materials[part.material_idx]
        material.shader = SHADER
        alone = open3d.visualization.rendering.TriangleMeshModel()
        alone.meshes = [open3d.visualization.rendering.TriangleMeshModel.MeshInfo(part.mesh, part.mesh_name, 0)]
        alone.materials = [material]
        layers.append({"name": part.mesh_name, "geometry": alone})
    return layers


def _frustum(open3d: Any, yfov: float, aspect: float, reach: float) -> Any:
    """The pyramid that the camera at the origin sees, up to a depth of `reach`."""
    high = reach * float(np.tan(yfov / 2))
    wide = high * aspect
    corners = [(-wide, -high, -reach), (wide, -high, -reach), (wide, high, -reach), (-wide, high, -reach)]
    top = (0.0, high * 1.3, -reach)
    lines = [(0, 1), (0, 2), (0, 3), (0, 4), (1, 2), (2, 3), (3, 4), (4, 1), (3, 5), (5, 4)]
    frustum = open3d.geometry.LineSet(
        open3d.utility.Vector3dVector(np.array([(0.0, 0.0, 0.0), *corners, top])),
        open3d.utility.Vector2iVector(np.array(lines, np.int32)),
    )
    frustum.paint_uniform_color(FRUSTUM_COLOUR)
    return frustum


def _window_size(aspect: float) -> tuple[int, int]:
    return (SIDE, max(1, round(SIDE / aspect))) if aspect > 1 else (round(SIDE * aspect), SIDE)


if __name__ == "__main__":
    show(Path(sys.argv[1]), sys.argv[2])
