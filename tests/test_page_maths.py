"""The numbers that the viewer's page must agree with: the engine's own, kept as a file that both sides read."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
from skimage.data import coffee

from multiplane.edit.reorder import place_beside, reorder
from multiplane.formats.view_description import describe_view
from multiplane.render.path import MOVES, Eye, loop_path
from multiplane.render.prepare import prepare
from multiplane.render.view import _Look, border_zoom
from scenes import picture_scene
from tolerances import SOLVER

FIXTURE = Path(__file__).parent / "fixtures" / "view_maths.json"
WRITING = "MULTIPLANE_WRITE_FIXTURES"
EYES = [Eye(), Eye(0.4), Eye(-0.2, 0.3), Eye(0.1, -0.05, 0.5), Eye(0, 0, -0.4), Eye(-0.3, -0.2, 0.2)]
PLACES = [(-150.5, 40.0), (0.0, 0.0), (149.5, -99.5)]
FRAMES = 12
REACH = 0.35


def scene():
    return picture_scene(np.ascontiguousarray(coffee()[::2, ::2]), count=4)


def numbers():
    description = describe_view(scene(), lambda picture: picture.kind)
    width, height = description["width"], description["height"]
    prepared = replace(
        prepare(scene(), width, height),
        border_x=description["border"]["x"],
        border_y=description["border"]["y"],
        q_least=description["border"]["least"],
        q_most=description["border"]["most"],
    )
    frame = {
        "width": width,
        "height": height,
        "focal": description["focal"],
        "focus": description["range"]["focus"],
        "border": description["border"],
    }
    return {
        "frame": frame,
        "views": [view(prepared, eye) for eye in EYES],
        "moves": [move(name) for name in MOVES],
        "orders": orders(),
    }


def view(prepared, eye):
    """Which place of the photo shows at each of PLACES, for a far, a middle and a near layer."""
    zoom = border_zoom(prepared, eye)
    look = _Look(prepared, eye, zoom)
    rows = []
    for x, y in PLACES:
        for q in (prepared.depths.far, prepared.depths.focus, prepared.depths.near):
            across, down = (np.array([at + size / 2]) for at, size in ((x, prepared.width), (y, prepared.height)))
            at_x, at_y = look.source(across, down, np.full((1, 1), q, np.float32), (0, 0))
            # OpenCV counts from the first pixel's centre; the page from the picture's.
            place = [float(at_x[0, 0]) + 0.5 - prepared.width / 2, float(at_y[0, 0]) + 0.5 - prepared.height / 2]
            rows.append({"seen": [x, y], "q": q, "place": place})
    return {"eye": {"x": eye.x, "y": eye.y, "z": eye.z}, "zoom": zoom, "places": rows}


def move(name):
    aside, up, forward = MOVES[name]
    eyes = loop_path(FRAMES, aside * REACH, up * REACH, forward * REACH)
    return {
        "move": {"name": name, "seconds": 4, "aside": aside, "up": up, "forward": forward},
        "reach": REACH,
        "eyes": [{"x": eye.x, "y": eye.y, "z": eye.z} for eye in eyes],
    }


def orders():
    """Every way to put one of four layers right before or after another, as `edit reorder` does it."""
    four = scene()
    ids, rows = [layer.id for layer in four.layers], []
    for moved in range(1, 4):
        for beside in range(4):
            for above in (True, False):
                if moved == beside or (beside == 0 and not above):
                    continue
                done = reorder(four, moved, place_beside(four, moved, beside, above))
                place = {"after" if above else "before": ids[beside]}
                rows.append({"id": ids[moved], "place": place, "ids": [layer.id for layer in done.layers]})
    return {"ids": ids, "rows": rows}


def close(got, want):
    if isinstance(want, dict):
        return got.keys() == want.keys() and all(close(got[key], want[key]) for key in want)
    if isinstance(want, list):
        return len(got) == len(want) and all(close(*pair) for pair in zip(got, want, strict=True))
    if isinstance(want, float | int):
        return abs(got - want) <= SOLVER * max(1.0, abs(want))
    return got == want


def test_the_file_that_the_page_reads_holds_the_engines_numbers():
    found = json.loads(json.dumps(numbers()))
    if os.environ.get(WRITING):
        FIXTURE.parent.mkdir(exist_ok=True)
        FIXTURE.write_text(json.dumps(found, indent=1) + "\n")
    assert close(found, json.loads(FIXTURE.read_text())), f"the engine has changed; write it anew with {WRITING}=1"
