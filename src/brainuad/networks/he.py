"""First weights of networks (He et al. 2015)."""

from collections.abc import Callable

from torch import nn


def he(slope: float = 0.0) -> Callable[[nn.Module], None]:
    """For `apply`: convolutions begin as activations of leaky ReLUs of this slope want them, biases at 0."""

    def start(layer: nn.Module) -> None:
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.kaiming_normal_(layer.weight, a=slope)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)

    return start
