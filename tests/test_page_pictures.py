"""The README's pictures of the viewer: a visit to a decomposed sample that takes them, and looks at what they show."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from multiplane.formats.archive import load_scene
from multiplane.formats.page import encode_page
from multiplane_cli.main import app
from page_in_browser import ROOT, drive, node_modules

pytestmark = [pytest.mark.slow, pytest.mark.program]
WRITING = "MULTIPLANE_WRITE_DOCS"
WIDTH = 1400
VISITS = {
    "viewer": ("dark", [["click", ".layer-pick >> nth=0"], ["key", "e"], ["wait", 4000], ["settle"], ["wait", 1500]]),
    "viewer-light": ("light", [["key", "l"], ["focus", ".light-handle"], ["wait", 500], ["settle"]]),
}


@pytest.mark.parametrize("name", VISITS)
def test_the_docs_show_the_viewer_as_it_is(name: str, tmp_path: Path) -> None:
    node_modules()
    done = CliRunner().invoke(app, ["decompose", str(ROOT / "samples" / "coffee.png"), "-o", str(tmp_path), "--to", ""])
    assert done.exit_code == 0, done.output
    (tmp_path / "page.html").write_bytes(encode_page(load_scene(tmp_path / "coffee.multiplane")))
    scheme, steps = VISITS[name]
    taken, viewport = tmp_path / "taken.png", {"width": 1400, "height": 880}
    drive((tmp_path / "page.html").as_uri(), [*steps, ["page", str(taken)]], scheme=scheme, viewport=viewport)
    with Image.open(taken) as picture:
        seen = np.asarray(picture.convert("RGB"), np.float32) / 255
        if os.environ.get(WRITING):
            picture.convert("RGB").save(ROOT / "docs" / f"{name}.webp", quality=88, method=6)
    assert seen.shape[1] == WIDTH
    panel, stage = seen[100:600, -280:], seen[100:760, 40:1050]
    assert (panel.mean() > 0.5) == (scheme == "light")
    assert (stage.max(axis=-1) - stage.min(axis=-1) > 0.3).mean() > 0.05, "the picture is not there"
