"""Diffusion: an inpainting pipeline of diffusers (Stable Diffusion and its kin) from a folder on this machine."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from multiplane.arrays import Floats, Ints, Mask
from multiplane.errors import BackendError, MissingDependency, MissingWeights
from multiplane.inpaint.network import Network, inpaint_with

INDEX_FILE = "model_index.json"
STEPS = 30
"""Denoising steps."""
SIDE = 1024
"""Longer side in pixels for pipelines that do not state at which size they were trained."""
MULTIPLE = 64
"""Sides are multiples of this: the autoencoder's stride of 8, times that of the network on its latents."""


def load_diffusion(folder: str) -> Callable[[Floats, Mask, Ints, int], Floats]:
    """The inpaint backend of the diffusers pipeline in `folder`.

    The pipeline is asked without words and without guidance: what it sees around the hole is all it is told. Crops are
    brought to the size at which it was trained. Runs on CUDA where there is one. Raises MissingWeights where the folder
    holds no pipeline, MissingDependency without diffusers, BackendError where the pipeline does not inpaint.
    """
    path = Path(folder).expanduser()
    if not (path / INDEX_FILE).is_file():
        raise MissingWeights(
            f"the folder {folder!r} holds no {INDEX_FILE}, so no diffusers pipeline; pass one that does"
        )
    try:
        from diffusers import AutoPipelineForInpainting
    except ImportError as error:
        raise MissingDependency(
            f"{folder!r} is a pipeline of diffusers, which is not installed; pip install 'multiplane[diffusion]'"
        ) from error
    try:
        pipeline = AutoPipelineForInpainting.from_pretrained(path, local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError) as error:
        raise BackendError(
            f"{folder!r} cannot be loaded as an inpainting pipeline: {str(error).strip().splitlines()[0]}"
        ) from error
    pipeline.set_progress_bar_config(disable=True)  # a library does not draw on the caller's terminal
    pipeline.to("cuda" if torch.cuda.is_available() else "cpu")
    network = Network(folder, lambda *asked: _answer(folder, pipeline, *asked), _trained_side(pipeline), MULTIPLE, True)
    return inpaint_with(network)


def _answer(folder: str, pipeline: Any, rgb: Floats, missing: Mask, seed: int) -> Floats:
    """What the pipeline makes of rgb (h, w, 3), missing (h, w): (h, w, 3)."""
    height, width = missing.shape
    try:
        result = pipeline(
            prompt="",
            image=torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1)))[None],
            mask_image=torch.from_numpy(missing.astype(np.float32))[None, None],
            height=height,
            width=width,
            strength=1.0,
            guidance_scale=1.0,
            num_inference_steps=STEPS,
            generator=torch.Generator("cpu").manual_seed(seed),
            output_type="np",
        )
    except (RuntimeError, ValueError, TypeError) as error:
        raise BackendError(f"{folder!r} cannot inpaint: {str(error).strip().splitlines()[0]}") from error
    if any(getattr(result, "nsfw_content_detected", None) or ()):
        raise BackendError(
            f"the safety checker of {folder!r} blacked the fill out; choose another --seed, or --inpaint patches"
        )
    return np.asarray(result.images[0], np.float32)


def _trained_side(pipeline: Any) -> int:
    """The size in pixels at which the pipeline's network was trained."""
    latents = getattr(getattr(getattr(pipeline, "unet", None), "config", None), "sample_size", None)
    return SIDE if latents is None else int(np.max(latents)) * int(pipeline.vae_scale_factor)
