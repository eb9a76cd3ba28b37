"""The encoder's tokens, made short: what tells the places of one picture apart."""

import numpy as np

from multiplane.arrays import Floats

TOKEN_PARTS = 48
"""Principal components that tell a picture's tokens apart."""


def principal_parts(tokens: Floats) -> Floats:
    """Tokens (C, h, w) less their mean, in their first TOKEN_PARTS principal components at most: (K, h, w)."""
    rows = tokens.reshape(len(tokens), -1)
    left, size, _ = np.linalg.svd((rows - rows.mean(axis=1, keepdims=True)).T, full_matrices=False)
    parts = (left * size)[:, :TOKEN_PARTS].T
    return np.ascontiguousarray(parts, np.float32).reshape(-1, *tokens.shape[1:])
