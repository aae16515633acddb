"""The network of Skip-AE (Baur et al. 2020), as in the code of Chatterjee et al. 2022.

Convolutions 5 x 5 with batch normalisation and ReLU, down to a sixteenth of the slice and up again. Unlike there,
dropout thins the skipped maps out and not the sums, and the output is linear, so that any range can be rebuilt.
"""

from torch import Tensor, nn

WIDTHS = (1, 2, 4, 8)
"""Feature maps of the levels that are skipped to, in multiples of the first one's."""


class SkipAutoencoder(nn.Module):
    """Slices (B, 1, H, W) -> (B, 1, H, W), H and W multiples of 16.

    Each level of the way down is added to its counterpart on the way up. Where nothing dropped of it the network could
    learn to be the identity; the innermost, which can't carry details, is added as it is.
    """

    def __init__(self, width: int = 64, dropout: float = 0.1):
        super().__init__()
        maps = [width * factor for factor in WIDTHS]
        strides = (1, 2, 2, 2)
        self.down = nn.ModuleList(map(convolution, (1, *maps[:-1]), maps, strides))
        self.innermost = convolution(maps[-1], width, 2)
        self.up = nn.ModuleList(map(double, (width, *reversed(maps[1:])), reversed(maps)))
        self.skip = nn.ModuleList([nn.Identity(), *(nn.Dropout(dropout) for _ in maps[1:])])
        self.out = nn.Conv2d(width, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        skipped = []
        for level in self.down:
            x = level(x)
            skipped.append(x)
        x = self.innermost(x)
        for level, skip, way in zip(self.up, self.skip, reversed(skipped), strict=True):
            x = level(x) + skip(way)
        return self.out(x)


def convolution(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    """A 5 x 5 convolution with batch normalisation and ReLU."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 5, stride, padding=2), nn.BatchNorm2d(outputs), nn.ReLU())


def double(inputs: int, outputs: int) -> nn.Sequential:
    """(B, inputs, H, W) -> (B, outputs, 2H, 2W) by a transposed convolution, with batch normalisation and ReLU."""
    enlarging = nn.ConvTranspose2d(inputs, outputs, 5, stride=2, padding=2, output_padding=1)
    return nn.Sequential(enlarging, nn.BatchNorm2d(outputs), nn.ReLU())
