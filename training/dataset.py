"""Batches for the training: crops of labelled photos and of rendered scenes, drawn at random for ever."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from augment import WHOLE, Crop, Picture, choose_crop, disturb, take
from contours import SURE, between
from multiplane.perception.network import FINE, STRIDE
from photos import UNKNOWN, find_photos, read_rgb

ASPECTS = (0.67, 0.75, 1.0, 1.0, 1.33, 1.33, 1.5, 1.78)
LINE_GAIN = 1.5
"""Contours are lines, which lose strength where they are shown smaller."""
LEAST_KNOWN = 0.2
"""Share of a pixel, at the size shown, of which a contour is known or not."""


class Sample(NamedTuple):
    """One picture and what is known of it; `h`, `w` are a FINE-th of the picture's sides.

    rgb (3, H, W) in [0, 1]; disparity (h, w) relative, and whether it is known; classes (h, w), UNKNOWN where not
    known; subject and contours (h, w) in [0, 1], below 0 where not known.
    """

    rgb: Tensor
    disparity: Tensor
    measured: Tensor
    classes: Tensor
    subject: Tensor
    contours: Tensor


@dataclass(frozen=True)
class Labelled:
    """One picture in memory with its labels; all but the classes may be missing. Contours: see contours.py."""

    rgb: Picture
    classes: NDArray[np.uint8]
    disparity: NDArray[np.float16] | None
    saliency: NDArray[np.uint8] | None
    contours: NDArray[np.uint8] | None


def load_photos(root: Path, labels: Path, held_out: bool) -> list[Labelled]:
    """The photos below `root` that have labels, either the held-out ones or all others."""
    found = []
    for entry in find_photos(root):
        path = labels / f"{entry.key}.npz"
        if entry.held_out != held_out or not path.exists():
            continue
        with np.load(path) as stored:
            found.append(
                Labelled(
                    read_rgb(root / entry.path),
                    stored["classes"],
                    None,
                    stored.get("saliency"),
                    stored.get("contours"),
                )
            )
    return found


def load_scenes(folder: Path) -> list[Labelled]:
    """Every rendered scene in the shards of `folder`."""
    found = []
    for shard in sorted(folder.glob("*.npz")):
        with np.load(shard) as stored:
            rgb, disparity, classes = stored["rgb"], stored["disparity"], stored["labels"]
            contours = [between(things) for things in stored["instance"].astype(np.int64) * 256 + classes]
            subject = np.unpackbits(stored["subject"], axis=-1)[..., : rgb.shape[2]] * np.uint8(255)
        found += [
            Labelled(rgb[i], classes[i], disparity[i], subject[i] if subject[i].any() else None, contours[i])
            for i in range(len(rgb))
        ]
    return found


def make_sample(picture: Labelled, size: tuple[int, int], crop: Crop, rng: np.random.Generator | None) -> Sample:
    """The window `crop` of a picture at `size` (w, h), disturbed where `rng` is given."""
    width, height = size
    half = (width // FINE, height // FINE)
    rgb = take(picture.rgb, crop, size, cv2.INTER_AREA)
    if rng is not None:
        rgb = disturb(rgb, rng)
    disparity = np.zeros(half[::-1], np.float32)
    if picture.disparity is not None:
        disparity = take(picture.disparity.astype(np.float32), crop, half, cv2.INTER_LINEAR)
    subject = np.full(half[::-1], -1.0, np.float32)
    if picture.saliency is not None:
        subject = take(picture.saliency, crop, half, cv2.INTER_AREA).astype(np.float32) / 255
    return Sample(
        torch.from_numpy(rgb.transpose(2, 0, 1).astype(np.float32) / 255),
        torch.from_numpy(np.ascontiguousarray(disparity)),
        torch.tensor(picture.disparity is not None),
        torch.from_numpy(take(picture.classes, crop, half, cv2.INTER_NEAREST).astype(np.int64)),
        torch.from_numpy(subject),
        torch.from_numpy(shown_contours(picture.contours, crop, half)),
    )


def shown_contours(contours: NDArray[np.uint8] | None, crop: Crop, size: tuple[int, int]) -> NDArray[np.float32]:
    """The window of `contours` at `size` (w, h): probabilities, -1 where nothing is known."""
    if contours is None:
        return np.full(size[::-1], -1.0, np.float32)
    known = contours != UNKNOWN
    there = take(np.where(known, contours, 0).astype(np.float32), crop, size, cv2.INTER_AREA) / SURE
    share = take(known.astype(np.float32), crop, size, cv2.INTER_AREA)
    value = LINE_GAIN * there / np.maximum(share, LEAST_KNOWN)
    return np.where(share < LEAST_KNOWN, -1.0, np.minimum(value, 1.0)).astype(np.float32)


def sizes_of(area: int) -> list[tuple[int, int]]:
    """Picture sizes (w, h) of about `area` pixels in several aspects, sides multiples of STRIDE."""
    return [(whole_strides((area * aspect) ** 0.5), whole_strides((area / aspect) ** 0.5)) for aspect in ASPECTS]


def whole_strides(side: float) -> int:
    """The multiple of STRIDE nearest to a side, at least one."""
    return max(1, round(side / STRIDE)) * STRIDE


class Batches(torch.utils.data.IterableDataset[Sample]):
    """Endless batches; all pictures of a batch have one size."""

    def __init__(
        self, photos: list[Labelled], scenes: list[Labelled], batch: int, areas: list[int], share: float, seed: int
    ) -> None:
        self.photos, self.scenes = photos, scenes
        self.batch, self.areas, self.seed = batch, areas, seed
        self.share = share if scenes else 0.0

    def __iter__(self) -> Iterator[Sample]:
        worker = torch.utils.data.get_worker_info()
        cv2.setNumThreads(1)
        rng = np.random.default_rng([self.seed, worker.id if worker else 0])
        sizes = [size for area in self.areas for size in sizes_of(area)]
        while True:
            size = sizes[rng.integers(len(sizes))]
            yield collate([self.draw(size, rng) for _ in range(self.batch)])

    def draw(self, size: tuple[int, int], rng: np.random.Generator) -> Sample:
        """One random sample of `size` (w, h)."""
        pool = self.scenes if rng.random() < self.share else self.photos
        picture = pool[rng.integers(len(pool))]
        height, width = picture.rgb.shape[:2]
        crop = choose_crop(rng, width / height, size[0] / size[1], 0.3)
        return make_sample(picture, size, crop, rng)


def whole(picture: Labelled, area: int) -> Sample:
    """The whole picture, undisturbed, at the size of about `area` pixels that fits its aspect best."""
    height, width = picture.rgb.shape[:2]
    scale = (area / (height * width)) ** 0.5
    size = whole_strides(width * scale), whole_strides(height * scale)
    return make_sample(picture, size, WHOLE, None)


def collate(samples: list[Sample]) -> Sample:
    """Samples of one size as one batch."""
    return Sample(*(torch.stack(parts) for parts in zip(*samples, strict=True)))
