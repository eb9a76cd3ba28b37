"""Things pasted on photos, saved as JPEG and taken off again: how much of their colour the fill takes from the rim.

The matte is the true one, so that what comes in is compression's doing alone. `rim` fills as for a photo without loss,
`bleed` from a rim whose hue is mended as far as the file's quality smears. Truth: the photo before it was pasted on.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from benchmarks.fill_bands import grown, read
from benchmarks.fill_case import Case
from benchmarks.fill_scores import leak, psnr

from multiplane.arrays import Floats, Mask
from multiplane.inpaint import load_inpaint
from multiplane.photo.read import read_photo
from multiplane.pixels.boxes import bounds
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.unstack import Remaining

WIDTH, HEIGHT = 320, 240
QUALITIES = (30, 50, 70, 85, 95)
TIMES = 4
"""Shapes are drawn so many times larger and brought down: soft edges of a pixel."""


def print_jpeg(root: Path, count: int, held: bool, quick: bool) -> None:
    """Mean PSNR and leaked share of the pixels that `count` things covered, by quality and by treatment of the rim.

    The last column is the gain in PSNR over `rim` and its standard error, thing by thing.
    """
    print(f"\n{'jpeg':<12}{'quality':>9}{'PSNR':>9}{'leak %':>9}{'n':>5}{'gain':>16}")
    for quality in QUALITIES[:2] if quick else QUALITIES:
        rows: dict[str, list[tuple[float, float]]] = {"rim": [], "bleed": []}
        for truth, alpha, colours in pasted(root, count, held):
            photo, bleed = saved(truth + alpha[..., None] * (colours - truth), quality)
            for name, reach in (("rim", 0.0), ("bleed", bleed)):
                rows[name].append(score(photo, truth, alpha, reach))
        for name, scores in rows.items():
            means = np.mean(scores, axis=0)
            gains = np.array(scores)[:, 0] - np.array(rows["rim"])[:, 0]
            gain = f"{gains.mean():9.2f} +- {gains.std() / np.sqrt(max(len(gains) - 1, 1)):.2f}"
            print(f"{name:<12}{quality:>9}{means[0]:9.2f}{means[1]:9.2f}{len(scores):5d}{gain:>16}", flush=True)


def pasted(root: Path, count: int, held: bool) -> Iterator[tuple[Floats, Floats, Floats]]:
    """A photo (H, W, 3), and the alpha (H, W) and colours (H, W, 3) of a star of one colour with grain."""
    paths = sorted(path for path in (root / "photos").rglob("*") if path.suffix.lower() in {".jpg", ".png"})
    for number, path in enumerate(paths[1 if held else 0 :: len(paths) // count][:count]):
        rng = np.random.default_rng([number, int(held)])
        truth = cv2.resize(read(path), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        yield truth, shape(rng), _grainy(rng)


def shape(rng: np.random.Generator) -> Floats:
    """The alpha (H, W) of a star of three to nine points near the middle."""
    points = int(rng.integers(3, 10))
    angles = np.arange(2 * points) * np.pi / points + rng.uniform(0, np.pi)
    radii = np.where(np.arange(2 * points) % 2, rng.uniform(0.5, 1.0), 1.0) * rng.uniform(0.18, 0.28) * HEIGHT
    centre = np.array([WIDTH, HEIGHT]) * rng.uniform(0.4, 0.6, 2)
    corners = TIMES * (centre + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1))
    canvas = np.zeros((HEIGHT * TIMES, WIDTH * TIMES), np.uint8)
    cv2.fillPoly(canvas, [np.rint(corners).astype(np.int32)], 255)
    return from_levels(cv2.resize(canvas, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))


def _grainy(rng: np.random.Generator) -> Floats:
    colour = rng.uniform(0.05, 0.95, 3) + rng.normal(0, 0.03, (HEIGHT, WIDTH, 3))
    return np.clip(colour, 0, 1).astype(np.float32)


def saved(rgb: Floats, quality: int) -> tuple[Floats, float]:
    """What is read of `rgb` (H, W, 3) once it was saved as a JPEG of 4:2:0, and its bleed in pixels."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "photo.jpg")
        coarse = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420]
        cv2.imwrite(
            str(path), np.ascontiguousarray(to_levels(rgb)[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality, *coarse]
        )
        photo = read_photo(path)
        return photo.rgb, photo.bleed


def score(photo: Floats, truth: Floats, alpha: Floats, bleed: float) -> tuple[float, float]:
    """PSNR and leaked share in percent where the thing was, once it is taken off as `decompose` takes it off."""
    mask = np.asarray(alpha >= 0.5)
    near = np.where(mask, np.float32(1), np.float32(2))
    masks = [mask, ~mask]
    remaining = Remaining.of(photo, 8, masks, near, [False, True], 0, bleed)

    def matte(rgb: Floats, inside: Mask) -> Floats:
        """The true alpha of the crop, which lies where its mask says."""
        y, x = (bounds(mask)[side] - bounds(inside)[side] for side in (0, 2))
        return np.ascontiguousarray(alpha[y : y + rgb.shape[0], x : x + rgb.shape[1]])

    remaining.take_nearest(0, matte, load_inpaint("patches"))
    out, hole = from_levels(remaining.picture), np.asarray(alpha > 0)
    surface = np.where(grown(hole, 1) & ~hole, -1, 0).astype(np.int32)
    case = Case("jpeg", "jpeg", truth, hole, surface, hole, mask, photo)
    return psnr(out, truth, hole), 100 * leak(out, case)
