"""Wasserstein critics with a gradient penalty (Gulrajani et al. 2017), in the image and in the latent space."""

import torch
from torch import Tensor, nn

from brainuad.networks import unified

LATENT_SLOPE = 0.2


def image_critic(size: int = 128) -> nn.Sequential:
    """(B, 1, size, size) -> (B, 1, 8, 8): the unified encoder with layer normalisation and a judgement of each patch.

    The last layer's 129 parameters judge each of the 8 x 8 positions alone, as in the code of Baur et al.
    """
    return nn.Sequential(unified.encoder(size, unified.layer_norm), nn.Conv2d(128, 1, 1))


def latent_critic(latent: int, units: tuple[int, ...]) -> nn.Sequential:
    """(B, latent) -> (B, 1), with layers of `units` in between."""
    layers: list[nn.Module] = []
    for inputs, outputs in zip((latent, *units[:-1]), units, strict=True):
        layers += [nn.Linear(inputs, outputs), nn.LeakyReLU(LATENT_SLOPE)]
    return nn.Sequential(*layers, nn.Linear(units[-1], 1))


def judgement(critic: nn.Module, x: Tensor) -> Tensor:
    """(B) D(x): the mean over the patches that a critic judges. Lower precision would drown their small differences."""
    return critic(x).float().flatten(1).mean(1)


def critic_loss(critic: nn.Module, real: Tensor, fake: Tensor, penalty: float = 10.0) -> Tensor:
    """E[D(fake)] - E[D(real)] + penalty E[(|grad D|_2 - 1)^2], the gradient taken between pairs of fake and real.

    The norm is that of a whole sample.
    """
    return (judgement(critic, fake) - judgement(critic, real)).mean() + penalty * gradient_penalty(critic, real, fake)


def gradient_penalty(critic: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """E[(|grad D(x)|_2 - 1)^2] for x at random places on the lines from real to fake samples."""
    share = torch.rand(len(real), *[1] * (real.ndim - 1), device=real.device)
    between = (real + share * (fake - real)).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(judgement(critic, between).sum(), between, create_graph=True)
    return ((gradient.flatten(1).norm(dim=1) - 1) ** 2).mean()
