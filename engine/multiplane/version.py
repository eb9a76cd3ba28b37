"""The one place that states multiplane's version."""

__version__ = "0.1.0"
