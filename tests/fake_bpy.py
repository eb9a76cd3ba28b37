"""As much of Blender's module as our script touches: enough to import a .glb and to ask what a camera then sees."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from types import SimpleNamespace as Bag
from typing import Any

import pygltflib


class Thing:
    """An object: attributes, custom properties, and the collections that hold it."""

    def __init__(self, name: str, data: Any, **facts: Any) -> None:
        self.name, self.data, self.facts, self.users_collection = name, data, facts, []
        self.type, self.parent = "EMPTY", None
        self.location: tuple[float, float, float] = (0.0, 0.0, 0.0)
        self.matrix_parent_inverse = Bag(translation=(0.0, 0.0, 0.0))

    def get(self, name: str) -> Any:
        return self.facts.get(name)

    def __getitem__(self, name: str) -> Any:
        return self.facts[name]


class Links(list[Any]):
    """What hangs on a collection."""

    def __init__(self, owner: Any) -> None:
        super().__init__()
        self.owner = owner

    def link(self, each: Any) -> None:
        self.append(each)
        if isinstance(each, Thing):
            each.users_collection.append(self.owner)

    def unlink(self, each: Any) -> None:
        self.remove(each)
        each.users_collection.remove(self.owner)


class Made(list[Any]):
    """One of bpy.data's lists."""

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind

    def new(self, *words: Any) -> Any:
        self.append(self.kind(*words))
        return self[-1]


def collection(name: str) -> Any:
    """A collection with its two lists."""
    made = Bag(name=name)
    made.objects, made.children = Links(made), Links(made)
    return made


def scene(name: str) -> Any:
    """A scene as Blender makes it: its own resolution, look and limits."""
    return Bag(
        name=name,
        collection=collection("Scene Collection"),
        camera=None,
        render=Bag(resolution_x=1920, resolution_y=1080, resolution_percentage=100, film_transparent=False),
        view_settings=Bag(view_transform="AgX", look="None", exposure=0.0, gamma=1.0),
        cycles=Bag(transparent_max_bounces=8, max_bounces=12),
    )


@contextmanager
def blender(text: Path | None = None) -> Iterator[Any]:
    """Puts the stand-in where `import bpy` finds it; with `text`, that file is open in the text editor."""
    bpy: Any = ModuleType("bpy")
    texts = [] if text is None else [Bag(filepath=str(text))]
    area = Bag(
        type="VIEW_3D", spaces=Bag(active=Bag(region_3d=Bag(view_perspective="PERSP"), shading=Bag(type="SOLID")))
    )
    bpy.data = Bag(
        objects=Made(Thing), scenes=Made(scene), collections=Made(collection), texts=texts, screens=[Bag(areas=[area])]
    )
    bpy.path = Bag(abspath=str)
    bpy.context = Bag(window=Bag(scene=None))
    bpy.ops = Bag(import_scene=Bag(gltf=lambda filepath: imported(bpy, filepath)))
    sys.modules["bpy"] = bpy
    try:
        yield bpy
    finally:
        del sys.modules["bpy"]


def imported(bpy: Any, filepath: str) -> None:
    """The nodes of a .glb as objects of the current scene; Blender makes its own lens of the vertical angle."""
    doc = pygltflib.GLTF2().load(filepath)
    for node in doc.nodes:
        thing = bpy.data.objects.new(node.name, None)
        thing.facts = dict(node.extras)
        if node.camera is not None:
            thing.type = "CAMERA"
            thing.data = Bag(type="PERSP", sensor_fit="AUTO", sensor_width=36.0, lens=50.0, shift_x=0.0, dof=Bag())
        bpy.context.window.scene.collection.objects.link(thing)
