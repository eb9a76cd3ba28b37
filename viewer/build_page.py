"""Builds the viewer's page with npm when multiplane is installed or packed; without npm the install goes on."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts")
LINES_TOLD = 3


class PageBuildHook(BuildHookInterface[Any]):
    """Hatchling's way in."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build the page before files are gathered; `version` is "standard" or "editable"."""
        if self.target_name == "wheel":
            build_page(Path(self.root))


def build_page(root: Path) -> None:
    """Make viewer/multiplane_viewer/built/ of viewer/page/, unless it is newer than all it is made from.

    Where npm is missing or fails, say so on the error stream and leave things as they are: all but the viewer works.
    """
    page, built = root / "viewer" / "page", root / "viewer" / "multiplane_viewer" / "built"
    if not page.is_dir() or _is_current(page, built):
        return
    npm = shutil.which("npm")
    if npm is None:
        _say("npm was not found, so the viewer's page is not built; install Node 20.19 or newer, then install again")
        return
    # Without a network it should give up soon.
    environment = {**os.environ, "npm_config_update_notifier": "false", "npm_config_fetch_retries": "1"}
    for command in ([npm, "ci", "--no-audit", "--no-fund"], [npm, "run", "build"]):
        done = subprocess.run(command, cwd=page, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            _say(f"the viewer's page is not built, since `npm {' '.join(command[1:])}` failed: {_reason(done)}")
            return


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    """The first lines that speak of an error, else the last of all, in one."""
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return " / ".join(errors[:LINES_TOLD] or lines[-LINES_TOLD:])


def _is_current(page: Path, built: Path) -> bool:
    index = built / "index.html"
    if not index.is_file():
        return False
    sources = [page / name for name in SOURCES] + [path for path in (page / "src").rglob("*") if path.is_file()]
    return all(source.stat().st_mtime <= index.stat().st_mtime for source in sources)


def _say(words: str) -> None:
    print(f"multiplane: {words}", file=sys.stderr)


if __name__ == "__main__":
    build_page(Path(__file__).resolve().parent.parent)
