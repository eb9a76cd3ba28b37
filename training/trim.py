"""Trims a trained encoder to narrower layers: `python training/trim.py --weights FILE --photos DIR --out FILE`.

As prune.py does it with the teacher's, but with the network's own: what is cut is made up for, layer by layer, so that
the tokens stay near those of the encoder it was. The weights may be of any widths; WIDTHS is what comes out.
"""

import argparse
import sys
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from multiplane.perception.encoder import CHANNELS, HEADS, PATCH, WIDTHS, Encoder, Layer, Widths
from photos import find_photos, read_rgb
from prune import batch_of, differences, low_rank_patches, neurons_left, refit, root, with_ones


def main() -> int:
    """Trim, report the distance to the old tokens after every layer, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True, help="of a network whose encoder is to be trimmed")
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--scale", type=float, default=1.0, help="of queries, where it is not in the weights")
    parser.add_argument("--count", type=int, default=120, help="photos to fit on")
    options = parser.parse_args()
    entries = [entry for entry in find_photos(options.photos) if not entry.held_out]
    chosen = np.random.default_rng(0).permutation(len(entries))[: options.count]
    pictures = [read_rgb(options.photos / entries[index].path) for index in chosen]
    stored = {name: value.float() for name, value in load_file(options.weights).items()}
    with torch.inference_mode():
        encoder = trimmed(
            {n.removeprefix("encoder."): v for n, v in stored.items() if n.startswith("encoder.")}, pictures
        )
    save_file({f"encoder.{name}": value.contiguous() for name, value in encoder.state_dict().items()}, options.out)
    return 0


def trimmed(stored: dict[str, Tensor], pictures: list[NDArray[np.uint8]], scale: float = 1.0) -> Encoder:
    """An encoder of WIDTHS whose tokens are near those of the one that is `stored`, on `pictures`.

    `scale` is what the stored queries are to be multiplied by: before WIDTHS there was, it was not in the weights.
    """
    encoder = Encoder().eval()
    begin(encoder, stored, pictures)
    ours = [encoder.tokens(batch_of(rgb, PATCH)) for rgb in pictures]
    theirs = [tokens + 0 for tokens in ours]
    for number, (layer, widths) in enumerate(zip(cast(list[Layer], encoder.layers), WIDTHS, strict=True)):
        before = layer_of(stored, number, scale)
        layer.norm1, layer.norm2 = before.norm1, before.norm2
        cut_heads(layer, before, widths, theirs)
        theirs = [tokens + before.join(before.mixed(tokens)) for tokens in theirs]
        refit(layer.join, [layer.mixed(tokens) for tokens in ours], differences(theirs, ours))
        ours = [tokens + layer.join(layer.mixed(tokens)) for tokens in ours]
        theirs = [tokens + before.contract(before.neurons(tokens)) for tokens in theirs]
        active = with_ones(torch.cat([before.neurons(tokens) for tokens in ours], 1)[0].double())
        kept = neurons_left(active, torch.cat(differences(theirs, ours), 1)[0].double(), widths.hidden)
        layer.expand.weight.copy_(before.expand.weight[kept])
        layer.expand.bias.copy_(before.expand.bias[kept])
        refit(layer.contract, [layer.neurons(tokens) for tokens in ours], differences(theirs, ours))
        ours = [tokens + layer.contract(layer.neurons(tokens)) for tokens in ours]
        alike = [
            functional.cosine_similarity(encoder.norm(a), encoder.norm(b), dim=-1)[0, 1:]
            for a, b in zip(ours, theirs, strict=True)
        ]
        print(f"layer {number + 1}: one less the cosine {1 - float(torch.cat(alike).mean()):.4f}", flush=True)
    return encoder


def begin(encoder: Encoder, stored: dict[str, Tensor], pictures: list[NDArray[np.uint8]]) -> None:
    """Patches, of the rank that photos need, places and the last norm."""
    whole = stored["patch.weight"] if "patch.weight" in stored else joined_patches(stored)
    low_rank_patches(encoder, whole, stored.get("patch.bias", stored.get("patch.1.bias", torch.empty(0))), pictures)
    encoder.places.copy_(stored["places"])
    encoder.summary.copy_(stored["summary"])
    encoder.norm.weight.copy_(stored["norm.weight"])
    encoder.norm.bias.copy_(stored["norm.bias"])


def joined_patches(stored: dict[str, Tensor]) -> Tensor:
    """The filters (CHANNELS, 3, PATCH, PATCH) of the two linear maps in a row."""
    return torch.einsum("om,mcyx->ocyx", stored["patch.1.weight"][..., 0, 0], stored["patch.0.weight"])


def layer_of(stored: dict[str, Tensor], number: int, scale: float) -> Layer:
    """A layer of the encoder that is `stored`, at its own widths."""
    prefix = f"layers.{number}."
    weights = {name.removeprefix(prefix): value for name, value in stored.items() if name.startswith(prefix)}
    value = weights["join.weight"].shape[1] // HEADS
    query = (len(weights["qkv.weight"]) // HEADS - value) // 2
    layer = Layer(Widths(query, value, len(weights["expand.weight"])))
    layer.load_state_dict(weights)
    layer.qkv.weight[: HEADS * query] *= scale
    layer.qkv.bias[: HEADS * query] *= scale
    return layer.eval()


def cut_heads(layer: Layer, before: Layer, widths: Widths, tokens: list[Tensor]) -> None:
    """Queries, keys and values of `layer`: what matters most of those of `before`, on `tokens`."""
    normed = with_ones(torch.cat([before.norm1(one) for one in tokens], 1)[0].double())
    after = torch.cat([before.mixed(one) for one in tokens], 1)[0].double()
    linear = torch.cat([before.qkv.weight, before.qkv.bias[:, None]], 1).double()
    parts = [part.reshape(HEADS, -1, CHANNELS + 1) for part in torch.split(linear, before.parts)]
    gathered = after.reshape(len(after), HEADS, -1)
    out = before.join.weight.double().reshape(CHANNELS, HEADS, -1)
    maps: list[list[Tensor]] = [[], [], []]
    for head in range(HEADS):
        query, key, value = (part[head] for part in parts)
        root_q, root_k = root(normed @ query.T), root(normed @ key.T)
        left, size, right = torch.linalg.svd(root_q.T @ root_k)
        kept = size[: widths.query].sqrt()
        maps[0].append((torch.linalg.solve(root_q.T, left[:, : widths.query]) * kept).T @ query)
        maps[1].append((torch.linalg.solve(root_k.T, right[: widths.query].T) * kept).T @ key)
        root_v = root(gathered[:, head])
        directions = torch.linalg.svd(out[:, head] @ root_v)[2][: widths.value]
        maps[2].append(directions @ torch.linalg.solve(root_v, value))
    joined = torch.cat([torch.cat(one) for one in maps])
    layer.qkv.weight.copy_(joined[:, :-1])
    layer.qkv.bias.copy_(joined[:, -1])


if __name__ == "__main__":
    sys.exit(main())
