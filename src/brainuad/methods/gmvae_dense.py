"""GMVAE (dense): a VAE whose prior is a mixture (Dilokthanakul et al. 2016; You et al. 2019; Baur et al. 2021)."""

from math import log, pi
from typing import NamedTuple

import torch
from torch import Tensor, nn

from brainuad.methods.learner import Learner
from brainuad.networks import unified


def log_normal(z: Tensor, mean: Tensor, log_precision: Tensor) -> Tensor:
    """log N(z; mean, exp(-log_precision)) of each element."""
    return 0.5 * (log_precision - (z - mean) ** 2 * log_precision.exp() - log(2 * pi))


def kl_between(mean: Tensor, log_var: Tensor, prior_mean: Tensor, log_precision: Tensor) -> Tensor:
    """KL( N(mean, exp(log_var)) || N(prior_mean, exp(-log_precision)) ) of each element."""
    return 0.5 * ((log_var.exp() + (mean - prior_mean) ** 2) * log_precision.exp() - log_precision - log_var - 1)


def sample(mean: Tensor, log_var: Tensor) -> Tensor:
    """mean + exp(log_var / 2) noise."""
    return mean + (0.5 * log_var).exp() * torch.randn_like(mean)


def total(values: Tensor) -> Tensor:
    """Sum over all but the batch, over which it is the mean."""
    return values.sum() / len(values)


class Posterior(NamedTuple):
    """Means and log variances of q(z|x), each (B, latent, ...), and q(w|x), each (B, w_latent, ...)."""

    z_mean: Tensor
    z_log_var: Tensor
    w_mean: Tensor
    w_log_var: Tensor


class Method(Learner):
    """min |x - Dec(z)|_1 + sum_c p(c|z,w) KL( q(z|x) || p(z|w,c) ) + KL( q(w|x) || N(0, I) ) + KL( p(c|z,w) || 1/K ).

    w chooses the K Gaussians, c one of them. The last term, log K less the entropy of the responsibilities, isn't let
    below `c_floor`. Dots in shapes stand for the spatial variant's rows and columns.
    """

    def __init__(
        self,
        *,
        size: int = 128,
        latent: int = 128,
        w_latent: int = 1,
        clusters: int = 9,
        c_floor: float = 1.0,
        dropout: float = 0.2,
        learning_rate: float = 1e-4,
    ):
        super().__init__()
        self.clusters = clusters
        self.c_floor = c_floor
        self.learning_rate = learning_rate
        self.build(size, latent, w_latent, dropout)
        nn.init.constant_(self.prior_log_precision.bias, 0.1)

    def build(self, size: int, latent: int, w_latent: int, dropout: float) -> None:
        """Encoder, heads of the posterior, the prior's layers and the decoder."""

        def head(outputs: int) -> nn.Module:
            return nn.Sequential(nn.Linear(unified.features(size), outputs), nn.Dropout(dropout))

        self.encoder = unified.dense_encoder(size)
        self.heads = nn.ModuleList(head(outputs) for outputs in (latent, latent, w_latent, w_latent))
        self.prior_features = nn.Identity()
        self.prior_mean = nn.Linear(w_latent, self.clusters * latent)
        self.prior_log_precision = nn.Linear(w_latent, self.clusters * latent)
        self.decoder = unified.dense_decoder(size, latent, dropout)

    def encode(self, x: Tensor) -> Posterior:
        """q(z|x) and q(w|x)."""
        features = self.encoder(x)
        return Posterior(*(head(features) for head in self.heads))

    def forward(self, x: Tensor) -> Tensor:
        """Dec(mean of q(z|x))."""
        return self.decoder(self.encode(x).z_mean)

    def prior(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """Means and log precisions of p(z|w,c), each (B, K, latent, ...)."""
        features = self.prior_features(w)
        shape = (self.clusters, -1)
        return self.prior_mean(features).unflatten(1, shape), self.prior_log_precision(features).unflatten(1, shape)

    def terms(self, x: Tensor, q: Posterior, z: Tensor, w: Tensor) -> dict[str, Tensor]:
        """The terms of the loss for some z and w."""
        reconstruction = unified.sum_l1(x, self.decoder(z))
        q, z, w = Posterior(*(part.float() for part in q)), z.float(), w.float()
        mean, log_precision = (part.float() for part in self.prior(w))
        log_p = log_normal(z[:, None], mean, log_precision).sum(2).log_softmax(1)
        kl_z = kl_between(q.z_mean[:, None], q.z_log_var[:, None], mean, log_precision).sum(2)
        zero = torch.zeros_like(w)
        parts = {
            "reconstruction": reconstruction,
            "kl_z": total(log_p.exp() * kl_z),
            "kl_w": total(kl_between(q.w_mean, q.w_log_var, zero, zero)),
            "kl_c": total((log_p.exp() * (log_p + log(self.clusters))).sum(1).clamp(min=self.c_floor)),
        }
        return {"loss": sum(parts.values()), **parts}

    def loss(self, x: Tensor, brain: Tensor) -> dict[str, Tensor]:
        q = self.encode(x)
        return self.terms(x, q, sample(q.z_mean, q.z_log_var), sample(q.w_mean, q.w_log_var))

    def negative_elbo(self, x: Tensor) -> Tensor:
        """The loss at the means of q(z|x) and q(w|x), so that it doesn't vary from call to call."""
        q = self.encode(x)
        return self.terms(x, q, q.z_mean, q.w_mean)["loss"]
