"""Reads what the viewer's page asks for: layers, texts and numbers, each refused in one line where it is none."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from multiplane_viewer.answer import Refused

if TYPE_CHECKING:
    from multiplane.scene import Scene

Asked: TypeAlias = Mapping[str, Any]
LONGEST_TEXT = 400
LARGEST_NUMBER = 1e9


class Done(NamedTuple):
    """The edited scene, what was done in the words of the command line, and what somebody should know of it."""

    scene: "Scene"
    words: str
    note: str = ""


def layer_in(scene: "Scene", asked: Asked, key: str = "id") -> int:
    """The index of the layer whose id stands at `key`."""
    return layer_called(scene, text_in(asked, key))


def layer_called(scene: "Scene", name: object) -> int:
    """The index of the layer with the id `name`."""
    found = [index for index, layer in enumerate(scene.layers) if layer.id == name]
    if not found:
        raise Refused(HTTPStatus.CONFLICT, f"there is no layer {name!r} any more; reload the page")
    return found[0]


def text_in(asked: Asked, key: str) -> str:
    """The text at `key`."""
    text = asked.get(key)
    if not isinstance(text, str) or not text or len(text) > LONGEST_TEXT:
        raise bad(f"{key} must be a text of 1 to {LONGEST_TEXT} letters")
    if any("\ud800" <= mark <= "\udfff" for mark in text):  # JSON lets them through, files do not hold them
        raise bad(f"{key} holds half a letter; type it again")
    return text


def number_in(asked: Asked, key: str, default: float | None = None) -> float:
    """The number at `key`; `default`, where there is one, if nothing stands there."""
    value = asked.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST_NUMBER:
        raise bad(f"{key} must be a number")
    return float(value)


def numbers(value: object, count: int, what: str) -> tuple[float, ...]:
    """`value` as `count` numbers."""
    given = value if isinstance(value, list) else []
    if len(given) != count or not all(isinstance(each, int | float) and abs(each) <= LARGEST_NUMBER for each in given):
        raise bad(f"{what} must be a list of {count} numbers")
    return tuple(float(each) for each in given)


def bad(words: str) -> Refused:
    """What to raise for a request that nothing can be made of."""
    return Refused(HTTPStatus.BAD_REQUEST, words)
