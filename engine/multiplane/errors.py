"""Every error multiplane raises on purpose: each names the thing, the value and the mend.

    MultiplaneError
    |-- PhotoError        a picture that cannot be read, or is not one
    |-- DepthFileError    a depth map that cannot be read or does not fit its photo
    |-- SegmentFileError  a label map or mask that cannot be read or does not fit its photo
    |-- SceneError        a noun made from arrays that break its promise
    |-- BackendError      a stage backend that does not exist or cannot run here
    |   |-- MissingDependency   an optional package is not installed
    |   `-- MissingWeights      a model's weights are not on this machine
    |-- FormatError       a file format that is unknown, damaged, or cannot hold the scene
    `-- OutputError       a target that cannot be written

The command line prints one line of any of them and exits with 1. Anything else that escapes is a bug.
"""


class MultiplaneError(Exception):
    """Root of every error that multiplane raises on purpose."""


class PhotoError(MultiplaneError):
    """A picture that cannot be read, or is not one."""


class DepthFileError(MultiplaneError):
    """A depth map that cannot be read or does not fit its photo."""


class SegmentFileError(MultiplaneError):
    """A label map or mask that cannot be read or does not fit its photo."""


class SceneError(MultiplaneError, ValueError):
    """A noun made from arrays that break its promise."""


class BackendError(MultiplaneError):
    """A stage backend that does not exist or cannot run here."""


class MissingDependency(BackendError):
    """An optional package is not installed."""


class MissingWeights(BackendError):
    """A model's weights are not on this machine."""


class FormatError(MultiplaneError):
    """A file format that is unknown, damaged, or cannot hold the scene."""


class OutputError(MultiplaneError):
    """A target that cannot be written."""
