"""Measures mattes and rim colours against hand-made alphas, from masks that are a few pixels wrong; prints a table.

    python benchmarks/matte.py [FOLDER]

FOLDER holds NAME.jpg with NAME_result.png (alpha), and lemur.png with lemur_alpha.png and lemur_foreground.png; it
defaults to eval/matting under MULTIPLANE_DATA. SAD is in thousands, MSE in thousandths, both over the whole picture;
gradient is the error of Rhemann et al. 2009 (Gaussian derivatives, sigma 1.4) in thousands; rim is the mean absolute
colour error in levels of 255 over soft pixels of the true alpha, composited on green and on magenta.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.data import data_folder, read_rgb

from multiplane.arrays import Floats, Mask
from multiplane.matte import NAMES, load_matte
from multiplane.matte.foreground import estimate_foreground

MISTAKE_1MP = 3
"""How wrong the masks are, in pixels of a 1-megapixel picture."""
SCREENS = ((0.0, 0.8, 0.0), (0.9, 0.0, 0.9))


def main() -> None:
    """Measure every backend, and a plain feather beside them, on every picture of the folder."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else data_folder() / "eval" / "matting"
    methods: dict[str, Callable[[Floats, Mask], Floats]] = {name: load_matte(name) for name in NAMES}
    methods["feather"] = feather
    scores: dict[tuple[str, str], list[tuple[float, ...]]] = {}
    for name, rgb, truth in pictures(folder):
        for mistake in ("eroded", "dilated", "jittered"):
            mask = spoil(truth > 0.5, mistake)
            for method, matte in methods.items():
                start = time.perf_counter()
                alpha = matte(rgb, mask)
                seconds = time.perf_counter() - start
                row = (*alpha_errors(alpha, truth), seconds)
                scores.setdefault((mistake, method), []).append(row)
                print(f"{name:10} {mistake:9} {method:12}" + "".join(f"{value:9.2f}" for value in row))
    print(f"\n{'mean':10} {'mask':9} {'method':12}{'SAD':>9}{'MSE':>9}{'gradient':>9}{'seconds':>9}")
    for (mistake, method), rows in scores.items():
        print(f"{'':10} {mistake:9} {method:12}" + "".join(f"{value:9.2f}" for value in np.mean(rows, axis=0)))
    print_rims(folder, methods)


def pictures(folder: Path) -> list[tuple[str, Floats, Floats]]:
    """Name, rgb (H, W, 3) and true alpha (H, W) of every picture that has one."""
    found = [(path.name.removesuffix("_result.png"), path) for path in sorted(folder.glob("*_result.png"))]
    rows = [(name, read_rgb(folder / f"{name}.jpg"), read_rgb(path)[..., 0]) for name, path in found]
    if (folder / "lemur.png").exists():
        rows.append(("lemur", read_rgb(folder / "lemur.png"), read_rgb(folder / "lemur_alpha.png")[..., 0]))
    if not rows:
        raise SystemExit(f"no pictures with alphas in {folder}; name a folder that holds NAME.jpg and NAME_result.png")
    return rows


def spoil(mask: Mask, mistake: str) -> Mask:
    """`mask` eroded, dilated, or displaced to and fro by smooth noise, by a few pixels."""
    pixels = MISTAKE_1MP * max(1.0, float(np.sqrt(mask.size / 1e6)))
    inside = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    outside = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
    if mistake == "jittered":
        noise = np.random.default_rng(0).standard_normal(mask.shape).astype(np.float32)
        noise = cv2.GaussianBlur(noise, (0, 0), 8)
        return np.asarray(inside - outside + noise * (pixels / noise.std()) > 0)
    return np.asarray(inside - outside > (pixels if mistake == "eroded" else -pixels))


def feather(_: Floats, mask: Mask) -> Floats:
    """The mask under a Gaussian: what a matte has to beat."""
    return np.asarray(cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 2.0 * max(1.0, np.sqrt(mask.size / 1e6))))


def alpha_errors(alpha: Floats, truth: Floats) -> tuple[float, float, float]:
    """SAD / 1000, MSE * 1000 and gradient error / 1000."""
    difference = (alpha - truth).astype(np.float64)
    gradient = float(np.square(steepness(alpha) - steepness(truth)).sum())
    return float(np.abs(difference).sum()) / 1e3, float(np.square(difference).mean()) * 1e3, gradient / 1e3


def steepness(alpha: Floats) -> Floats:
    """Magnitude of the gradient under a Gaussian of sigma 1.4."""
    smooth = cv2.GaussianBlur(alpha, (0, 0), 1.4)
    return np.asarray(np.hypot(*np.gradient(smooth)), np.float32)


def print_rims(folder: Path, methods: dict[str, Callable[[Floats, Mask], Floats]]) -> None:
    """The rim's colour error where the true foreground is known: with the true alpha, and with each method's own."""
    if not (folder / "lemur_foreground.png").exists():
        return
    rgb, truth = read_rgb(folder / "lemur.png"), read_rgb(folder / "lemur_alpha.png")[..., 0]
    pure = read_rgb(folder / "lemur_foreground.png")
    alphas = {
        "true alpha": truth,
        **{name: matte(rgb, spoil(truth > 0.5, "jittered")) for name, matte in methods.items()},
    }
    print(f"\n{'rim on green, magenta':24}{'estimated':>18}{'photo colours':>18}")
    for name, alpha in alphas.items():
        cells = ""
        for colours in (estimate_foreground(rgb, alpha), rgb):
            green, magenta = rim_errors(colours, alpha, pure, truth)
            cells += f"{green:10.2f}{magenta:8.2f}"
        print(f"{name:24}{cells}")


def rim_errors(colours: Floats, alpha: Floats, pure: Floats, truth: Floats) -> tuple[float, float]:
    """Mean error in levels of 255, on green and on magenta, over soft pixels of the true alpha."""
    rim = (truth > 0) & (truth < 1)
    green, magenta = (
        255 * float(np.abs(on_screen(colours, alpha, screen) - on_screen(pure, truth, screen))[rim].mean())
        for screen in SCREENS
    )
    return green, magenta


def on_screen(colours: Floats, alpha: Floats, screen: tuple[float, float, float]) -> Floats:
    """`colours` over an even screen."""
    return np.asarray(colours * alpha[..., None] + (1 - alpha[..., None]) * np.array(screen, np.float32))


if __name__ == "__main__":
    main()
