"""The way of intensities into the range of networks that end in tanh, and back."""

from torch import Tensor


def symmetric(x: Tensor, lowest: float) -> Tensor:
    """Values from `lowest` (the background) to 1 -> -1 to 1."""
    return 2 * (x - lowest) / (1 - lowest) - 1


def native(x: Tensor, lowest: float) -> Tensor:
    """The inverse of `symmetric`."""
    return lowest + (1 - lowest) * (x + 1) / 2
