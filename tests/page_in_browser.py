"""Drives the viewer's page in Chromium for tests: tells it what to do, and brings back what was seen."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from multiplane_viewer.built_page import PageMissing, load_page

ROOT = Path(__file__).resolve().parent.parent
DRIVER = Path(__file__).with_name("drive_page.mjs")
MOST_SECONDS = 300


def node_modules() -> Path:
    """Where playwright-core and axe-core are; skips the test where they, Chromium or the built page are missing."""
    places = [Path(os.environ.get("MULTIPLANE_NODE_MODULES", "/nowhere")), ROOT / "viewer" / "page" / "node_modules"]
    found = next((place for place in places if (place / "playwright-core").is_dir()), None)
    if found is None or shutil.which("chromium") is None or shutil.which("node") is None:
        pytest.skip("needs node, chromium and the page's packages: apt-get install chromium nodejs npm; make test")
    try:
        load_page()
    except PageMissing as error:
        pytest.skip(str(error))
    return found.resolve()


def drive(address: str, steps: list[list[Any]], **more: Any) -> dict[str, Any]:
    """What the page said, asked for and answered to each step; `more` as drive_page.mjs takes it."""
    job = {
        "address": address,
        "steps": steps,
        "modules": str(node_modules()),
        "chromium": shutil.which("chromium"),
        **more,
    }
    done = subprocess.run(
        ["node", str(DRIVER), json.dumps(job)], capture_output=True, text=True, timeout=MOST_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def shot(path: Path) -> np.ndarray:
    """A screenshot (h, w, 3) in [0, 1]."""
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB).astype(np.float32) / 255
