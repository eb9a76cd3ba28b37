"""A signal that comes while a module is being imported waits until that is over; then it stops the program."""

import os
import subprocess
import sys

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


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
@pytest.mark.parametrize(
    ("name", "code", "said"), [("SIGINT", 0, "imported\ninterrupted\n"), ("SIGTERM", 143, "imported\n")]
)
def test_an_import_is_finished_first(name: str, code: int, said: str, tmp_path) -> None:
    (tmp_path / "interrupted_module.py").write_text(MODULE.format(number=f"__import__('signal').{name}"))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=tmp_path, capture_output=True, text=True, timeout=15, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (code, said, "")
