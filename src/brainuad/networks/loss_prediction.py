"""Network R (Mavropoulos 2021, Fig. 5), and a relative of it that predicts the losses of all windows in one pass."""

from math import log2

from torch import nn

from brainuad.errors import InputError

SLOPE = 0.2
"""Of the leaky ReLUs; the thesis doesn't tell it."""
FULL = 256
HALVINGS = 7
"""Of a slice of 256 pixels, down to 2."""


def predictor(size: int = FULL) -> nn.Sequential:
    """R: slices (B, 1, size, size) with an erased square -> (B, 1, 1, 1) predicted loss in [0, 1].

    1,558,273 parameters. On slices of fewer than the thesis's 256 pixels the first halvings are left out, so that all
    layers stay. Raises InputError for a size that isn't 256 halved some times.
    """
    spare = FULL // size
    if size * spare != FULL or spare & (spare - 1) or spare > 2**HALVINGS // 4:
        raise InputError("loss-prediction", f"can't see slices of {size} pixels", "Use 256, 128, 64, 32 or 16 pixels")
    kept = [position >= log2(spare) for position in range(HALVINGS)]
    strides = [2 if halve else 1 for halve in kept]
    first, second, pooled, third, pooled_again, fourth, last = strides
    return nn.Sequential(
        nn.Conv2d(1, 64, 3, stride=first, padding=1),
        nn.LeakyReLU(SLOPE),
        nn.Conv2d(64, 128, 3, stride=second, padding=1),
        nn.MaxPool2d(pooled),
        nn.LeakyReLU(SLOPE),
        nn.BatchNorm2d(128),
        nn.Conv2d(128, 256, 3, stride=third, padding=1),
        nn.MaxPool2d(pooled_again),
        nn.LeakyReLU(SLOPE),
        nn.Conv2d(256, 512, 3, stride=fourth, padding=1),
        nn.MaxPool2d(last),
        nn.LeakyReLU(SLOPE),
        nn.Conv2d(512, 1, 4, padding=1),
        nn.Sigmoid(),
    )


STRIDES = {4: (2, 2), 2: (2, 1), 1: (1, 1)}
"""Of the first two layers of the dense network, by the pixels between the places that it answers for."""


def dense_predictor(step: int = 4) -> nn.Sequential:
    """Slices (B, 1, H, W) -> (B, 1, H / step, W / step): a prediction in [0, 1] for squares around every place.

    The layers of R, but from the third on dilated instead of halving: each place sees up to 15 others each way.
    Raises InputError for a step that isn't 1, 2 or 4.
    """
    if step not in STRIDES:
        raise InputError("loss-prediction-dense", f"can't answer every {step} pixels", "Use a step of 1, 2 or 4")
    first, second = STRIDES[step]
    return nn.Sequential(
        nn.Conv2d(1, 64, 3, stride=first, padding=1),
        nn.LeakyReLU(SLOPE),
        nn.Conv2d(64, 128, 3, stride=second, padding=1),
        nn.LeakyReLU(SLOPE),
        nn.BatchNorm2d(128),
        nn.Conv2d(128, 256, 3, padding=2, dilation=2),
        nn.LeakyReLU(SLOPE),
        nn.Conv2d(256, 512, 3, padding=4, dilation=4),
        nn.LeakyReLU(SLOPE),
        nn.Conv2d(512, 1, 3, padding=8, dilation=8),
        nn.Sigmoid(),
    )
