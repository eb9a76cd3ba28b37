"""The segment stage: a photo and its depth in, regions that belong together out."""

from collections.abc import Callable
from typing import TypeAlias

from multiplane.errors import BackendError
from multiplane.scene import DepthMap, Photo, Segment

SegmentBackend: TypeAlias = Callable[[Photo, DepthMap], tuple[Segment, ...]]
"""Masks of the photo's size that do not overlap and together cover it; the order carries no meaning."""

NAMES = ("builtin",)


def load_segment(name: str) -> SegmentBackend:
    """The backend called `name`, or a checkpoint folder in the hub's layout; nothing heavy is imported before."""
    raise BackendError(f"no segment backend is called {name!r}; choose one of: {', '.join(NAMES)}")
