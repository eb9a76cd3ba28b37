"""Betters the depth teacher on rendered scenes: `python training/refit.py --depth DIR --scenes DIR --out DIR`.

The checkpoint that taught the shipped network has one tensor that is not the published one (TENSOR: the stride-2
convolution of the decoder's coarsest branch). It is fitted here, everything else standing still, by the losses that
teach the network, on scenes whose depth is exact and on RGB-D photos.
"""

import argparse
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoModelForDepthEstimation

from augment import WHOLE, Crop, Picture, choose_crop, disturb, take
from dataset import load_scenes
from disparity import affine_loss
from multiplane.depth.depth_anything import DEVIATION, MEAN, PATCH
from photos import read_rgb

TENSOR = "neck.reassemble_stage.layers.3.resize.weight"
SIZES = ((22, 18), (18, 22), (20, 20), (24, 17), (26, 20))
"""Pictures in patches (w, h), about what the teacher sees of a photo when it labels it."""
LEAST_KNOWN = 0.3
"""Of an RGB-D photo's window."""
CLIP = 1.0
KEEP = 0.99
"""Decay of the running average, which is what is kept."""


class Pair:
    """A picture (H, W, 3), its disparity (H, W), 0 where unknown, or where `exact`, known everywhere."""

    def __init__(self, rgb: Picture, disparity: NDArray[np.floating], exact: bool) -> None:
        self.rgb, self.disparity, self.exact = rgb, disparity, exact


def main() -> int:
    """Fit the tensor, say how the loss on what is held out falls, write the checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--depth", type=Path, required=True, help="a Depth Anything checkpoint in the hub's layout")
    parser.add_argument("--scenes", type=Path, required=True, help="folder of rendered shards")
    parser.add_argument("--held-scenes", type=Path, required=True, help="the same, never trained on")
    parser.add_argument("--pairs", type=Path, help="folder of RGB-D photos: NAME.jpg with `depth` in NAME.npz")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    scenes, held = exact_pairs(options.scenes), exact_pairs(options.held_scenes)
    train, kept_out = read_pairs(options.pairs)
    model = load(options.depth)
    fitted = fit(model, [scenes, train], {"scenes": held, "RGB-D": kept_out}, options)
    write(fitted, options.depth, options.out)
    return 0


def write(fitted: Tensor, depth: Path, out: Path) -> None:
    """The checkpoint `depth` again as `out`, with another TENSOR."""
    out.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "preprocessor_config.json"):
        shutil.copy(depth / name, out)
    tensors = load_file(depth / "model.safetensors")
    tensors[TENSOR] = fitted.to(tensors[TENSOR].dtype).contiguous()
    save_file(tensors, out / "model.safetensors", {"format": "pt"})


def load(folder: Path) -> Any:
    """The checkpoint; its encoder, which stands still, in half the memory."""
    model = AutoModelForDepthEstimation.from_pretrained(folder, local_files_only=True).float().eval()
    model.requires_grad_(False)
    model.backbone.bfloat16()
    for part in (model.neck, model.head):  # halves the time of a step on a CPU
        part.to(memory_format=torch.channels_last)
    return model


def exact_pairs(folder: Path) -> list[Pair]:
    """Rendered scenes, whose depth is known everywhere."""
    return [Pair(scene.rgb, scene.disparity, True) for scene in load_scenes(folder) if scene.disparity is not None]


def read_pairs(folder: Path | None) -> tuple[list[Pair], list[Pair]]:
    """RGB-D photos to learn from and to measure on: whole folders are held out, one in eight."""
    parts: tuple[list[Pair], list[Pair]] = ([], [])
    files = sorted(folder.rglob("*.npz")) if folder else []
    places = sorted({path.parent for path in files})
    for path in files:
        rgb = read_rgb(path.with_suffix(".jpg"))
        with np.load(path) as stored:
            depth = stored["depth"].astype(np.float32)
        disparity = np.where(depth > 0, 1 / np.maximum(depth, 1e-6), 0)
        parts[places.index(path.parent) % 8 == 7].append(Pair(rgb, disparity, False))
    return parts


def fit(model: Any, pools: list[list[Pair]], held: dict[str, list[Pair]], options: argparse.Namespace) -> Tensor:
    """The tensor's running average after the minutes; the rate falls to nothing over them."""
    tensor: Tensor = model.get_parameter(TENSOR).requires_grad_(True)
    average = tensor.detach().clone()
    optimizer = torch.optim.AdamW([tensor], lr=options.rate, betas=(0.9, 0.99), weight_decay=0.0)
    start, mean = time.monotonic(), float("nan")
    endless = batches([pool for pool in pools if pool], options.batch)
    for step, (rgb, truth, known) in enumerate(endless):
        spent = (time.monotonic() - start) / 60 / options.minutes
        if step % 200 == 0 or spent >= 1:
            scores = measured(model, average, held)
            print(f"step {step} ({spent:.0%}): loss {mean:.3f}, held out {scores}", flush=True)
        if spent >= 1:
            return average
        optimizer.param_groups[0]["lr"] = options.rate * min(1.0, (step + 1) / 50) * (1 - spent)
        loss = affine_loss(predict(model, rgb), truth, known)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_([tensor], CLIP)
        optimizer.step()
        average.lerp_(tensor.detach(), 1 - min(KEEP, (1 + step) / (10 + step)))
        mean = loss.item() if step == 0 else 0.98 * mean + 0.02 * loss.item()
    raise AssertionError("the batches never end")


def measured(model: Any, average: Tensor, held: dict[str, list[Pair]]) -> str:
    """The mean loss of what is held out, with `average` in place of the tensor."""
    tensor = model.get_parameter(TENSOR)
    now = tensor.detach().clone()
    tensor.data.copy_(average)
    shown = []
    with torch.inference_mode():
        for name, pairs in held.items():
            some = [sample(pair, (20, 18), WHOLE, None) for pair in pairs[:: max(1, len(pairs) // 48)]]
            groups = [some[i : i + 8] for i in range(0, len(some), 8)]
            found = [affine_loss(predict(model, b[0]), b[1], b[2]).item() for b in map(stacked, groups)]
            if found:
                shown.append(f"{name} {np.mean(found):.4f}")
    tensor.data.copy_(now)
    return ", ".join(shown)


def predict(model: Any, rgb: Tensor) -> Tensor:
    """Disparity (N, h, w) of normalised pictures; the encoder keeps no gradients."""
    rows, columns = rgb.shape[2] // PATCH, rgb.shape[3] // PATCH
    with torch.no_grad():
        maps = model.backbone.forward_with_filtered_kwargs(rgb.bfloat16()).feature_maps
    with torch.autocast("cpu", torch.bfloat16):
        disparity: Tensor = model.head(model.neck(maps, rows, columns), rows, columns)
    return disparity.float()


def batches(pools: list[list[Pair]], count: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Endless batches; every pool gives as much as the others."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng(0)
    while True:
        size = SIZES[rng.integers(len(SIZES))]
        some: list[tuple[Tensor, Tensor, Tensor]] = []
        while len(some) < count:
            pool = pools[rng.integers(len(pools))]
            pair = pool[rng.integers(len(pool))]
            height, width = pair.rgb.shape[:2]
            crop = choose_crop(rng, width / height, size[0] / size[1], 0.5)
            one = sample(pair, size, crop, rng)
            if one[2].float().mean() >= LEAST_KNOWN:
                some.append(one)
        yield stacked(some)


def sample(
    pair: Pair, patches: tuple[int, int], crop: Crop, rng: np.random.Generator | None
) -> tuple[Tensor, Tensor, Tensor]:
    """The teacher's input (3, h, w), the disparity (h, w) and where it is known, of a window of a picture."""
    size = (patches[0] * PATCH, patches[1] * PATCH)
    rgb = take(pair.rgb, crop, size, cv2.INTER_AREA)
    if rng is not None:
        rgb = disturb(rgb, rng)
    pixels = (rgb.astype(np.float32) / 255 - MEAN) / DEVIATION
    method = cv2.INTER_LINEAR if pair.exact else cv2.INTER_NEAREST
    truth = take(pair.disparity.astype(np.float32), crop, size, method)
    known = np.ones(truth.shape, bool) if pair.exact else truth > 0
    return (
        torch.from_numpy(pixels.transpose(2, 0, 1).copy()),
        torch.from_numpy(np.ascontiguousarray(truth)),
        torch.from_numpy(known),
    )


def stacked(some: list[tuple[Tensor, Tensor, Tensor]]) -> tuple[Tensor, Tensor, Tensor]:
    """Samples of one size as one batch."""
    rgb, truth, known = (torch.stack(parts) for parts in zip(*some, strict=True))
    return rgb, truth, known


if __name__ == "__main__":
    sys.exit(main())
