"""The farthest layer, on which everything else stands: who can be it."""

from multiplane.scene import Camera, Layer


def can_be_backdrop(layer: Layer, camera: Camera) -> bool:
    """Whether `layer` is opaque on the whole canvas, as the farthest layer of a scene must be."""
    full = (layer.height, layer.width) == (camera.height, camera.width)
    return full and layer.blend == "normal" and float(layer.rgba[..., 3].min()) == 1.0
