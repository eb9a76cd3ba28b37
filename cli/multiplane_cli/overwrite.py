"""Keeps a command from replacing files nobody said it may replace."""

import os
from collections.abc import Iterable
from pathlib import Path

from multiplane.errors import OutputError


def refuse_to_overwrite(targets: Iterable[Path], force: bool) -> None:
    """Raise OutputError if any target is already there and `force` is not given."""
    # Unlike Path.exists, this takes a name too long for the disk for one that is not there; writing says what is wrong.
    there = [path for path in targets if os.path.exists(path)]  # noqa: PTH110
    if there and not force:
        raise OutputError(f"{there[0]} is already there; pass --force to replace it, or choose another name")
