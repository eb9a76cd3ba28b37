"""`multiplane view` as a program: its address, its end, what it keeps and what it leaves behind, its errors."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from skimage.data import coffee

from multiplane.formats.archive import load_scene
from multiplane.formats.save import save
from multiplane_cli import view, view_open
from multiplane_cli.main import main
from multiplane_viewer import built_page
from multiplane_viewer.built_page import BuiltPage, PageMissing
from scenes import photo_of, picture_scene

PROGRAM = """
import sys
from multiplane_cli import main
from multiplane_viewer import built_page
built_page.load_page = lambda: built_page.BuiltPage(b"<!doctype html>", {"assets/a.js": (b"1", "text/javascript")})
sys.argv = ["multiplane", "view", *sys.argv[1:]]
main.main()
"""
"""The program with a page of its own, so that Node is not needed."""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "photo.multiplane"
    save(picture_scene(np.ascontiguousarray(coffee()[::4, ::4]), count=3), path)
    return path


class Running:
    """A viewer under way: asks it, and ends it."""

    def __init__(self, process):
        self.process = process
        self.line = process.stdout.readline()
        self.address = urlsplit(self.line.split()[-1])
        self.token = self.address.query.removeprefix("token=")

    def ask(self, path, asked=None, token=True):
        link = http.client.HTTPConnection(self.address.netloc, timeout=60)
        headers = {"Content-Type": "application/json"} | ({"X-Multiplane-Token": self.token} if token else {})
        link.request("GET" if asked is None else "POST", path, None if asked is None else json.dumps(asked), headers)
        reply = link.getresponse()
        return reply.status, reply.read()

    def end(self, how=signal.SIGINT):
        self.process.send_signal(how)
        out, told = self.process.communicate(timeout=60)
        return self.process.returncode, out, told


@contextmanager
def running(file, folder, *options):
    environment = {**os.environ, "TMPDIR": str(folder), "TEMP": str(folder)}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, file, "--no-browser", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        yield Running(process)
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def temporary(tmp_path):
    folder = tmp_path / "tmp"
    folder.mkdir()
    return folder


def test_it_prints_an_address_saves_when_asked_and_ctrl_c_ends_it_quietly(file, temporary):
    with running(file, temporary) as viewer:
        assert viewer.line.startswith("photo.multiplane is at http://127.0.0.1:")
        assert viewer.ask(f"/?{viewer.address.query}", token=False) == (200, b"<!doctype html>")
        assert viewer.ask("/assets/a.js", token=False) == (200, b"1")
        assert viewer.ask("/api/scene")[0] == 200
        assert viewer.ask("/api/scene", token=False)[0] == 403
        viewer.ask("/api/edit", {"action": "rename", "id": "layer-1", "name": "saved"})
        assert json.loads(viewer.ask("/api/save", {})[1]) == {"path": str(file)}
        code, out, told = viewer.end()
    assert (code, out) == (0, "")
    assert told.split() == ["Ctrl-C", "ends", "it."]
    assert list(temporary.iterdir()) == []
    assert [path.name for path in file.parent.iterdir() if path.name.startswith(".")] == []
    assert load_scene(file).layers[1].name == "saved"


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 128 + signal.SIGTERM)])
def test_edits_that_were_not_saved_are_kept_and_one_under_way_leaves_nothing_half_done(file, temporary, how, code):
    """A split by a point loads models first, so it takes a while."""
    before = file.read_bytes()
    with running(file, temporary) as viewer:
        assert viewer.ask("/api/edit", {"action": "rename", "id": "layer-1", "name": "kept"})[0] == 200
        link = http.client.HTTPConnection(viewer.address.netloc, timeout=60)
        headers = {"X-Multiplane-Token": viewer.token, "Content-Type": "application/json"}
        link.request("POST", "/api/edit", json.dumps({"action": "select", "points": [[75, 37, 1]]}), headers)
        time.sleep(0.5)
        ended, _, told = viewer.end(how)
    assert ended == code
    assert "Traceback" not in told
    (kept,) = re.findall(r"not saved: the edits of photo\.multiplane are kept in (\S+)", told)
    assert [path.name for path in Path(kept).parent.iterdir()] == ["photo.multiplane"]
    scene = load_scene(Path(kept))
    assert [layer.name for layer in scene.layers][1:] == ["kept", "020 disc 2"]
    assert file.read_bytes() == before


@pytest.fixture
def multiplane(capsys, monkeypatch):
    """Runs the command line in this process; gives its exit code and what it said."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["multiplane", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def page(monkeypatch):
    monkeypatch.setattr(built_page, "load_page", lambda: BuiltPage(b"", {}))


def test_without_a_built_page_one_line_says_what_to_install(multiplane, monkeypatch, file):
    def missing():
        raise PageMissing(built_page.MISSING)

    monkeypatch.setattr(built_page, "load_page", missing)
    code, out, told = multiplane("view", file)
    assert (code, out) == (1, "")
    assert told == f"multiplane: {built_page.MISSING}\n"
    assert "install Node" in told


def test_what_cannot_be_shown_is_one_line(multiplane, page, file, tmp_path):
    (tmp_path / "text.txt").write_text("no picture")
    for words in (
        ("nowhere.multiplane",),
        ("nowhere.jpg",),
        (tmp_path / "text.txt",),
        (tmp_path,),
        (file, "--select", "no such model"),
    ):
        code, out, told = multiplane("view", *words, "--no-browser")
        assert (code, out) == (1, ""), words
        assert len(told.splitlines()) == 1, told


def test_a_port_in_use_is_one_line(multiplane, page, file):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, out, told = multiplane("view", file, "--no-browser", "--port", port)
    assert (code, out) == (1, "")
    assert told.startswith(f"multiplane: cannot listen on port {port}")
    assert "--port" in told


def test_the_browser_is_opened_at_the_address_unless_it_is_not_wanted(file, temporary, monkeypatch, page, capsys):
    opened = []

    def browse(address):
        opened.append(address)
        raise KeyboardInterrupt

    monkeypatch.setattr(view.webbrowser, "open", browse)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(view.tempfile, "tempdir", str(temporary))
    view.view(file)
    token = capsys.readouterr().out.split("token=")[-1].strip()
    (address,) = opened
    assert address.startswith("http://127.0.0.1:")
    assert token
    assert token not in address
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a display")
def test_without_a_display_no_browser_takes_the_terminal_and_ssh_is_explained(
    file, temporary, monkeypatch, page, capsys
):
    opened = []
    monkeypatch.setattr(view.webbrowser, "open", opened.append)
    monkeypatch.setattr(view.tempfile, "tempdir", str(temporary))
    monkeypatch.setattr("multiplane_cli.view_bench.Bench.work", lambda _: None)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    view.view(file)
    said = capsys.readouterr()
    port = urlsplit(said.out.split()[-1]).port
    assert f"ssh -L {port}:127.0.0.1:{port} " in said.err
    assert opened == []


def test_a_photo_is_split_first_and_its_scene_is_shown_from_then_on(tmp_path, monkeypatch, capsys):
    photo, scene = tmp_path / "photo.png", picture_scene(np.ascontiguousarray(coffee()[::4, ::4]), count=2)
    Image.fromarray(photo_of(scene)).save(photo)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setattr(view_open, "split_photo", lambda _: scene)
    session = view_open.open_session(photo, work)
    assert session.file == tmp_path / "photo.multiplane"
    assert session.unsaved
    assert not session.file.exists()
    session.save()
    again = view_open.open_session(photo, work)
    assert not again.unsaved
    assert "photo.multiplane lies beside photo.png and is shown" in capsys.readouterr().err
    os.utime(photo, (time.time() + 60, time.time() + 60))
    assert view_open.open_session(photo, work).unsaved, "the photo is newer than its scene"


@pytest.mark.slow
def test_a_photo_becomes_layers_that_composite_to_it(tmp_path):
    pixels = np.ascontiguousarray(coffee()[::5, ::5])
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    assert np.array_equal(photo_of(view_open.scene_of(tmp_path / "photo.png")), pixels)
