"""history.json: the states of a scene before and after the present one, so that an edit can be undone and redone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from multiplane.errors import FormatError, SceneError
from multiplane.formats.entries import MAX_DOCUMENT_BYTES, Entries
from multiplane.formats.manifest import (
    LONGEST_COMPLAINT,
    VERSION,
    check_document,
    check_total,
    check_version,
    parse_json,
)

ENTRY = "history.json"
FORMAT = "multiplane history"
MOST_STEPS = 20
"""Older ones are forgotten, and their pixels leave the archive."""
MAX_HISTORY_BYTES = MAX_DOCUMENT_BYTES // 2
"""Of all documents together: with thousands of layers, fewer steps are kept."""
LONGEST_WORDS = 1000


@dataclass(frozen=True)
class Step:
    """An edit in `words`, and the scene.json of the state on its other side."""

    words: str
    scene: dict[str, Any]


@dataclass(frozen=True)
class History:
    """`past`, oldest first, and what was undone, `future`, the next to be redone first."""

    past: tuple[Step, ...] = ()
    future: tuple[Step, ...] = ()

    def after(self, words: str, before: dict[str, Any]) -> History:
        """This history once the scene `before` was edited: what had been undone is gone."""
        past = (*self.past, Step(words[:LONGEST_WORDS], before))[-MOST_STEPS:]
        sizes = [len(json.dumps(step.scene)) for step in past]
        while sum(sizes) > MAX_HISTORY_BYTES:
            past, sizes = past[1:], sizes[1:]
        return History(past)

    def undone(self, now: dict[str, Any]) -> tuple[History, dict[str, Any], str]:
        """The history, the scene and the words of the edit once the last edit is taken back."""
        if not self.past:
            raise SceneError("there is nothing to undo; the scene is as old as its history goes")
        step = self.past[-1]
        return History(self.past[:-1], (Step(step.words, now), *self.future)), step.scene, step.words

    def redone(self, now: dict[str, Any]) -> tuple[History, dict[str, Any], str]:
        """The history, the scene and the words of the edit once the edit undone last is made again."""
        if not self.future:
            raise SceneError("there is nothing to redo; no edit was undone since the last one")
        step = self.future[0]
        return History((*self.past, Step(step.words, now)), self.future[1:]), step.scene, step.words

    @property
    def scenes(self) -> list[dict[str, Any]]:
        """The documents of every state but the present one."""
        return [step.scene for step in (*self.past, *self.future)]


def history_in(entries: Entries) -> History:
    """The history in an archive, empty where it was never edited; nothing but documents is read.

    Raises FormatError, one line, where it breaks its schema, or a state in it breaks the scene's or its limits.
    """
    if ENTRY not in entries:
        return History()
    document = parse_json(entries.read(ENTRY, MAX_DOCUMENT_BYTES), ENTRY)
    if isinstance(document, dict):
        check_version(document)
    schema = json.loads(resources.files("multiplane.formats").joinpath("history.schema.json").read_bytes())
    error = best_match(Draft202012Validator(schema).iter_errors(document))
    if error is not None:
        complaint = " ".join(error.message.split())[:LONGEST_COMPLAINT]
        raise FormatError(f"{ENTRY} breaks its schema at {error.json_path}: {complaint}; write the scene again")
    past, future = (tuple(Step(**step) for step in document[side]) for side in ("past", "future"))
    history = History(past, future)
    for scene in history.scenes:
        check_document(scene)
        check_total(scene)
    return history


def history_document(history: History) -> dict[str, Any]:
    """The JSON document of `history`."""
    past, future = (
        [{"words": step.words, "scene": step.scene} for step in side] for side in (history.past, history.future)
    )
    return {"format": FORMAT, "version": VERSION, "past": past, "future": future}
