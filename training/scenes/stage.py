"""A stage: the primitives, things and texture sheets of one scene, packed into arrays for the kernels."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from .camera import Vector
from .sheets import Sheet

BOX, ELLIPSOID, CONE, CARD, TRIANGLE, PLANE = range(6)
SKY, GROUND, WATER, WALL, VEGETATION, MOUNTAIN, PERSON, ANIMAL, VEHICLE, OBJECT = range(10)
UNKNOWN = 255

# Columns of the packed reals and whole numbers; the kernels read them by these names.
ORIGIN, INVERSE, UV_SCALE, UV_OFFSET, EXTRA, TINT, GLOSS, EMIT, MIRROR, DENSITY, REALS = (
    0,
    3,
    12,
    15,
    17,
    18,
    21,
    22,
    23,
    24,
    25,
)
KIND, SHEET, MASKED, RELIEF, THING, CASTS, WHOLES = 0, 1, 2, 3, 4, 5, 6


@dataclass(frozen=True)
class Material:
    """How a primitive looks: a sheet (-1: plain), its tint, metres a tile (None: stretched over the face)."""

    sheet: int = -1
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    tile: float | None = None
    masked: bool = False
    gloss: float = 0.0
    emit: float = 0.0
    mirror: float = 0.0
    offset: tuple[float, float] = (0.0, 0.0)

    def tinted(self, tint: tuple[float, float, float]) -> "Material":
        """The same in another tint."""
        return replace(self, tint=tint)


@dataclass(frozen=True)
class Place:
    """Where a shape stands: the foot of its own axes in the world, turned about the vertical by `yaw` degrees."""

    x: float
    y: float
    z: float
    yaw: float = 0.0
    scale: float = 1.0

    @classmethod
    def at(cls, point: Vector, yaw: float = 0.0, scale: float = 1.0) -> "Place":
        """The place whose foot is `point`."""
        return cls(float(point[0]), float(point[1]), float(point[2]), yaw, scale)

    def turn(self) -> Vector:
        """(3, 3): columns are the shape's own axes in the world, scaled."""
        cos, sin = np.cos(np.radians(self.yaw)), np.sin(np.radians(self.yaw))
        return np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]) * self.scale

    def point(self, local: tuple[float, float, float] | Vector) -> Vector:
        """A point of the shape's own axes in the world."""
        return np.array([self.x, self.y, self.z]) + self.turn() @ np.asarray(local, dtype=np.float64)


@dataclass
class Stage:
    """Grows by `add`; `pack` gives the kernels their arrays."""

    sheets: list[Sheet] = field(default_factory=list)
    labels: list[int] = field(default_factory=lambda: [SKY])
    worth: list[float] = field(default_factory=lambda: [0.0])
    reals: list[NDArray[np.float64]] = field(default_factory=list)
    axes: list[NDArray[np.float64]] = field(default_factory=list)
    wholes: list[tuple[int, ...]] = field(default_factory=list)

    def sheet(self, sheet: Sheet) -> int:
        """The index of a new texture sheet."""
        self.sheets.append(sheet)
        return len(self.sheets) - 1

    def thing(self, label: int, worth: float = 0.0) -> int:
        """The id of a new thing of class `label`; `worth` is how readily an eye takes it as the subject (0 never)."""
        self.labels.append(label)
        self.worth.append(worth)
        return len(self.labels) - 1

    def add(
        self,
        kind: int,
        thing: int,
        centre: Vector,
        axes: Vector,
        material: Material,
        extra: float = 0.0,
        relief: int = -1,
        casts: bool = True,
    ) -> None:
        """One primitive: the canonical shape of `kind` under x -> centre + axes @ x.

        Canonical: BOX [-1, 1]^3; ELLIPSOID the unit ball; CONE radius 1 at y = -1 and `extra` at y = 1; CARD [-1, 1]^2
        at z = 0, with `extra` metres of volume after the sheet `relief`; TRIANGLE x, y >= 0, x + y <= 1; PLANE y = 0.
        """
        row = np.zeros(REALS)
        row[ORIGIN : ORIGIN + 3] = centre
        lengths = np.sqrt((axes * axes).sum(0))
        scale = np.full(3, 0.5) if material.tile is None else lengths / material.tile
        row[UV_SCALE : UV_SCALE + 3] = scale
        row[UV_OFFSET : UV_OFFSET + 2] = (0.5, 0.5) if material.tile is None else material.offset
        row[EXTRA] = extra
        row[TINT : TINT + 3] = material.tint
        row[GLOSS], row[EMIT], row[MIRROR] = material.gloss, material.emit, material.mirror
        densities = scale / np.maximum(lengths, 1e-6)
        row[DENSITY] = float(np.max(densities[:2]) if kind == CARD else sorted(densities)[1])
        self.reals.append(row)
        self.axes.append(axes)
        self.wholes.append((kind, material.sheet, int(material.masked), relief, thing, int(casts)))

    def pack(self) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.float64]]:
        """Reals (N, REALS), whole numbers (N, WHOLES) and axes (N, 3, 3) of the N primitives."""
        reals = np.stack(self.reals)
        axes = np.stack(self.axes)
        reals[:, INVERSE : INVERSE + 9] = np.linalg.inv(axes).reshape(-1, 9)
        return reals, np.array(self.wholes, np.int32), axes

    def atlas(self) -> NDArray[np.uint8]:
        """(sheets, texels, 4): every sheet with its smaller copies; one plain sheet where there is none."""
        if not self.sheets:
            return np.full((1, 1, 4), 255, np.uint8)
        return np.stack([sheet.texels for sheet in self.sheets])
