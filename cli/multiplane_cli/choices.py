"""Reads what a user points at, on the command line: points, boxes, and which of them are one thing."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from multiplane.segment.prompt import Prompt

POINT, BOX = 2, 4
"""How many numbers a point and a box have."""


def check_points(values: list[str]) -> list[str]:
    """The values of --point, each with at least one point in the thing; raises BadParameter for others."""
    for value in values:
        _parts(value)
        if all(word.startswith("-") for word in value.split()):
            raise typer.BadParameter(
                f"{value!r} only says where a thing is not; begin with a point in it, as in --point '420,310 {value}'"
            )
    return values


def check_boxes(values: list[str]) -> list[str]:
    """The values of --box, each beginning with a box; raises BadParameter for others."""
    for value in values:
        parts = _parts(value)
        if len(parts[0][1]) != BOX or any(len(numbers) != POINT for _, numbers in parts[1:]):
            raise typer.BadParameter(f"{value!r} is no box: write left,top,right,bottom in pixels, as in 80,40,420,390")
    return values


def read_prompts(points: list[str], boxes: list[str]) -> "tuple[Prompt, ...]":
    """One prompt for each checked value of --point and --box."""
    from multiplane.segment.prompt import Prompt

    prompts = []
    for value in (*points, *boxes):
        box = None
        places = []
        for positive, numbers in _parts(value):
            if len(numbers) == BOX:
                box = (numbers[0], numbers[1], numbers[2], numbers[3])
            else:
                places.append((numbers[0], numbers[1], positive))
        prompts.append(Prompt(tuple(places), box))
    return tuple(prompts)


def _parts(value: str) -> list[tuple[bool, list[float]]]:
    """The points and boxes in a value, each with whether it is in the thing: a minus says that it is not."""
    parts: list[tuple[bool, list[float]]] = []
    for word in value.split():
        numbers = [_number(text, value) for text in word.removeprefix("-").split(",")]
        if len(numbers) not in (POINT, BOX) or (len(numbers) == BOX and parts):
            raise typer.BadParameter(
                f"{value!r} is not understood: write points as x,y with spaces between, and a minus before those"
                " that are not in the thing, as in '420,310 500,200 -80,40'"
            )
        parts.append((not word.startswith("-"), numbers))
    if not parts:
        raise typer.BadParameter("it is empty: write x,y in pixels, as in 420,310")
    return parts


def _number(text: str, value: str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} in {value!r} is no number: write x,y in pixels, as in 420,310") from error
    if not 0 <= number < 1e9:
        raise typer.BadParameter(f"{text!r} in {value!r} lies outside every picture: x and y begin at 0, top left")
    return number
