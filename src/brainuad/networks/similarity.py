"""Structural similarity (Wang et al. 2004) as a term of losses."""

import torch
from torch import Tensor
from torch.nn.functional import conv2d

RADIUS, SIGMA = 5, 1.5
"""A Gaussian window of 11 pixels."""
K1, K2 = 0.01, 0.03


def ssim(x: Tensor, y: Tensor, data_range: float = 1.0) -> Tensor:
    """(B) mean structural similarity of slices (B, 1, H, W), H and W at least 11, over all windows that lie within.

    Equals scikit-image's with Gaussian weights and population covariances. Always in 32 bits or more: the variances
    are small differences.
    """
    with torch.autocast(x.device.type, enabled=False):
        x, y = (image if image.dtype == torch.float64 else image.float() for image in (x, y))
        first, second = smooth(x), smooth(y)
        variances = smooth(x * x) - first**2 + smooth(y * y) - second**2
        covariance = smooth(x * y) - first * second
        c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
        luminance = (2 * first * second + c1) / (first**2 + second**2 + c1)
        return (luminance * (2 * covariance + c2) / (variances + c2)).mean((1, 2, 3))


def smooth(x: Tensor) -> Tensor:
    """(B, 1, H, W) -> (B, 1, H - 10, W - 10), Gaussian means of whole windows."""
    distance = torch.arange(-RADIUS, RADIUS + 1, dtype=x.dtype, device=x.device)
    weights = torch.exp(-0.5 * (distance / SIGMA) ** 2)
    weights = weights / weights.sum()
    return conv2d(conv2d(x, weights.view(1, 1, -1, 1)), weights.view(1, 1, 1, -1))
