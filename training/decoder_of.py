"""The network's decoder of depth, to begin with: the depth teacher's own weights under the network's names."""

from typing import Any

import torch
from torch import Tensor

from multiplane.perception.decoder import WIDTH


def decoder_of(teacher: Any, coarsest: list[Tensor]) -> dict[str, Tensor]:
    """The teacher's decoder as weights of a DepthDecoder; `coarsest` are its last tokens (1, C, h, w) of some photos.

    The teacher makes its coarsest map by three linear maps in a row, through as many channels as a token has. Of these
    the WIDTH directions are kept that matter most to what comes out, weighted by what photos show.
    """
    stage, neck, head = teacher.neck.reassemble_stage.layers, teacher.neck, teacher.head
    found: dict[str, Tensor] = {}
    for number, name in enumerate(("to4", "to8")):
        put(found, f"{name}.0", stage[number].projection)
        put(found, f"{name}.1", stage[number].resize)
        found[f"{name}.2.weight"] = neck.convs[number].weight
    put(found, "to16.0", stage[2].projection)
    found["to16.1.weight"] = neck.convs[2].weight
    found |= narrowed(stage[3], neck.convs[3], coarsest)
    fusion = neck.fusion_stage.layers
    refine(found, "begin32", fusion[0].residual_layer2)
    for number, name in enumerate(("join16", "join8", "join4")):
        put(found, f"{name}.project", fusion[number].projection)
        refine(found, f"{name}.fine", fusion[number + 1].residual_layer1)
        refine(found, f"{name}.both", fusion[number + 1].residual_layer2)
    put(found, "to2", fusion[3].projection)
    for name, theirs in (("head.0", head.conv1), ("head.1", head.conv2), ("head.3", head.conv3)):
        put(found, name, theirs)
    return {name: value.detach().clone() for name, value in found.items()}


def put(found: dict[str, Tensor], name: str, theirs: Any) -> None:
    """Weight and bias of one of the teacher's linear maps."""
    found[f"{name}.weight"], found[f"{name}.bias"] = theirs.weight, theirs.bias


def refine(found: dict[str, Tensor], name: str, theirs: Any) -> None:
    """Both convolutions of one of the teacher's residual units."""
    put(found, f"{name}.first", theirs.convolution1)
    put(found, f"{name}.second", theirs.convolution2)


def narrowed(stage: Any, last: Any, coarsest: list[Tensor]) -> dict[str, Tensor]:
    """`to32`: the teacher's coarsest linear maps through WIDTH channels."""
    middle = torch.cat([stage.resize(stage.projection(tokens)).flatten(2)[0].T for tokens in coarsest]).double()
    after = last.weight.double()
    weighed = torch.einsum("okyx,olyx->kl", after, after)
    values, vectors = torch.linalg.eigh(weighed)
    values = values.clamp(min=1e-8 * float(values.max()))
    root, back = (vectors * values.sqrt()) @ vectors.T, (vectors / values.sqrt()) @ vectors.T
    spread = middle.T @ middle / len(middle)
    kept = torch.linalg.eigh(root @ spread @ root)[1][:, -WIDTH:]
    inwards = kept.T @ root
    first = stage.resize.weight.double().flatten(2)
    joined = torch.einsum("mk,kct,cd->mdt", inwards, first, stage.projection.weight.double()[..., 0, 0])
    bias = inwards @ (torch.einsum("kct,c->k", first, stage.projection.bias.double()) + stage.resize.bias.double())
    return {
        "to32.0.weight": joined.reshape(WIDTH, joined.shape[1], *stage.resize.kernel_size).float(),
        "to32.0.bias": bias.float(),
        "to32.1.weight": torch.einsum("okyx,km->omyx", after, back @ kept).float(),
    }
