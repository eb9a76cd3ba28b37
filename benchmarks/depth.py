"""Measures depth backends on real pictures with ground truth: `python benchmarks/depth.py --backend builtin`."""

import argparse
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.data import as_photo, data_folder, read_rgb

from multiplane.arrays import Mask
from multiplane.depth import DepthBackend, load_depth
from multiplane.errors import BackendError

Values = NDArray[np.float64]

PAIRS = 50_000
"""Point pairs that ordinal accuracy is counted over."""
TIE = 0.03
"""Pairs whose disparities differ by less than this share have no order."""
STEPS = np.linspace(1.05, 1.25, 10)
"""Depth ratios of neighbouring pixels that are an occluding contour, from the faintest to the clearest."""
COLUMNS = ("delta1", "AbsRel", "Spearman", "ordinal", "edge F1", "seconds")


def main() -> int:
    """Print one row per picture and backend, and each backend's mean; 0 also where there is nothing to measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", action="append", help="a depth backend or a checkpoint folder; may be repeated")
    names = parser.parse_args().backend or ["builtin", "classical"]
    folder = data_folder() / "eval" / "depth"
    pictures = sorted(folder.glob("*.npz"))
    if not pictures:
        print(f"skipped: no pictures with ground truth in {folder}; set MULTIPLANE_DATA to the data folder")
        return 0
    print(f"{'picture':<16}{'backend':<26}" + "".join(f"{column:>10}" for column in COLUMNS))
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


def print_row(picture: str, name: str, scores: Values) -> None:
    """One line of the table."""
    print(f"{picture:<16}{name[-24:]:<26}" + "".join(f"{score:>10.3f}" for score in scores), flush=True)


def measure(backend: DepthBackend, truth_path: Path) -> Values:
    """The scores in COLUMNS of one picture, after an affine fit in disparity."""
    with np.load(truth_path) as stored:
        truth = stored["disparity"].astype(np.float64)
    photo = as_photo(read_rgb(truth_path.with_suffix(".png")))
    start = time.perf_counter()
    z = backend(photo).z
    seconds = time.perf_counter() - start
    guess = 1 / z.astype(np.float64)
    if truth.shape != guess.shape:
        guess = cv2.resize(guess, truth.shape[::-1], interpolation=cv2.INTER_AREA)
    known = truth > 0
    fitted = fit(guess, truth, known)
    pointwise = score(fitted[known], truth[known])
    ranked = spearman(guess[known], truth[known]), ordinal(guess[known], truth[known])
    return np.array([*pointwise, *ranked, boundary_f1(fitted, truth, known), seconds])


def fit(guess: Values, truth: Values, known: Mask) -> Values:
    """The affine function of `guess` (h, w) that is nearest to the known `truth`, kept within twice its range."""
    scale, shift = np.polyfit(guess[known], truth[known], 1)
    return np.asarray(np.clip(scale * guess + shift, 0.5 * truth[known].min(), 2 * truth[known].max()))


def score(fitted: Values, truth: Values) -> tuple[float, float]:
    """delta1 and AbsRel (of depth) of fitted disparities (n,).

    Eigen et al., NIPS 2014 (delta1: share of pixels with max(z/z*, z*/z) < 1.25; AbsRel: mean of |z - z*| / z*).
    """
    ratio = np.maximum(fitted / truth, truth / fitted)
    delta1 = float((ratio < 1.25).mean())
    error = float(np.abs(truth / fitted - 1).mean())
    return delta1, error


def boundary_f1(fitted: Values, truth: Values, known: Mask) -> float:
    """F1 of occluding contours, between neighbours whose depths differ by a ratio; clearer contours weigh more.

    Bochkovskii et al., "Depth Pro", ICLR 2025, section 4: a neighbour pair is a contour where the farther depth is more
    than t times the nearer; precision and recall over all pairs, in both directions, averaged over t with weight t.
    Only pairs that are both known count, so a sensor's gaps along edges lower nobody's score.
    """
    scores = []
    for threshold in STEPS:
        hits = told = found = 0
        for axis in (0, 1):
            ours, theirs = (np.moveaxis(plane, axis, 0) for plane in (fitted, np.where(known, truth, 1)))
            both = np.moveaxis(known, axis, 0)
            pairs = both[1:] & both[:-1]
            for here, there in ((slice(1, None), slice(None, -1)), (slice(None, -1), slice(1, None))):
                mine = (ours[here] > threshold * ours[there]) & pairs
                real = (theirs[here] > threshold * theirs[there]) & pairs
                hits += int((mine & real).sum())
                told += int(real.sum())
                found += int(mine.sum())
        scores.append(2 * hits / (told + found) if told + found else 1.0)
    return float(np.average(scores, weights=STEPS))


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
