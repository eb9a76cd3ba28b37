"""Coarse-to-fine exemplar filling at a working size: a picture's hole made of patches of its known pixels.

Minimises the energy of Wexler, Shechtman and Irani 2007 by turns of PatchMatch search and voting on a pyramid. Texture
features beside the colours (mean absolute gradients, Newson et al. 2014) keep fine grain apart from flat colour on the
coarse levels, and the coarsest level is filled ring by ring from the outside, so that edges run on into the hole.
"""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats, Ints, Mask
from multiplane.inpaint.blocks import any_in_block, block_means
from multiplane.inpaint.membrane import membrane
from multiplane.inpaint.patchmatch import rate, search, vote
from multiplane.inpaint.structure import continue_structure

R = 3
"""Patch radius: patches are 7 x 7."""
TEXTURE = 6.0
"""What a texture feature's squared difference counts beside a colour's."""
FEWEST = 64
"""Least number of places for source patches; below it they may reach over the surface's edge."""
CORE = 3.5
"""The pyramid ends where no hole pixel is farther than this from a known one."""
WALL = 2.0
"""Value of pixels that patches must not see, away from every colour."""
RINGS = 32
"""Most steps in which the coarsest level is filled from outside in."""
BLUR = 1.0
"""How far proposals may be from the best one and still count, while the fill is looked for."""
TYPICAL, HEARD = 0.75, 2.0
"""All count then that cost up to about HEARD times this quantile of a level's costs (Wexler et al. take the quantile):
patches that lie across a seam cost much, and if nobody heard them, blocks with hard seams would cost nothing."""
FINAL_BLUR = 0.01
"""How far proposals may be for the last vote of each level: hardly, so that the fill is as sharp as its sources."""
MOST_HEALED = 0.1
"""Largest colour step at the hole's rim that is spread over the hole."""
PRICE = 1e-7
"""What a pixel of displacement costs: some hundred of them as much as a difference of one level in 8 bits."""
PULLS = (0.05, 0.0)
"""Pulls towards the membrane's colours that are tried: some keeps stray objects out, none carries edges on better."""
HEALED = 0.005
"""Steps at seams are spread over some 1 / sqrt(HEALED) pixels: farther, chance steps of grain add up to stains."""
SMALL = 1000
"""Holes of fewer pixels get one beginning and few steps: there are often many, and each shows little."""
JUDGED = 1500
"""Most patches of the level on which several beginnings are compared."""
STARTS = 3
"""From how many of the coarsest levels to begin."""
EFFORT = 20_000
"""Patch updates a level is worth: small levels get many steps, large ones few."""
MOST_STEPS, FEW_STEPS = 10, 4
"""Most steps of a level, in large holes and in small ones."""
REACH = 500_000
"""Pixels a random search may reach, times patches: coarse levels look everywhere, fine ones only nearby."""


class Filled(NamedTuple):
    """A filled picture `rgb` (H, W, 3), meant where `inside` (H, W); (`ny`, `nx`) (H, W) is where a pixel came from.

    `error` (H, W) is the squared error of what the patches say of known pixels beside the hole; NaN elsewhere.
    """

    rgb: Floats
    inside: Mask
    ny: Ints
    nx: Ints
    error: Floats


@dataclass
class _Level:
    """One level of the pyramid, of pixels `scale` wide; every array is padded by R, with nothing usable in there."""

    image: Floats
    weight: Floats
    source: Mask
    hole: Mask
    usable: Mask
    depth: Floats
    scale: int

    def __post_init__(self) -> None:
        size = (2 * R + 1, 2 * R + 1)
        domain = self.source | self.hole
        touched = cv2.dilate(self.hole.view(np.uint8), np.ones(size, np.uint8)) > 0
        touched[:R], touched[-R:], touched[:, :R], touched[:, -R:] = False, False, False, False
        self.ys, self.xs = (a.astype(np.int32) for a in np.nonzero(touched & domain))
        self.hy, self.hx = (a.astype(np.int32) for a in np.nonzero(self.hole))
        self.ny, self.nx = np.zeros(domain.shape, np.int32), np.zeros(domain.shape, np.int32)
        self.cost = np.full(domain.shape, np.inf, np.float32)
        self.guide, self.pull = np.zeros((1, 1, 3), np.float32), 0.0
        self.weigh()

    def weigh(self) -> None:
        """Bring the patches' total weights up to date: negative where the whole patch counts."""
        size = (2 * R + 1, 2 * R + 1)
        counted = cv2.boxFilter(self.weight[..., 0], -1, size, normalize=False, borderType=cv2.BORDER_CONSTANT)
        whole = counted > size[0] * size[1] - 0.5
        total = np.maximum(counted * np.float32(3 + 2 * TEXTURE), np.float32(1e-6))
        self.full = np.where(whole, -total, total).astype(np.float32)

    def rate(self, mean: Floats, ys: Ints, xs: Ints) -> None:
        """Bring the costs of the patches at (ys, xs) up to date."""
        rate(
            self.image.reshape(len(mean), -1), self.weight.reshape(len(mean), -1), mean, self.full, ys, xs,
            self.ny, self.nx, self.cost, R, PRICE, self.guide, self.depth, self.pull,
        )  # fmt: skip

    def state(self) -> tuple[Floats, Ints, Ints, Floats]:
        """Copies of what filling changes: image, field and cost."""
        return self.image.copy(), self.ny.copy(), self.nx.copy(), self.cost.copy()

    def energy(self) -> float:
        """Mean distance of the patches over the hole's rim to their sources.

        Deep inside, a flat fill costs little; only the rim tells whether a fill carries on what is there.
        """
        self.rate(self.mean(), self.ys, self.xs)
        away = self.depth[self.ys, self.xs]
        return float(self.cost[self.ys, self.xs][away <= max(R, away.min())].mean())

    def heard(self) -> float:
        """The cost up to which about every proposal counts while the fill is looked for."""
        costs = self.cost[self.ys, self.xs]
        return HEARD * float(np.quantile(costs[np.isfinite(costs)], TYPICAL))

    def mean(self) -> Floats:
        """Colour mean of the patch around each pixel."""
        return np.asarray(cv2.blur(np.ascontiguousarray(self.image[..., :3]), (2 * R + 1, 2 * R + 1)))


def fill_from_exemplars(rgb: Floats, source: Mask, target: Mask, seed: int) -> Filled:
    """Fill the `target` pixels (H, W) of `rgb` (H, W, 3) with patches of `source` pixels (H, W).

    Only source pixels are ever read; pixels in neither mask are walls that no patch sees. `source` must not be empty.
    """
    state = np.array([(seed * 0x9E3779B97F4A7C15 + 0x2545F4914F6CDD1D) % (1 << 64) or 1], np.uint64)
    levels = _pyramid(rgb, source, target)
    number = _best_start(levels, state)
    for finer in range(number - 1, -1, -1):
        _hand_down(levels[finer + 1], levels[finer], state)
        _settle(levels[finer], state)
    return _finish(levels[0])


def _best_start(levels: list[_Level], state: NDArray[np.uint64]) -> int:
    """Fill some coarse level well and give its number: the best of fills begun on several levels and several times.

    How coarse is best differs from picture to picture: fine textures want a far view, large patterns get lost in one.
    """
    judged = len(levels) - 1
    while judged > 0 and len(levels[judged - 1].ys) <= JUDGED:
        judged -= 1
    level, lowest = levels[judged], np.inf
    best = level.state()
    small = len(levels[0].hy) < SMALL
    for start in range(len(levels) - 1 if small else max(judged, len(levels) - STARTS), len(levels)):
        for pull in PULLS[:1] if small else PULLS:
            levels[start].pull = pull
            _fill_by_rings(levels[start], state)
            _settle(levels[start], state)
            levels[start].pull = 0.0
            _settle(levels[start], state)
            for finer in range(start - 1, judged - 1, -1):
                _hand_down(levels[finer + 1], levels[finer], state)
                _settle(levels[finer], state)
            energy = level.energy()
            if energy < lowest:
                best, lowest = level.state(), energy
    level.image, level.ny, level.nx, level.cost = best
    return judged


def _pyramid(rgb: Floats, source: Mask, target: Mask) -> list[_Level]:
    """Levels from fine to coarse, each half the size of the one before."""
    values = np.concatenate([rgb, _texture(rgb, source)], axis=-1)
    levels = [_level(values, source, target, 1)]
    while levels[-1].depth[levels[-1].hole].max() > CORE and min(source.shape) >= 8 * R:
        values, share = block_means(values, source, 2)
        target = any_in_block(target, 2)
        source = (share >= 0.5) & ~target
        if np.count_nonzero(source) < 4 * FEWEST:
            break
        levels.append(_level(values, source, target, 2 * levels[-1].scale))
    return levels


def _texture(rgb: Floats, source: Mask) -> Floats:
    """Mean absolute gradients (H, W, 2) of the luma in x and y around each source pixel, of source pixels only."""
    luma = rgb.mean(axis=-1)
    features = np.zeros((*luma.shape, 2), np.float32)
    area = (2 * R - 1, 2 * R - 1)
    for axis in (0, 1):
        step, count = np.zeros_like(luma), np.zeros_like(luma)
        values, known = np.moveaxis(luma, 1 - axis, 0), np.moveaxis(source, 1 - axis, 0)
        both = (known[1:] & known[:-1]).astype(np.float32)
        np.moveaxis(step, 1 - axis, 0)[:-1] = np.abs(np.diff(values, axis=0)) * both
        np.moveaxis(count, 1 - axis, 0)[:-1] = both
        features[..., axis] = cv2.blur(step, area) / np.maximum(cv2.blur(count, area), 1e-3)
    return features


def _level(values: Floats, source: Mask, target: Mask, scale: int) -> _Level:
    """Pad one size of the picture and prepare what the search needs."""
    # Walls get a colour that nothing has, so that source patches that reach over an edge are the last choice.
    values = np.where((source | target)[..., None], values, np.float32(WALL))
    image = np.pad(values, ((R, R), (R, R), (0, 0)), constant_values=WALL)
    known, hole = np.pad(source, R), np.pad(target, R)
    weight = (known | hole).astype(np.float32)[..., None] * np.array([1, 1, 1, TEXTURE, TEXTURE], np.float32)
    depth = cv2.distanceTransform((~known).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return _Level(image, weight, known, hole, _usable(known), depth, scale)


def _usable(source: Mask) -> Mask:
    """Centres of patches that lie wholly in `source`; where these are too few, of patches that mostly do."""
    usable = source
    for radius in (R, 1, 0):
        size = 2 * radius + 1
        usable = cv2.erode(source.view(np.uint8), np.ones((size, size), np.uint8), borderValue=0) > 0
        if np.count_nonzero(usable) >= FEWEST:
            break
    return usable


def _scatter(level: _Level, where: Mask, state: NDArray[np.uint64]) -> None:
    """Point the target patches at `where` to random usable places."""
    ys, xs = np.nonzero(where)
    uy, ux = np.nonzero(level.usable)
    pick = np.random.default_rng(state).integers(0, len(uy), len(ys))
    level.ny[ys, xs], level.nx[ys, xs] = uy[pick], ux[pick]


def _step(level: _Level, ys: Ints, xs: Ints, radius: int, sweeps: int, state: NDArray[np.uint64]) -> Floats:
    """Bring costs up to date and search; gives the patch means that the vote needs."""
    mean = level.mean()
    level.rate(mean, ys, xs)
    search(
        level.image.reshape(len(mean), -1), level.weight.reshape(len(mean), -1), mean, level.full, level.usable, ys, xs,
        level.ny, level.nx, level.cost, R, PRICE, level.guide, level.depth, level.pull, radius, sweeps, state,
    )  # fmt: skip
    return mean


def _vote(level: _Level, mean: Floats, hy: Ints, hx: Ints, blur: float, floor: float = 0.0) -> Floats:
    """What the patches propose for the pixels (hy, hx): (N, C)."""
    out = np.empty((len(hy), level.image.shape[2]), np.float32)
    vote(
        level.image, mean, level.full, level.depth, level.source, hy, hx,
        level.ny, level.nx, level.cost, R, blur, floor, out,
    )  # fmt: skip
    return out


def _fill_by_rings(level: _Level, state: NDArray[np.uint64]) -> None:
    """First guess on the coarsest level: rings from the outside in, each matched on what is known by then."""
    domain = level.source | level.hole
    guess = membrane(level.image, level.source, level.hole)
    colours = np.ascontiguousarray(level.image[..., :3])
    guess[..., :3] = continue_structure(colours, level.source, level.hole).rgb
    level.image[:] = guess
    level.guide = level.mean()
    level.weight[level.hole] = 0
    level.weigh()
    _scatter(level, level.hole, state)
    depths = level.depth[level.hole]
    ring = np.minimum(np.ceil(level.depth * min(1.0, RINGS / float(depths.max()))), RINGS).astype(np.int32)
    radius = max(domain.shape)
    for number in range(1, int(ring[level.hole].max()) + 1):
        hy, hx = (a.astype(np.int32) for a in np.nonzero(level.hole & (ring == number)))
        if len(hy) == 0:
            continue
        mean = _step(level, hy, hx, radius, 4, state)
        level.image[hy, hx] = _vote(level, mean, hy, hx, BLUR, level.heard())
        level.weight[hy, hx] = [1, 1, 1, TEXTURE, TEXTURE]
        level.weigh()
    rest = np.zeros_like(domain)
    rest[level.ys, level.xs] = True
    _scatter(level, rest & ~level.hole, state)


def _hand_down(coarse: _Level, fine: _Level, state: NDArray[np.uint64]) -> None:
    """Start a level from the coarser one's field and colours."""
    ys, xs = fine.ys - R, fine.xs - R
    cy, cx = ys // 2 + R, xs // 2 + R
    ny = 2 * (coarse.ny[cy, cx] - R) + ys % 2 + R
    nx = 2 * (coarse.nx[cy, cx] - R) + xs % 2 + R
    height, width = fine.hole.shape
    fits = (ny >= 0) & (ny < height) & (nx >= 0) & (nx < width)
    fits[fits] = fine.usable[ny[fits], nx[fits]] & np.isfinite(coarse.cost[cy, cx][fits])
    lost = np.zeros_like(fine.hole)
    lost[fine.ys[~fits], fine.xs[~fits]] = True
    _scatter(fine, lost, state)
    fine.ny[fine.ys[fits], fine.xs[fits]], fine.nx[fine.ys[fits], fine.xs[fits]] = ny[fits], nx[fits]
    inner = coarse.image[R:-R, R:-R]
    size = (2 * inner.shape[1], 2 * inner.shape[0])
    grown = cv2.resize(inner, size, interpolation=cv2.INTER_LINEAR)
    fine.image[fine.hy, fine.hx] = grown[fine.hy - R, fine.hx - R]


def _settle(level: _Level, state: NDArray[np.uint64]) -> None:
    """Search and vote by turns until the level's worth of effort is spent; the last votes are the sharpest."""
    most = MOST_STEPS if len(level.hy) * level.scale**2 >= SMALL else FEW_STEPS
    steps = int(np.clip(EFFORT // max(len(level.ys), 1), 2, most))
    radius = int(np.clip(REACH // max(len(level.ys), 1), 8, max(level.hole.shape)))
    for step in range(steps):
        mean = _step(level, level.ys, level.xs, radius, 2, state)
        blur, floor = (BLUR, level.heard()) if step + 1 < steps else (FINAL_BLUR, 0.0)
        level.image[level.hy, level.hx] = _vote(level, mean, level.hy, level.hx, blur, floor)


def _heal(level: _Level) -> None:
    """Take the steps in brightness out of seams, inside the fill and at its rim, as Poisson blending does.

    Between two neighbours that come from different places the colour should differ as it does at those places: by
    the mean of what either source shows between the two. What it differs otherwise is spread over the hole. Steps
    that are too large for a change of light are edges, and stay.
    """
    rim = level.source & (cv2.dilate(level.hole.view(np.uint8), np.ones((3, 3), np.uint8)) > 0)
    if not rim.any():
        return
    colours = np.ascontiguousarray(level.image[..., :3])
    load = np.zeros_like(colours)
    for dy, dx in ((0, 1), (1, 0)):
        step = _seam_steps(colours, level, dy, dx)
        load[: load.shape[0] - dy, : load.shape[1] - dx] += step
        load[dy:, dx:] -= step
    correction = membrane(np.zeros_like(colours), rim, level.hole, load, HEALED)[level.hole]
    level.image[level.hole, :3] += np.clip(correction, -MOST_HEALED, MOST_HEALED)


def _seam_steps(colours: Floats, level: _Level, dy: int, dx: int) -> Floats:
    """What is missing from the difference of each pixel and its neighbour at (dy, dx): (H - dy, W - dx, 3)."""
    height, width = level.hole.shape
    a, b = np.s_[: height - dy, : width - dx], np.s_[dy:, dx:]
    wanted = np.zeros((height - dy, width - dx, 3), np.float32)
    count = np.zeros((height - dy, width - dx), np.float32)
    for here, sign in ((a, 1), (b, -1)):
        sy, sx = level.ny[here], level.nx[here]
        ty, tx = np.clip(sy + sign * dy, 0, height - 1), np.clip(sx + sign * dx, 0, width - 1)
        real = level.hole[here] & level.source[sy, sx] & level.source[ty, tx]
        wanted[real] += sign * (colours[ty[real], tx[real]] - colours[sy[real], sx[real]])
        count[real] += 1
    domain = level.hole | level.source
    step = wanted / np.maximum(count, 1)[..., None] - (colours[b] - colours[a])
    apart = (level.ny[b] - level.ny[a] != dy) | (level.nx[b] - level.nx[a] != dx) | (count < 2)
    across = apart & (count > 0) & domain[a] & domain[b] & (np.abs(step).max(axis=-1) < MOST_HEALED)
    return np.where(across[..., None], step, np.float32(0))


def _foretold(level: _Level) -> Floats:
    """How far the patches' proposals for known pixels beside the hole are off, squared (H, W); NaN elsewhere."""
    error = np.full(level.hole.shape, np.nan, np.float32)
    beside = cv2.dilate(level.hole.view(np.uint8), np.ones((2 * R + 1, 2 * R + 1), np.uint8)) > 0
    ys, xs = (a.astype(np.int32) for a in np.nonzero(beside & level.source))
    said = _vote(level, level.mean(), ys, xs, FINAL_BLUR)
    error[ys, xs] = np.square(said[:, :3] - level.image[ys, xs, :3]).sum(axis=-1)
    return error


def _finish(level: _Level) -> Filled:
    """Take the padding off."""
    error = _foretold(level)
    _heal(level)
    inner = np.s_[R:-R, R:-R]
    rgb = np.clip(level.image[inner][..., :3], 0.0, 1.0)
    inside = np.ascontiguousarray((level.source | level.hole)[inner])
    return Filled(rgb, inside, level.ny[inner] - R, level.nx[inner] - R, error[inner])
