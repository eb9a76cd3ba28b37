"""A signal that comes while a module is imported, or weights are read, waits until that is over; then it stops all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

MODULE = """
import os
os.kill(os.getpid(), {number})
total = sum(range(200_000))
print("imported", flush=True)
"""
PROGRAM = """
import sys, time
from multiplane_cli.stopping import listen
listen()
try:
    import interrupted_module
    time.sleep(20)
except KeyboardInterrupt:
    print("interrupted")
"""


READER = """
import os, signal
def load_file():
    os.kill(os.getpid(), signal.SIGINT)
    total = sum(range(200_000))
    print("read", flush=True)
"""
READS = """
import sys, time
from multiplane_cli.stopping import listen
from safetensors.torch import load_file
listen()
try:
    load_file()
    time.sleep(20)
except KeyboardInterrupt:
    print("interrupted")
"""

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")


def run(program: str, folder: Path) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, timeout=15, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("name", "code", "said"), [("SIGINT", 0, "imported\ninterrupted\n"), ("SIGTERM", 143, "imported\n")]
)
def test_an_import_is_finished_first(name: str, code: int, said: str, tmp_path: Path) -> None:
    (tmp_path / "interrupted_module.py").write_text(MODULE.format(number=f"__import__('signal').{name}"))
    assert run(PROGRAM, tmp_path) == (code, said, "")


def test_weights_are_read_first(tmp_path: Path) -> None:
    (tmp_path / "safetensors").mkdir()
    (tmp_path / "safetensors" / "__init__.py").touch()
    (tmp_path / "safetensors" / "torch.py").write_text(READER)
    assert run(READS, tmp_path) == (0, "read\ninterrupted\n", "")
