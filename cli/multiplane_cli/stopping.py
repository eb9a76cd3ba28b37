"""Being stopped: Ctrl-C and termination become exceptions, so that what is half written is removed on the way out."""

import signal
from pathlib import Path
from types import FrameType

INTERRUPTED = 130
TERMINATED = 128 + signal.SIGTERM
AGAIN = 0.05
"""Seconds until a signal that came at a bad moment is looked at again."""
IMPORTING = "<frozen importlib"
"""What the file names of Python's own import machinery begin with."""
LOADING = str(Path("safetensors", "torch.py"))
"""What the name of the file ends with whose reading of weights turns an exception into another one, and forgets it."""


def listen() -> None:
    """From now on SIGINT raises KeyboardInterrupt, and SIGTERM SystemExit(TERMINATED), but neither within an import nor
    while weights are read.
    """
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)


def _stop(number: int, frame: FrameType | None) -> None:
    # An extension that is just being loaded may abort the process when an exception passes through it.
    if _must_wait(frame) and hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, lambda _, later: _stop(number, later))
        signal.setitimer(signal.ITIMER_REAL, AGAIN)
    elif number == signal.SIGINT:
        raise KeyboardInterrupt
    else:
        raise SystemExit(TERMINATED)


def _must_wait(frame: FrameType | None) -> bool:
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(IMPORTING) or name.endswith(LOADING):
            return True
        frame = frame.f_back
    return False
