"""Two things pasted on a photo, one upon the other, and taken off again: what of the photo is put beneath both?

The mattes are the true ones. `sheet by sheet` fills behind each thing as it comes off, `whole` as `decompose` does once
both are off. Truth: the photo. "beneath both" is where the farther thing was hidden, too; "beneath one" the rest.
"""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from benchmarks.fill_bands import read
from benchmarks.fill_scores import gradients, psnr, ssim
from numpy.typing import NDArray

from multiplane.arrays import Floats, Mask
from multiplane.inpaint import load_inpaint
from multiplane.pixels.boxes import bounds
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.refill import refill
from multiplane.unstack import Cut, Remaining

WIDTH, HEIGHT = 480, 360
GRAIN = 0.03
COLUMNS = ("PSNR", "SSIM", "gradient", "sharpness")


def print_stacked(root: Path, count: int, held: bool, quick: bool, look: Path | None) -> None:
    """Means over the pixels that were beneath both things, and over those beneath one, by how they were filled."""
    rows: dict[tuple[str, str], list[tuple[float, ...]]] = {}
    for number, (truth, near, far) in enumerate(stacked(root, 3 if quick else count, held)):
        shown = []
        for method, out in (
            ("sheet by sheet", taken_off(truth, near, far, False)),
            ("whole", taken_off(truth, near, far, True)),
        ):
            beneath_both, anywhere = near > 0, (near > 0) | (far > 0)
            for place, where in (("beneath both", beneath_both), ("beneath one", anywhere & ~beneath_both)):
                error, sharp = gradients(out, truth, where)
                score = psnr(out, truth, where), ssim(out, truth, where), error, sharp
                rows.setdefault((place, method), []).append(score)
            shown.append(out)
        if look:
            look.mkdir(parents=True, exist_ok=True)
            row = np.hstack([pasted(truth, near, far), *shown, truth])
            cv2.imwrite(str(look / f"stacked_{number:02d}.png"), np.ascontiguousarray(to_levels(row)[..., ::-1]))
    print(f"\n{'stacked':<28}" + "".join(f"{column:>11}" for column in COLUMNS) + f"{'n':>5}")
    for (place, method), scores in sorted(rows.items()):
        means = np.mean(scores, axis=0)
        print(
            f"{place + ', ' + method:<28}" + "".join(f"{value:11.3f}" for value in means) + f"{len(scores):5d}",
            flush=True,
        )


def stacked(root: Path, count: int, held: bool) -> Iterator[tuple[Floats, Floats, Floats]]:
    """A photo (H, W, 3), and the alphas (H, W) of a small disc and of the large one on which it stands."""
    paths = sorted(path for path in (root / "photos").rglob("*") if path.suffix.lower() in {".jpg", ".png"})
    for number, path in enumerate(paths[3 if held else 2 :: len(paths) // count][:count]):
        rng = np.random.default_rng([number, int(held)])
        truth = cv2.resize(read(path), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        middle, radius = np.array([HEIGHT, WIDTH]) * rng.uniform(0.42, 0.58, 2), HEIGHT * rng.uniform(0.26, 0.34)
        within = radius * rng.uniform(0.4, 0.6)
        aside = (radius - within - 0.1 * radius) * rng.uniform(-0.6, 0.6, 2)
        yield truth, disc(middle + aside, within), disc(middle, radius)


def disc(middle: NDArray[np.float64], radius: float) -> Floats:
    """The alpha (H, W) of a disc whose edge is a pixel soft."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    away = np.hypot(y - middle[0], x - middle[1])
    return np.asarray(np.clip(radius - away + 0.5, 0, 1), np.float32)


def pasted(truth: Floats, near: Floats, far: Floats) -> Floats:
    """The photo (H, W, 3) with both things on it, each of one colour with grain."""
    rng = np.random.default_rng(0)
    out = truth.astype(np.float64)
    for alpha, colour in ((far, (0.85, 0.83, 0.8)), (near, (0.1, 0.25, 0.6))):
        grainy = np.clip(np.array(colour) + rng.normal(0, GRAIN, out.shape), 0, 1)
        out = out + alpha[..., None] * (grainy - out)
    return out.astype(np.float32)


def taken_off(truth: Floats, near: Floats, far: Floats, whole: bool) -> Floats:
    """What is behind both (H, W, 3), once they are taken off."""
    alphas = (near, far)
    masks = [np.asarray(near >= 0.5), np.asarray((far >= 0.5) & (near < 0.5))]
    depth = np.select(masks, [np.float32(1), np.float32(2)], np.float32(4)).astype(np.float32)
    photo = pasted(truth, near, far)
    remaining = Remaining.of(
        photo, 8, [*masks, ~(masks[0] | masks[1])], depth, [False, False, True], 0, rims_only=whole
    )
    picture, fill = remaining.picture.copy(), load_inpaint("patches")
    cuts: list[Cut] = []
    for number in range(2):

        def matte(rgb: Floats, inside: Mask, number: int = number) -> Floats:
            """The true alpha of the crop, which lies where its mask says."""
            y, x = (bounds(np.asarray(remaining.owner == number))[side] - bounds(inside)[side] for side in (0, 2))
            return np.ascontiguousarray(alphas[number][y : y + rgb.shape[0], x : x + rgb.shape[1]])

        cut = remaining.take_nearest(number, matte, fill)
        if cut is not None:
            cuts.append(cut)
    cuts.append(remaining.take_last())
    if whole:
        cuts = refill(picture, cuts, [False, False, True], fill, 0)
    return from_levels(cuts[-1].rgba[..., :3])
