"""Writes a scene as a coloured point cloud with normals: every layer's visible surface, the hidden parts included.

Axes as in glTF: x right, y up, and the camera at the origin looks along -z, so a scene's (x, y, z) becomes (x, -y, -z).
The unit is the scene's own: metres where its depth is metric.
"""

import importlib
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from multiplane.errors import MissingDependency
from multiplane.formats.description import WORD, description_text
from multiplane.pixels.levels import to_levels
from multiplane.scene import Layer, Scene
from multiplane.version import __version__

LONGEST_COMMENT = 400
"""Letters of the description in a line of the header: some readers take no more than 1,000 in all."""
MOST_POINTS = 2_000_000
"""Above this, viewers crawl; larger scenes are sampled on a coarser grid."""
NEIGHBOURS = 13
"""Points a normal is fitted to: a pixel and those up to two steps away."""
PROPERTIES = {
    **dict.fromkeys(("x", "y", "z", "nx", "ny", "nz"), "float"),
    **dict.fromkeys(("red", "green", "blue"), "uchar"),
    "layer": "ushort",
}
VERTEX = np.dtype([(name, {"float": "<f4", "uchar": "u1", "ushort": "<u2"}[kind]) for name, kind in PROPERTIES.items()])


def encode_ply(scene: Scene) -> bytes:
    """The scene as binary little-endian PLY, at most MOST_POINTS vertices of layers' pixels at least half opaque.

    `layer` numbers the layers from far to near. Normals are of unit length and face the camera. Raises
    MissingDependency where open3d or the system's libraries it needs are missing.
    """
    open3d = _load_open3d()
    solid = sum(int((layer.rgba[..., 3] >= 0.5).sum()) for layer in scene.layers)
    step = max(1.0, float(np.sqrt(solid / MOST_POINTS)))
    parts = [_vertices(scene, layer, order, step) for order, layer in enumerate(scene.layers)]
    for part in filter(len, parts):
        _set_normals(part, scene, step, open3d)
    vertices = np.concatenate(parts)
    return _header(scene, len(vertices)) + vertices.tobytes()


def _load_open3d() -> ModuleType:
    try:
        return importlib.import_module("open3d")
    except (ImportError, OSError) as error:
        raise MissingDependency(
            f"point clouds need open3d, which does not load here ({error}); install it with pip install open3d-cpu,"
            " and on Debian its libraries with apt-get install libgl1 libegl1 libx11-6 libgomp1"
        ) from error


def _vertices(scene: Scene, layer: Layer, order: int, step: float) -> NDArray[np.void]:
    """The layer's points, every `step`-th pixel of the canvas in both directions."""
    x, y = layer.corner
    rows, columns = (_grid(start, length, step) for start, length in ((y, layer.height), (x, layer.width)))
    rgba = layer.rgba[np.ix_(rows, columns)]
    seen = rgba[..., 3] >= 0.5
    row, column = np.nonzero(seen)
    u, v = (columns[column] + x + 0.5).astype(np.float32), (rows[row] + y + 0.5).astype(np.float32)
    points = scene.camera.unproject(u, v, layer.z[rows[row], columns[column]])
    out = np.zeros(len(points), VERTEX)
    out["x"], out["y"], out["z"] = points[:, 0], -points[:, 1], -points[:, 2]
    out["red"], out["green"], out["blue"] = to_levels(rgba[seen][:, :3]).T
    out["layer"] = order
    return out


def _grid(start: int, length: int, step: float) -> NDArray[np.int64]:
    """Indices into a crop of the canvas lines k * step, k = 0, 1, ..., so that all layers share one grid."""
    first, last = int(np.ceil(start / step)), int(np.ceil((start + length) / step))
    lines = (np.arange(first, last + 1) * step).astype(np.int64) - start
    return lines[(lines >= 0) & (lines < length)]


def _set_normals(vertices: NDArray[np.void], scene: Scene, step: float, open3d: ModuleType) -> None:
    """Fit normals layer by layer, so that a near sheet's rim takes nothing from what lies behind it.

    A plane n . X = d in space is n_x u + n_y v - d q + n_z = 0 in ray directions u = x/z, v = y/z and inverse depth
    q = 1/z: again a plane. It is fitted there, where points lie on the pixel grid; in space a floor's rows lie so
    far apart that the nearest neighbours of a point are all in its own row. With a little weight for q, neighbours are
    those of the picture, and the fit is the regression of q on u and v.
    """
    points = np.stack([vertices["x"], vertices["y"], vertices["z"]], axis=-1).astype(np.float64)
    normals = np.tile([0.0, 0.0, 1.0], (len(points), 1))
    if len(points) >= 3:
        q = -1.0 / points[:, 2]
        pixels, weight = scene.camera.focal / step, 1.0 / float(q.max())
        grid = np.stack([points[:, 0] * q * pixels, points[:, 1] * q * pixels, q * weight], axis=-1)
        flat = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(grid))
        flat.estimate_normals(open3d.geometry.KDTreeSearchParamKNN(NEIGHBOURS))
        fitted = np.asarray(flat.normals)
        # (n_x, n_y, -d) in these units, and n_z, which glTF's axis turns over, from the point lying on the plane.
        across = fitted[:, :2] * pixels
        fitted = np.column_stack([across, (fitted * grid).sum(axis=1)])
        length = np.linalg.norm(fitted, axis=1)
        # Points on one line have no normal; those keep facing along the axis.
        good = np.isfinite(length) & (length > 0)
        normals[good] = fitted[good] / length[good, None]
    cloud = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(points))
    cloud.normals = open3d.utility.Vector3dVector(normals)
    cloud.orient_normals_towards_camera_location(np.zeros(3))
    vertices["nx"], vertices["ny"], vertices["nz"] = np.asarray(cloud.normals, np.float32).T


def _header(scene: Scene, count: int) -> bytes:
    unit = "metres" if scene.origin.metric else "relative"
    text = description_text(scene)
    pieces = [text[start : start + LONGEST_COMMENT] for start in range(0, len(text), LONGEST_COMMENT)]
    lines = [
        "ply",
        "format binary_little_endian 1.0",
        f"comment multiplane {__version__}",
        f"comment x right, y up, camera at the origin looks along -z; unit: {unit}",
        *(f"comment {WORD}:{piece}" for piece in pieces),
        f"element vertex {count}",
        *(f"property {kind} {name}" for name, kind in PROPERTIES.items()),
        "end_header",
    ]
    return ("\n".join(lines) + "\n").encode("ascii")
