"""Measures depth backends on real pictures with ground truth: `python benchmarks/depth.py --backend builtin`."""

import argparse
import os
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.depth import DepthBackend, load_depth
from multiplane.errors import BackendError, PhotoError
from multiplane.pixels.levels import from_levels
from multiplane.scene import Camera, Photo

Values = NDArray[np.float64]

PAIRS = 50_000
"""Point pairs that ordinal accuracy is counted over."""
TIE = 0.03
"""Pairs whose disparities differ by less than this share have no order."""


def main() -> int:
    """Print one row per picture and backend, and each backend's mean; 0 also where there is nothing to measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", action="append", help="a depth backend or a checkpoint folder; may be repeated")
    names = parser.parse_args().backend or ["builtin"]
    folder = data_folder() / "eval" / "depth"
    pictures = sorted(folder.glob("*.npz"))
    if not pictures:
        print(f"skipped: no pictures with ground truth in {folder}; set MULTIPLANE_DATA to the data folder")
        return 0
    print(f"{'picture':<16}{'backend':<26}{'delta1':>8}{'AbsRel':>8}{'Spearman':>10}{'ordinal':>9}{'seconds':>9}")
    for name in names:
        try:
            backend = load_depth(name)
        except BackendError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        rows = []
        for picture in pictures:
            rows.append(measure(backend, picture))
            print_row(picture.stem, name, rows[-1])
        print_row("MEAN", name, np.mean(rows, axis=0))
    return 0


def data_folder() -> Path:
    """Where the data lies: MULTIPLANE_DATA, else ../shared/data from the project's root."""
    return Path(os.environ.get("MULTIPLANE_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


def print_row(picture: str, name: str, scores: Values) -> None:
    """One line of the table."""
    delta1, error, rank, order, seconds = scores
    print(
        f"{picture:<16}{name[-24:]:<26}{delta1:>8.3f}{error:>8.3f}{rank:>10.3f}{order:>9.3f}{seconds:>9.2f}", flush=True
    )


def measure(backend: DepthBackend, truth_path: Path) -> Values:
    """delta1, AbsRel, Spearman, ordinal accuracy and seconds of one picture, after an affine fit in disparity."""
    with np.load(truth_path) as stored:
        truth = stored["disparity"].astype(np.float64)
    bgr = cv2.imread(str(truth_path.with_suffix(".png")), cv2.IMREAD_COLOR)
    if bgr is None:
        raise PhotoError(f"{truth_path.with_suffix('.png')} is no readable picture: every NAME.npz needs its NAME.png")
    rgb = from_levels(np.ascontiguousarray(bgr[..., ::-1]))
    height, width = rgb.shape[:2]
    start = time.perf_counter()
    z = backend(Photo(rgb, Camera.from_focal_35mm(width, height))).z
    seconds = time.perf_counter() - start
    guess = 1 / z.astype(np.float64)
    if truth.shape != guess.shape:
        guess = cv2.resize(guess, truth.shape[::-1], interpolation=cv2.INTER_AREA)
    known = truth > 0
    return np.array([*score(guess[known], truth[known]), seconds])


def score(guess: Values, truth: Values) -> tuple[float, float, float, float]:
    """delta1, AbsRel (of depth), Spearman and ordinal accuracy of disparities (n,), `guess` fitted to `truth` first.

    Eigen et al., NIPS 2014 (delta1: share of pixels with max(z/z*, z*/z) < 1.25; AbsRel: mean of |z - z*| / z*).
    """
    scale, shift = np.polyfit(guess, truth, 1)
    fitted = np.clip(scale * guess + shift, 0.5 * truth.min(), 2 * truth.max())
    ratio = np.maximum(fitted / truth, truth / fitted)
    delta1 = float((ratio < 1.25).mean())
    error = float(np.abs(truth / fitted - 1).mean())
    return delta1, error, spearman(guess, truth), ordinal(guess, truth)


def spearman(first: Values, second: Values) -> float:
    """Rank correlation; ties share their mean rank."""
    a, b = mean_ranks(first), mean_ranks(second)
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 and b.std() > 0 else 0.0


def mean_ranks(values: Values) -> Values:
    """Rank of every value, equal values sharing the mean of theirs."""
    _, group, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2.0)[group])


def ordinal(guess: Values, truth: Values) -> float:
    """Share of random point pairs, clearly apart in truth, that the guess orders rightly."""
    first, second = np.random.default_rng(0).integers(0, len(truth), (2, PAIRS))
    apart = np.maximum(truth[first], truth[second]) > (1 + TIE) * np.minimum(truth[first], truth[second])
    first, second = first[apart], second[apart]
    return float(((guess[first] > guess[second]) == (truth[first] > truth[second])).mean()) if len(first) else 1.0


if __name__ == "__main__":
    sys.exit(main())
