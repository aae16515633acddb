"""The unified architecture of Baur et al. 2021, section III-B and Fig. 4, which all methods of the study share.

Layer facts that the paper's text leaves open (kernel, filters, slopes) follow the authors' published code:
convolutions 5x5 of stride 2, filters 32-64-128-128, batch normalisation, leaky ReLU of slope 0.3.
Input sizes are powers of two from 16 on; the innermost map is 128 x 8 x 8.
"""

from collections.abc import Callable
from functools import partial
from math import log2

from torch import Tensor, nn

SLOPE = 0.3
BOTTLENECK_SIZE = 8
BOTTLENECK_CHANNELS = 16


layer_norm = partial(nn.GroupNorm, 1)
"""Layer normalisation over channels and pixels with a scale for each channel, for generators and image critics."""
Norm = Callable[[int], nn.Module]


def _blocks(size: int) -> int:
    return int(log2(size)) - int(log2(BOTTLENECK_SIZE))


def encoder(size: int = 128, norm: Norm = nn.BatchNorm2d) -> nn.Sequential:
    """(B, 1, size, size) -> (B, 128, 8, 8). 667,456 parameters at size 128."""
    layers: list[nn.Module] = []
    channels = 1
    for i in range(_blocks(size)):
        filters = 128 if i == _blocks(size) - 1 else min(128, 32 * 2**i)
        layers += [
            nn.Conv2d(channels, filters, 5, stride=2, padding=2),
            norm(filters),
            nn.LeakyReLU(SLOPE),
        ]
        channels = filters
    return nn.Sequential(*layers)


def decoder(size: int = 128, norm: Norm = nn.BatchNorm2d, channels: int = 128) -> nn.Sequential:
    """(B, channels, 8, 8) -> (B, 1, size, size), linear output. 692,257 parameters at size 128."""
    layers: list[nn.Module] = [norm(channels), nn.ReLU()]
    for i in range(_blocks(size)):
        filters = max(32, 128 // 2**i)
        layers += [
            nn.ConvTranspose2d(channels, filters, 5, stride=2, padding=2, output_padding=1),
            norm(filters),
            nn.LeakyReLU(SLOPE),
        ]
        channels = filters
    return nn.Sequential(*layers, nn.Conv2d(channels, 1, 1))


def features(size: int = 128) -> int:
    """Length of what `dense_encoder` gives, 1024 at any size."""
    return BOTTLENECK_CHANNELS * BOTTLENECK_SIZE**2


def dense_encoder(size: int = 128) -> nn.Sequential:
    """(B, 1, size, size) -> (B, 1024): the way into a dense bottleneck."""
    return nn.Sequential(encoder(size), nn.Conv2d(128, BOTTLENECK_CHANNELS, 1), nn.Flatten())


def dense_decoder(size: int, latent: int, dropout: float, norm: Norm = nn.BatchNorm2d) -> nn.Sequential:
    """(B, latent) -> (B, 1, size, size): the way out of a dense bottleneck, with dropout after the dense layer."""
    return nn.Sequential(
        nn.Linear(latent, features(size)),
        nn.Dropout(dropout),
        nn.Unflatten(1, (BOTTLENECK_CHANNELS, BOTTLENECK_SIZE, BOTTLENECK_SIZE)),
        nn.Conv2d(BOTTLENECK_CHANNELS, 128, 1),
        decoder(size, norm),
    )


def sum_l1(x: Tensor, reconstruction: Tensor) -> Tensor:
    """Absolute error summed over the pixels of a slice, averaged over the batch (Baur et al. eq. 1)."""
    return (x - reconstruction).abs().flatten(1).sum(1).mean()
