"""The house rules that a machine can check: small rooms, arrows down, a sentence on every door, a light entrance."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(path for root in ("engine", "cli", "viewer") for path in (ROOT / root).rglob("*.py"))
MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 60
HEAVY = ("torch", "transformers", "open3d", "scipy", "cv2", "numba", "av", "trimesh", "psd_tools")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
class TestEveryFile:
    def test_says_what_it_is_for_in_its_first_line(self, path):
        first = path.read_text().splitlines()[0]
        assert first.startswith('"""')
        assert first.rstrip().endswith((".", '."""', "?", "."))

    def test_is_one_small_room(self, path):
        assert len(path.read_text().splitlines()) <= MOST_LINES

    def test_has_short_functions(self, path):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno - node.lineno < MOST_LINES_OF_A_FUNCTION, node.name

    def test_does_not_import_its_own_door(self, path):
        if path.name == "__init__.py":
            return
        package = ".".join(path.parent.relative_to(ROOT).parts[1:])
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, "relative import"
                assert node.module != package or package == "multiplane", f"imports its own door {package}"

    def test_has_no_room_for_odds_and_ends(self, path):
        assert path.stem not in {"utils", "helpers", "common", "core", "base", "manager", "misc"}


def loaded_by(code):
    """Which heavy packages are loaded after running `code` in a fresh interpreter."""
    probe = f"{code}\nimport sys\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    return done.stdout.split("\n")[-2].split()


def test_help_imports_nothing_heavy():
    lines = [
        "import sys",
        "sys.argv = ['multiplane', '--help']",
        "from multiplane_cli.main import app",
        "try: app()",
        "except SystemExit: pass",
    ]
    assert loaded_by("\n".join(lines)) == []


@pytest.mark.parametrize("stage", ["depth", "segment", "matte", "inpaint", "formats.save", "scene"])
def test_a_door_imports_nothing_heavy(stage):
    assert loaded_by(f"import multiplane.{stage}") == []
