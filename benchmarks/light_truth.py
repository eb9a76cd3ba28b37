"""Rendered scenes whose light is known: what a scene file holds, and its loader (needs no renderer)."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Mask
from multiplane.errors import PhotoError
from multiplane.pixels.levels import from_levels
from multiplane.scene import Camera, DepthMap, Photo, Segment

Bytes = NDArray[np.uint8]
SKY, GROUND = 0, 1
"""Ids that every scene has; walls and then objects follow."""


@dataclass(frozen=True)
class View:
    """A rendered picture and the facts of what it shows; camera axes x right, y down, z forward, in metres.

    `photo` (H, W, 3) is the sRGB encoding of what `sun` and `sky`, which are scene-linear, add up to. `key_rgb` and
    `ambient_rgb` are what an open white surface that faces the key shows of either.
    """

    name: str
    kind: str
    photo: Bytes
    focal: float
    z: Floats
    ids: Bytes
    labels: tuple[str, ...]
    names: tuple[str, ...]
    casters: tuple[int, ...]
    albedo: Floats
    normals: Floats
    sun: Floats
    sky: Floats
    up: Floats
    key_towards: Floats
    key_rgb: Floats
    ambient_rgb: Floats
    ambient_share: float
    softness: float

    @property
    def surfaces(self) -> Mask:
        """Where (H, W) a surface is seen that is no object: ground, walls, hills."""
        objects = [index for index, name in enumerate(self.names) if name.rsplit(" ", 1)[-1].isdigit()]
        return np.asarray((self.ids != SKY) & ~np.isin(self.ids, objects))

    def as_photo(self) -> Photo:
        """The picture with its true camera."""
        height, width = self.z.shape
        return Photo(from_levels(self.photo), Camera(width, height, self.focal), self.name, focal_source="given")

    def depth(self) -> DepthMap:
        """The true depth."""
        return DepthMap(self.z, metric=True)

    def segments(self) -> tuple[Segment, ...]:
        """The true segments, in the order of their ids."""
        return tuple(
            Segment(self.names[index], self.labels[index], np.asarray(self.ids == index))
            for index in range(len(self.names))
            if (self.ids == index).any()
        )


@dataclass(frozen=True)
class LightTruth(View):
    """A sunlit or lamplit scene, and what it looks like after every edit.

    `shadows` (K, H, W) are what each of `casters` alone keeps the key from; all edits are made to the first caster.
    `relit` (R, H, W, 3) are the same view and exposure under other keys.
    """

    shadows: Mask
    no_shadow: Bytes
    removed: Bytes
    moved: Bytes
    move: Floats
    moved_mask: Mask
    moved_shadow: Mask
    relit: Bytes
    relit_towards: Floats
    relit_key_rgb: Floats
    relit_ambient_rgb: Floats

    @property
    def first(self) -> int:
        """The id of the object that the edits change."""
        return self.casters[0]

    @property
    def first_mask(self) -> Mask:
        """Where (H, W) that object is seen."""
        return np.asarray(self.ids == self.first)


@dataclass(frozen=True)
class ShadowFree(View):
    """A scene in which nothing throws a shadow; `ratio` (H, W) is what objects leave of the light on surfaces."""

    ratio: Floats


Kind = TypeVar("Kind", LightTruth, ShadowFree)


def load_truth(path: Path, kind: type[Kind]) -> Kind:
    """The scene in a .npz file; PhotoError where the file is no such scene."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            hints = get_type_hints(kind)
            names = [one.name for one in fields(kind) if one.name != "name"]
            values = {key: _typed(hints[key], stored[key]) for key in names}
        return kind(name=path.stem, **values)
    except (OSError, KeyError, ValueError) as error:
        raise PhotoError(f"{str(path)!r} holds no {kind.__name__} scene ({error}); render it again") from error


def _typed(hint: Any, value: NDArray[Any]) -> Any:
    """A stored array as the field of this type wants it."""
    if hint in (str, float):
        return hint(value)
    if hint == tuple[str, ...]:
        return tuple(str(one) for one in value)
    if hint == tuple[int, ...]:
        return tuple(int(one) for one in value)
    return value.astype(np.float32) if value.dtype.kind == "f" else value


def truths(folder: Path) -> Iterator[LightTruth]:
    """The scenes of a folder, by name."""
    for path in sorted(folder.glob("*.npz")):
        yield load_truth(path, LightTruth)


def shadow_free(folder: Path) -> Iterator[ShadowFree]:
    """The shadow-free scenes of a folder, by name."""
    for path in sorted(folder.glob("*.npz")):
        yield load_truth(path, ShadowFree)
