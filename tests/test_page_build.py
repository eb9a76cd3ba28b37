"""The page's own tests, its types, and its way into the wheel."""

import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from page_in_browser import ROOT, node_modules

PAGE = ROOT / "viewer" / "page"
BUILDER = ROOT / "viewer" / "build_page.py"


def npm(*words):
    node_modules()
    if not (PAGE / "node_modules" / "vitest").is_dir():
        pytest.skip("needs the page's packages: npm ci --prefix viewer/page")
    return subprocess.run(["npm", *words], cwd=PAGE, capture_output=True, text=True, check=False)


@pytest.mark.program
@pytest.mark.parametrize("script", ["test", "check"])
def test_the_pages_own_tests_and_types_pass(script):
    done = npm("run", script)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]


def test_no_host_is_named_in_the_lock():
    text = (PAGE / "package-lock.json").read_text()
    assert '"resolved"' not in text
    assert '"integrity"' in text


@pytest.mark.parametrize("path", sorted((PAGE / "src").rglob("*.ts")), ids=lambda path: path.name)
def test_every_file_says_what_it_is_for_and_is_one_small_room(path):
    lines = path.read_text().splitlines()
    assert lines[0].startswith("// ")
    assert lines[0].endswith(".")
    assert len(lines) <= 300


@pytest.fixture
def builder():
    pytest.importorskip("hatchling")
    spec = importlib.util.spec_from_file_location("build_page", BUILDER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_without_npm_the_install_goes_on_and_says_what_to_install(builder, tmp_path, monkeypatch, capsys):
    (tmp_path / "viewer" / "page" / "src").mkdir(parents=True)
    monkeypatch.setenv("PATH", "/nowhere")
    builder.build_page(tmp_path)
    assert "install Node 20.19 or newer" in capsys.readouterr().err
    assert not (tmp_path / "viewer" / "multiplane_viewer").exists()


def test_where_npm_fails_the_install_goes_on_and_says_why(builder, tmp_path, monkeypatch, capsys):
    (tmp_path / "viewer" / "page" / "src").mkdir(parents=True)
    (tmp_path / "npm").write_text("#!/bin/sh\necho engine too old >&2\nexit 1\n")
    (tmp_path / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    builder.build_page(tmp_path)
    told = capsys.readouterr().err
    assert "`npm ci" in told
    assert "engine too old" in told


def test_a_page_that_is_newer_than_its_sources_is_not_built_again(builder, tmp_path, monkeypatch, capsys):
    page, built = tmp_path / "viewer" / "page", tmp_path / "viewer" / "multiplane_viewer" / "built"
    (page / "src").mkdir(parents=True)
    built.mkdir(parents=True)
    for name in builder.SOURCES:
        (page / name).touch()
    (built / "index.html").touch()
    monkeypatch.setenv("PATH", "/nowhere")
    builder.build_page(tmp_path)
    assert capsys.readouterr().err == ""
    later = (built / "index.html").stat().st_mtime + 10
    (page / "src" / "new.ts").touch()
    os.utime(page / "src" / "new.ts", (later, later))
    builder.build_page(tmp_path)
    assert "npm was not found" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.program
def test_the_wheel_carries_the_built_page_and_none_of_its_sources(tmp_path):
    node_modules()
    pytest.importorskip("hatchling")
    # What git knows of, and nothing else: a source that nobody added would be missed here.
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("needs a clone: git lists what a wheel is made of")
    house = tmp_path / "house"
    for name in filter(None, listed.stdout.split("\0")):
        if name.startswith(("engine/", "cli/", "viewer/")) or "/" not in name:
            (house / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, house / name)
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=house, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (wheel,) = Path(tmp_path).glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "multiplane_viewer/built/index.html" in names
    assert any(name.startswith("multiplane_viewer/built/assets/") and name.endswith(".js") for name in names)
    assert not [name for name in names if "node_modules" in name or name.endswith((".ts", "package.json"))]
