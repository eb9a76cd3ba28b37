"""A pinhole camera in a world of metres (x right, y up, z ahead), and its rays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Rays:
    """The ray of sample (x, y) starts at start + x*start_x + y*start_y and runs along step + x*step_x + y*step_y."""

    start: Vector
    start_x: Vector
    start_y: Vector
    step: Vector
    step_x: Vector
    step_y: Vector
    height: int
    width: int

    def packed(self) -> NDArray[np.float64]:
        """The six vectors as rows of (6, 3)."""
        return np.stack([self.start, self.start_x, self.start_y, self.step, self.step_x, self.step_y])


@dataclass(frozen=True)
class Camera:
    """Position in metres; pitch (down is positive), roll and the horizontal field of view in degrees."""

    position: Vector
    pitch: float
    roll: float
    field_of_view: float
    yaw: float = 0.0

    def axes(self) -> Vector:
        """(3, 3): rows are the camera's right, down and forward axes in the world."""
        pitch, roll, yaw = np.radians([self.pitch, self.roll, self.yaw])
        ahead = np.array([np.sin(yaw), 0.0, np.cos(yaw)])
        forward = np.cos(pitch) * ahead + np.array([0.0, -np.sin(pitch), 0.0])
        right = np.array([np.cos(yaw), 0.0, -np.sin(yaw)])
        down = -np.cross(forward, right)
        return np.stack(
            [np.cos(roll) * right + np.sin(roll) * down, np.cos(roll) * down - np.sin(roll) * right, forward]
        )

    def focal(self, width: int) -> float:
        """Focal length in samples of a picture `width` samples wide."""
        return float(width / 2 / np.tan(np.radians(self.field_of_view) / 2))

    def rays(self, height: int, width: int) -> Rays:
        """Rays through sample centres; a step is scaled to 1 along the forward axis, so that its length is depth z."""
        right, down, forward = self.axes()
        scale = 1.0 / self.focal(width)
        corner = forward + right * (0.5 - width / 2) * scale + down * (0.5 - height / 2) * scale
        zero = np.zeros(3)
        return Rays(self.position, zero, zero, corner, right * scale, down * scale, height, width)


def parallel_rays(centre: Vector, towards: Vector, reach: float, size: int) -> Rays:
    """Rays of a square `size` x `size` window of half-width `reach` around `centre`, all along the unit `towards`."""
    aside = np.array([1.0, 0.0, 0.0]) if abs(towards[0]) < 0.9 else np.array([0.0, 0.0, 1.0])
    right = np.cross(towards, aside)
    right /= np.linalg.norm(right)
    down = np.cross(towards, right)
    scale = 2 * reach / size
    corner = centre - towards * reach * 4 + (right + down) * (0.5 - size / 2) * scale
    zero = np.zeros(3)
    return Rays(corner, right * scale, down * scale, towards.astype(np.float64), zero, zero, size, size)
