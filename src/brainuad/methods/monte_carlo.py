"""What methods share that draw several reconstructions of a slice (Pawlowski et al. 2018; Baur et al. 2021, eq. 3)."""

from collections.abc import Iterable

import torch
from torch import Tensor

from brainuad.methods.base import Maps
from brainuad.methods.learner import array


def mean_residual(x: Tensor, reconstructions: Iterable[Tensor]) -> Maps:
    """r = 1/N sum_n |x - x_hat_n| of slices (D, 1, H, W), the mean of the x_hat_n and their variance."""
    residual, total, squares = (torch.zeros_like(x) for _ in range(3))
    count = 0
    for reconstruction in reconstructions:
        residual += (x - reconstruction).abs()
        total += reconstruction
        squares += reconstruction**2
        count += 1
    average = total / count
    variance = (squares / count - average**2).clamp(min=0)
    return Maps(array(residual / count), array(average), array(variance))
