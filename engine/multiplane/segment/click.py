"""The built-in answer to points and boxes: the whole thing that they are in, from colours, depth and the network."""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from multiplane.arrays import Floats, Mask
from multiplane.errors import BackendError
from multiplane.perception.perceive import Perception, perceive
from multiplane.segment.builtin import working_copies
from multiplane.segment.click_features import Cells, Grid, around, features
from multiplane.segment.click_network import ClickNet, kind_of
from multiplane.segment.click_outline import cut_out
from multiplane.segment.click_window import Window, fitted, seen_in, surroundings, within
from multiplane.segment.meaning import resized, resized_meaning
from multiplane.segment.prompt import Prompt
from multiplane.segment.refine import refined_labels
from multiplane.segment.regions import Regions, describe, superpixels

WEIGHTS = Path(__file__).with_name("click.safetensors")
SPACING = 9
"""Pixels across a superpixel at the working size."""
SOFT = 1.2
"""Pixels, at the working size, over which an outline is smoothed where the photo has no edge."""
LOWEST, HIGHEST = 0.05, 0.7
"""Bounds of the probability from which a cell belongs to the thing."""
SURELY = 12.0
"""Bound of the logits of a first answer."""
PRICE, BOXED_PRICE = 40.0, 25.0
"""What a pixel of outline costs where there is no edge, in log-odds of a pixel: less in a box, which says much."""
LEAST_PART = 0.1
"""Share of a thing's largest part below which a part without a point of its own is none."""


def select(rgb: Floats, z: Floats, prompt: Prompt) -> Mask:
    """The mask (H, W) of the thing in `rgb` (H, W, 3) that `prompt` points at; see `PromptedBackend`.

    Every cell of a coarse grid is judged twice by small networks (`training/README.md` says how they were fitted):
    first by what it has to do with the points or the box, then with the whole picture and the first answer in view.
    What is small is looked at again, larger. The cheapest cut along edges of colour, depth and class gives the outline,
    the photo's own pixels its last detail.
    """
    prompt.check_inside(z.shape[1], z.shape[0])
    view = View.of(rgb, z, prompt)
    window = surroundings(shifted(view.share), prompt, z.shape)
    if window is None:
        return as_said(without_specks(view.outlined(), prompt), prompt)
    part = View.of(rgb[window], z[window], within(prompt, window))
    mask = np.zeros(z.shape, np.bool_)
    mask[window] = part.blended(view, window, z.shape).outlined()
    return as_said(without_specks(mask, prompt), prompt)


@dataclass(frozen=True)
class View:
    """A picture (H, W, 3), or a part of one, with depth (H, W) and a prompt in it, and what the networks say of that.

    `share` (h, w) is each cell's probability of being in the thing.
    """

    rgb: Floats
    z: Floats
    prompt: Prompt
    seen: Perception
    share: Floats

    @staticmethod
    def of(rgb: Floats, z: Floats, prompt: Prompt) -> "View":
        """A look at a picture."""
        seen = perceive(rgb)
        grid = grid_of(seen, rgb, z)
        return View(rgb, z, prompt, seen, likely(grid, fitted(prompt, z.shape, grid.shape)))

    def outlined(self) -> Mask:
        """The thing's pixels (H, W)."""
        guide, disparity = working_copies(self.rgb, self.z)
        inside = resized(shifted(self.share), disparity.shape)
        price = BOXED_PRICE if self.prompt.box is not None else PRICE
        prompt = fitted(self.prompt, self.z.shape, disparity.shape)
        rough = cut_out(inside, regions_of(self.seen, guide, disparity), prompt, price)
        smooth = cv2.GaussianBlur(rough.astype(np.float32), (0, 0), SOFT)
        return np.asarray(refined_labels(iter((1.0 - smooth, smooth)), guide, self.rgb) > 0)

    def blended(self, whole: "View", window: Window, shape: tuple[int, ...]) -> "View":
        """This look at the part `window` of a picture of `shape`, its odds averaged with those of a look at it all."""
        first = seen_in(whole.share, window, shape, self.share.shape)
        return replace(self, share=np.asarray(1 / (1 + np.exp(-0.5 * (odds(self.share) + odds(first)))), np.float32))


def odds(share: Floats) -> Floats:
    """The logarithm of the odds."""
    sure = np.clip(share, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(sure / (1 - sure)))


def regions_of(seen: Perception, guide: Floats, disparity: Floats) -> Regions:
    """The superpixels of `guide` (h, w, 3) and `disparity` (h, w), and how strong the edges between them are."""
    lab = cv2.cvtColor(guide, cv2.COLOR_RGB2Lab)
    return describe(superpixels(lab, disparity, SPACING), lab, disparity, resized_meaning(seen, disparity.shape))


def grid_of(seen: Perception, rgb: Floats, z: Floats) -> Grid:
    """A picture (H, W, 3) with depth (H, W) in cells, of which the network's maps have two by two each."""
    shape = tuple(max(1, side // 2) for side in seen.subject.shape)
    return Grid.of(resized(rgb, shape), 1.0 / resized(z, shape), resized_meaning(seen, shape))


def likely(grid: Grid, prompt: Prompt) -> Floats:
    """The probability (h, w) that a cell is in the thing; `prompt` is in cells."""
    network = load_network()
    with torch.inference_mode():
        logits: Tensor = network.second(*for_second(network, grid, features(grid, prompt), prompt))
        return np.asarray(logits.sigmoid()[0].numpy())


def for_second(network: ClickNet, grid: Grid, known: Cells, prompt: Prompt) -> tuple[Tensor, Tensor, Tensor]:
    """What the second network reads: cells (1, FEATURES, h, w), tokens (1, CHANNELS, h', w'), first logits."""
    with torch.no_grad():
        first = network.judge(kind_of(prompt))(torch.from_numpy(known))
        first = first.clamp(-SURELY, SURELY).reshape(1, *grid.shape)
    after = around(grid, first.sigmoid()[0].numpy())
    cells = np.concatenate([np.hstack([known, after]).T.reshape(-1, *grid.shape), grid.meaning.fine])
    return torch.from_numpy(cells)[None], torch.from_numpy(grid.meaning.tokens)[None], first


def shifted(share: Floats) -> Floats:
    """`share` (h, w), probabilities, with what belongs to the best answer above one half.

    The set of cells with the greatest expected intersection over union is that above a threshold: a cell is worth
    having when its odds are greater than that intersection over that union (Nowozin, CVPR 2014).
    """
    ranked = np.sort(share, axis=None)[::-1].astype(np.float64)
    held = np.cumsum(ranked)
    expected = held / (np.arange(1, ranked.size + 1) + held[-1] - held)
    threshold = float(np.clip(ranked[int(expected.argmax())], LOWEST, HIGHEST))
    return np.asarray(share * (1 - threshold) / (share * (1 - threshold) + (1 - share) * threshold), np.float32)


def without_specks(mask: Mask, prompt: Prompt) -> Mask:
    """`mask` (H, W) without small parts that no point is in."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    if count > 1:
        kept = stats[:, cv2.CC_STAT_AREA] >= LEAST_PART * stats[1:, cv2.CC_STAT_AREA].max()
        kept[[int(parts[int(y), int(x)]) for x, y, positive in prompt.points if positive]] = True
        kept[0] = False
        mask = kept[parts]
    return mask


def as_said(mask: Mask, prompt: Prompt) -> Mask:
    """`mask` (H, W) in which every point is as the user said."""
    said = mask.copy()
    for x, y, positive in prompt.points:
        said[int(y), int(x)] = positive
    return said


@cache
def load_network() -> ClickNet:
    """The networks with their weights, which lie beside this file; loaded once a process."""
    try:
        stored = load_file(WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise BackendError(f"{WEIGHTS.name} is missing from the installation; install multiplane again") from error
    network = ClickNet()
    network.load_state_dict({name: value.float() for name, value in stored.items()})
    return network.eval()
