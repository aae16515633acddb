"""Generator and discriminator of the inpainting studies (Nguyen et al. 2021, section 2).

The paper names a U-Net with skip connections and a spectrally normalised discriminator, no layers. Ours are the usual
U-Net of four down-samplings, whose size agrees with the 852 MB that Mavropoulos 2021 states for it (about 826 MB by
the same formula), and a discriminator like his network R.
"""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torch.nn.utils.parametrizations import spectral_norm

from brainuad.errors import InputError

SLOPE = 0.2
UPSAMPLINGS = ("bilinear", "bicubic")
WIDTHS = (1, 2, 4, 8, 8)
"""Feature maps of the levels, in multiples of the first one's."""


def block(inputs: int, between: int, outputs: int) -> nn.Sequential:
    """Two 3 x 3 convolutions, each with batch normalisation and ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, between, 3, padding=1, bias=False),
        nn.BatchNorm2d(between),
        nn.ReLU(),
        nn.Conv2d(between, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


class Generator(nn.Module):
    """G: slices (B, 1, H, W) with an erased square -> the slices as they may have been, in [0, 1].

    Each level of the way down is concatenated to its counterpart on the way up. H and W are at least 16.
    """

    def __init__(self, width: int = 64, upsampling: str = "bilinear"):
        super().__init__()
        if upsampling not in UPSAMPLINGS:
            raise InputError("inpainting", f"can't up-sample '{upsampling}'", f"Use {' or '.join(UPSAMPLINGS)}")
        self.upsampling = upsampling
        down = [width * factor for factor in WIDTHS]
        up = [width * factor for factor in (4, 2, 1, 1)]
        self.down = nn.ModuleList(block(i, o, o) for i, o in zip((1, *down[:-1]), down, strict=True))
        self.up = nn.ModuleList(block(2 * skip, skip, o) for skip, o in zip(down[-2::-1], up, strict=True))
        self.pool = nn.MaxPool2d(2)
        self.out = nn.Sequential(nn.Conv2d(width, 1, 1), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for level in self.down[:-1]:
            skips.append(level(x))
            x = self.pool(skips[-1])
        x = self.down[-1](x)
        for level, skip in zip(self.up, reversed(skips), strict=True):
            x = interpolate(x, skip.shape[2:], mode=self.upsampling, align_corners=False)
            x = level(torch.cat([skip, x], dim=1))
        return self.out(x)


def discriminator(width: int = 64) -> nn.Sequential:
    """D: slices (B, 1, H, W) -> (B, 1) logits of being real, averaged over their places. H and W are at least 16."""
    layers: list[nn.Module] = []
    channels = 1
    for factor in (1, 2, 4, 8):
        layers += [spectral_norm(nn.Conv2d(channels, width * factor, 4, stride=2, padding=1)), nn.LeakyReLU(SLOPE)]
        channels = width * factor
    judge = spectral_norm(nn.Conv2d(channels, 1, 3, padding=1))
    return nn.Sequential(*layers, judge, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def folded(generator: Generator) -> Generator:
    """A copy for inference with the batch normalisations folded into the convolutions before them."""
    copied = deepcopy(generator).eval()
    for level in (*copied.down, *copied.up):
        for convolution in (0, 3):
            level[convolution] = fuse_conv_bn_eval(level[convolution], level[convolution + 1])
            level[convolution + 1] = nn.Identity()
    return copied
