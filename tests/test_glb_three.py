"""A .glb seen by three.js in Chromium, through the file's own camera: what most viewers on the web show."""

import functools
import http.server
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import skimage.data

from multiplane.formats.glb import Geometry, encode_glb
from multiplane.pixels.levels import from_levels
from scenes import photo_of, picture_scene
from test_glb_relief import ground_and_ball, psnr
from tolerances import LOOKS_LIKE

ROOT = Path(__file__).resolve().parent.parent
PAGE = Path(__file__).with_name("three_view.html")
FLAGS = (
    "--headless=new --no-sandbox --use-gl=angle --use-angle=swiftshader --enable-unsafe-swiftshader"
    " --hide-scrollbars --window-size=400,500 --virtual-time-budget=20000"
)


def three() -> Path:
    """The folder of three.js; skips the test where it or Chromium is missing."""
    places = [Path(os.environ.get("MULTIPLANE_NODE_MODULES", "/nowhere")), ROOT / ".tools" / "node_modules"]
    found = next((place / "three" for place in places if (place / "three").is_dir()), None)
    if found is None or shutil.which("chromium") is None:
        pytest.skip(
            "needs chromium and the npm package three: apt-get install chromium; npm install --prefix .tools three"
        )
    return found.resolve()


class Silent(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address at which `folder` is served to this machine alone."""
    handler = functools.partial(Silent, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.program
@pytest.mark.parametrize("geometry", ["planes", "relief"])
@pytest.mark.parametrize("name", ["picture", "ball"])
def test_three_js_shows_the_photo(name: str, geometry: Geometry, tmp_path: Path) -> None:
    (tmp_path / "three").symlink_to(three())
    shutil.copy(PAGE, tmp_path / "index.html")
    small = np.ascontiguousarray(cv2.resize(skimage.data.astronaut(), (320, 240), interpolation=cv2.INTER_AREA))
    scene = picture_scene(small) if name == "picture" else ground_and_ball()
    (tmp_path / "scene.glb").write_bytes(encode_glb(scene, geometry, lit=True))
    width, height = scene.camera.width, scene.camera.height
    with served(tmp_path) as address:
        command = ["chromium", *FLAGS.split(), f"--screenshot={tmp_path}/seen.png", f"{address}/?w={width}&h={height}"]
        subprocess.run(command, capture_output=True, check=True, timeout=200)
    seen = cv2.cvtColor(cv2.imread(str(tmp_path / "seen.png")), cv2.COLOR_BGR2RGB)[:height, :width]
    assert psnr(from_levels(seen), from_levels(photo_of(scene))) >= LOOKS_LIKE
