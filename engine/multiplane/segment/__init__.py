"""The segment stage: a photo and its depth in, regions that belong together out."""

from collections.abc import Callable
from typing import TypeAlias

from multiplane.errors import BackendError
from multiplane.scene import DepthMap, Photo, Segment
from multiplane.weights import MASK2FORMER, is_folder

SegmentBackend: TypeAlias = Callable[[Photo, DepthMap], tuple[Segment, ...]]
"""Masks of the photo's size that do not overlap and together cover it; the order carries no meaning."""

NAMES = ("builtin", *(checkpoint.name for checkpoint in MASK2FORMER))


def load_segment(name: str) -> SegmentBackend:
    """The backend called `name`, or a checkpoint folder in the hub's layout; nothing heavy is imported before."""
    match name:
        case "builtin":
            from multiplane.segment.builtin import segment_photo

            return segment_photo
        case checkpoint if checkpoint in NAMES or is_folder(checkpoint):
            from multiplane.segment.mask2former import load_mask2former

            return load_mask2former(checkpoint)
        case _:
            raise BackendError(f"no segment backend is called {name!r}; choose one of: {', '.join(NAMES)}")
