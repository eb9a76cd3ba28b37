"""Conjugate gradients with a Jacobi preconditioner, for the sparse symmetric systems of matting."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Doubles = NDArray[np.float64]


def conjugate_gradients(
    matrix: csr_matrix, right: Doubles, start: Doubles, tolerance: float, most_steps: int
) -> Doubles:
    """Solve `matrix` x = `right` (n,) from `start`, until no x moves by more than about `tolerance` or steps run out.

    `matrix` must be symmetric and positive definite. The same bytes at every run.
    """
    inverse = 1.0 / matrix.diagonal()
    x = start.copy()
    residual = right - matrix @ x
    step = inverse * residual
    energy = _dot(residual, step)
    for _ in range(most_steps):
        if float(np.abs(residual * inverse).max()) < tolerance or energy <= 0.0:
            break
        image = matrix @ step
        length = energy / _dot(step, image)
        x += length * step
        residual -= length * image
        preconditioned = inverse * residual
        energy, previous = _dot(residual, preconditioned), energy
        step *= energy / previous
        step += preconditioned
    return x


def _dot(a: Doubles, b: Doubles) -> float:
    # einsum, unlike dot, does not wake a pool of threads for a vector.
    return float(np.einsum("n,n->", a, b))
