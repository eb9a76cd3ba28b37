"""What a handler gives back to the server, and how it refuses."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any


@dataclass(frozen=True)
class Answer:
    """Bytes of a media type. Where `etag` is given, the address names this content, and it may be kept for ever.

    With a `file_name`, a browser saves it under that name; with a `location`, it goes there.
    """

    body: bytes
    media_type: str
    status: int = HTTPStatus.OK
    etag: str | None = None
    file_name: str | None = None
    location: str | None = None


class Refused(Exception):
    """Why a request is not answered: an HTTP status, one line for people, and more facts for programs."""

    def __init__(self, status: int, words: str, **facts: Any) -> None:
        super().__init__(words)
        self.status, self.words, self.facts = status, " ".join(words.split()), facts


def json_answer(value: Any, status: int = HTTPStatus.OK) -> Answer:
    """`value` as JSON."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return Answer(text.encode(), "application/json", status)


def refusal(refused: Refused) -> Answer:
    """The JSON that tells of it: `error`, one line, and the facts."""
    return json_answer({"error": refused.words, **refused.facts}, refused.status)
