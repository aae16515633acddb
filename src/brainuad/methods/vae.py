"""VAE: a variational autoencoder with a dense bottleneck (Baur et al. 2021, section II-A)."""

from types import ModuleType
from typing import ClassVar

import torch
from torch import Tensor, nn

from brainuad.methods.learner import Learner
from brainuad.networks import unified


def kl_to_standard_normal(mean: Tensor, log_sd: Tensor) -> Tensor:
    """KL( N(mean, exp(log_sd)^2) || N(0, I) ), summed over the latent, averaged over the batch."""
    mean, log_sd = mean.float(), log_sd.float()  # in 16 bits the small difference below would drown
    return 0.5 * (mean**2 + (2 * log_sd).exp() - 2 * log_sd - 1).sum(1).mean()


def sample(mean: Tensor, log_sd: Tensor) -> Tensor:
    """z ~ N(mean, exp(log_sd)^2)."""
    return mean + log_sd.exp() * torch.randn_like(mean)


class Method(Learner):
    """min of |x - Dec(z)|_1 + lambda_KL KL( q(z|x) || N(0, I) ), z ~ q(z|x). 1,758,449 parameters at 128 x 128."""

    network: ClassVar[ModuleType] = unified
    """Where `dense_encoder` and `dense_decoder` come from."""

    def __init__(
        self,
        *,
        size: int = 128,
        latent: int = 128,
        kl_weight: float = 1.0,
        dropout: float = 0.2,
        learning_rate: float = 1e-4,
    ):
        super().__init__()
        self.kl_weight = kl_weight
        self.learning_rate = learning_rate
        features = self.network.features(size)
        self.encoder = self.network.dense_encoder(size)
        self.mean = nn.Sequential(nn.Linear(features, latent), nn.Dropout(dropout))
        self.log_sd = nn.Sequential(nn.Linear(features, latent), nn.Dropout(dropout))
        self.decoder = self.network.dense_decoder(size, latent, dropout)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log standard deviation of q(z|x), each (B, latent)."""
        features = self.encoder(x)
        return self.mean(features), self.log_sd(features)

    def forward(self, x: Tensor) -> Tensor:
        """Dec(mean of q(z|x)): the deterministic reconstruction used at test time."""
        return self.decoder(self.encode(x)[0])

    def terms(self, x: Tensor, reconstruction: Tensor, mean: Tensor, log_sd: Tensor) -> dict[str, Tensor]:
        """The negative evidence lower bound, and its parts."""
        l1, kl = unified.sum_l1(x, reconstruction), kl_to_standard_normal(mean, log_sd)
        return {"loss": l1 + self.kl_weight * kl, "reconstruction": l1, "kl": kl}

    def loss(self, x: Tensor, brain: Tensor) -> dict[str, Tensor]:
        mean, log_sd = self.encode(x)
        return self.terms(x, self.decoder(sample(mean, log_sd)), mean, log_sd)

    def negative_elbo(self, x: Tensor) -> Tensor:
        """The loss at the mean of q(z|x), so that it doesn't vary from call to call."""
        mean, log_sd = self.encode(x)
        return self.terms(x, self.decoder(mean), mean, log_sd)["loss"]
