"""Being stopped: Ctrl-C and termination become exceptions, so that what is half written is removed on the way out."""

import signal
from types import FrameType

INTERRUPTED = 130
TERMINATED = 128 + signal.SIGTERM
AGAIN = 0.05
"""Seconds until a signal that came at a bad moment is looked at again."""
IMPORTING = "<frozen importlib"
"""What the file names of Python's own import machinery begin with."""


def listen() -> None:
    """From now on SIGINT raises KeyboardInterrupt, and SIGTERM SystemExit(TERMINATED), but not within an import."""
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)


def _stop(number: int, frame: FrameType | None) -> None:
    # An extension that is just being loaded may abort the process when an exception passes through it.
    if _imports(frame) and hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, lambda _, later: _stop(number, later))
        signal.setitimer(signal.ITIMER_REAL, AGAIN)
    elif number == signal.SIGINT:
        raise KeyboardInterrupt
    else:
        raise SystemExit(TERMINATED)


def _imports(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith(IMPORTING):
            return True
        frame = frame.f_back
    return False
