"""`multiplane view --native`: the layers as textured meshes with the camera's frustum, in a window of Open3D."""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from multiplane.errors import MissingDependency
from multiplane_cli.display import has_display

if TYPE_CHECKING:
    from multiplane.scene import Scene

TEXTURE_SIZE = 4096
"""Longest side of a texture, so that each layer has one only."""
WINDOW = "-m", "multiplane_cli.view_window"
HEADLESS = "Falling back to headless mode"
"""What Open3D says where it found no display: then it draws a window that nobody sees, and waits for ever."""
BROWSER = "leave out --native to look at it in a browser"
NO_DISPLAY = f"there is no display to open a window on; {BROWSER}"
DRIVER = "install a Vulkan driver (on Debian: apt install mesa-vulkan-drivers)"


def check_display() -> None:
    """Raise MissingDependency where it is clear that there is no screen to open a window on."""
    if not has_display():
        raise MissingDependency(NO_DISPLAY)


def show(scene: "Scene", title: str) -> None:
    """Show `scene` until its window is closed.

    Raises MissingDependency where Open3D, a display or a driver for it is missing.
    """
    from multiplane.formats.glb import encode_glb

    with tempfile.TemporaryDirectory(prefix="multiplane-") as folder:
        model = Path(folder) / "scene.glb"
        model.write_bytes(encode_glb(scene, "relief", texture_size=TEXTURE_SIZE))
        _run([sys.executable, *WINDOW, str(model), title])


def _run(command: list[str]) -> None:
    """Run the window's program; raise MissingDependency, with its last words, where it fails."""
    last = ""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as window:
        assert window.stdout is not None
        try:
            for line in window.stdout:
                if HEADLESS in line:
                    raise MissingDependency(NO_DISPLAY)
                last = line.strip() or last
        finally:
            # Without effect where it has ended by itself.
            window.terminate()
    if window.returncode not in (0, -signal.SIGTERM):
        raise MissingDependency(f"{_complaint(window.returncode, last)}; {DRIVER}, or {BROWSER}")


def _complaint(code: int, last: str) -> str:
    if "No module named 'open3d'" in last:
        return "Open3D is not installed"
    if code < 0:
        return f"Open3D's window was brought down by signal {-code}, as happens without a graphics driver"
    return f"Open3D cannot draw here ({last.removeprefix('RuntimeError: ')})"
