"""Pictures with masks of single things, in the cells that the click networks see, and random prompts for them."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Mask
from multiplane.perception.perceive import perceive
from multiplane.segment.click_features import Grid
from multiplane.segment.meaning import Meaning, resized, resized_meaning
from multiplane.segment.prompt import Box, Point, Prompt
from photos import HELD_OUT, UNKNOWN, find_photos, outlined_photos, read_rgb, rings_of

LEAST, MOST = 0.012, 0.9
"""Share of the picture that a thing fills, at least and at most."""
SALIENT = 127
"""Grey from which a salient-object map says that a pixel is of the subject."""
DEEP = 0.35
"""A random point lies at least this far inside, as a share of the deepest place's distance to the outline."""
RING = 7
"""Cells around a thing in which most points beside it lie."""
JITTER = 0.05
"""How far the sides of a box lie from a thing's own, as a share of its size."""
WINDOW = (0.5, 0.9)
"""Share of a picture's sides that a part of it shows."""
SPLIT = {"instances": 5, "photos": HELD_OUT, "scenes": 16}
"""One picture in so many is held out."""


@dataclass(frozen=True)
class Example:
    """One picture in cells: what a `Grid` is made of, and how much of each cell each thing covers (M, h, w)."""

    rgb: Floats
    disparity: Floats
    meaning: Meaning
    things: Floats
    source: str
    held_out: bool

    @staticmethod
    def of(maps: dict[str, Floats], source: str, held_out: bool) -> "Example":
        """An example of `maps` by name, as `maps()` gives them."""
        own = {name: maps[name] for name in ("rgb", "disparity", "things")}
        meaning = Meaning(**{part.name: maps[part.name] for part in fields(Meaning)})
        return Example(**own, meaning=meaning, source=source, held_out=held_out)

    def maps(self) -> dict[str, Floats]:
        """Every map by its name, those of `meaning` among them."""
        return {"rgb": self.rgb, "disparity": self.disparity, "things": self.things, **vars(self.meaning)}

    def grid(self) -> Grid:
        """The grid, with the ways between its cells."""
        return Grid.of(self.rgb, self.disparity, self.meaning)


@dataclass(frozen=True)
class Outlined:
    """A picture (H, W, 3), 8-bit, the masks (H, W) of its things, and where it comes from."""

    rgb: NDArray[np.uint8]
    masks: list[Mask]
    source: str
    held_out: bool

    def part(self, rng: np.random.Generator) -> "Outlined":
        """A random window of it, mirrored: what the network says of that is not what it says of the whole."""
        height, width = self.rgb.shape[:2]
        rows, columns = (int(side * rng.uniform(*WINDOW)) for side in (height, width))
        top, left = int(rng.integers(height - rows + 1)), int(rng.integers(width - columns + 1))
        cut = (slice(top, top + rows), slice(left, left + columns))
        masks = [np.ascontiguousarray(mask[cut][:, ::-1]) for mask in self.masks]
        return replace(self, rgb=np.ascontiguousarray(self.rgb[cut][:, ::-1]), masks=masks)


def example_of(outlined: Outlined) -> Example | None:
    """What the networks see of a picture and its things; None where none has a fair size."""
    rgb = outlined.rgb.astype(np.float32) / np.float32(255)
    seen = perceive(rgb)
    shape = tuple(side // 2 for side in seen.subject.shape)
    things = [resized(mask.astype(np.float32), shape) for mask in outlined.masks]
    things = [thing for thing in things if LEAST <= (thing > 0.5).mean() < MOST]
    if not things:
        return None
    return Example(
        rgb=resized(rgb, shape),
        disparity=resized(seen.disparity, shape),
        meaning=resized_meaning(seen, shape),
        things=np.stack(things),
        source=outlined.source,
        held_out=outlined.held_out,
    )


def from_instances(annotations: Path, photos: Path) -> Iterator[Outlined]:
    """Photos with polygons around their things, in COCO's format."""
    for path, entries in outlined_photos(annotations, photos):
        rgb = read_rgb(path)
        polygons = [entry["segmentation"] for entry in entries if not entry.get("iscrowd")]
        masks = [_filled(rings, rgb.shape[:2]) for rings in polygons if isinstance(rings, list)]
        yield Outlined(rgb, masks, "instances", _held(path.stem, SPLIT["instances"]))


def from_numbered(photos: Path, things: Path) -> Iterator[Outlined]:
    """Photos with maps, under the same name, that number their things; where nobody said, the nearest number counts."""
    for path in sorted(things.glob("*.png")):
        numbers = np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8)
        rgb = read_rgb(photos / f"{path.stem}.jpg")
        unknown = np.equal(numbers, UNKNOWN).astype(np.uint8)
        _, nearest = cv2.distanceTransformWithLabels(unknown, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
        told = np.zeros(int(nearest.max()) + 1, numbers.dtype)
        told[nearest[unknown == 0]] = numbers[unknown == 0]
        numbers = told[nearest]
        masks = [np.asarray(numbers == number) for number in np.unique(numbers) if number]
        yield Outlined(rgb, masks, "instances", _held(path.stem, SPLIT["instances"]))


def from_photos(root: Path, saliency: Path) -> Iterator[Outlined]:
    """Photos with salient-object maps, of which every connected part is a thing."""
    for entry in find_photos(root):
        drawn = cv2.imread(str(saliency / f"{entry.key}.png"), cv2.IMREAD_GRAYSCALE)
        if drawn is None:
            continue
        rgb = read_rgb(root / entry.path)
        count, parts = cv2.connectedComponents((drawn > SALIENT).astype(np.uint8))
        masks = [resized((parts == part).astype(np.float32), rgb.shape[:2]) > 0.5 for part in range(1, count)]
        yield Outlined(rgb, masks, "photos", entry.held_out)


def from_scenes(folder: Path, one_in: int) -> Iterator[Outlined]:
    """Every `one_in`-th rendered scene in the shards of `folder`; each of its instances is a thing."""
    for shard in sorted(folder.glob("*.npz")):
        with np.load(shard) as stored:
            rgb, instance, seeds = stored["rgb"], stored["instance"], stored["seed"]
        for index in range(0, len(rgb), one_in):
            masks = [np.asarray(instance[index] == number) for number in np.unique(instance[index])]
            yield Outlined(rgb[index], masks, "scenes", _held(str(int(seeds[index])), SPLIT["scenes"]))


def _filled(rings: list[list[float]], shape: tuple[int, int]) -> Mask:
    canvas = np.zeros(shape, np.uint8)
    cv2.fillPoly(canvas, rings_of(rings), 1)
    return canvas.astype(np.bool_)


def _held(key: str, one_in: int) -> bool:
    return int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) % one_in == 0


def deepest(thing: Floats) -> tuple[float, float]:
    """The place (x, y) in a thing (h, w) that is farthest from its outline."""
    depth = _depth(thing)
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    return float(column) + 0.5, float(row) + 0.5


def random_points(thing: Floats, rng: np.random.Generator) -> Prompt:
    """One point in a thing, or a few, and often some beside it."""
    points: list[Point] = [(*(deepest(thing) if rng.random() < 0.4 else _inside(thing, rng)), True)]
    if rng.random() < 0.25:
        points += [(*_inside(thing, rng), True) for _ in range(rng.integers(1, 3))]
    if rng.random() < 0.3:
        points += [(*place, False) for place in _beside(thing, int(rng.integers(1, 3)), rng)]
    return Prompt(tuple(points))


def random_box(thing: Floats, rng: np.random.Generator) -> Prompt:
    """A box around a thing, drawn as a hand draws it, and sometimes a point."""
    points: list[Point] = []
    if rng.random() < 0.2:
        points += [(*place, False) for place in _beside(thing, 1, rng)]
    if rng.random() < 0.2:
        points.append((*_inside(thing, rng), True))
    left, top, right, bottom = tight_box(thing)
    sides = np.array([right - left, bottom - top] * 2) * rng.uniform(-JITTER, JITTER, 4)
    height, width = thing.shape
    drawn = (left + sides[0], top + sides[1], right + sides[2], bottom + sides[3])
    edges = [float(np.clip(edge, 0, limit)) for edge, limit in zip(drawn, (width, height) * 2, strict=True)]
    return Prompt(tuple(points), (edges[0], edges[1], edges[2], edges[3]))


def tight_box(thing: Floats) -> Box:
    """Left, top, right and bottom of a thing (h, w)."""
    rows, columns = np.nonzero(thing > 0.5)
    return float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1)


def _depth(thing: Floats) -> Floats:
    padded = np.pad((thing > 0.5).astype(np.uint8), 1)
    return np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1])


def _inside(thing: Floats, rng: np.random.Generator) -> tuple[float, float]:
    depth = _depth(thing)
    return _place(np.flatnonzero(depth >= DEEP * depth.max()), thing.shape[1], rng)


def _beside(thing: Floats, count: int, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Places that are surely not in the thing, most of them near it; none where it fills the picture."""
    solid = (thing > 0.5).astype(np.uint8)
    clear = (thing < 0.1) & (cv2.dilate(solid, np.ones((5, 5), np.uint8)) == 0)
    window = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * RING + 1, 2 * RING + 1))
    near = clear & (cv2.dilate(solid, window) > 0)
    cells = np.flatnonzero(near if rng.random() < 0.6 and near.any() else clear)
    return [_place(cells, thing.shape[1], rng) for _ in range(count)] if len(cells) else []


def _place(cells: NDArray[np.int64], width: int, rng: np.random.Generator) -> tuple[float, float]:
    row, column = divmod(int(cells[rng.integers(len(cells))]), width)
    return column + 0.5, row + 0.5
