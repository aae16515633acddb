"""Residual networks of f-AnoGAN (Schlegl et al. 2019) and of Chen and Konukoglu 2018 (code of Baur et al. 2021).

Blocks of [layer normalisation, ReLU, 3 x 3 convolution] twice; the innermost map is an eighth of the slice.
"""

from itertools import pairwise

from torch import Tensor, nn

from brainuad.networks.unified import layer_norm

FILTERS = (64, 128, 256, 512)
STEPS = 2 ** (len(FILTERS) - 1)


class ZerosBetween(nn.Module):
    """(B, C, H, W) -> (B, C, 2 H, 2 W): each pixel becomes the first of 2 x 2, the others are 0."""

    def forward(self, x: Tensor) -> Tensor:
        spread = x.new_zeros(*x.shape[:2], 2 * x.shape[2], 2 * x.shape[3])
        spread[:, :, ::2, ::2] = x
        return spread


class Block(nn.Module):
    """A pre-activated residual block; `resample` is `down`, `up` or nothing, by a factor of 2."""

    def __init__(self, inputs: int, outputs: int, resample: str = ""):
        super().__init__()
        if resample == "up":
            last = nn.ConvTranspose2d(outputs, outputs, 3, stride=2, padding=1, output_padding=1)
            # A transposed convolution 1 x 1 of stride 2; torch's own writes past its memory (2.13, CPU, channels last).
            # It needs no bias, as the last layer has one.
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), ZerosBetween())
        else:
            last = nn.Conv2d(outputs, outputs, 3, stride=2 if resample else 1, padding=1)
            pool = nn.AvgPool2d(2) if resample else nn.Identity()
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1), pool)
        first = [layer_norm(inputs), nn.ReLU(), nn.Conv2d(inputs, outputs, 3, padding=1)]
        self.layers = nn.Sequential(*first, layer_norm(outputs), nn.ReLU(), last)

    def forward(self, x: Tensor) -> Tensor:
        return self.shortcut(x) + self.layers(x)


class Residual:
    """Encoder, decoder and critic; `width` is the share of the papers' filters, 1 but for small machines."""

    def __init__(self, width: float = 1.0):
        self.filters = [round(width * filters) for filters in FILTERS]

    def features(self, size: int = 128) -> int:
        """Length of what `dense_encoder` gives: 131,072 at size 128."""
        return self.filters[-1] * (size // STEPS) ** 2

    def encoder(self) -> nn.Sequential:
        """(B, 1, size, size) -> (B, 512, size / 8, size / 8)."""
        blocks = [Block(a, b, "down") for a, b in pairwise(self.filters)]
        first, last = self.filters[0], self.filters[-1]
        return nn.Sequential(nn.Conv2d(1, first, 3, padding=1), *blocks, Block(last, last))

    def dense_encoder(self, size: int = 128) -> nn.Sequential:
        """(B, 1, size, size) -> (B, features)."""
        return nn.Sequential(self.encoder(), nn.Flatten())

    def dense_decoder(self, size: int, latent: int, dropout: float) -> nn.Sequential:
        """(B, latent) -> (B, 1, size, size), linear output."""
        first, last, side = self.filters[0], self.filters[-1], size // STEPS
        return nn.Sequential(
            nn.Linear(latent, self.features(size)),
            nn.Dropout(dropout),
            nn.Unflatten(1, (last, side, side)),
            Block(last, last),
            *(Block(b, a, "up") for a, b in reversed(list(pairwise(self.filters)))),
            layer_norm(first),
            nn.ReLU(),
            nn.Conv2d(first, 1, 1),
        )

    def image_critic(self, size: int = 128) -> nn.Sequential:
        """(B, 1, size, size) -> (B, 1)."""
        return nn.Sequential(self.encoder(), nn.Sequential(nn.Flatten(), nn.Linear(self.features(size), 1)))
