"""Loads a transformers model from a folder on this machine, or says in one line why it cannot be."""

from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from transformers import AutoConfig
from transformers.utils import logging

from multiplane.errors import BackendError


def load_pretrained(architecture: Any, folder: Path, name: str, what: str, kind: str | None = None) -> Any:
    """The model of class `architecture` in `folder`, whose configuration must be of model type `kind` where given.

    Raises BackendError, which calls the checkpoint `name` and the model `what`, where it is another or damaged.
    """
    logging.disable_progress_bar()  # a library does not draw on the caller's terminal
    try:
        if kind is not None:
            found = AutoConfig.from_pretrained(folder, local_files_only=True).model_type
            if found != kind:
                raise BackendError(f"{name!r} cannot be loaded as {what}: it is a {found} model")
        return architecture.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise BackendError(f"{name!r} cannot be loaded as {what}: {str(error).splitlines()[0]}") from error
