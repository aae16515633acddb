"""The networks of Zimmerer et al. 2018 (context-encoding VAE), as in the code of Baur et al. 2021, section III-O.

Convolutions 4 x 4 of stride 2 without normalisation, leaky ReLU of slope 0.2, filters 16-64-256-1024.
"""

from torch import nn

SLOPE = 0.2
FILTERS = (16, 64, 256, 1024)


def features(size: int = 128) -> int:
    """Length of what `dense_encoder` gives: 65,536 at size 128."""
    return FILTERS[-1] * (size // 2 ** len(FILTERS)) ** 2


def dense_encoder(size: int = 128) -> nn.Sequential:
    """(B, 1, size, size) -> (B, features)."""
    layers: list[nn.Module] = []
    for inputs, outputs in zip((1, *FILTERS), FILTERS, strict=False):
        layers += [nn.Conv2d(inputs, outputs, 4, stride=2, padding=1), nn.LeakyReLU(SLOPE)]
    return nn.Sequential(*layers, nn.Flatten())


def dense_decoder(size: int, latent: int, dropout: float) -> nn.Sequential:
    """(B, latent) -> (B, 1, size, size), linear output."""
    side = size // 2 ** len(FILTERS)
    layers: list[nn.Module] = [
        nn.Linear(latent, features(size)),
        nn.Dropout(dropout),
        nn.Unflatten(1, (FILTERS[-1], side, side)),
    ]
    for inputs, outputs in zip((FILTERS[-1], *reversed(FILTERS)), reversed(FILTERS), strict=False):
        layers += [nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1), nn.LeakyReLU(SLOPE)]
    return nn.Sequential(*layers, nn.Conv2d(FILTERS[0], 1, 4, padding="same"))
