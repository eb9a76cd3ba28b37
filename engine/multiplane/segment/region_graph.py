"""A graph of regions and their common borders, whose measures add up when regions are joined."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from multiplane.arrays import Floats, Ints
from multiplane.segment.meaning import Meaning
from multiplane.segment.tokens import principal_parts

Values = NDArray[np.float64]
Groups = NDArray[np.int64]

NEAR_REACH, FAR_REACH = 3, 8
"""Pixels beyond a border at which its two sides are read: past the blur there, and past a rim."""
COLOURS = 24
"""Of a picture's own palette, in which regions count what colours they have."""
LLOYD_STEPS = 8
FALL_WINDOW = 4.0
"""Pixels, as a standard deviation, over which the slope of the disparity is read."""

SIZE, DISPARITY, DISPARITY_SQUARED = 0, 1, 2
LIGHT, RED, YELLOW, LIGHT_SQUARED = 3, 4, 5, 6
SUBJECT, SLOPE, FALL, LEAN, X, Y, FRAME = 7, 8, 9, 10, 11, 12, 13
"""Columns of `RegionGraph.sums`: area, then area times disparity, its square, Lab and the square of L, subject, how
fast colour changes, how disparity changes downwards and sideways, and place as a share of the picture's sides; last the
number of pixels on the picture's own border."""
LENGTH, STEP, STEP_SIZE, STEP_SQUARED, FAR_STEP = 0, 1, 2, 3, 4
CONTRAST, FAR_CONTRAST, EDGE, CONTOUR, SPAN, SHARPNESS, BELOW, HIDES, CLEAR = 5, 6, 7, 8, 9, 10, 11, 12, 13
"""Columns of `RegionGraph.borders`: length in pixels, then length times the signed disparity step (second less first),
its size and square, the size of the step farther out, Lab contrast near and farther out, the network's edge and
contour, the range of disparity and the slope of colour at the border itself, 1 where the second lies below the first,
how surely (-1 to 1) the second hides the first, and how surely (0 to 1) one hides the other."""
CLEAR_STEP = 0.05
"""Disparity step at which one side certainly hides the other."""


@dataclass(frozen=True)
class RegionGraph:
    """N regions and M pairs (M, 2), first < second, that touch.

    `sums` (N, 14), `classes` (N, C), `palette` (N, COLOURS), `tokens` (N, K) and `fine` (N, L) hold sums over a
    region's pixels, `borders` (M, 14) sums over a common border's, `around` (N, 14) over all borders of a region; see
    the columns above. Tokens and `fine` are less the picture's mean; `area` is the picture's, in pixels.
    """

    sums: Values
    classes: Values
    palette: Values
    tokens: Values
    fine: Values
    pairs: Groups
    borders: Values
    around: Values
    area: float

    @property
    def count(self) -> int:
        """N."""
        return len(self.sums)

    def joined(self, group: Groups) -> "RegionGraph":
        """The graph of groups of regions; `group` (N,) holds each region's, numbered from 0 without a gap."""
        count, own = int(group.max()) + 1, np.arange(len(group))
        gather = csr_matrix((np.ones(len(group)), (group, own)), shape=(count, len(group)))
        ends = group[self.pairs]
        apart = ends[:, 0] != ends[:, 1]
        ends, borders = ends[apart], self.borders[apart]
        turned = ends[:, 0] > ends[:, 1]
        borders[turned] *= _TURNED
        ends.sort(axis=1)
        keys, which = np.unique(ends[:, 0] * count + ends[:, 1], return_inverse=True)
        add = csr_matrix((np.ones(len(which)), (which, np.arange(len(which)))), shape=(len(keys), len(which)))
        pairs, summed = np.stack([keys // count, keys % count], axis=1), add @ borders
        return RegionGraph(
            sums=gather @ self.sums,
            classes=gather @ self.classes,
            palette=gather @ self.palette,
            tokens=gather @ self.tokens,
            fine=gather @ self.fine,
            pairs=pairs,
            borders=summed,
            around=_around(pairs, summed, count),
            area=self.area,
        )

    def part(self, pairs: Groups) -> "RegionGraph":
        """The graph of the pairs numbered `pairs` (P,) alone and of their ends, `around` and `area` as they are."""
        ends, which = np.unique(self.pairs[pairs], return_inverse=True)
        return RegionGraph(
            sums=self.sums[ends],
            classes=self.classes[ends],
            palette=self.palette[ends],
            tokens=self.tokens[ends],
            fine=self.fine[ends],
            pairs=which.reshape(-1, 2),
            borders=self.borders[pairs],
            around=self.around[ends],
            area=self.area,
        )


def _around(pairs: Groups, borders: Values, count: int) -> Values:
    """Sums (count, 14) over all borders of each region; those of signed columns mean nothing."""
    ends = np.concatenate(pairs.T)
    gather = csr_matrix((np.ones(len(ends)), (ends, np.tile(np.arange(len(pairs)), 2))), shape=(count, len(pairs)))
    return np.asarray(gather @ borders)


_TURNED = np.array([-1.0 if column in (STEP, BELOW, HIDES) else 1.0 for column in range(CLEAR + 1)])


def measure_regions(labels: Ints, lab: Floats, disparity: Floats, meaning: Meaning) -> RegionGraph:
    """The graph of regions `labels` (h, w), numbered 0..N-1, of a picture `lab` (h, w, 3) with `disparity` (h, w)."""
    count = int(labels.max()) + 1
    smooth = cv2.GaussianBlur(lab, (0, 0), 1.0)
    slope = np.sqrt(sum((_derivative(smooth, axis) ** 2).sum(axis=-1) for axis in (0, 1)))
    level = cv2.GaussianBlur(disparity, (0, 0), FALL_WINDOW)
    height, width = labels.shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    frame = np.zeros(labels.shape, np.float32)
    frame[0], frame[-1], frame[:, 0], frame[:, -1] = 1, 1, 1, 1
    light = lab[..., 0]
    planes = [np.ones_like(disparity), disparity, disparity**2, light, lab[..., 1], lab[..., 2], light**2]
    planes += [meaning.subject, slope, _derivative(level, 0), _derivative(level, 1)]
    planes += [columns / width, rows / height, frame]
    sums = _sums(labels, count, planes)
    place = sums[:, [X, Y]] / sums[:, :1]
    pairs, borders = _borders(labels, disparity, smooth, slope, meaning)
    return RegionGraph(
        sums=sums,
        classes=_sums(labels, count, list(meaning.classes)),
        palette=_palette(labels, smooth, sums),
        tokens=_centred(_read(principal_parts(meaning.tokens), place), sums[:, SIZE]),
        fine=_centred(_read(meaning.fine, place), sums[:, SIZE]),
        pairs=pairs,
        borders=borders,
        around=_around(pairs, borders, count),
        area=float(labels.size),
    )


def _centred(features: Values, size: Values) -> Values:
    """Sums over regions of their features (N, K) less the picture's mean."""
    return np.asarray((features - size @ features / size.sum()) * size[:, None])


def _derivative(plane: Floats, axis: int) -> Floats:
    """Change per pixel of `plane`, downwards (0) or to the right (1)."""
    return np.asarray(cv2.Sobel(plane, cv2.CV_32F, axis, 1 - axis, scale=1 / 8))


def _sums(labels: Ints, count: int, planes: list[Floats]) -> Values:
    flat = labels.ravel()
    return np.stack([np.bincount(flat, plane.ravel(), count) for plane in planes], axis=1)


def _palette(labels: Ints, lab: Floats, sums: Values) -> Values:
    """How many pixels of each region have each colour of the picture's palette (N, COLOURS).

    The palette is that of the regions' means, by Lloyd's iteration (IEEE Transactions on Information Theory 1982).
    """
    means = sums[:, [LIGHT, RED, YELLOW]] / sums[:, :1]
    ranks = np.argsort(np.argsort(means[:, 0], kind="stable"), kind="stable")
    member = ranks * COLOURS // len(ranks)
    centres = np.zeros((COLOURS, 3))
    for _ in range(LLOYD_STEPS):
        held = np.bincount(member, minlength=COLOURS)
        for channel in range(3):
            total = np.bincount(member, means[:, channel], COLOURS)
            centres[:, channel] = np.where(held > 0, total / np.maximum(held, 1), centres[:, channel])
        member = ((means[:, None] - centres) ** 2).sum(axis=-1).argmin(axis=1)
    halved = lab[::2, ::2].reshape(-1, 3) @ centres.T.astype(np.float32)
    nearest = (halved - 0.5 * (centres**2).sum(axis=1).astype(np.float32)).argmax(axis=1)
    table = np.bincount(labels[::2, ::2].ravel() * np.int64(COLOURS) + nearest, minlength=len(sums) * COLOURS)
    counts = table.reshape(len(sums), COLOURS) + 1e-3
    return np.asarray(counts * (sums[:, :1] / counts.sum(axis=1, keepdims=True)))


def _read(maps: Floats, place: Values) -> Values:
    """`maps` (K, h, w) at N places (N, 2), shares of the sides, bilinearly: (N, K)."""
    _, height, width = maps.shape
    grid = maps.reshape(len(maps), -1).T
    x = np.clip(place[:, 0] * width - 0.5, 0, width - 1)
    y = np.clip(place[:, 1] * height - 0.5, 0, height - 1)
    left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    across, down = (x - left)[:, None], (y - top)[:, None]
    upper = (1 - across) * grid[top * width + left] + across * grid[top * width + right]
    lower = (1 - across) * grid[bottom * width + left] + across * grid[bottom * width + right]
    return np.asarray((1 - down) * upper + down * lower, np.float64)


def _borders(labels: Ints, disparity: Floats, lab: Floats, slope: Floats, meaning: Meaning) -> tuple[Groups, Values]:
    """Touching pairs (M, 2), and the sums over their borders (M, 14)."""
    count = int(labels.max()) + 1
    window = np.ones((3, 3), np.uint8)
    span = cv2.dilate(disparity, window) - cv2.erode(disparity, window)
    across, at_border = np.dstack([disparity, lab]), np.dstack([meaning.edges, meaning.contours, span, slope])
    keys, rows = [], []
    for axis in (0, 1):
        turned = np.moveaxis(labels, axis, 0)
        at = np.nonzero(turned[:-1] != turned[1:])
        first, second = turned[:-1][at].astype(np.int64), turned[1:][at].astype(np.int64)
        sign = np.where(first < second, 1.0, -1.0)
        sides, here = np.moveaxis(across, axis, 0), np.moveaxis(at_border, axis, 0)
        near, far = (_jump(sides, at, reach) for reach in (NEAR_REACH, FAR_REACH))
        step = near[:, 0] * sign
        strongest = np.maximum(here[at], here[at[0] + 1, at[1]])
        contrast, far_contrast = (np.linalg.norm(jump[:, 1:], axis=1) for jump in (near, far))
        size, below = np.abs(step), sign * (axis == 0)
        hides = np.clip(step / CLEAR_STEP, -1.0, 1.0)
        row = [np.ones_like(step), step, size, step**2, np.abs(far[:, 0]), contrast, far_contrast, *strongest.T, below]
        row += [hides, np.abs(hides)]
        rows.append(np.stack(row, axis=1))
        keys.append(np.minimum(first, second) * count + np.maximum(first, second))
    unique, which = np.unique(np.concatenate(keys), return_inverse=True)
    values = np.concatenate(rows)
    borders = np.stack([np.bincount(which, column, len(unique)) for column in values.T], axis=1).astype(np.float64)
    return np.stack([unique // count, unique % count], axis=1).astype(np.int64), borders


def _jump(sides: Floats, at: tuple[NDArray[np.intp], ...], reach: int) -> Floats:
    """What lies `reach` pixels beyond a border less what lies as far before it (P, channels)."""
    last = len(sides) - 1
    return np.asarray(sides[np.minimum(at[0] + 1 + reach, last), at[1]] - sides[np.maximum(at[0] - reach, 0), at[1]])
