"""Measures fills of holes whose truth is known, beside OpenCV's: `python benchmarks/fill.py [--look FOLDER]`.

Holes are a blob of a tenth of the picture and a thin band, cut at places drawn from a fixed seed into scikit-image's
photos and, where there, into photos/places_migan under MULTIPLANE_DATA. Per method and kind of hole the means of: PSNR
(dB, hole pixels); SSIM of the luma over hole pixels (Wang et al. 2004, Gaussian sigma 1.5); sharpness, the fill's mean
gradient over the truth's (1 is as sharp as the photo, below it blurred); profile, how far (in thousandths, earth
mover's distance) the fill's gradients are distributed from the truth's; seconds. A fill that invents a plausible detail
elsewhere loses PSNR to one that blurs: read it together with sharpness and profile.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from skimage import data

from multiplane.arrays import Floats, Mask
from multiplane.errors import PhotoError
from multiplane.inpaint import NAMES, load_inpaint
from multiplane.pixels.levels import from_levels, to_levels

Fill = Callable[[Floats, Mask], Floats]
HOLE = np.array([1.0, 0.0, 1.0], np.float32)
"""What methods see in the hole: magenta, so that one that peeks shows it."""


def main() -> None:
    """Print one row per kind of hole and method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=12, help="how many of the data folder's photos to use")
    parser.add_argument("--look", type=Path, help="write truth and every fill side by side here, as PNG")
    arguments = parser.parse_args()
    scores: dict[tuple[str, str], list[tuple[float, ...]]] = {}
    for name, rgb in photos(arguments.photos):
        for kind, hole in holes(*rgb.shape[:2]):
            seen = np.where(hole[..., None], HOLE, rgb)
            strip = [np.where(hole[..., None], rgb * np.float32(0.5), rgb)]
            for method, fill in METHODS.items():
                start = time.perf_counter()
                out = fill(seen, hole)
                scores.setdefault((kind, method), []).append((*score(out, rgb, hole), time.perf_counter() - start))
                strip.append(out)
            if arguments.look:
                arguments.look.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(arguments.look / f"{name}_{kind}.png"), to_levels(np.hstack(strip))[..., ::-1])
    print(f"{'hole':<8}{'method':<12}{'PSNR':>8}{'SSIM':>8}{'sharpness':>11}{'profile':>9}{'seconds':>9}{'n':>5}")
    for (kind, method), rows in scores.items():
        psnr, ssim, sharpness, profile, seconds = np.mean(rows, axis=0)
        figures = f"{psnr:8.2f}{ssim:8.3f}{sharpness:11.2f}{profile:9.1f}{seconds:9.2f}{len(rows):5d}"
        print(f"{kind:<8}{method:<12}{figures}")


def photos(most: int) -> Iterator[tuple[str, Floats]]:
    """Names and pictures (H, W, 3): those in scikit-image's wheel, then up to `most` of the data folder's."""
    for name in ("astronaut", "chelsea", "coffee", "rocket", "brick", "grass", "gravel"):
        levels = getattr(data, name)()
        yield name, from_levels(np.repeat(levels[..., None], 3, axis=2) if levels.ndim == 2 else levels)
    root = Path(os.environ.get("MULTIPLANE_DATA", Path(__file__).parents[2] / "shared" / "data"))
    found = sorted(path for path in (root / "photos" / "places_migan").glob("*") if path.suffix in {".jpg", ".png"})
    for path in found[:most]:
        levels = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if levels is None:
            raise PhotoError(f"{path} is not a picture that can be read; move it out of the benchmark's folder")
        yield path.stem, from_levels(levels[..., ::-1])


def holes(height: int, width: int) -> Iterator[tuple[str, Mask]]:
    """A blob over a tenth of the picture, and a wavy band a hundredth of its width thick."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    noise = cv2.GaussianBlur(rng.standard_normal((height, width)).astype(np.float32), (0, 0), min(height, width) / 9)
    away = np.square(2 * y / height - 1) + np.square(2 * x / width - 1)
    lie = noise / noise.std() - 2 * away
    yield "blob", np.asarray(lie > np.quantile(lie, 0.9))
    middle = height * (0.5 + 0.25 * np.sin(2 * np.pi * x / width))
    yield "band", np.asarray(np.abs(y - middle) < max(2.0, width / 200))


def score(out: Floats, truth: Floats, hole: Mask) -> tuple[float, float, float, float]:
    """PSNR, SSIM, sharpness and profile of `out` (H, W, 3) over the pixels of `hole` (H, W)."""
    error = float(np.mean(np.square(out - truth)[hole], dtype=np.float64))
    a, b = (picture.mean(axis=-1) for picture in (out, truth))
    slopes = [
        np.sort(np.hypot(cv2.Sobel(p, -1, 1, 0, scale=0.25), cv2.Sobel(p, -1, 0, 1, scale=0.25))[hole]) for p in (a, b)
    ]
    sharpness = float(slopes[0].mean() / max(slopes[1].mean(), 1e-6))
    profile = 1000 * float(np.abs(slopes[0] - slopes[1]).mean())
    return -10 * np.log10(max(error, 1e-10)), float(ssim_map(a, b)[hole].mean()), sharpness, profile


def ssim_map(a: Floats, b: Floats) -> Floats:
    """Structural similarity (H, W) of two lumas (H, W) in [0, 1]."""

    def blur(x: Floats) -> Floats:
        return np.asarray(cv2.GaussianBlur(x, (11, 11), 1.5))

    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    covariance = blur(a * b) - mean_a * mean_b
    light = (2 * mean_a * mean_b + 1e-4) / (mean_a**2 + mean_b**2 + 1e-4)
    return np.asarray(light * (2 * covariance + 9e-4) / (var_a + var_b + 9e-4))


def ours(name: str) -> Fill:
    """A backend of the inpaint stage on one surface."""
    backend = load_inpaint(name)
    return lambda rgb, hole: backend(rgb, hole, np.zeros(hole.shape, np.int32), 0)


def opencv(flag: int) -> Fill:
    """OpenCV's inpainting with radius 3."""
    return lambda rgb, hole: from_levels(cv2.inpaint(to_levels(rgb), hole.view(np.uint8), 3, flag))


METHODS: dict[str, Fill] = {name: ours(name) for name in NAMES} | {
    "cv2 telea": opencv(cv2.INPAINT_TELEA),
    "cv2 ns": opencv(cv2.INPAINT_NS),
}

if __name__ == "__main__":
    main()
