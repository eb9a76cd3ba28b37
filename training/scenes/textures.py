"""Textures and cut-outs from real photographs, with salient-object maps for the cut-outs' outlines."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from .sheets import Sheet, sheet_of
from .stage import ANIMAL, UNKNOWN

Picture = NDArray[np.uint8]
LONGEST = 360
LAST_ANIMAL = 2655020
"""WordNet's number of the last animal of the thousand ImageNet classes; the photos' names begin with theirs."""


@dataclass(frozen=True)
class CutOut:
    """A salient object: RGBA sheet and relief sheet (0 at the outline, 255 inside), width over height, class."""

    sheet: Sheet
    relief: Sheet
    aspect: float
    label: int


@dataclass
class Textures:
    """Crops and cut-outs of `names` below `photos`; `saliency` holds PNGs of the same relative names."""

    photos: Path
    saliency: Path
    names: Sequence[str]
    _pictures: dict[str, Picture] = field(default_factory=dict)
    _cutouts: dict[str, CutOut | None] = field(default_factory=dict)

    @classmethod
    def of(cls, photos: Path, saliency: Path, most: int | None = None, seed: int = 0) -> "Textures":
        """All photographs below `photos`, or a random subset of at most `most`."""
        names = sorted(
            path.relative_to(photos).as_posix()
            for path in photos.rglob("*")
            if path.suffix.lower() in {".jpg", ".jpeg", ".png"}
        )
        if not names:
            raise FileNotFoundError(f"{photos} holds no JPEG or PNG; name a folder of photographs")
        if most is not None and most < len(names):
            chosen = np.random.default_rng(seed).choice(len(names), most, replace=False)
            names = [names[index] for index in sorted(chosen)]
        return cls(photos, saliency, names)

    def picture(self, name: str) -> Picture:
        """RGB, at most LONGEST samples on the longer side."""
        if name not in self._pictures:
            picture = cv2.imread(str(self.photos / name), cv2.IMREAD_COLOR)
            if picture is None:
                raise ValueError(f"{self.photos / name} is not a picture that OpenCV reads")
            shrink = min(1.0, LONGEST / max(picture.shape[:2]))
            picture = cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
            self._pictures[name] = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        return self._pictures[name]

    def crop(self, rng: np.random.Generator, share: tuple[float, float] = (0.25, 0.8)) -> Picture:
        """A random square crop of a random photograph; `share` bounds its side as part of the shorter side."""
        picture = self.picture(self.names[int(rng.integers(len(self.names)))])
        side = max(16, int(min(picture.shape[:2]) * rng.uniform(*share)))
        top = int(rng.integers(picture.shape[0] - side + 1))
        left = int(rng.integers(picture.shape[1] - side + 1))
        return picture[top : top + side, left : left + side]

    def whole(self, rng: np.random.Generator) -> Picture:
        """A random whole photograph, for pictures on a wall and far backdrops."""
        return self.picture(self.names[int(rng.integers(len(self.names)))])

    def cutout(self, rng: np.random.Generator) -> CutOut | None:
        """The salient object of a random photograph whose map is sure of it; None if 40 tries found none."""
        for _ in range(40):
            name = self.names[int(rng.integers(len(self.names)))]
            if name not in self._cutouts:
                self._cutouts[name] = self._cut(name)
            found = self._cutouts[name]
            if found is not None:
                return found
        return None

    def _cut(self, name: str) -> CutOut | None:
        """The cut-out of one photograph, or None where its map is unsure, ragged, or runs out of the frame."""
        saliency = cv2.imread(str((self.saliency / name).with_suffix(".png")), cv2.IMREAD_GRAYSCALE)
        if saliency is None:
            return None
        count, parts, stats, _ = cv2.connectedComponentsWithStats((saliency > 127).astype(np.uint8))
        if count < 2:
            return None
        main = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
        left, top, width, height, area = (int(value) for value in stats[main])
        rows, columns = saliency.shape
        unsure = int(((saliency > 40) & (saliency < 215)).sum())
        border = np.concatenate([parts[0], parts[:, 0], parts[:, -1]]) == main
        foot = float((parts[-1] == main).mean())
        if (
            not 0.03 < area / saliency.size < 0.7
            or stats[1:, cv2.CC_STAT_AREA].sum() > 1.15 * area
            or unsure > 0.25 * area
            or border.mean() > 0.02
            or foot > 0.35
            or area < 0.25 * width * height
        ):
            return None
        alpha = np.where(cv2.dilate((parts == main).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0, saliency, 0)
        picture = self.picture(name)
        y, x = picture.shape[0] / rows, picture.shape[1] / columns
        box = (
            slice(max(int((top - 2) * y), 0), int(np.ceil((top + height) * y))),
            slice(max(int((left - 2) * x), 0), int(np.ceil((left + width + 2) * x))),
        )
        alpha = cv2.resize(alpha.astype(np.uint8), picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)[box]
        alpha = cv2.erode(alpha, np.ones((3, 3), np.uint8))  # the outermost ring shows the old background
        rgba = np.dstack([picture[box], alpha])
        return CutOut(sheet_of(rgba), sheet_of(inflated(alpha)), rgba.shape[1] / rgba.shape[0], class_of(name))


def inflated(alpha: NDArray[np.uint8]) -> Picture:
    """A round profile over an outline: 0 at it, rising as a half circle does, 255 in the middle; three channels."""
    distance = cv2.distanceTransform((alpha > 127).astype(np.uint8), cv2.DIST_L2, 3)
    half = max(float(distance.max()) * 0.7, 1.0)
    inward = 1 - np.minimum(distance / half, 1)
    profile = cv2.GaussianBlur((np.sqrt(1 - inward * inward) * 255).astype(np.uint8), (0, 0), 0.15 * half + 0.5)
    return np.repeat(profile[..., None], 3, 2)


def class_of(name: str) -> int:
    """ANIMAL where the file's name begins with an animal's WordNet number, else UNKNOWN."""
    number = Path(name).name.split("_")[0]
    if number.startswith("n") and number[1:].isdigit() and int(number[1:]) <= LAST_ANIMAL:
        return ANIMAL
    return UNKNOWN
