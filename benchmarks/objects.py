"""Real pictures whose objects somebody outlined: COCO instances, a COCO panoptic picture, ADE20K with hidden parts."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from benchmarks.data import read_rgb

from multiplane.arrays import Floats, Mask
from multiplane.errors import PhotoError

LEAST_AREA = 0.02
"""Share of the picture from which an object is one that a designer would want as a layer."""
LONGEST = 1280
"""Longer side to which the large street scenes are brought: what they show does not need more."""


@dataclass(frozen=True)
class TrueObject:
    """An outlined object: its class, the pixels (H, W) that it shows, and all that it covers, where that is known."""

    name: str
    visible: Mask
    whole: Mask | None = None


@dataclass(frozen=True)
class Outlined:
    """A picture (H, W, 3) with its objects of LEAST_AREA or more."""

    dataset: str
    name: str
    rgb: Floats
    objects: tuple[TrueObject, ...]


def coco_pictures(folder: Path) -> Iterator[Outlined]:
    """The photos of `folder` with the objects in its instances.json; crowds are left out."""
    table = json.loads((folder / "instances.json").read_text())
    names = {entry["id"]: entry["name"] for entry in table["categories"]}
    for image in table["images"]:
        rgb = read_rgb(folder / image["file_name"])
        entries = [entry for entry in table["annotations"] if entry["image_id"] == image["id"]]
        objects = coco_objects(entries, names, *rgb.shape[:2])
        if objects:
            yield Outlined("coco", Path(image["file_name"]).stem.lstrip("0"), rgb, objects)


def coco_objects(
    entries: list[dict[str, Any]], names: dict[int, str], height: int, width: int
) -> tuple[TrueObject, ...]:
    """Objects of the annotations `entries` that are outlined one by one and large enough to be a layer."""
    objects = []
    for entry in entries:
        if entry["iscrowd"] or not isinstance(entry["segmentation"], list):
            continue
        canvas = np.zeros((height, width), np.uint8)
        rings = [np.rint(np.reshape(ring, (-1, 2))).astype(np.int32) for ring in entry["segmentation"]]
        cv2.fillPoly(canvas, rings, 1)
        if canvas.mean() >= LEAST_AREA:
            objects.append(TrueObject(names[entry["category_id"]], canvas.astype(np.bool_)))
    return tuple(objects)


def panoptic_pictures(folder: Path) -> Iterator[Outlined]:
    """Pictures of a COCO panoptic table, where each pixel's colour is the number of what it shows, things and stuff."""
    table = json.loads((folder / "panoptic_examples.json").read_text())
    names = {entry["id"]: entry["name"] for entry in table["categories"]}
    for entry in table["annotations"]:
        stem = Path(entry["file_name"]).stem.lstrip("0")
        rgb = read_rgb(folder / f"coco_{stem}.jpg")
        colours = cv2.imread(str(folder / f"coco_{stem}.png"), cv2.IMREAD_COLOR)
        if colours is None:
            raise PhotoError(f"{str(folder / f'coco_{stem}.png')!r} cannot be read; is the data folder complete?")
        numbers = colours[..., ::-1].astype(np.int64) @ np.array([1, 256, 65536])
        objects = [
            TrueObject(names[part["category_id"]], mask)
            for part in entry["segments_info"]
            if not part["iscrowd"] and (mask := numbers == part["id"]).mean() >= LEAST_AREA
        ]
        yield Outlined("panoptic", stem, rgb, tuple(objects))


def amodal_pictures(folder: Path) -> Iterator[Outlined]:
    """ADE20K street scenes: instance masks hold 255 where a thing is seen and 128 where something hides it.

    Parts of things (a window of a house) are left out: the thing is the layer.
    """
    for table_path in sorted(folder.glob("*.json")):
        table = json.loads(table_path.read_text())["annotation"]
        rgb = read_rgb(table_path.with_suffix(".jpg"))
        scale = min(1.0, LONGEST / max(rgb.shape[:2]))
        size = (round(rgb.shape[1] * scale), round(rgb.shape[0] * scale))
        objects = []
        for entry in table["object"]:
            mask = cv2.imread(str(folder / entry["instance_mask"]), cv2.IMREAD_UNCHANGED)
            if mask is None or entry["parts"]["part_level"]:
                continue
            mask = cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST)
            if (mask == 255).mean() >= LEAST_AREA:
                objects.append(TrueObject(entry["raw_name"], mask == 255, mask > 0))
        small = np.clip(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), 0, 1) if scale < 1 else rgb
        yield Outlined("amodal", table_path.stem.split("_")[-1].lstrip("0"), small, tuple(objects))
