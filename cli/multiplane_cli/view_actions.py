"""What the viewer's page may do to a scene: every action is a call of the functions that `multiplane edit` calls."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, get_args

from multiplane_cli.edit_job import listed
from multiplane_viewer.answer import Refused

if TYPE_CHECKING:
    from multiplane.scene import Layer, Scene

Asked: TypeAlias = Mapping[str, Any]
LONGEST_TEXT = 400
MOST_POINTS = 256


class Done(NamedTuple):
    """The edited scene, what was done in the words of the command line, and what somebody should know of it."""

    scene: "Scene"
    words: str
    note: str = ""


Action: TypeAlias = "Callable[[Scene, Asked], Done]"


def act(scene: "Scene", asked: Asked, select: str) -> Done:
    """`scene` changed as `asked`. `select` answers points and boxes: builtin, a model's name or its folder.

    Raises Refused for what is no action or lacks something, and MultiplaneError for what cannot be done.
    """
    name = asked.get("action")
    if name == "select":
        return _select(scene, asked, select)
    action = ACTIONS.get(name) if isinstance(name, str) else None
    if action is None:
        raise _bad(f"no action is called {name!r}; choose one of: select, {', '.join(ACTIONS)}")
    return action(scene, asked)


def _rename(scene: "Scene", asked: Asked) -> Done:
    from multiplane.edit.rename import rename

    index, name = _layer(scene, asked, "id"), _text(asked, "name")
    return Done(rename(scene, index, name), f"rename {scene.layers[index].id!r} to {name!r}")


def _set_plane(scene: "Scene", asked: Asked) -> Done:
    from multiplane.edit.set_plane import set_plane
    from multiplane.scene import Plane

    index, plane = _layer(scene, asked, "id"), asked.get("plane")
    for known in get_args(Plane):
        if plane == known:
            return Done(set_plane(scene, index, known), f"set-plane {scene.layers[index].id!r} {known}")
    raise _bad(f"plane must be one of {', '.join(get_args(Plane))}, not {plane!r}")


def _merge(scene: "Scene", asked: Asked) -> Done:
    from multiplane.edit.merge import merge

    ids = asked.get("ids")
    if not isinstance(ids, list) or not ids:
        raise _bad("ids must be a list of layers' ids")
    indices = [_layer_called(scene, each) for each in ids]
    return Done(merge(scene, indices), f"merge {listed(scene.layers[index].id for index in indices)}")


def _drop(scene: "Scene", asked: Asked) -> Done:
    from multiplane.edit.drop import drop

    index = _layer(scene, asked, "id")
    gone = scene.layers[index]
    shadows = [layer for layer in scene.layers if layer.caster == gone.id]
    edited, words = drop(scene, index), f"drop {gone.id!r}"
    if not asked.get("shadow"):
        note = f"{shadows[0].name!r}, the shadow of {gone.name!r}, stays" if shadows else ""
        return Done(edited, words, note)
    for shadow in shadows:
        edited = drop(edited, _layer_called(edited, shadow.id))
    return Done(edited, f"{words} and its shadow" if shadows else words)


def _reorder(scene: "Scene", asked: Asked) -> Done:
    from multiplane.edit.pixels_changed import pixels_changed
    from multiplane.edit.reorder import place_beside, reorder

    index = _layer(scene, asked, "id")
    nearer = "after" in asked
    if nearer == ("before" in asked):
        raise _bad("say where to, one way: before (farther than) or after (nearer than) a layer's id")
    place = place_beside(scene, index, _layer(scene, asked, "after" if nearer else "before"), nearer)
    edited = reorder(scene, index, place)
    changed = pixels_changed(scene, edited)
    note = f"the picture changes in {changed} pixels, since layers that overlap changed sides" if changed else ""
    return Done(edited, f"reorder {scene.layers[index].id!r} to place {place}", note)


ACTIONS: Mapping[str, Action] = MappingProxyType(
    {"rename": _rename, "drop": _drop, "merge": _merge, "reorder": _reorder, "setPlane": _set_plane}
)
"""By the word that stands in `action`. `select`, `undo` and `redo` are actions too."""


def _select(scene: "Scene", asked: Asked, select: str) -> Done:
    """Make what is pointed at a layer of its own, cut off the one that shows there."""
    from multiplane.edit.by_selection import by_prompt
    from multiplane.edit.split import split
    from multiplane.inpaint import load_inpaint
    from multiplane.matte import load_matte
    from multiplane.segment.prompt import Prompt
    from multiplane.segment.prompted import load_prompted

    box = _numbers(asked["box"], 4, "box") if asked.get("box") is not None else None
    points = asked.get("points", [])
    if not isinstance(points, list) or len(points) > MOST_POINTS:
        raise _bad(f"points must be a list of at most {MOST_POINTS} [x, y, 1 or 0]")
    places = [_numbers(point, 3, "a point") for point in points]
    prompt = Prompt(
        tuple((x, y, inside > 0) for x, y, inside in places), None if box is None else (box[0], box[1], box[2], box[3])
    )
    prompt.check_inside(scene.camera.width, scene.camera.height)
    index = _layer(scene, asked, "layer") if asked.get("layer") is not None else _meant(scene, prompt.points, box)
    name = _text(asked, "name") if asked.get("name") is not None else None
    parts = by_prompt(scene, index, prompt, load_prompted(select), name)
    edited = split(scene, index, parts, load_matte("closed-form"), load_inpaint("patches"), scene.origin.seed)
    made = [each.id for each in edited.layers[index : index + len(parts.masks)]]
    return Done(edited, f"split {scene.layers[index].id!r} into {listed(reversed(made))}")


def _meant(scene: "Scene", points: Any, box: Any) -> int:
    """The layer that shows where somebody points: at the first point inside, else most in the box."""
    inside = [(int(x), int(y)) for x, y, positive in points if positive]
    order = range(len(scene.layers) - 1, -1, -1)
    if inside:
        return next((k for k in order if _alpha_at(scene.layers[k], *inside[0]) >= 0.5), 0)
    left, top, right, bottom = (int(edge) for edge in box)
    centre = (
        min(max((left + right) // 2, 0), scene.camera.width - 1),
        min(max((top + bottom) // 2, 0), scene.camera.height - 1),
    )
    return next((k for k in order if _alpha_at(scene.layers[k], *centre) >= 0.5), 0)


def _alpha_at(layer: "Layer", x: int, y: int) -> float:
    column, row = x - layer.corner[0], y - layer.corner[1]
    there = 0 <= column < layer.width and 0 <= row < layer.height and layer.blend == "normal"
    return float(layer.rgba[row, column, 3]) if there else 0.0


def _layer(scene: "Scene", asked: Asked, key: str) -> int:
    return _layer_called(scene, _text(asked, key))


def _layer_called(scene: "Scene", name: Any) -> int:
    found = [index for index, layer in enumerate(scene.layers) if layer.id == name]
    if not found:
        raise Refused(HTTPStatus.CONFLICT, f"there is no layer {name!r} any more; reload the page")
    return found[0]


def _text(asked: Asked, key: str) -> str:
    text = asked.get(key)
    if not isinstance(text, str) or not text or len(text) > LONGEST_TEXT:
        raise _bad(f"{key} must be a text of 1 to {LONGEST_TEXT} letters")
    return text


def _numbers(value: Any, count: int, what: str) -> tuple[float, ...]:
    numbers = value if isinstance(value, list) else []
    if len(numbers) != count or not all(isinstance(each, int | float) for each in numbers):
        raise _bad(f"{what} must be a list of {count} numbers")
    return tuple(float(each) for each in numbers)


def _bad(words: str) -> Refused:
    return Refused(HTTPStatus.BAD_REQUEST, words)
