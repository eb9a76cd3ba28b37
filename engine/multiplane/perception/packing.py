"""Weights made small for the wheel: whole multiples of a step, entropy coded, in an ordinary safetensors file.

A packed tensor NAME is four entries of the file: NAME.codes, a raw deflate stream (Huffman codes alone) of one signed
byte a weight; NAME.far, the few weights for which a byte is not enough, each its place in the flat tensor and how many
times 256 is to be added; NAME.step, what one is worth; NAME.shape. Every other tensor is stored as it is.

Uniform steps with an entropy coder behind them cost, at a given error, a quarter of a bit a weight more than any
quantiser can do (Gish and Pierce, "Asymptotically efficient quantizing", IEEE Trans. Information Theory 1968).
"""

import math
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

CODES, FAR, STEP, SHAPE = ENTRIES = ".codes", ".far", ".step", ".shape"
RAW = -15
"""To zlib: a deflate stream without header, of the widest window."""


def pack(name: str, codes: Tensor, step: float) -> dict[str, Tensor]:
    """The entries of a tensor whose weights are `codes`, whole numbers, times `step`."""
    whole = codes.flatten().int()
    near = ((whole + 128) % 256 - 128).to(torch.int8)
    over = (whole - near) // 256
    places = over.nonzero()[:, 0].int()
    coder = zlib.compressobj(9, zlib.DEFLATED, RAW, 9, zlib.Z_HUFFMAN_ONLY)
    stream = coder.compress(near.numpy().tobytes()) + coder.flush()
    return {
        name + CODES: torch.from_numpy(np.frombuffer(stream, np.uint8).copy()),
        name + FAR: torch.stack([places, over[places]], 1),
        name + STEP: torch.tensor(step, dtype=torch.float32),
        name + SHAPE: torch.tensor(codes.shape, dtype=torch.int32),
    }


def read_packed(path: Path) -> dict[str, Tensor]:
    """Every tensor of a file under its own name, floating point in single precision; OSError where there is none."""
    stored = load_file(path)
    names = [key.removesuffix(CODES) for key in stored if key.endswith(CODES)]
    with ThreadPoolExecutor() as threads:  # zlib and torch both let other threads run
        found = dict(zip(names, threads.map(lambda name: unpack(name, stored), names), strict=True))
    packed = {name + ending for name in names for ending in ENTRIES}
    plain = {name: value for name, value in stored.items() if name not in packed}
    return found | {name: value.float() if value.is_floating_point() else value for name, value in plain.items()}


def unpack(name: str, stored: dict[str, Tensor]) -> Tensor:
    """A packed tensor among the entries of a file, in single precision."""
    shape = stored[name + SHAPE].tolist()
    stream = stored[name + CODES].numpy().tobytes()
    weights = torch.from_numpy(
        np.frombuffer(zlib.decompress(stream, RAW, math.prod(shape)), np.int8).astype(np.float32)
    )
    places, over = stored[name + FAR].long().unbind(1)
    weights[places] += 256 * over
    return weights.mul_(stored[name + STEP]).view(shape)
