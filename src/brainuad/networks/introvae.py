"""Encoder and decoder of Kobayashi et al. 2021, section III-C: slices of 256 x 256 to a latent of 128 x 4 x 4 and back.

What the paper leaves open (the first stage's kernel, shortcuts, the way into and out of the latent, seven numbers of
the decoder for six doublings) follows a public implementation with its constants (kun4qi/vae_introvae), the slope of
the leaky ReLUs the code of IntroVAE (Huang et al. 2018). Smaller slices leave out the innermost stages of the way down
and the first of the way up; `width` is the share of the filters, 1 but for small machines.
"""

from itertools import pairwise
from math import log2

from torch import Tensor, nn

from brainuad.errors import InputError
from brainuad.networks.he import he

ENCODER = (32, 64, 128, 256, 512, 512)
DECODER = (512, 512, 256, 128, 64, 32, 16)
"""The first number is of the block in front of the first doubling."""
INNERMOST = 4
SLOPE = 0.2


class Block(nn.Module):
    """A residual block: two 3 x 3 convolutions with batch normalisation, the input added before the last activation.

    Where the number of maps changes the input goes through a 3 x 3 convolution with batch normalisation.
    """

    def __init__(self, inputs: int, outputs: int, slope: float = SLOPE):
        super().__init__()
        self.layers = nn.Sequential(*convolution(inputs, outputs, slope=slope), *convolution(outputs, outputs)[:-1])
        self.shortcut = nn.Sequential(*convolution(inputs, outputs)[:-1]) if inputs != outputs else nn.Identity()
        self.activation = nn.LeakyReLU(slope)

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(self.shortcut(x) + self.layers(x))


def convolution(inputs: int, outputs: int, kernel: int = 3, slope: float = SLOPE) -> list[nn.Module]:
    """Convolution, batch normalisation, leaky ReLU; the side stays."""
    layer = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
    return [layer, nn.BatchNorm2d(outputs), nn.LeakyReLU(slope)]


def halvings(size: int) -> int:
    """Stages between a slice of `size` pixels and the latent: 6 for 256; raises InputError."""
    stages = int(log2(size // INNERMOST)) if size >= 2 * INNERMOST else 0
    if size != INNERMOST * 2**stages or not 0 < stages <= len(ENCODER):
        raise InputError("kobayashi", f"can't see slices of {size} pixels", "Use a power of two from 8 to 256")
    return stages


def scaled(filters: tuple[int, ...], width: float) -> list[int]:
    """Numbers of filters at a `width`."""
    return [max(1, round(width * number)) for number in filters]


class Encoder(nn.Module):
    """Slices (B, 1, size, size) in [-1, 1] -> mean and log variance of q(z|x), each (B, latent, 4, 4)."""

    def __init__(self, size: int = 256, latent: int = 128, width: float = 1.0):
        super().__init__()
        filters = scaled(ENCODER[: halvings(size)], width)
        layers = [*convolution(1, filters[0], kernel=5), nn.AvgPool2d(2)]
        for inputs, outputs in pairwise(filters):
            layers += [Block(inputs, outputs), nn.AvgPool2d(2)]
        layers += [*convolution(filters[-1], latent), *convolution(latent, latent)]
        self.features = nn.Sequential(*layers)
        self.mean = nn.Conv2d(latent, latent, 1)
        self.log_variance = nn.Conv2d(latent, latent, 1)
        self.apply(he(SLOPE))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.features(x)
        return self.mean(features), self.log_variance(features)


def decoder(size: int = 256, latent: int = 128, width: float = 1.0) -> nn.Sequential:
    """(B, latent, 4, 4) -> slices (B, 1, size, size) in [-1, 1]."""
    filters = scaled(DECODER[-halvings(size) - 1 :], width)
    layers = [*convolution(latent, filters[0]), *convolution(filters[0], filters[0])]
    for inputs, outputs in pairwise(filters):
        layers += [nn.Upsample(scale_factor=2, mode="bilinear"), *convolution(inputs, outputs), Block(outputs, outputs)]
    last = nn.Conv2d(filters[-1], 1, 5, padding=2)
    return nn.Sequential(*layers, last, nn.Tanh()).apply(he(SLOPE))
