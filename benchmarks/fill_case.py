"""A hole whose truth is known: what a method sees, what it should find there, and which pixels count."""

from dataclasses import dataclass

import numpy as np

from multiplane.arrays import Floats, Ints, Mask

HIDDEN = np.array([1.0, 0.0, 1.0], np.float32)
"""What methods see in the hole: magenta, so that one that peeks shows it."""


@dataclass(frozen=True)
class Case:
    """One picture with a hole; every array is (H, W) or (H, W, 3).

    `surface` is 0 on what lies as far as the hidden part and -1 on what is nearer; `scored` is the part of the hole
    whose truth is sure; `near` marks the pixels whose colours must not come in.
    """

    name: str
    kind: str
    truth: Floats
    hole: Mask
    surface: Ints
    scored: Mask
    near: Mask
    photo: Floats | None = None
    """The picture with the nearer thing in it, where that is not `truth` itself."""

    @property
    def seen(self) -> Floats:
        """The picture with its hole painted over."""
        return np.where(self.hole[..., None], HIDDEN, self.truth)

    @property
    def before(self) -> Floats:
        """The picture whose `near` pixels show the colours that must not come in."""
        return self.truth if self.photo is None else self.photo
