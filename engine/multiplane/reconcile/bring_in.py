"""Brings what an editor made of an exported file back into its scene: layers are known again, new ones get a depth."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from multiplane.arrays import Floats
from multiplane.edit.backdrop import can_be_backdrop
from multiplane.edit.unique import next_id, next_name
from multiplane.errors import SceneError
from multiplane.formats.edited import EditedFile, EditedLayer
from multiplane.formats.layer_rows import plane_of_groups
from multiplane.inpaint import InpaintBackend
from multiplane.photo.colour import srgb_levels
from multiplane.pixels.boxes import bounds
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.raster.raster import Raster
from multiplane.reconcile.bottom import complete, covered
from multiplane.reconcile.match import comparable, match_layers
from multiplane.reconcile.newcomer import place
from multiplane.reconcile.order import contradictions, reordered
from multiplane.reconcile.outcome import Fate, Outcome
from multiplane.reconcile.take_back import take_back
from multiplane.scene import Layer, Scene

NEW_LABEL = "object"
LONGEST_ID = 60


@dataclass
class _Entry:
    """A layer on its way into the new scene; `layer` is None for a new one until it has a depth."""

    row: EditedLayer
    old: Layer | None
    layer: Layer | None
    changes: list[str]
    reason: str = ""


def bring_in(
    scene: Scene,
    file: EditedFile,
    inpaint: InpaintBackend,
    keep_hidden: bool = False,
    report: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """`scene` as `file`, which was exported from it and edited, has it now.

    A layer that is known again keeps id, label and depth. Hidden layers are left out unless `keep_hidden`; of hidden
    layers that are new, nothing is taken. The order is the file's. A lowest layer that has holes is completed by
    `inpaint`. Raises SceneError where nothing is left, or the lowest layer covers too little.
    """
    report("match")
    file, slack, notes = _in_srgb(file)
    notes = [*file.notes, *notes, *_about_alpha(scene, file)]
    found = match_layers(scene.layers, file.layers)
    entries: list[_Entry] = []
    gone_or_hidden: list[str] = []
    for row, index in zip(file.layers, found, strict=True):
        old = None if index is None else scene.layers[index]
        if not row.visible and not (keep_hidden and old is not None):
            gone_or_hidden += [old.name] if old is not None else []
            continue
        report(f"layer {row.name}")
        entry = _known(scene, row, old, slack) if old is not None else _unknown(row, notes)
        entries += [entry] if entry is not None else []
    if not entries:
        raise SceneError(
            "nothing of the file can be seen, and a scene needs at least one layer; show some in the editor"
        )
    _settle_bottom(scene, entries, inpaint, notes, report)
    _settle_newcomers(scene, entries)
    _settle_names(scene, entries)
    return _outcome(scene, entries, gone_or_hidden, notes)


def _in_srgb(file: EditedFile) -> tuple[EditedFile, int, list[str]]:
    """The file with its colours in sRGB, in which scenes are; the levels that a conversion may cost; what to say."""
    if file.icc_profile is None:
        return file, 0, []
    layers = tuple(_row_in_srgb(row, file.icc_profile) if row.rgba.size else row for row in file.layers)
    if all(mine is theirs for mine, theirs in zip(layers, file.layers, strict=True)):
        return file, 0, []
    slack = 2 if file.bit_depth == 8 else 2 * 257
    return replace(file, layers=layers), slack, ["its colours had another profile and were converted to sRGB"]


def _row_in_srgb(row: EditedLayer, profile: bytes) -> EditedLayer:
    """The row with its colours in sRGB; the same row where they were already."""
    rgb = np.ascontiguousarray(row.rgba[..., :3])
    # `kind` says which files the samples are from; only samples and profile count here.
    levels = srgb_levels(Raster(kind="TIFF", space="rgb", samples=rgb, icc=profile), row.name)
    return row if levels is rgb else replace(row, rgba=np.concatenate([levels, row.rgba[..., 3:]], axis=-1))


def _about_alpha(scene: Scene, file: EditedFile) -> list[str]:
    if scene.alpha is None:
        return []
    if file.alpha is not None:
        was = to_levels(scene.alpha, file.bit_depth)
        if int(np.abs(was.astype(np.int32) - file.alpha).max()) <= (1 if file.bit_depth == 8 else 256):
            return []
    return ["the photo's own transparency was changed, which is not taken: the scene keeps its own"]


def _known(scene: Scene, row: EditedLayer, old: Layer, slack: int) -> _Entry | None:
    """A layer that the scene has; None where nothing is left to see of it."""
    canvas = scene.camera.width, scene.camera.height
    taken = take_back(old, row, scene.bit_depth, canvas, slack)
    if taken.layer is None:
        return None
    layer, changes = taken.layer, []
    changes += ["repainted"] if taken.repainted else []
    changes += ["masked"] if taken.masked and not taken.repainted else []
    changes += ["moved"] if taken.moved != (0, 0) else []
    if comparable(row.name) != comparable(old.name) and row.name.strip():
        layer = replace(layer, name=row.name)
        changes.append("renamed")
    plane = plane_of_groups(row.groups)
    if plane is not None and plane != old.plane:
        layer = replace(layer, plane=plane)
        changes.append("regrouped")
    if row.blend != old.blend:
        layer = replace(layer, blend="multiply" if row.blend == "multiply" else "normal")
        changes.append("reblended")
    return _Entry(row, old, layer, changes)


def _unknown(row: EditedLayer, notes: list[str]) -> _Entry | None:
    if row.rgba.size == 0 or not (row.rgba[..., 3] > 0).any():
        notes.append(f"{row.name!r} is new and empty, and left out")
        return None
    return _Entry(_trimmed(row), None, None, ["new"])


def _trimmed(row: EditedLayer) -> EditedLayer:
    """The row cut to what it shows: editors make new layers as large as the canvas."""
    top, bottom, left, right = bounds(np.asarray(row.rgba[..., 3] > 0))
    corner = row.corner[0] + left, row.corner[1] + top
    return replace(row, rgba=row.rgba[top:bottom, left:right].copy(), corner=corner)


def _settle_bottom(
    scene: Scene, entries: list[_Entry], inpaint: InpaintBackend, notes: list[str], report: Callable[[str], None]
) -> None:
    """Make the lowest layer one that can be it: known, normal, opaque everywhere."""
    lowest = entries[0]
    if lowest.layer is None:
        lowest.layer, lowest.reason = _new_bottom(scene, entries)
    if lowest.layer.blend != "normal":
        notes.append(f"{lowest.layer.name!r} is the lowest layer, with nothing to multiply: it is taken as normal")
        lowest.layer = replace(lowest.layer, blend="normal")
    share = covered(lowest.layer, scene.camera)
    if not can_be_backdrop(lowest.layer, scene.camera):
        report("fill the background")
        lowest.layer = complete(lowest.layer, scene.camera, scene.bit_depth, inpaint, scene.origin.seed)
        if lowest.old is not None:
            lowest.changes = ["repainted", *(each for each in lowest.changes if each not in ("masked", "repainted"))]
        lost = max(1.0 - share, 0.0001)
        notes.append(f"{lowest.layer.name!r} no longer covered the canvas: {lost:.2%} of it is filled in anew")


def _new_bottom(scene: Scene, entries: list[_Entry]) -> tuple[Layer, str]:
    """A new lowest layer: in the place of the scene's, if that is gone, else behind everything."""
    row, was = entries[0].row, scene.layers[0]
    (x, y), (height, width) = row.corner, row.rgba.shape[:2]
    if all(entry.old is not was for entry in entries):
        z = np.ascontiguousarray(was.z[y : y + height, x : x + width])
        return _new_layer(scene, row, z), f"in the place of {was.name!r}"
    farthest = max(float(layer.z.max()) for layer in scene.layers)
    return _new_layer(scene, row, np.full((height, width), farthest, np.float32)), "behind everything"


def _new_layer(scene: Scene, row: EditedLayer, z: Floats) -> Layer:
    return Layer(
        id="",
        name=row.name,
        label=NEW_LABEL,
        plane=plane_of_groups(row.groups) or "background",
        corner=row.corner,
        rgba=from_levels(to_levels(from_levels(row.rgba), scene.bit_depth)),
        z=z,
        filled=np.zeros(z.shape, np.bool_),
        blend="multiply" if row.blend == "multiply" else "normal",
    )


def _settle_newcomers(scene: Scene, entries: list[_Entry]) -> None:
    """Give each new layer depth and plane, from the bottom to the top: the ones below it have theirs already."""
    for index, entry in enumerate(entries):
        if entry.layer is not None:
            continue
        below = [each.layer for each in entries[:index] if each.layer is not None]
        above = [each.layer for each in entries[index + 1 :] if each.layer is not None]
        placed = place(entry.row, below, above)
        layer = _new_layer(scene, entry.row, placed.z)
        if plane_of_groups(entry.row.groups) is None:
            nearest = min((*below[-1:], *above[:1]), key=lambda other: abs(1 / other.depth - 1 / layer.depth))
            layer = replace(layer, plane=nearest.plane)
        entry.layer, entry.reason = layer, placed.reason


def _settle_names(scene: Scene, entries: list[_Entry]) -> None:
    """Unique names and ids; layers that kept their names keep them, and no id that ever was is given again."""
    ids = {layer.id for layer in scene.layers}
    names = {entry.layer.name for entry in entries if entry.layer and entry.old and "renamed" not in entry.changes}
    present = {entry.old.id for entry in entries if entry.old is not None}
    for entry in entries:
        if entry.layer is None:
            continue
        if entry.old is None or "renamed" in entry.changes:
            name = entry.row.name.strip() or "layer"
            name = next_name(name, names) if name in names else name
            names.add(name)
            entry.layer = replace(entry.layer, name=name)
        if entry.old is None:
            slug = _slug(entry.layer.name)
            entry.layer = replace(entry.layer, id=next_id(slug, ids) if slug in ids else slug)
            ids.add(entry.layer.id)
        if entry.layer.caster is not None and entry.layer.caster not in present:
            entry.layer = replace(entry.layer, caster=None)  # its shadow stays, and is nobody's


def _slug(name: str) -> str:
    """An id made of a name: without its number, blanks and marks."""
    plain = unicodedata.normalize("NFC", re.sub(r"^\s*\d+\s+", "", name))
    return re.sub(r"[^\w]+", "-", plain).strip("-")[:LONGEST_ID] or "layer"


def _outcome(scene: Scene, entries: list[_Entry], hidden: Sequence[str], notes: list[str]) -> Outcome:
    order = {layer.id: index for index, layer in enumerate(scene.layers)}
    for entry_index in reordered([None if entry.old is None else order[entry.old.id] for entry in entries]):
        entries[entry_index].changes.append("reordered")
    layers = tuple(entry.layer for entry in entries if entry.layer is not None)
    notes += contradictions(scene, layers)
    there = {entry.old.id for entry in entries if entry.old is not None}
    gone = tuple(layer.name for layer in scene.layers if layer.id not in there and layer.name not in hidden)
    fates = tuple(
        Fate(layer.id, layer.name, layer.depth, tuple(entry.changes), entry.reason)
        for entry, layer in zip(entries, layers, strict=True)
    )
    return Outcome(replace(scene, layers=layers), fates, gone, tuple(hidden), tuple(notes))
