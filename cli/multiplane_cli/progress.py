"""Shows which stage runs and how long each took: on a terminal as it happens, in a pipe not at all."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Progress:
    """Times stages; each `begin` ends the one before. `seconds` holds them in order for a report."""

    shown: bool = field(default_factory=sys.stderr.isatty)
    seconds: dict[str, float] = field(default_factory=dict)
    _stage: str = ""
    _since: float = 0.0

    def begin(self, stage: str) -> None:
        """End the stage under way and begin the next."""
        self.end()
        self._stage, self._since = stage, time.perf_counter()
        if self.shown:
            sys.stderr.write(f"  {stage} ...")
            sys.stderr.flush()

    def share(self, done: float) -> None:
        """Show how far the stage under way is, `done` in [0, 1]."""
        if self.shown:
            sys.stderr.write(f"\r  {self._stage} ... {done:4.0%}")
            sys.stderr.flush()

    def end(self) -> None:
        """End the stage under way, if any."""
        if not self._stage:
            return
        took = time.perf_counter() - self._since
        self.seconds[self._stage] = round(took, 3)
        if self.shown:
            sys.stderr.write(f"\r  {self._stage:<44s} {took:6.1f} s\n")
        self._stage = ""


@contextmanager
def progress(quiet: bool = False) -> Iterator[Progress]:
    """A Progress whose last stage ends with the block; an error leaves the line it happened on."""
    stages = Progress(shown=False) if quiet else Progress()
    try:
        yield stages
    except BaseException:
        if stages.shown:
            sys.stderr.write("\n")
        raise
    stages.end()
