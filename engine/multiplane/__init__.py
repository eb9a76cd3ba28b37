"""multiplane: one flat picture in, ordered soft-edged layers with depth and filled backgrounds out."""

from multiplane.version import __version__

__all__ = ["__version__"]
