"""Alpha once both sides are known: where the picture is plainly one of them, it is that one's alone.

Alphabet: I picture, a alpha, F and B the colours of the object and of what is behind it, d = F - B. A matte is solved
before anybody knows what is behind; where it is wrong, say at a drawn outline, the rest of I = a F + (1 - a) B would
be left to B as a bright or a dark line.
"""

import numpy as np

from multiplane.arrays import Floats

ALIKE = 0.1
"""Distance of two colours (of the cube of side 1) at which they are hardly one: they are with exp(-(distance/ALIKE)^2).
"""
APART = 0.02
"""Squared distance of both sides' colours at which the picture says as much of alpha as the matte does."""


def settle(alpha: Floats, rgb: Floats, foreground: Floats, background: Floats) -> Floats:
    """`alpha` (H, W) with its soft pixels drawn towards the share of d in I - B, as far as I is like F or like B.

    `rgb`, `foreground` and `background` (H, W, 3) are in [0, 1]. Nothing that is opaque, most so or absent changes.
    """
    soft = (alpha > 0) & (alpha < alpha.max())
    a, picture = alpha[soft], rgb[soft]
    front, back = foreground[soft], background[soft]
    apart = front - back
    size = (apart**2).sum(axis=-1)
    told = np.clip(((picture - back) * apart).sum(axis=-1) / np.maximum(size, 1e-6), 0.0, 1.0)
    nearer = np.where((told < a)[:, None], back, front)
    alike = np.exp(-((picture - nearer) ** 2).sum(axis=-1) / ALIKE**2)
    settled = alpha.copy()
    settled[soft] = a + alike * size / (size + APART) * (told - a)
    return settled
