"""The page and the server together, in Chromium: an edit survives a reload, can be undone, and is saved when asked."""

import numpy as np
import pytest
from skimage.data import coffee

from multiplane.formats.archive import load_scene
from multiplane.formats.save import save
from multiplane_cli.view import built_site
from multiplane_cli.view_session import Session
from page_in_browser import drive, node_modules
from scenes import picture_scene
from viewer_client import viewer

pytestmark = pytest.mark.program
NAME = "Grandmother's cup"
ROW = "[data-layer=layer-1]"
NAMES = ["text", ".layer-name"]


@pytest.fixture(scope="module")
def visit(tmp_path_factory):
    """One visit: renames a layer, reloads, undoes, reloads, redoes, drops another layer, saves, reloads."""
    node_modules()
    folder = tmp_path_factory.mktemp("visit")
    (folder / "work").mkdir()
    file = folder / "photo.multiplane"
    save(picture_scene(np.ascontiguousarray(coffee()[::3, ::3]), count=3), file)
    steps = [
        NAMES,
        ["dblclick", f"{ROW} .layer-name"], ["type", NAME], ["key", "Enter"],
        ["forSelector", f'{ROW}:has-text("{NAME}")'], NAMES,
        ["reload"], NAMES, ["page", f"{folder}/reloaded.png"],
        ["key", "Control+z"], ["forSelector", f'{ROW}:has-text("010 disc 1")'], ["reload"], NAMES,
        ["key", "Control+Shift+z"], ["forSelector", f'{ROW}:has-text("{NAME}")'], NAMES,
        ["click", "[data-layer=layer-2] .layer-pick"], ["key", "Delete"],
        ["forSelector", ".layers:not(:has([data-layer=layer-2]))"], NAMES,
        ["key", "Control+s"], ["forSelector", "text=Saved as"], ["reload"], NAMES,
    ]  # fmt: skip
    with viewer(Session(file, folder / "work"), built_site()) as client:
        told = drive(client.server.address, steps)
        names = [answer for step, answer in zip(steps, told["answers"], strict=True) if step is NAMES]
        yield {"names": names, "told": told, "file": file, "server": client.server}


def test_an_edit_survives_a_reload(visit):
    first, renamed, reloaded = visit["names"][:3]
    assert NAME not in first
    assert NAME in renamed
    assert reloaded == renamed


def test_so_does_taking_it_back_and_making_it_again(visit):
    first, renamed, _, undone, redone = visit["names"][:5]
    assert undone == first
    assert redone == renamed


def test_what_was_saved_is_in_the_file(visit):
    assert visit["names"][5] == visit["names"][6] == [NAME, "000 backdrop"]
    assert [layer.name for layer in load_scene(visit["file"]).layers] == ["000 backdrop", NAME]


def test_nothing_went_wrong_and_no_request_left_the_machine(visit):
    """Nor did the page ask for anything that its policy forbids: the console would tell."""
    assert visit["told"]["console"] == []
    here = f"http://127.0.0.1:{visit['server'].port}/"
    assert all(request.startswith((here, "blob:", "data:")) for request in visit["told"]["requests"])
