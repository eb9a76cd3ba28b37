"""What depths a scene shows, as inverse depths: parallax is proportional to differences of those."""

from dataclasses import dataclass

import numpy as np

from multiplane.scene import Scene

SAMPLES = 1 << 18
"""Pixels looked at: enough for quantiles, cheap at any picture size."""
OUTLIERS = 0.02
"""Share of pixels at either end that does not count."""
FOCUS = 0.35
"""Where between far and near the view is centred: the backdrop moves a little, what stands in front moves more."""
LEAST_RANGE = 0.1
"""Range of a flat scene, as a share of its inverse depth, so that amplitudes stay finite."""


@dataclass(frozen=True)
class DepthRange:
    """Inverse depths (1/z) of the farthest and the nearest that a scene shows."""

    far: float
    near: float

    @property
    def span(self) -> float:
        """The difference that makes parallax; never 0."""
        return max(self.near - self.far, LEAST_RANGE * self.near)

    @property
    def focus(self) -> float:
        """The inverse depth that stays in place when the eye moves sideways."""
        return self.far + FOCUS * (self.near - self.far)


def shown_depths(scene: Scene) -> DepthRange:
    """The range of inverse depths that the scene shows from the front, without outliers."""
    step = max(1, round((scene.camera.width * scene.camera.height / SAMPLES) ** 0.5))
    canvas = 1.0 / scene.layers[0].z[::step, ::step]
    for layer in scene.layers[1:]:
        x, y = layer.corner
        # The first multiples of `step` inside the crop: sampling stays on one grid for all layers.
        top, left = -y % step, -x % step
        solid = layer.rgba[top::step, left::step, 3] >= 0.5
        rows, columns = (y + top) // step, (x + left) // step
        window = canvas[rows : rows + solid.shape[0], columns : columns + solid.shape[1]]
        np.copyto(window, 1.0 / layer.z[top::step, left::step], where=solid)
    far, near = np.quantile(canvas, [OUTLIERS, 1.0 - OUTLIERS])
    return DepthRange(float(far), float(near))
