"""The depth teacher's weights under the network's names: `python training/taken.py --depth DIR --out FILE`.

The encoder and the decoder of depth of Depth Anything V2 Small, as they are: the scaling of its layers and of its
input goes into the weights, patches are made larger, and places fewer.
"""

import argparse
import math
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional
from transformers import AutoModelForDepthEstimation

from multiplane.depth.depth_anything import DEVIATION, MEAN
from multiplane.depth.depth_anything import PATCH as THEIR_PATCH
from multiplane.perception.encoder import CHANNELS, HEADS, PATCH, PLACES

Weights = dict[str, Tensor]


def main() -> int:
    """Write the weights, whole and in single precision."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--depth", type=Path, required=True, help="a Depth Anything V2 Small checkpoint")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    teacher = AutoModelForDepthEstimation.from_pretrained(options.depth, local_files_only=True).float().eval()
    save_file(taken_from(teacher), options.out)
    return 0


@torch.no_grad()
def taken_from(teacher: Any) -> Weights:
    """Encoder and decoder of depth of a Depth Anything V2 Small, for a PerceptionNet."""
    parts = {"encoder": encoder_of(teacher.backbone), "depth": decoder_of(teacher)}
    return {
        f"{prefix}.{name}": value.detach().clone().contiguous()
        for prefix, part in parts.items()
        for name, value in part.items()
    }


def encoder_of(backbone: Any) -> Weights:
    """The encoder."""
    found = embedding_of(backbone.embeddings)
    for number, layer in enumerate(backbone.encoder.layer):
        inner, name = layer.attention, f"layers.{number}"
        scores = (CHANNELS // HEADS) ** -0.5
        found[f"{name}.qkv.weight"] = torch.cat(
            [inner.q_proj.weight * scores, inner.k_proj.weight, inner.v_proj.weight]
        )
        found[f"{name}.qkv.bias"] = torch.cat([inner.q_proj.bias * scores, inner.k_proj.bias, inner.v_proj.bias])
        put(found, f"{name}.join", inner.o_proj, layer.layer_scale1.lambda1)
        put(found, f"{name}.expand", layer.mlp.fc1)
        put(found, f"{name}.contract", layer.mlp.fc2, layer.layer_scale2.lambda1)
        put(found, f"{name}.norm1", layer.norm1)
        put(found, f"{name}.norm2", layer.norm2)
    put(found, "norm", backbone.layernorm)
    return found


def embedding_of(theirs: Any) -> Weights:
    """Patches of another size, by the pseudo-inverse of the resizing (Beyer et al., CVPR 2023), and places."""
    filters = theirs.patch_embeddings.projection
    units = torch.eye(THEIR_PATCH**2).view(-1, 1, THEIR_PATCH, THEIR_PATCH)
    enlarged = functional.interpolate(units, size=(PATCH, PATCH), mode="bilinear", antialias=True)
    back = torch.linalg.pinv(enlarged.view(THEIR_PATCH**2, PATCH**2))
    weight = (filters.weight.flatten(2) @ back.T).view(CHANNELS, 3, PATCH, PATCH)
    deviation, mean = (torch.tensor(values).view(1, 3, 1, 1) for values in (DEVIATION, MEAN))
    places = theirs.position_embeddings
    side = math.isqrt(places.shape[1] - 1)
    grid = places[:, 1:].transpose(1, 2).unflatten(2, (side, side))
    return {
        "patch.weight": weight / deviation,
        "patch.bias": filters.bias - (weight * mean / deviation).sum((1, 2, 3)),
        "places": functional.interpolate(grid, size=(PLACES, PLACES), mode="bicubic", antialias=True),
        "summary": theirs.cls_token + places[:, :1],
    }


def decoder_of(teacher: Any) -> Weights:
    """The decoder of depth."""
    stage, neck, head = teacher.neck.reassemble_stage.layers, teacher.neck, teacher.head
    found: Weights = {}
    for number, name in enumerate(("to4", "to8", "to16", "to32")):
        put(found, f"{name}.0", stage[number].projection)
        if name != "to16":
            put(found, f"{name}.1", stage[number].resize)
        found[f"{name}.{1 if name == 'to16' else 2}.weight"] = neck.convs[number].weight
    fusion = neck.fusion_stage.layers
    refine(found, "begin32", fusion[0].residual_layer2)
    for number, name in enumerate(("join16", "join8", "join4")):
        put(found, f"{name}.project", fusion[number].projection)
        refine(found, f"{name}.fine", fusion[number + 1].residual_layer1)
        refine(found, f"{name}.both", fusion[number + 1].residual_layer2)
    put(found, "to2", fusion[3].projection)
    for name, theirs in (("head.0", head.conv1), ("head.1", head.conv2), ("head.3", head.conv3)):
        put(found, name, theirs)
    return found


def put(found: Weights, name: str, theirs: Any, scale: Tensor | None = None) -> None:
    """Weight and bias of one of the teacher's linear maps or norms, what comes out times `scale` (C,)."""
    weight, bias = theirs.weight, theirs.bias
    found[f"{name}.weight"] = weight if scale is None else weight * scale[:, None]
    found[f"{name}.bias"] = bias if scale is None else bias * scale


def refine(found: Weights, name: str, theirs: Any) -> None:
    """Both convolutions of one of the teacher's residual units."""
    put(found, f"{name}.first", theirs.convolution1)
    put(found, f"{name}.second", theirs.convolution2)


if __name__ == "__main__":
    sys.exit(main())
