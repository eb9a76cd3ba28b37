"""Where the pictures with ground truth lie, and how they are read: the one place for every benchmark."""

import os
from pathlib import Path

import cv2
import numpy as np

from multiplane.arrays import Floats
from multiplane.errors import PhotoError
from multiplane.pixels.levels import from_levels
from multiplane.scene import Camera, Photo


def data_folder() -> Path:
    """Where the data lies: MULTIPLANE_DATA, else ../shared/data from the project's root."""
    return Path(os.environ.get("MULTIPLANE_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


def read_rgb(path: Path) -> Floats:
    """A picture file as rgb (H, W, 3) in [0, 1]; PhotoError where it cannot be read."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise PhotoError(f"{str(path)!r} cannot be read as a picture; is the data folder complete?")
    return from_levels(np.ascontiguousarray(picture[..., ::-1]))


def as_photo(rgb: Floats) -> Photo:
    """`rgb` (H, W, 3) as a photo whose camera nobody knows."""
    height, width = rgb.shape[:2]
    return Photo(rgb, Camera.from_focal_35mm(width, height))
