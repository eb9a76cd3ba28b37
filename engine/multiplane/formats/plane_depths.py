"""Where layers stand when they are shown as flat cards: strictly one behind the other, in the stack's order."""

from multiplane.scene import Scene

DEPTH_GAP = 1e-3
"""Least relative distance between neighbouring cards: viewers sort by distance, so equal depths would flicker."""


def plane_depths(scene: Scene) -> list[float]:
    """The depth of each layer's card, strictly decreasing from far to near.

    A layer stands at its own median depth where that agrees with the order. The first layer, a backdrop that may
    reach from the viewer's feet to the horizon, stands behind all others; any other layer that claims to be farther
    than one it lies on is brought just in front of it.
    """
    depths = [layer.depth for layer in scene.layers]
    placed = [max(depths[0], max(depths[1:], default=0.0) * (1 + DEPTH_GAP))]
    for depth in depths[1:]:
        placed.append(min(depth, placed[-1] / (1 + DEPTH_GAP)))
    return placed
