"""Generator and discriminator of a DCGAN (Radford et al. 2016) for square slices.

Each layer halves or doubles the side by 4 x 4 kernels of stride 2, down to 4 x 4. At 128 pixels the dense layer gives
512 maps and the transposed convolutions 512-256-128-64-1; at 64 pixels they are one fewer. Sides are powers of two
from 8 on; `width` is the share of the maps, 1 but for small machines.
"""

from itertools import pairwise
from math import log2

from torch import Tensor, nn

SLOPE = 0.2
FIRST, MOST = 64, 512
INNERMOST = 4
SPREAD = 0.02
"""Standard deviation of the first weights (Radford et al., section 4)."""


def maps(size: int, width: float = 1.0) -> list[int]:
    """Numbers of feature maps, the outermost layer's first."""
    layers = int(log2(size // INNERMOST))
    return [max(1, round(width * min(MOST, FIRST * 2**layer))) for layer in range(layers)]


def generator(size: int = 128, latent: int = 128, width: float = 1.0) -> nn.Sequential:
    """(B, latent) -> (B, 1, size, size) in [-1, 1]."""
    inward = maps(size, width)
    inner = inward[-1]
    layers: list[nn.Module] = [
        nn.Linear(latent, inner * INNERMOST**2, bias=False),
        nn.Unflatten(1, (inner, INNERMOST, INNERMOST)),
        nn.BatchNorm2d(inner),
        nn.ReLU(),
    ]
    for inputs, outputs in pairwise(reversed(inward)):
        layers += [
            nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        ]
    last = nn.ConvTranspose2d(inward[0], 1, 4, stride=2, padding=1)
    return nn.Sequential(*layers, last, nn.Tanh()).apply(_start)


class Discriminator(nn.Module):
    """(B, 1, size, size) in [-1, 1] -> (B, 1) logits, high for real slices."""

    def __init__(self, size: int = 128, width: float = 1.0):
        super().__init__()
        inward = maps(size, width)
        layers: list[nn.Module] = [nn.Conv2d(1, inward[0], 4, stride=2, padding=1), nn.LeakyReLU(SLOPE)]
        for inputs, outputs in pairwise(inward):
            layers += [
                nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.LeakyReLU(SLOPE),
            ]
        self.features = nn.Sequential(*layers)
        """f, the last feature maps (B, 512, 4, 4)."""
        self.judge = nn.Sequential(nn.Flatten(), nn.Linear(inward[-1] * INNERMOST**2, 1))
        self.apply(_start)

    def forward(self, x: Tensor) -> Tensor:
        return self.judge(self.features(x))


def _start(layer: nn.Module) -> None:
    if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, std=SPREAD)
