"""What a user points at: points inside and outside a thing, a box around it, and what words were found to mean."""

import math
from dataclasses import dataclass

from multiplane.errors import SceneError

Point = tuple[float, float, bool]
"""(x, y, positive) in photo pixels, row 0 on top; positive where the thing is, else where it is not."""
Box = tuple[float, float, float, float]
"""(x0, y0, x1, y1) in photo pixels: left, top, right, bottom."""


@dataclass(frozen=True)
class Found:
    """A thing that words describe: its box in photo pixels, and how sure the model is, from 0 to 1."""

    box: Box
    score: float


@dataclass(frozen=True)
class Prompt:
    """One thing: `points` in it and beside it, and a `box` around it; one of the two, at least.

    Raises SceneError where neither a point inside nor a box is given, and for a box without area.
    """

    points: tuple[Point, ...] = ()
    box: Box | None = None

    def __post_init__(self) -> None:
        if self.box is None and not any(positive for _, _, positive in self.points):
            raise SceneError("a prompt needs a box or at least one point inside the thing")
        numbers = [value for x, y, _ in self.points for value in (x, y)] + list(self.box or ())
        if not all(math.isfinite(value) for value in numbers):
            raise SceneError(f"a prompt's points and box must be finite numbers, not {numbers}")
        if self.box is not None and not (self.box[0] < self.box[2] and self.box[1] < self.box[3]):
            raise SceneError(f"a box is left,top,right,bottom and has an area, unlike {_words(self.box)}")

    def check_inside(self, width: int, height: int) -> None:
        """Raise SceneError unless every point, and a part of the box, lies in a picture of `width` x `height`."""
        for x, y, _ in self.points:
            if not (0 <= x < width and 0 <= y < height):
                raise SceneError(
                    f"the point {x:g},{y:g} lies outside the picture of {width} x {height} pixels;"
                    f" x goes from 0 to {width - 1}, y, downwards, from 0 to {height - 1}"
                )
        if self.box is None:
            return
        left, top, right, bottom = self.box
        if left >= width or top >= height or right <= 0 or bottom <= 0:
            raise SceneError(f"the box {_words(self.box)} lies outside the picture of {width} x {height} pixels")


def _words(box: Box) -> str:
    return ",".join(f"{value:g}" for value in box)
