"""Runs jobs that many threads hand in, one after another, in one thread: the one that Ctrl-C stops cleanly."""

import queue
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")
LOOK_UP = 0.5
"""Seconds between looks at the keyboard: on Windows, a thread that waits does not notice Ctrl-C."""


class Stopped(Exception):
    """The bench takes no more jobs."""


class Bench:
    """One job at a time, in the thread that calls `work`, so that an interruption unwinds it as it does any command."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = queue.SimpleQueue()
        self._stopped = False

    def do(self, job: Callable[[], Result]) -> Result:
        """What `job` gives or raises, once its turn came; called from other threads. Raises Stopped after the end."""
        done: Future[Result] = Future()
        self._jobs.put((job, done))
        if self._stopped:
            self._refuse_all()
        return done.result()

    def work(self) -> None:
        """Do jobs until an exception that is no Exception comes up: KeyboardInterrupt, SystemExit."""
        try:
            while True:
                try:
                    job, done = self._jobs.get(timeout=LOOK_UP)
                except queue.Empty:
                    continue
                _run(job, done)
        finally:
            self._stopped = True
            self._refuse_all()

    def _refuse_all(self) -> None:
        while True:
            try:
                _, done = self._jobs.get_nowait()
            except queue.Empty:
                return
            done.set_exception(Stopped("multiplane was stopped"))


def _run(job: Callable[[], Any], done: "Future[Any]") -> None:
    try:
        result = job()
    except Exception as error:  # whoever asked gets it
        done.set_exception(error)
    except BaseException:
        done.set_exception(Stopped("multiplane was stopped"))
        raise
    else:
        done.set_result(result)
