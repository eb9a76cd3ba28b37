"""The running average of the weights that training goes by; that average is what is measured and shipped."""

from torch import Tensor

AVERAGE = 0.998
"""How much of the average stays at every step, once there have been many."""


def follow(average: dict[str, Tensor], now: dict[str, Tensor], step: int) -> None:
    """Move the `average` towards the tensors of the same names in `now`, after `step` steps; counts are taken over."""
    keep = min(AVERAGE, (1 + step) / (10 + step))
    for name, value in average.items():
        if value.is_floating_point():
            value.lerp_(now[name], 1 - keep)
        else:
            value.copy_(now[name])
