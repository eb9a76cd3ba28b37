"""New ids and names beside those that a scene has: "vase" begets "vase-2", "020 vase" begets "020 vase 2"."""

import re
from collections.abc import Container

NUMBERED = re.compile(r"^(.*?)[-_ ]\d+$", re.DOTALL)


def next_id(like: str, taken: Container[str]) -> str:
    """The first free one of like-2, like-3, ...; a number that `like` ends in is counted on."""
    return _next(like, "-", taken)


def next_name(like: str, taken: Container[str]) -> str:
    """The first free one of "like 2", "like 3", ...; a number that `like` ends in is counted on."""
    return _next(like, " ", taken)


def _next(like: str, gap: str, taken: Container[str]) -> str:
    numbered = NUMBERED.match(like)
    stem = numbered[1] if numbered and numbered[1].strip() else like
    number = 2
    while f"{stem}{gap}{number}" in taken:
        number += 1
    return f"{stem}{gap}{number}"
