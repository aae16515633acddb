"""The segmentation network that judges anatomical fidelity (Kobayashi et al. 2021, section III-C5).

A residual U-Net; the paper names no layers. Ours: five levels of one residual block down and up, halved by max pooling.
Trained by soft Dice and focal loss.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, nll_loss, one_hot

from brainuad.networks.he import he
from brainuad.networks.introvae import Block, scaled

FILTERS = (32, 64, 128, 256, 512)
GAMMA = 2.0
"""Of the focal loss (Lin et al. 2017)."""


class Segmenter(nn.Module):
    """Slices (B, 1, H, W) -> logits (B, classes, H, W), the background being a class; H and W are at least 16.

    `width` is the share of the filters, 1 but for small machines.
    """

    def __init__(self, classes: int, width: float = 1.0):
        super().__init__()
        filters = scaled(FILTERS, width)
        self.down = nn.ModuleList(Block(i, o, slope=0.0) for i, o in pairwise((1, *filters)))
        self.up = nn.ModuleList(Block(i + o, o, slope=0.0) for i, o in pairwise(filters[::-1]))
        self.pool = nn.MaxPool2d(2)
        self.out = nn.Conv2d(filters[0], classes, 1)
        self.apply(he())

    def forward(self, x: Tensor) -> Tensor:
        levels = [self.down[0](x)]
        for block in self.down[1:]:
            levels.append(block(self.pool(levels[-1])))
        x = levels.pop()
        for block, skip in zip(self.up, reversed(levels), strict=True):
            x = block(torch.cat([skip, interpolate(x, skip.shape[2:], mode="bilinear")], dim=1))
        return self.out(x)


def soft_dice_loss(probabilities: Tensor, target: Tensor) -> Tensor:
    """1 - the mean soft Dice over the classes that are in the batch, 2 sum pt / (sum p + sum t), sums over all pixels.

    `probabilities` are (B, K, H, W), `target` (B, H, W) holds numbers of classes.
    """
    truth = one_hot(target, probabilities.shape[1]).movedim(-1, 1)
    pixels = (0, 2, 3)
    common, size = (probabilities * truth).sum(pixels), (probabilities + truth).sum(pixels)
    present = truth.sum(pixels) > 0
    return 1 - (2 * common / size)[present].mean()


def focal_loss(log_probabilities: Tensor, target: Tensor, gamma: float = GAMMA) -> Tensor:
    """Mean over the pixels of -(1 - p)^gamma ln p, p the probability of the true class; shapes as for soft Dice."""
    cross_entropy = nll_loss(log_probabilities, target, reduction="none")
    return ((1 - (-cross_entropy).exp()) ** gamma * cross_entropy).mean()


def segmentation_loss(logits: Tensor, target: Tensor) -> dict[str, Tensor]:
    """Soft Dice + focal loss of logits (B, K, H, W) for classes (B, H, W), and both."""
    log_probabilities = logits.float().log_softmax(1)
    dice, focal = soft_dice_loss(log_probabilities.exp(), target), focal_loss(log_probabilities, target)
    return {"loss": dice + focal, "dice": dice, "focal": focal}
