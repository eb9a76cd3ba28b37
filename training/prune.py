"""Cuts the depth teacher down to the network: `python training/prune.py --depth DIR --photos DIR --out FILE`.

Layer by layer, so that what one layer loses the next can make up for: each head keeps the directions that
matter most to its scores and to what it hands on (low rank, weighted by what photos show); each layer keeps the
neurons whose loss hurts least (as Hassibi and Stork, "Second order derivatives for network pruning", NIPS 1992, some at
a time); the linear maps that follow are then fitted anew, by least squares, to the teacher's tokens. How much a layer
keeps stands in encoder.WIDTHS. The decoder of depth is the teacher's own, but for its coarsest map
(decoder_of.py).
"""

import argparse
import math
import sys
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModelForDepthEstimation

from decoder_of import decoder_of
from multiplane.depth.depth_anything import DEVIATION, MEAN
from multiplane.depth.depth_anything import PATCH as THEIR_PATCH
from multiplane.perception.encoder import CHANNELS, HEADS, PATCH, PATCH_CHANNELS, PLACES, WIDTHS, Encoder, Layer, Widths
from photos import find_photos, read_rgb

TOKENS = 340
"""Tokens of a photo, about."""
RIDGE = 1e-4
"""Weight of the least squares' pull to zero, in shares of the mean square."""
ROUNDS = 16
"""In how many steps neurons are given up."""
THEIR_HEAD = CHANNELS // HEADS


def main() -> int:
    """Prune, report the distance to the teacher's tokens after every layer, write the encoder's weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--depth", type=Path, required=True, help="a Depth Anything V2 Small checkpoint")
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--count", type=int, default=200, help="photos to fit on")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    teacher = AutoModelForDepthEstimation.from_pretrained(options.depth, local_files_only=True).float().eval()
    entries = [entry for entry in find_photos(options.photos) if not entry.held_out]
    chosen = np.random.default_rng(options.seed).permutation(len(entries))[: options.count]
    pictures = [read_rgb(options.photos / entries[index].path) for index in chosen]
    with torch.inference_mode():
        encoder = pruned(teacher.backbone, pictures)
        decoder = decoder_of(teacher, [last_tokens(teacher.backbone, rgb) for rgb in pictures])
    parts = {"encoder.": encoder.state_dict(), "depth.": decoder}
    weights = {prefix + name: value.contiguous() for prefix, part in parts.items() for name, value in part.items()}
    save_file(weights, options.out)
    return 0


def pruned(teacher: Any, pictures: list[NDArray[np.uint8]]) -> Encoder:
    """An encoder whose tokens are near the teacher's on `pictures`."""
    encoder = Encoder().eval()
    embed(encoder, teacher, pictures)
    ours = [encoder.tokens(batch_of(rgb, PATCH)) for rgb in pictures]
    theirs = [teacher.embeddings(normalised(batch_of(rgb, THEIR_PATCH))) for rgb in pictures]
    layers = zip(cast(list[Layer], encoder.layers), teacher.encoder.layer, WIDTHS, strict=True)
    for number, (layer, their, widths) in enumerate(layers, start=1):
        normed = [their.norm1(tokens) for tokens in theirs]
        gathered = [gather(their, tokens) for tokens in normed]
        cut_heads(layer, their, widths, normed, gathered)
        theirs = [
            tokens + their.layer_scale1(their.attention.o_proj(joined))
            for tokens, joined in zip(theirs, gathered, strict=True)
        ]
        refit(layer.join, [layer.mixed(tokens) for tokens in ours], differences(theirs, ours))
        ours = [tokens + layer.join(layer.mixed(tokens)) for tokens in ours]
        theirs = [tokens + their.layer_scale2(their.mlp(their.norm2(tokens))) for tokens in theirs]
        cut_neurons(layer, their, widths.hidden, ours, theirs)
        ours = [tokens + layer.contract(layer.neurons(tokens)) for tokens in ours]
        apart = 1 - torch.cat(
            [
                functional.cosine_similarity(teacher.layernorm(a), teacher.layernorm(b), dim=-1)[0, 1:]
                for a, b in zip(ours, theirs, strict=True)
            ]
        )
        print(f"layer {number}: one less the cosine {float(apart.mean()):.4f}", flush=True)
    encoder.norm.load_state_dict(teacher.layernorm.state_dict())
    return encoder


def batch_of(rgb: NDArray[np.uint8], patch: int) -> Tensor:
    """A photo as (1, 3, h, w) in [0, 1], about TOKENS patches."""
    scale = math.sqrt(TOKENS / (rgb.shape[0] * rgb.shape[1]))
    size = tuple(max(1, round(side * scale)) * patch for side in (rgb.shape[1], rgb.shape[0]))
    shown = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return torch.from_numpy(np.ascontiguousarray(shown.transpose(2, 0, 1)[None]))


def normalised(rgb: Tensor) -> Tensor:
    """A photo (1, 3, h, w) as the teacher takes it."""
    return (rgb - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(DEVIATION).view(3, 1, 1)


def last_tokens(teacher: Any, rgb: NDArray[np.uint8]) -> Tensor:
    """What the teacher's last layer says of a photo (1, CHANNELS, h, w)."""
    batch = normalised(batch_of(rgb, THEIR_PATCH))
    tokens: Tensor = teacher(batch).feature_maps[-1][:, 1:].transpose(1, 2)
    return tokens.reshape(1, CHANNELS, batch.shape[-2] // THEIR_PATCH, batch.shape[-1] // THEIR_PATCH)


def embed(encoder: Encoder, teacher: Any, pictures: list[NDArray[np.uint8]]) -> None:
    """Patches of another size, by the pseudo-inverse of the resizing (Beyer et al., CVPR 2023), of the rank that
    photos' patches need; and places.
    """
    theirs = teacher.embeddings.patch_embeddings.projection
    units = torch.eye(THEIR_PATCH**2).view(-1, 1, THEIR_PATCH, THEIR_PATCH)
    enlarged = functional.interpolate(units, size=(PATCH, PATCH), mode="bilinear", antialias=True)
    back = torch.linalg.pinv(enlarged.view(THEIR_PATCH**2, PATCH**2))
    weight = (theirs.weight.flatten(2) @ back.T).view(CHANNELS, 3, PATCH, PATCH)
    deviation, mean = (torch.tensor(values).view(1, 3, 1, 1) for values in (DEVIATION, MEAN))
    bias = theirs.bias - (weight * mean / deviation).sum((1, 2, 3))
    low_rank_patches(encoder, weight / deviation, bias, pictures)
    places = teacher.embeddings.position_embeddings
    side = math.isqrt(places.shape[1] - 1)
    grid = places[:, 1:].transpose(1, 2).unflatten(2, (side, side))
    encoder.places.copy_(functional.interpolate(grid, size=(PLACES, PLACES), mode="bicubic", antialias=True))
    encoder.summary.copy_(teacher.embeddings.cls_token + places[:, :1])


def low_rank_patches(encoder: Encoder, weight: Tensor, bias: Tensor, pictures: list[NDArray[np.uint8]]) -> None:
    """The filters `weight` (CHANNELS, 3, PATCH, PATCH) as two linear maps, of the rank that photos' patches need."""
    shown, mixed = cast(list[nn.Conv2d], encoder.patch)
    torch.as_tensor(mixed.bias).copy_(bias)
    filters = weight.flatten(1).double()
    patches = torch.cat([functional.unfold(batch_of(rgb, PATCH), PATCH, stride=PATCH)[0].T for rgb in pictures])
    directions = torch.linalg.svd(filters @ root(patches.double()))[0][:, :PATCH_CHANNELS]
    shown.weight.copy_((directions.T @ filters).view_as(shown.weight))
    mixed.weight.copy_(directions.view_as(mixed.weight))


def gather(their: Any, normed: Tensor) -> Tensor:
    """What each of the teacher's tokens gathers (1, T, CHANNELS), before the heads are joined."""
    inner = their.attention
    q, k, v = (
        part(normed).unflatten(2, (HEADS, THEIR_HEAD)).transpose(1, 2)
        for part in (inner.q_proj, inner.k_proj, inner.v_proj)
    )
    return functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)


def cut_heads(layer: Layer, their: Any, widths: Widths, normed: list[Tensor], gathered: list[Tensor]) -> None:
    """Queries, keys and values of `layer`; its norm is the teacher's."""
    layer.norm1.load_state_dict(their.norm1.state_dict())
    inner, rows = their.attention, torch.cat(normed, 1)[0].double()
    rows = with_ones(rows)
    after = torch.cat(gathered, 1)[0].double()
    maps: list[list[Tensor]] = [[], [], []]
    for head in range(HEADS):
        part = slice(head * THEIR_HEAD, (head + 1) * THEIR_HEAD)
        query, key, value = (
            torch.cat([one.weight[part], one.bias[part, None]], 1).double()
            for one in (inner.q_proj, inner.k_proj, inner.v_proj)
        )
        root_q, root_k = (root(rows @ one.T) for one in (query, key))
        left, size, right = torch.linalg.svd(root_q.T @ root_k)
        kept = size[: widths.query].sqrt() * THEIR_HEAD**-0.25
        maps[0].append((torch.linalg.solve(root_q.T, left[:, : widths.query]) * kept).T @ query)
        maps[1].append((torch.linalg.solve(root_k.T, right[: widths.query].T) * kept).T @ key)
        out = their.attention.o_proj.weight[:, part].double() * their.layer_scale1.lambda1[:, None]
        root_v = root(after[:, part])
        directions = torch.linalg.svd(out @ root_v)[2][: widths.value]
        maps[2].append(directions @ torch.linalg.solve(root_v, value))
    joined = torch.cat([torch.cat(one) for one in maps])
    layer.qkv.weight.copy_(joined[:, :-1])
    layer.qkv.bias.copy_(joined[:, -1])


def root(rows: Tensor) -> Tensor:
    """L (K, K) with L L' the mean square of `rows` (N, K)."""
    square = rows.T @ rows / len(rows)
    factor: Tensor = torch.linalg.cholesky(square + 1e-6 * square.diagonal().mean() * torch.eye(len(square)))
    return factor


def cut_neurons(layer: Layer, their: Any, hidden: int, ours: list[Tensor], theirs: list[Tensor]) -> None:
    """The `hidden` neurons of `layer`, and how they are joined, so that `ours` come near `theirs`."""
    layer.norm2.load_state_dict(their.norm2.state_dict())
    target = torch.cat(differences(theirs, ours), 1)[0].double()
    tokens = layer.norm2(torch.cat(ours, 1)[0])
    active = with_ones(functional.gelu(their.mlp.fc1(tokens)).double())
    kept = neurons_left(active, target, hidden)
    layer.expand.weight.copy_(their.mlp.fc1.weight[kept])
    layer.expand.bias.copy_(their.mlp.fc1.bias[kept])
    refit(layer.contract, [layer.neurons(tokens) for tokens in ours], differences(theirs, ours))


def neurons_left(active: Tensor, target: Tensor, hidden: int) -> Tensor:
    """Which `hidden` of the columns of `active` (N, K + 1), the last of ones, fit `target` (N, CHANNELS) best."""
    square, cross = active.T @ active, active.T @ target
    kept = torch.arange(active.shape[1])
    drop_each = -(-(len(kept) - 1 - hidden) // ROUNDS)
    while len(kept) - 1 > hidden:
        inverse = torch.linalg.inv(ridged(square[kept][:, kept]))
        fitted = inverse @ cross[kept]
        loss = fitted.square().sum(1) / inverse.diagonal()
        loss[-1] = torch.inf
        least = loss.argsort()[min(drop_each, len(kept) - 1 - hidden) :]
        kept = kept[least.sort().values]
    return kept[:-1]


def refit(linear: nn.Linear, inputs: list[Tensor], targets: list[Tensor]) -> None:
    """`linear` by least squares from `inputs` (1, T, K) to `targets` (1, T, CHANNELS)."""
    rows = with_ones(torch.cat(inputs, 1)[0].double())
    fitted = torch.linalg.solve(ridged(rows.T @ rows), rows.T @ torch.cat(targets, 1)[0].double())
    linear.weight.copy_(fitted[:-1].T)
    linear.bias.copy_(fitted[-1])


def with_ones(rows: Tensor) -> Tensor:
    """Rows (N, K + 1) that end with a 1, for what is added whatever they are."""
    return torch.cat([rows, torch.ones(len(rows), 1)], 1)


def ridged(square: Tensor) -> Tensor:
    """A square (K, K) with RIDGE of its mean on the diagonal."""
    return square + RIDGE * square.diagonal().mean() * torch.eye(len(square))


def differences(theirs: list[Tensor], ours: list[Tensor]) -> list[Tensor]:
    """Pair by pair."""
    return [a - b for a, b in zip(theirs, ours, strict=True)]


if __name__ == "__main__":
    sys.exit(main())
