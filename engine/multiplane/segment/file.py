"""The segment backend that reads the user's own regions: a label map, or a folder of masks."""

import json
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Ints, Mask
from multiplane.errors import FormatError, SegmentFileError
from multiplane.raster.raster import Raster, same_frame
from multiplane.raster.read import read_raster
from multiplane.scene import DepthMap, Photo, Segment

log = logging.getLogger(__name__)

WORDS = frozenset(
    ("sky", "ground", "water", "wall", "building", "vegetation", "mountain", "person", "animal", "vehicle", "furniture")
)
REST = "rest"
NOBODY = -1
MASK_SUFFIXES = (".png", ".tif", ".tiff", ".webp", ".bmp", ".gif", ".jpg", ".jpeg", ".avif", ".heic")
MAX_SEGMENTS = 256
"""More distinct values than this are smoothed edges or a photo, not labels."""
MAX_NAMES_BYTES = 1 << 20


def segments_from_file(path: Path) -> Callable[[Photo, DepthMap], tuple[Segment, ...]]:
    """A backend that cuts every photo as the label map or the folder of masks at `path` says.

    A label map is an image in which every value, palette entry or colour is a segment; transparent pixels become the
    segment "rest". `NAME.json` beside it may name them: {"1": "person", "#ff8000": "lamp"}.

    In a folder every image is a mask, named by its file: inside is opaque where it has transparency, else at least
    half white. Where masks overlap the smaller wins, and what none covers becomes the segment "rest".

    A segment's label is its name where that is one of WORDS (a number behind it does not matter), else "object".
    Raises SegmentFileError here for what cannot be read, and later for a photo of another shape.
    """
    try:
        owner, names = _masks(path) if path.is_dir() else _label_map(path)
    except FormatError as error:
        raise SegmentFileError(str(error)) from error

    def backend(photo: Photo, depth: DepthMap) -> tuple[Segment, ...]:
        del depth  # the regions are given
        return _segments(_fit(owner, photo, path), names)

    return backend


def label_of(name: str) -> str:
    """The class word in a name: "person", "Person 2" and "person_02" all give "person"; others give "object"."""
    word = re.sub(r"[\s_.-]*\d*$", "", name.strip().lower())
    return word if word in WORDS else "object"


def _segments(owner: Ints, names: list[str]) -> tuple[Segment, ...]:
    """One segment for every index in `owner` (H, W), named; NOBODY's pixels become the rest."""
    segments = []
    for index, name in [*enumerate(names), (NOBODY, REST)]:
        mask = owner == index
        if mask.any():
            segments.append(Segment(name, label_of(name), mask))
        elif index != NOBODY:
            log.warning("segment %r is empty or hidden by smaller ones, and is left out", name)
    return tuple(segments)


def _fit(owner: Ints, photo: Photo, path: Path) -> Ints:
    """`owner` at the photo's size, by the nearest pixel where only the scale differs."""
    (rows, columns), camera = owner.shape, photo.camera
    if (columns, rows) == (camera.width, camera.height):
        return owner
    if not same_frame(columns, rows, camera.width, camera.height):
        raise SegmentFileError(
            f"{str(path)!r} is {columns} x {rows} pixels but the photo is {camera.width} x {camera.height}, which is"
            " another shape; crop the masks as the photo is cropped"
        )
    row = ((np.arange(camera.height) + 0.5) * rows / camera.height).astype(np.intp)
    column = ((np.arange(camera.width) + 0.5) * columns / camera.width).astype(np.intp)
    fitted: Ints = owner[row[:, None], column[None, :]]
    return fitted


def _label_map(path: Path) -> tuple[Ints, list[str]]:
    """The index (H, W) of each pixel's segment, and the segments' names, in the order of their values."""
    raster = read_raster(path)
    colourful = raster.space == "rgb"
    values = _packed(raster.samples) if colourful else raster.samples
    if raster.space == "cmyk" or values.dtype.kind not in "iu":
        raise FormatError(f"{str(path)!r} holds {raster.space} {values.dtype}, not labels; save an integer label map")
    outside = _transparent(raster)
    if outside is not None and outside.all():
        raise FormatError(f"{str(path)!r} is transparent everywhere; paint the segments opaque")
    present = _distinct(values if outside is None else values[~outside])
    if len(present) > MAX_SEGMENTS:
        raise FormatError(
            f"{str(path)!r} has {len(present)} distinct values, more than {MAX_SEGMENTS} segments; save labels without"
            " smoothing and without lossy compression"
        )
    owner = np.searchsorted(present, values).astype(np.int32)
    if outside is not None:
        owner[outside] = NOBODY
    given = _names(path.with_suffix(".json"))
    bits = raster.samples.dtype.itemsize * 8
    keys = [_hex(int(value), bits) if colourful else str(int(value)) for value in present]
    return owner, [given.get(key, f"segment {key}") for key in keys]


def _masks(folder: Path) -> tuple[Ints, list[str]]:
    """The index (H, W) of the mask that each pixel belongs to, or NOBODY, and the masks' names."""
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in MASK_SUFFIXES and file.name[0] != ".")
    if not files or len(files) > MAX_SEGMENTS:
        found = f"{len(files)} images" if files else "no images"
        raise FormatError(f"{str(folder)!r} holds {found}; put 1 to {MAX_SEGMENTS} masks in it, an image each")
    masks = [inside_of(read_raster(file), file) for file in files]
    for file, mask in zip(files, masks, strict=True):
        if mask.shape != masks[0].shape:
            raise FormatError(
                f"{str(file)!r} is {mask.shape[1]} x {mask.shape[0]} pixels but {files[0].name!r} is"
                f" {masks[0].shape[1]} x {masks[0].shape[0]}; make all masks the same size"
            )
    owner = np.full(masks[0].shape, NOBODY, np.int32)
    for index in sorted(range(len(masks)), key=lambda i: (int(masks[i].sum()), i), reverse=True):
        owner[masks[index]] = index  # the larger first, so that the smaller stays on top
    if owner.max() == NOBODY:
        raise FormatError(f"{str(folder)!r} holds only empty masks; paint what is inside white")
    return owner, [file.stem for file in files]


def inside_of(raster: Raster, path: Path) -> Mask:
    """Where (H, W) a mask image is opaque, or at least half white where it has no transparency."""
    samples, alpha = raster.samples, raster.alpha
    if raster.palette is not None:
        samples, alpha = raster.palette[samples][..., :3], raster.palette[:, 3][samples]
    if samples.dtype.kind != "u" or raster.space == "cmyk":
        raise FormatError(f"{str(path)!r} holds {raster.space} {samples.dtype}, not a mask; save black and white")
    half = np.iinfo(samples.dtype).max // 2
    if alpha is not None and alpha.min() <= half:
        return np.asarray(alpha > half)
    return np.asarray((samples if samples.ndim == 2 else samples.max(axis=2)) > half)


def _packed(samples: NDArray[Any]) -> NDArray[Any]:
    """Colours (H, W, 3) as one number each: red in the highest bits."""
    wide: type[Any] = np.uint32 if samples.dtype == np.uint8 else np.uint64
    bits = wide(samples.dtype.itemsize * 8)
    packed = samples[..., 0].astype(wide)
    for channel in (1, 2):
        packed = (packed << bits) | samples[..., channel].astype(wide)
    return packed


def _hex(value: int, bits: int) -> str:
    return f"#{value:0{3 * bits // 4}x}"


def _distinct(values: NDArray[Any]) -> NDArray[Any]:
    """The sorted distinct values; without sorting the picture where a table can hold them."""
    if values.dtype.kind == "i" or int(values.max()) >= 1 << 24:
        return np.unique(values)
    seen = np.zeros(int(values.max()) + 1, np.bool_)
    seen[values] = True
    return np.flatnonzero(seen).astype(values.dtype)


def _transparent(raster: Raster) -> Mask | None:
    if raster.palette is not None:
        return np.asarray(raster.palette[:, 3][raster.samples] == 0)
    return None if raster.alpha is None else np.asarray(raster.alpha == 0)


def _names(path: Path) -> dict[str, str]:
    """The names in the JSON file at `path`, keys in lower case; none where there is no such file."""
    if not path.is_file():
        return {}
    wanted = f'{str(path)!r} must be JSON like {{"1": "person", "2": "tree"}}'
    try:
        text = path.read_text("utf-8") if path.stat().st_size <= MAX_NAMES_BYTES else ""
        names = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise FormatError(f"{wanted}, but cannot be read as that; correct or remove it") from error
    if not isinstance(names, dict) or not all(isinstance(name, str) and name.strip() for name in names.values()):
        raise FormatError(f"{wanted}, with a text for every value; correct or remove it")
    return {key.lower(): name.strip() for key, name in names.items()}
