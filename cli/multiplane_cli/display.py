"""Whether there is a screen on this machine that a window can be opened on."""

import os
import sys


def has_display() -> bool:
    """False where it is clear that there is none: on Linux, without X or Wayland, as over ssh."""
    return not sys.platform.startswith("linux") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
