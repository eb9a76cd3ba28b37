"""Says, once for a scene, what of it a format cannot hold; and black of the same strength for what multiplies."""

import logging

import numpy as np

from multiplane.scene import Scene


def warn_of_blends(log: logging.Logger, scene: Scene, format_name: str) -> None:
    """Log where layers multiply, and `format_name` only lays pictures over each other."""
    multiplied = [layer.name for layer in scene.layers if layer.blend == "multiply"]
    if multiplied:
        log.warning(
            "%s cannot multiply: %s written as black of the same strength: %s",
            format_name,
            "a layer is" if len(multiplied) == 1 else f"{len(multiplied)} layers are",
            ", ".join(map(repr, multiplied)),
        )


def warn_of_depth(log: logging.Logger, scene: Scene, what: str) -> None:
    """Log where a scene of 16 bits loses some: `what` says what the format holds and what becomes of the rest."""
    if scene.bit_depth == 16:
        log.warning("%s", what)


def warn_of_transparency(log: logging.Logger, scene: Scene, format_name: str) -> None:
    """Log where the photo is half transparent somewhere, which layers one over the other can only approach."""
    if scene.alpha is not None and bool(((scene.alpha > 0) & (scene.alpha < np.float32(1))).any()):
        log.warning(
            "%s has no mask over all layers: each took the photo's own transparency, and where that is partial and"
            " layers overlap, the picture is less transparent than the photo",
            format_name,
        )
