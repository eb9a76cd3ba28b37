"""What the viewer's page may do to a scene: every action is a call of the functions that `multiplane edit` calls."""

import importlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias, get_args

from multiplane_cli.edit_job import listed
from multiplane_cli.view_asked import Asked, Done, bad, layer_called, layer_in, numbers, text_in
from multiplane_cli.view_moves import duplicate, flip, move, scale

if TYPE_CHECKING:
    from multiplane.scene import Layer, Scene

MOST_POINTS = 256
TRIAL_SIDE = 96
"""Pixels of the picture on which a selection is tried beforehand."""

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
        raise bad(f"no action is called {name!r}; choose one of: select, {', '.join(ACTIONS)}")
    return action(scene, asked)


def _rename(scene: "Scene", asked: Asked) -> Done:
    from multiplane.edit.rename import rename

    index, name = layer_in(scene, asked), text_in(asked, "name")
    return Done(rename(scene, index, name), f"rename {scene.layers[index].id!r} to {name!r}")


def _set_plane(scene: "Scene", asked: Asked) -> Done:
    from multiplane.edit.set_plane import set_plane
    from multiplane.scene import Plane

    index, plane = layer_in(scene, asked), asked.get("plane")
    for known in get_args(Plane):
        if plane == known:
            return Done(set_plane(scene, index, known), f"set-plane {scene.layers[index].id!r} {known}")
    raise bad(f"plane must be one of {', '.join(get_args(Plane))}, not {plane!r}")


def _merge(scene: "Scene", asked: Asked) -> Done:
    from multiplane.edit.merge import merge

    ids = asked.get("ids")
    if not isinstance(ids, list) or not ids:
        raise bad("ids must be a list of layers' ids")
    indices = [layer_called(scene, each) for each in ids]
    return Done(merge(scene, indices), f"merge {listed(scene.layers[index].id for index in indices)}")


def _drop(scene: "Scene", asked: Asked) -> Done:
    from multiplane.edit.drop import drop
    from multiplane.edit.remove import remove

    index = layer_in(scene, asked)
    gone = scene.layers[index]
    shadows = [layer for layer in scene.layers if layer.caster == gone.id]
    if asked.get("shadow"):
        return Done(remove(scene, index), f"remove {gone.id!r}{' and its shadow' if shadows else ''}")
    note = f"{shadows[0].name!r}, the shadow of {gone.name!r}, stays" if shadows else ""
    return Done(drop(scene, index), f"drop {gone.id!r}", note)


def _reorder(scene: "Scene", asked: Asked) -> Done:
    from multiplane.edit.pixels_changed import pixels_changed
    from multiplane.edit.reorder import place_beside, reorder

    index = layer_in(scene, asked)
    nearer = "after" in asked
    if nearer == ("before" in asked):
        raise bad("say where to, one way: before (farther than) or after (nearer than) a layer's id")
    place = place_beside(scene, index, layer_in(scene, asked, "after" if nearer else "before"), nearer)
    edited = reorder(scene, index, place)
    changed = pixels_changed(scene, edited)
    note = f"the picture changes in {changed} pixels, since layers that overlap changed sides" if changed else ""
    return Done(edited, f"reorder {scene.layers[index].id!r} to place {place}", note)


ACTIONS: Mapping[str, Action] = MappingProxyType(
    {
        "rename": _rename,
        "drop": _drop,
        "merge": _merge,
        "reorder": _reorder,
        "setPlane": _set_plane,
        "move": move,
        "scale": scale,
        "flip": flip,
        "duplicate": duplicate,
    }
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

    box = numbers(asked["box"], 4, "box") if asked.get("box") is not None else None
    points = asked.get("points", [])
    if not isinstance(points, list) or len(points) > MOST_POINTS:
        raise bad(f"points must be a list of at most {MOST_POINTS} [x, y, 1 or 0]")
    places = [numbers(point, 3, "a point") for point in points]
    prompt = Prompt(
        tuple((x, y, inside > 0) for x, y, inside in places), None if box is None else (box[0], box[1], box[2], box[3])
    )
    prompt.check_inside(scene.camera.width, scene.camera.height)
    index = layer_in(scene, asked, "layer") if asked.get("layer") is not None else _meant(scene, prompt.points, box)
    name = text_in(asked, "name") if asked.get("name") is not None else None
    parts = by_prompt(scene, index, prompt, load_prompted(select), name)
    edited = split(scene, index, parts, load_matte("closed-form"), load_inpaint("patches"), scene.origin.seed)
    made = [each.id for each in edited.layers[index : index + len(parts.masks)]]
    return Done(edited, f"split {scene.layers[index].id!r} into {listed(reversed(made))}")


def prepare_select(select: str) -> None:
    """Load what `select` names, and all that a selection needs, so that the first one does not wait: by a trial."""
    import numpy as np

    from multiplane.segment.prompt import Prompt
    from multiplane.segment.prompted import load_prompted

    importlib.import_module("multiplane.edit.by_selection")
    rows, columns = np.mgrid[:TRIAL_SIDE, :TRIAL_SIDE].astype(np.float32) / TRIAL_SIDE
    picture = np.stack([rows, columns, rows], axis=-1)
    load_prompted(select)(picture, 1.0 + rows, Prompt(((TRIAL_SIDE / 2, TRIAL_SIDE / 2, True),)))


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
