"""Writes a scene as one self-contained web page with parallax on the pointer, for a client to open."""

from io import BytesIO

import numpy as np
from PIL import Image

from multiplane.arrays import Floats
from multiplane.errors import FormatError
from multiplane.pixels.bleed import bleed
from multiplane.pixels.levels import to_levels
from multiplane.scene import Layer, Scene
from multiplane_viewer.page import PageSheet, bundle_page

EFFORT = 20
"""How hard lossless WebP tries, in [0, 100]: more costs seconds and saves a few per cent."""
PARALLAX = 0.025
"""How far near and far move against each other at the widest look, as a share of the width."""
FOCUS = 0.35
"""Where between far and near, in 1/z, a sheet stays in place."""
LARGEST = 16383
"""The most pixels WebP holds along one side."""


def encode_page(scene: Scene) -> bytes:
    """The .html of `scene`: every layer flat, moved by its own depth. Raises FormatError above 16383 pixels a side."""
    if max(scene.camera.width, scene.camera.height) > LARGEST:
        size = f"{scene.camera.width} x {scene.camera.height}"
        raise FormatError(f"a web page cannot hold a scene of {size} pixels; scale it to {LARGEST} or fewer a side")
    near_to_far = np.array([1.0 / layer.depth for layer in scene.layers])
    low, span = float(near_to_far.min()), float(np.ptp(near_to_far)) or 1.0
    sheets = [
        _sheet(scene, layer, PARALLAX * ((float(inverse) - low) / span - FOCUS))
        for layer, inverse in zip(scene.layers, near_to_far, strict=True)
    ]
    return bundle_page(scene.origin.photo, scene.camera.width, scene.camera.height, sheets)


def _sheet(scene: Scene, layer: Layer, shift: float) -> PageSheet:
    rgba = bleed(layer.rgba)
    x, y = layer.corner
    if scene.alpha is not None:
        rgba = _faded(rgba, scene.alpha[y : y + layer.height, x : x + layer.width])
    picture = BytesIO()
    Image.fromarray(to_levels(rgba)).save(picture, "WEBP", lossless=True, quality=EFFORT, method=2, exact=True)
    return PageSheet(picture.getvalue(), "image/webp", x, y, layer.width, layer.height, shift)


def _faded(rgba: Floats, alpha: Floats) -> Floats:
    return np.concatenate([rgba[..., :3], rgba[..., 3:] * alpha[..., None]], axis=-1)
