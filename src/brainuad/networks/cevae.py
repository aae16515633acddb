"""The context-encoding VAE at 256 pixels and its compact form (Zimmerer et al. 2018; Chatterjee et al. 2022, 3.2.2).

The paper tells the feature maps and the latent's size; kernels, strides and biases, of which there are none, are those
of the authors' code. Convolutions 3 x 3 halve the slice, transposed ones 4 x 4 double it; between them stands one as
large as the map that is left. All grows with the slice: at 256 pixels that kernel is 16 x 16, in the compact form
32 x 32.
"""

from itertools import pairwise

from torch import Tensor, nn

from brainuad.errors import InputError

MAPS = (16, 64, 256, 1024)
COMPACT = (64, 128, 256)
HEADS = {"full_map": 0, "pooled": 2}
"""How many further convolutions halve the compact form's map before its largest kernel."""


def halve(inputs: int, outputs: int) -> nn.Conv2d:
    """(B, inputs, 2H, 2W) -> (B, outputs, H, W)."""
    return nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False)


def double(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    """(B, inputs, H, W) -> (B, outputs, 2H, 2W)."""
    return nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=False)


def encoder(size: int, latent: int) -> nn.Sequential:
    """(B, 1, size, size) -> (B, 2 latent, 1, 1): the mean and the log standard deviation of q(z|x)."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise((1, *MAPS)):
        layers += [halve(inputs, outputs), nn.PReLU()]
    return nn.Sequential(*layers, nn.Conv2d(MAPS[-1], 2 * latent, side(size, len(MAPS)), bias=False))


def decoder(size: int, latent: int) -> nn.Sequential:
    """(B, latent, 1, 1) -> (B, 1, size, size), linear output."""
    layers = [nn.ConvTranspose2d(latent, MAPS[-1], side(size, len(MAPS)), bias=False), nn.PReLU()]
    for inputs, outputs in pairwise(reversed(MAPS)):
        layers += [double(inputs, outputs), nn.PReLU()]
    return nn.Sequential(*layers, double(MAPS[0], 1))


class Residual(nn.Module):
    """x + two 3 x 3 convolutions of it, each with batch normalisation and PReLU; (B, C, H, W) -> the same."""

    def __init__(self, channels: int):
        super().__init__()
        convolutions = [nn.Conv2d(channels, channels, 3, padding=1, bias=False) for _ in range(2)]
        self.layers = nn.Sequential(*normalised(convolutions[0]), *normalised(convolutions[1]))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


def normalised(convolution: nn.Conv2d | nn.ConvTranspose2d) -> list[nn.Module]:
    """A convolution with batch normalisation and PReLU (Fig. 2)."""
    return [convolution, nn.BatchNorm2d(convolution.out_channels), nn.PReLU()]


def compact_encoder(size: int, latent: int, head: str) -> nn.Sequential:
    """As `encoder`, compact, with residual blocks between the convolutions."""
    layers = normalised(halve(1, COMPACT[0]))
    for inputs, outputs in pairwise(COMPACT):
        layers += [Residual(inputs), *normalised(halve(inputs, outputs))]
    for _ in range(further(head)):
        layers += normalised(halve(COMPACT[-1], COMPACT[-1]))
    largest = side(size, len(COMPACT) + further(head))
    return nn.Sequential(*layers, nn.Conv2d(COMPACT[-1], 2 * latent, largest, bias=False))


def compact_decoder(size: int, latent: int, head: str) -> nn.Sequential:
    """As `decoder`, compact, with residual blocks between the convolutions."""
    largest = side(size, len(COMPACT) + further(head))
    layers = normalised(nn.ConvTranspose2d(latent, COMPACT[-1], largest, bias=False))
    for _ in range(further(head)):
        layers += normalised(double(COMPACT[-1], COMPACT[-1]))
    for inputs, outputs in pairwise(reversed(COMPACT)):
        layers += [Residual(inputs), *normalised(double(inputs, outputs))]
    return nn.Sequential(*layers, double(COMPACT[0], 1))


def side(size: int, halvings: int) -> int:
    """What is left of a slice's side; raises InputError where it can't be halved so often."""
    left, rest = divmod(size, 2**halvings)
    if rest:
        raise InputError("cevae", f"can't see slices of {size} pixels", f"Use a multiple of {2**halvings} pixels")
    return left


def further(head: str) -> int:
    """The further halvings of a head; raises InputError for an unknown one."""
    if head not in HEADS:
        raise InputError("strega", f"has no head '{head}'", f"Use {' or '.join(HEADS)}")
    return HEADS[head]
