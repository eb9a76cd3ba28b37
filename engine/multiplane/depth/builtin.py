"""The built-in depth backend: the network's disparity, seen closely, brought to the photo's size and onto its edges."""

from multiplane.depth.upsampling import upsample_disparity
from multiplane.perception.perceive import look_closely
from multiplane.pixels.disparity import depth_from_disparity
from multiplane.scene import DepthMap, Photo


def estimate_depth(photo: Photo) -> DepthMap:
    """Relative depth (H, W) in [NEAR, FAR] of any photo, in an arbitrary unit."""
    return DepthMap(depth_from_disparity(upsample_disparity(look_closely(photo.rgb).disparity, photo.rgb)))
