"""What stands around the layers in a glTF: the photo's camera, its move, and the lights of the relit variant."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pygltflib as gltf

from multiplane.arrays import Floats
from multiplane.errors import FormatError
from multiplane.formats.gltf.document import Draft
from multiplane.formats.plain_text import plain_text
from multiplane.scene import KeyLight, Scene

LIGHTS = "KHR_lights_punctual"
CAMERA_NAME = "photo camera"
KEY = {"type": "directional", "name": "key light", "color": [1.0, 0.96, 0.9], "intensity": 3.0}
FILL = {"type": "directional", "name": "fill light", "color": [0.9, 0.95, 1.0], "intensity": 1.5}
"""Together about pi lux on a surface that faces the camera: a matte surface then shows its own colour."""
KEY_FROM = (-0.6, 0.7, 0.6)
"""Where the key light comes from: over the photographer's left shoulder; the fill comes from the camera."""


@dataclass(frozen=True)
class CameraMove:
    """A loop of the camera: `eyes` (n, 3) evenly in `seconds`, right, down and forward of rest, in the scene's unit.

    The camera keeps looking at the point on its axis at depth `aim`; with None it keeps its direction.
    """

    name: str
    seconds: float
    eyes: Sequence[tuple[float, float, float]]
    aim: float | None = None


def add_camera(draft: Draft, scene: Scene, nearest: float, farthest: float, move: CameraMove | None) -> None:
    """The photo's own camera, at the origin; its clipping planes leave room to dolly in and to orbit."""
    camera, doc = scene.camera, draft.doc
    lens = gltf.Perspective(
        aspectRatio=camera.width / camera.height, yfov=camera.fov_y, znear=0.05 * nearest, zfar=4.0 * farthest
    )
    doc.cameras = [gltf.Camera(name=CAMERA_NAME, type="perspective", perspective=lens)]
    doc.nodes.append(gltf.Node(name=CAMERA_NAME, camera=0))
    if move is not None:
        _add_move(draft, len(doc.nodes) - 1, move)


def add_lights(draft: Draft, known: KeyLight | None = None) -> None:
    """A key light, from above or as it is `known`, and a fill; unlit materials ignore them."""
    draft.use(LIGHTS)
    key, key_from = KEY, KEY_FROM
    if known is not None and known.confidence > 0:
        (x, y, z), most = known.towards, max(known.colour)
        key, key_from = {**KEY, "color": [part / most for part in known.colour]}, (x, -y, -z)
    draft.doc.extensions[LIGHTS] = {"lights": [key, FILL]}
    for index, (light, origin) in enumerate(((key, key_from), (FILL, (0.0, 0.0, 1.0)))):
        turn = _turns(-np.array([origin]))[0]
        extensions = {LIGHTS: {"light": index}}
        draft.doc.nodes.append(gltf.Node(name=str(light["name"]), rotation=turn.tolist(), extensions=extensions))


def _add_move(draft: Draft, node: int, move: CameraMove) -> None:
    """Keys of position and direction; the last repeats the first, so that the loop closes."""
    if len(move.eyes) < 2 or not 0 < move.seconds < math.inf:
        raise FormatError(
            f"a camera move needs 2 or more places and a length above 0, not {len(move.eyes)} and {move.seconds:g} s"
        )
    places = np.array([*move.eyes, move.eyes[0]], np.float64) * (1, -1, -1)
    times = np.linspace(0, move.seconds, len(places)).astype(np.float32)
    sampler_input = draft.add_array(times, None, bounds=True)
    tracks = {"translation": places.astype(np.float32)}
    if move.aim is not None:
        tracks["rotation"] = _turns(np.array([0.0, 0.0, -move.aim]) - places)
    samplers, channels = [], []
    for path, values in tracks.items():
        samplers.append(
            gltf.AnimationSampler(input=sampler_input, output=draft.add_array(values, None), interpolation="LINEAR")
        )
        target = gltf.AnimationChannelTarget(node=node, path=path)
        channels.append(gltf.AnimationChannel(sampler=len(samplers) - 1, target=target))
    draft.doc.animations = [gltf.Animation(name=plain_text(move.name), samplers=samplers, channels=channels)]


def _turns(directions: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> Floats:
    """Quaternions (n, 4) that turn -Z to `directions` (n, 3) without rolling: first up or down, then to the side."""
    x, y, z = directions.T
    yaw, pitch = np.arctan2(-x, -z) / 2, np.arctan2(y, np.hypot(x, z)) / 2
    turns = [
        np.cos(yaw) * np.sin(pitch),
        np.sin(yaw) * np.cos(pitch),
        -np.sin(yaw) * np.sin(pitch),
        np.cos(yaw) * np.cos(pitch),
    ]
    return np.stack(turns, axis=-1).astype(np.float32)
