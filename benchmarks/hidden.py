"""Which surface lies behind a thing? Shares of hidden pixels given to the right layer, where borders are known.

Run from the project's root: python benchmarks/hidden.py [FOLDER]. Each photo of FOLDER (default: eval/instances under
MULTIPLANE_DATA or ../shared/data) is divided by the built-in backends. Ellipses, of 6 to 60 % of the diagonal
across, are laid over borders between two surfaces, as things that hide them; what lies there is asked for, and
compared with what was there. So the truth is the division's own, border and all; nobody knows a better one.

endless   only what reaches the picture's border spreads, as heat does
planes    ... and floors meet walls where their planes cut
flat      ... and flat walls that end in the picture spread as well: what decompose does
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.data import data_folder

from multiplane.arrays import Floats, Ints, Mask
from multiplane.decompose import DEFAULT_LAYERS
from multiplane.depth import load_depth
from multiplane.layering.endless import goes_on, spreads, stances
from multiplane.layering.hidden import owners_behind
from multiplane.layering.merge import merge_to
from multiplane.layering.order import order_near_to_far
from multiplane.photo.read import read_photo
from multiplane.segment import load_segment
from multiplane.unstack import OBJECT_GROWTH, OBJECT_REACH

SIZES = ((0.06, 0.2), (0.2, 0.35), (0.35, 0.6))
HOLES = 12
"""Ellipses of each size on a photo."""
LEAST_BORDER, LEAST_PIXELS = 0.05, 200
"""Pixels of borders, as a share of the diagonal, and of a hole, below which nothing is asked."""
METHODS = ("endless", "planes", "flat")


@dataclass(frozen=True)
class Divided:
    """A photo's sheets, near to far: `owner` (H, W), depth `z` (H, W), labels; which are `endless`, which `flat`."""

    owner: Ints
    z: Floats
    labels: list[str]
    endless: list[bool]
    flat: list[bool]

    def behind(self, hole: Mask, method: str) -> Ints:
        """The owners (H, W) with those in `hole` guessed."""
        surface = self.flat if method == "flat" else self.endless
        lie = None if method == "endless" else stances(self.labels, surface)
        seen = np.bincount(self.owner[~hole], minlength=len(self.labels))
        reach = np.minimum(OBJECT_GROWTH * np.sqrt(seen), OBJECT_REACH * float(np.hypot(*self.z.shape)))
        return owners_behind(self.owner, hole, surface, reach, self.z, lie)


def divided(path: Path) -> Divided:
    """A photo as `decompose` divides it."""
    photo = read_photo(path)
    depth = load_depth("builtin")(photo)
    segments = load_segment("builtin")(photo, depth)
    sheets = merge_to([segments[k] for k in order_near_to_far(segments, depth)], depth, DEFAULT_LAYERS, crumbs=True)
    owner = np.full(depth.z.shape, len(sheets) - 1, np.int32)
    for number in reversed(range(len(sheets) - 1)):
        owner[sheets[number].mask] = number
    endless = [goes_on(sheet.label, sheet.mask, depth.z) for sheet in sheets]
    flat = [spreads(sheet.label, sheet.mask, depth.z) for sheet in sheets]
    return Divided(owner, depth.z, [s.label for s in sheets], [*endless[:-1], True], [*flat[:-1], True])


def holes(picture: Divided, size: tuple[float, float], rng: np.random.Generator) -> Iterator[Mask]:
    """Ellipses (H, W) over borders between surfaces."""
    owner, surface = picture.owner, np.array(picture.flat)[picture.owner]
    height, width = owner.shape
    diagonal = float(np.hypot(height, width))
    border = np.zeros(owner.shape, np.bool_)
    border[:, :-1] |= (owner[:, :-1] != owner[:, 1:]) & surface[:, :-1] & surface[:, 1:]
    border[:-1] |= (owner[:-1] != owner[1:]) & surface[:-1] & surface[1:]
    places = np.flatnonzero(border)
    if len(places) < LEAST_BORDER * diagonal:
        return
    for _ in range(HOLES):
        y, x = divmod(int(rng.choice(places)), width)
        radius, aspect = diagonal * float(rng.uniform(*size)) / 2, float(rng.uniform(0.6, 1.6))
        dy, dx = rng.normal(0.0, 0.4 * radius, 2)
        drawn = np.zeros(owner.shape, np.uint8)
        axes = (round(radius * aspect), round(radius / aspect))
        cv2.ellipse(drawn, (int(x + dx), int(y + dy)), axes, float(rng.uniform(0, 180)), 0, 360, 1, -1)
        hole = drawn > 0
        if np.count_nonzero(hole & surface) >= LEAST_PIXELS and (hole & border).any():
            yield np.asarray(hole)


def main() -> int:
    """Print the table."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else data_folder() / "eval" / "instances"
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".png"))
    if not paths:
        sys.exit(f"skipped: no photos in {folder}; set MULTIPLANE_DATA to the data folder")
    pictures = [divided(path) for path in paths]
    print(
        f"{len(pictures)} photos\n{'hole, share of the diagonal':30}" + "".join(f"{m:>9}" for m in METHODS) + "  holes"
    )
    for size in SIZES:
        rng, shares = np.random.default_rng(0), []
        for picture in pictures:
            surface = np.array(picture.flat)[picture.owner]
            for hole in holes(picture, size, rng):
                asked = hole & surface
                shares.append([(picture.behind(hole, m) == picture.owner)[asked].mean() for m in METHODS])
        means = "".join(f"{value:9.3f}" for value in np.mean(shares, axis=0))
        print(f"{f'{size[0]:.0%} to {size[1]:.0%}':30}{means}  {len(shares):5d}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
