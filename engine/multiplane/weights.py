"""The one table of model checkpoints, and where their files lie on this machine; nothing is ever downloaded here."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from multiplane.errors import BackendError, MissingDependency, MissingWeights

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """One published set of weights.

    `megabytes` is the size of the download, `input_size` the short side in pixels at which it was trained; `sha256` is
    that of the weights file, where one is published.
    """

    name: str
    repo: str
    licence: str
    megabytes: int
    input_size: int
    sha256: str | None = None


@dataclass(frozen=True)
class Script:
    """One published network in a single TorchScript file, which PyTorch's hub keeps under the name `file`."""

    name: str
    file: str
    url: str
    licence: str
    megabytes: int


_SMALL_SHA256 = "3152477ce0d8d6978d76b995120de97cb5b928701fd0f817769f59e249a16b70"
_SEE_CARD = "other, see its model card"

DEPTH_ANYTHING = (
    Checkpoint(
        "depth-anything-v2-small", "depth-anything/Depth-Anything-V2-Small-hf", "Apache-2.0", 99, 518, _SMALL_SHA256
    ),
    Checkpoint("depth-anything-v2-base", "depth-anything/Depth-Anything-V2-Base-hf", "CC-BY-NC-4.0", 390, 518),
    Checkpoint("depth-anything-v2-large", "depth-anything/Depth-Anything-V2-Large-hf", "CC-BY-NC-4.0", 1341, 518),
    Checkpoint(
        "depth-anything-v2-metric-indoor-small",
        "depth-anything/Depth-Anything-V2-Metric-Indoor-Small-hf",
        _SEE_CARD,
        99,
        518,
    ),
    Checkpoint(
        "depth-anything-v2-metric-outdoor-small",
        "depth-anything/Depth-Anything-V2-Metric-Outdoor-Small-hf",
        _SEE_CARD,
        99,
        518,
    ),
)
MASK2FORMER = (
    Checkpoint(
        "mask2former-swin-tiny-coco-panoptic", "facebook/mask2former-swin-tiny-coco-panoptic", _SEE_CARD, 190, 512
    ),
    Checkpoint(
        "mask2former-swin-small-coco-panoptic", "facebook/mask2former-swin-small-coco-panoptic", _SEE_CARD, 276, 512
    ),
)
SAM = (
    Checkpoint("sam-vit-base", "facebook/sam-vit-base", "Apache-2.0", 375, 1024),
    Checkpoint("sam-vit-large", "facebook/sam-vit-large", "Apache-2.0", 1250, 1024),
    Checkpoint("sam-vit-huge", "facebook/sam-vit-huge", "Apache-2.0", 2564, 1024),
)
GROUNDING_DINO = (
    Checkpoint("grounding-dino-tiny", "IDEA-Research/grounding-dino-tiny", "Apache-2.0", 690, 800),
    Checkpoint("grounding-dino-base", "IDEA-Research/grounding-dino-base", "Apache-2.0", 933, 800),
)
VITMATTE = (
    Checkpoint("vitmatte-small-composition-1k", "hustvl/vitmatte-small-composition-1k", "Apache-2.0", 103, 512),
    Checkpoint("vitmatte-base-composition-1k", "hustvl/vitmatte-base-composition-1k", "Apache-2.0", 387, 512),
)
LAMA = Script(
    "lama",
    "big-lama.pt",
    "https://github.com/enesmsahin/simple-lama-inpainting/releases/download/v0.1.0/big-lama.pt",
    "Apache-2.0",
    206,
)
SCRIPTS = (LAMA,)
CHECKPOINTS = {
    checkpoint.name: checkpoint for checkpoint in (*DEPTH_ANYTHING, *MASK2FORMER, *VITMATTE, *SAM, *GROUNDING_DINO)
}


def locate(name_or_folder: str) -> Path:
    """The local folder that holds a checkpoint's config.json and model.safetensors.

    `name_or_folder` is a name in CHECKPOINTS, looked for in the Hugging Face cache, or a folder in the hub's layout.
    Raises MissingWeights where the files are not on this machine, BackendError for an unknown name or where a cached
    file is not the published one.
    """
    checkpoint = CHECKPOINTS.get(name_or_folder)
    if checkpoint is not None:
        return _cached(checkpoint)
    folder = _expanded(name_or_folder)
    if not is_folder(name_or_folder):
        raise BackendError(
            f"no checkpoint or folder is called {name_or_folder!r}; pass a folder, or one of: {', '.join(CHECKPOINTS)}"
        )
    for wanted in (CONFIG_FILE, WEIGHTS_FILE):
        if not (folder / wanted).is_file():
            raise MissingWeights(f"the checkpoint folder {name_or_folder!r} holds no {wanted}; pass one that does")
    return folder


def locate_script(name_or_file: str) -> Path:
    """The TorchScript file of this name in SCRIPTS, looked for where PyTorch's hub keeps it, or the file of this path.

    Raises MissingWeights where a named one is not on this machine, BackendError where there is no such file.
    """
    script = next((script for script in SCRIPTS if script.name == name_or_file), None)
    if script is None:
        if not is_file(name_or_file):
            raise BackendError(f"no TorchScript file is called {name_or_file!r}; pass one like {LAMA.file}")
        return _expanded(name_or_file)
    from torch.hub import get_dir

    kept = Path(get_dir(), "checkpoints", script.file)
    if not kept.is_file():
        raise MissingWeights(
            f"the weights of {script.name} ({script.file}, {script.megabytes} MB, licence {script.licence}) are not on"
            f" this machine; download {script.url} and pass the file, or put it at {str(kept)!r}"
        )
    return kept


def is_file(name: str) -> bool:
    """Whether `name` is an existing file, which a door hands on to a loader."""
    return bool(name) and os.path.isfile(_expanded(name))  # noqa: PTH113 (as in is_folder)


def is_folder(name: str) -> bool:
    """Whether `name` is an existing folder, which a door hands on to a checkpoint's loader."""
    # Unlike Path.is_dir, this takes a name too long for the disk for one that is not there.
    return bool(name) and os.path.isdir(_expanded(name))  # noqa: PTH112


def _expanded(name: str) -> Path:
    # Unlike Path.expanduser, this leaves "~" as it is where nobody is called so.
    return Path(os.path.expanduser(name))  # noqa: PTH111


def _cached(checkpoint: Checkpoint) -> Path:
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError as error:
        raise MissingDependency(
            f"{checkpoint.name} is looked up with huggingface_hub; pip install huggingface_hub"
        ) from error
    files = [try_to_load_from_cache(checkpoint.repo, file) for file in (CONFIG_FILE, WEIGHTS_FILE)]
    # The cache answers None for a file it never saw and a marker object for one it knows not to exist.
    if not all(isinstance(file, str) for file in files):
        raise MissingWeights(
            f"the weights of {checkpoint.name} ({checkpoint.megabytes} MB, licence {checkpoint.licence}) are not on"
            f" this machine; run `hf download {checkpoint.repo}` and try again, or pass a folder that holds them"
        )
    weights = Path(str(files[1]))
    if checkpoint.sha256 is not None and _sha256(weights) != checkpoint.sha256:
        raise BackendError(
            f"the cached weights of {checkpoint.name} are not the published ones (sha256 differs);"
            f" run `hf download --force-download {checkpoint.repo}`, or pass {str(weights.parent)!r} to use them so"
        )
    return weights.parent


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
