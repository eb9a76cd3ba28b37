"""The built-in depth backend: the network's disparity, seen twice, brought to the photo's size and onto its edges."""

import numpy as np

from multiplane.depth.closer_look import with_detail
from multiplane.depth.upsampling import upsample_disparity
from multiplane.perception.perceive import perceive
from multiplane.pixels.disparity import depth_from_disparity
from multiplane.scene import DepthMap, Photo


def estimate_depth(photo: Photo) -> DepthMap:
    """Relative depth (H, W) in [NEAR, FAR] of any photo, in an arbitrary unit."""
    # Detail may take away more than there is: nothing lies behind what is infinitely far.
    disparity = np.maximum(with_detail(perceive(photo.rgb).disparity, photo.rgb), 0.0)
    return DepthMap(depth_from_disparity(upsample_disparity(disparity, photo.rgb)))
