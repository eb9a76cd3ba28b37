"""Measures mattes where alpha is uncertain, with and without a trimap, beside pymatting's closed form; prints tables.

    python -m benchmarks.matte [FOLDER] [--side 800]

FOLDER holds NAME.jpg with NAME_result.png (alpha), and lemur.png with lemur_alpha.png, lemur_trimap.png and
lemur_foreground.png; it defaults to eval/matting under MULTIPLANE_DATA and is left out where absent. Pictures are
brought to a longer side of `--side` first. A second set is drawn by code. All errors are over the unknown band: the
lemur's own trimap, else everything within 10 pixels (per megapixel) of the border or of soft alpha. SAD and gradient
(Rhemann et al. 2009, sigma 1.4) are in thousands, MSE in thousandths; `ratio` is the MSE's against pymatting's closed
form, which is given the trimap; ours is given the trimap ("solve_alpha"), or only a hard mask that is wrong: eroded,
dilated or jittered by 3 pixels per megapixel, with the hair opened away. rim is the mean colour error in levels of 255
on a green and a magenta screen over soft pixels, where the true colours are known.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from benchmarks.data import data_folder, read_rgb
from benchmarks.drawn_cutouts import KINDS, WITH_HOLES, draw

from multiplane.arrays import Floats, Mask
from multiplane.matte import load_matte
from multiplane.matte.foreground import estimate_foreground
from multiplane.matte.holes import open_holes
from multiplane.matte.solve import solve_alpha

MISTAKE_1MP = 3
"""How wrong the masks are, in pixels of a 1-megapixel picture."""
BAND_1MP = 10
MADE_BY_IT = 0.1
"""Where the reference's MSE is below this, the alpha was made by the closed form itself (the lemur's was): no ratio."""
MISTAKES = ("eroded", "dilated", "jittered")
SCREENS = ((0.0, 0.8, 0.0), (0.9, 0.0, 0.9))


@dataclass(frozen=True)
class Case:
    """A picture, its true alpha and trimap (0, 0.5, 1), and the object's own colours where they are known."""

    name: str
    rgb: Floats
    alpha: Floats
    trimap: Floats
    pure: Floats | None = None


def main() -> None:
    """Print errors of every method on photographs and on drawn things, rims, and how many holes are opened."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=data_folder() / "eval" / "matting")
    parser.add_argument("--side", type=int, default=800)
    parser.add_argument("--seeds", type=int, default=2, help="drawn pictures of each kind")
    asked = parser.parse_args()
    photos = list(photographs(asked.folder, asked.side)) if asked.folder.is_dir() else []
    if not photos:
        print(f"no pictures with alphas in {asked.folder}: drawn ones only")
    drawn = [drawn_case(kind, seed) for kind in KINDS for seed in range(asked.seeds)]
    for title, cases in (("photographs", photos), ("drawn", drawn)):
        if cases:
            print(f"\n{title:34}{'SAD':>9}{'MSE':>9}{'gradient':>9}{'ratio':>9}{'rim':>9}{'seconds':>9}")
            print_errors(cases)
    print_holes(asked.seeds)


def photographs(folder: Path, side: int) -> Iterator[Case]:
    """Every picture of the folder that has an alpha."""
    for path in sorted(folder.glob("*_result.png")):
        name = path.name.removesuffix("_result.png")
        rgb, alpha = (_shrunk(read_rgb(file), side) for file in (folder / f"{name}.jpg", path))
        yield Case(name, rgb, alpha[..., 0], trimap_of(alpha[..., 0]))
    if (folder / "lemur.png").exists():
        rgb, alpha, trimap, pure = (
            read_rgb(folder / f"lemur{part}.png") for part in ("", "_alpha", "_trimap", "_foreground")
        )
        known = trimap[..., 0]
        yield Case("lemur", rgb, alpha[..., 0], np.where(known > 0.9, 1, np.where(known < 0.1, 0, 0.5)), pure)


def _shrunk(picture: Floats, side: int) -> Floats:
    scale = min(1.0, side / max(picture.shape))
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def drawn_case(kind: str, seed: int) -> Case:
    """One drawn picture."""
    cutout = draw(kind, seed)
    return Case(f"{kind} {seed}", cutout.rgb, cutout.alpha, trimap_of(cutout.alpha), cutout.pure)


def trimap_of(alpha: Floats) -> Floats:
    """0, 1, and 0.5 near the border and near soft alpha."""
    radius = round(BAND_1MP * max(0.6, float(np.sqrt(alpha.size / 1e6))))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    solid = (alpha > 0.5).astype(np.uint8)
    uncertain = ((alpha > 0.01) & (alpha < 0.99)) | (cv2.morphologyEx(solid, cv2.MORPH_GRADIENT, np.ones((3, 3))) > 0)
    return np.where(cv2.dilate(uncertain.astype(np.uint8), kernel) > 0, 0.5, solid).astype(np.float32)


def reference(rgb: Floats, trimap: Floats) -> Floats:
    """The closed form of pymatting (Germer, Uelwer, Conrad and Harmeling 2020)."""
    try:
        from pymatting import estimate_alpha_cf
    except ImportError as error:
        raise SystemExit("the comparison needs pymatting: pip install pymatting") from error
    return np.asarray(estimate_alpha_cf(rgb.astype(np.float64), trimap.astype(np.float64)), np.float32)


def spoil(alpha: Floats, mistake: str) -> Mask:
    """A hard mask without hair, eroded, dilated, or displaced to and fro by smooth noise, by a few pixels."""
    pixels = MISTAKE_1MP * max(1.0, float(np.sqrt(alpha.size / 1e6)))
    mask = cv2.morphologyEx((alpha > 0.5).astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 5) - cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5)
    if mistake == "jittered":
        noise = np.random.default_rng(0).standard_normal(mask.shape).astype(np.float32)
        noise = cv2.GaussianBlur(noise, (0, 0), 8)
        return np.asarray(depth + noise * (pixels / noise.std()) > 0)
    return np.asarray(depth > (pixels if mistake == "eroded" else -pixels))


def feather(_: Floats, mask: Mask) -> Floats:
    """The mask under a Gaussian: what a matte has to beat."""
    return np.asarray(cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 2.0 * max(1.0, np.sqrt(mask.size / 1e6))))


def print_errors(cases: list[Case]) -> None:
    """A row of means for each method; `ratio` is the geometric mean over the pictures."""
    rows: dict[str, list[tuple[float, ...]]] = {}
    for case in cases:
        scale = 0.0
        for method, run in methods(case):
            start = time.perf_counter()
            alpha = np.clip(run(), 0, 1)
            seconds = time.perf_counter() - start
            sad, mse, gradient = band_errors(alpha, case)
            scale = scale or mse  # pymatting's comes first
            ratio = np.log(mse / scale) if scale > MADE_BY_IT else np.nan
            rows.setdefault(method, []).append((sad, mse, gradient, ratio, rim(alpha, case), seconds))
    for method, values in rows.items():
        means = np.nanmean(np.array(values), axis=0)  # the true colours are known of some pictures only
        means[3] = np.exp(means[3])
        print(f"{method:34}" + "".join(f"{mean:9.3f}" for mean in means))


def methods(case: Case) -> Iterator[tuple[str, Callable[[], Floats]]]:
    """What is measured on a picture, by name."""
    yield "pymatting closed form, trimap", partial(reference, case.rgb, case.trimap)
    yield "solve_alpha, trimap", partial(solve_alpha, case.rgb, case.trimap)
    for name in ("closed-form", "guided", "feather"):
        matte = feather if name == "feather" else load_matte(name)
        for mistake in MISTAKES:
            yield f"{name}, mask {mistake}", partial(matte, case.rgb, spoil(case.alpha, mistake))


def band_errors(alpha: Floats, case: Case) -> tuple[float, float, float]:
    """SAD / 1000, MSE * 1000 and gradient error / 1000 where the trimap is unknown."""
    band = case.trimap == 0.5
    difference = (alpha - case.alpha)[band].astype(np.float64)
    gradient = np.square(steepness(alpha) - steepness(case.alpha))[band].sum(dtype=np.float64)
    return float(np.abs(difference).sum()) / 1e3, float(np.square(difference).mean()) * 1e3, float(gradient) / 1e3


def steepness(alpha: Floats) -> Floats:
    """Magnitude of the gradient under a Gaussian of sigma 1.4."""
    smooth = cv2.GaussianBlur(alpha, (0, 0), 1.4)
    return np.asarray(np.hypot(*np.gradient(smooth)), np.float32)


def rim(alpha: Floats, case: Case) -> float:
    """Mean colour error of the soft rim on both screens, in levels; NaN where the true colours are not known."""
    if case.pure is None:
        return float("nan")
    soft = (case.alpha > 0) & (case.alpha < 1)
    colours = estimate_foreground(case.rgb, alpha)
    errors = [
        np.abs(on_screen(colours, alpha, screen) - on_screen(case.pure, case.alpha, screen))[soft].mean()
        for screen in SCREENS
    ]
    return 255 * float(np.mean(errors))


def on_screen(colours: Floats, alpha: Floats, screen: tuple[float, float, float]) -> Floats:
    """`colours` over an even screen."""
    return np.asarray(colours * alpha[..., None] + (1 - alpha[..., None]) * np.array(screen, np.float32))


def print_holes(seeds: int) -> None:
    """How much of the holes is opened in a mask that covers them, and how much of the thing with it."""
    print(f"\n{'holes, all covered by the mask':34}{'opened %':>9}{'lost %':>9}")
    for kind in WITH_HOLES:
        opened, lost = [], []
        for seed in range(seeds):
            cutout = draw(kind, seed)
            mask = (cutout.alpha > 0.5) | cutout.holes
            result = load_matte("closed-form")(cutout.rgb, open_holes(cutout.rgb, mask))
            opened.append(100 * float(1 - result[cutout.holes].mean()))
            lost.append(100 * float(1 - result[cutout.alpha > 0.95].mean()))
        print(f"{kind:34}{np.mean(opened):9.1f}{np.mean(lost):9.2f}")


if __name__ == "__main__":
    main()
